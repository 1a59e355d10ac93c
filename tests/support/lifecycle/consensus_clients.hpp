#pragma once
// A host's consensus that does what a test says, and one that fails.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/core/clock.hpp"
#include "catalog/internal/mutex.hpp"
#include "catalog/lifecycle/consensus_client.hpp"

namespace catalog::lifecycle::testing {

/// A complete ConsensusClient in memory: it accepts the proofs that it gave, for the operation and
/// the subject that it gave them for, until it is told to answer otherwise. Thread safety: any
/// thread.
class FakeConsensus final : public ConsensusClient {
public:
    enum class Answer : std::uint8_t { kAccept, kReject, kUnavailable };

    /// One call, in the order of their arrival.
    struct Asked {
        std::string call;  ///< "generate" or "validate".
        std::string operation;
        package::PackageDigest subject;
        package::ConsensusRequirements requirements;
        std::string principal;
        std::optional<ConsensusProof> proof;
    };

    explicit FakeConsensus(std::shared_ptr<const Clock> clock) : clock_(std::move(clock)) {}

    /// Sets the answer to `generate`, and why.
    void answer_generate(Answer answer, std::string reason = "");
    /// Sets the verdict of `validate`, and why.
    void answer_validate(Answer answer, std::string reason = "");
    /// Makes every call take that long.
    void be_slow(std::chrono::nanoseconds duration);
    /// Keeps every verdict pending until `settle` is called; whoever waits polls on the clock.
    void keep_pending();
    void settle();

    [[nodiscard]] std::vector<Asked> asked() const;
    /// Returns the proof that `generate` gives and `validate` accepts.
    [[nodiscard]] static ConsensusProof proof_for(
        std::string_view operation, const package::PackageDigest& subject,
        const package::ConsensusRequirements& requirements);

    [[nodiscard]] Result<ConsensusProof> generate(
        std::string_view operation, const package::PackageDigest& subject,
        const package::ConsensusRequirements& requirements, const CallContext& context) override;
    [[nodiscard]] Result<void> validate(std::string_view operation,
                                        const package::PackageDigest& subject,
                                        const ConsensusProof& proof,
                                        const package::ConsensusRequirements& requirements,
                                        const CallContext& context) override;

private:
    struct Script {
        Answer answer = Answer::kAccept;
        std::string reason;
    };
    [[nodiscard]] Result<void> wait(const CallContext& context) const;
    [[nodiscard]] static Result<void> carry_out(const Script& script);

    const std::shared_ptr<const Clock> clock_;
    mutable internal::Mutex mutex_;
    Script generate_ CATALOG_GUARDED_BY(mutex_);
    Script validate_ CATALOG_GUARDED_BY(mutex_);
    std::chrono::nanoseconds duration_ CATALOG_GUARDED_BY(mutex_){0};
    bool pending_ CATALOG_GUARDED_BY(mutex_) = false;
    std::vector<Asked> asked_ CATALOG_GUARDED_BY(mutex_);
};

/// Gives what another client gives, but the `failing_call`th call (0-based, both kinds counted
/// together), and with `for_ever` every later one, fails with `error` and does not reach it. Thread
/// safety: as the base.
class FaultyConsensus final : public ConsensusClient {
public:
    FaultyConsensus(std::shared_ptr<ConsensusClient> base, std::size_t failing_call,
                    const Error& error, bool for_ever = false)
        : base_(std::move(base)), failing_call_(failing_call), error_(error), for_ever_(for_ever) {}

    [[nodiscard]] std::size_t calls() const noexcept { return calls_; }

    [[nodiscard]] Result<ConsensusProof> generate(
        std::string_view operation, const package::PackageDigest& subject,
        const package::ConsensusRequirements& requirements, const CallContext& context) override;
    [[nodiscard]] Result<void> validate(std::string_view operation,
                                        const package::PackageDigest& subject,
                                        const ConsensusProof& proof,
                                        const package::ConsensusRequirements& requirements,
                                        const CallContext& context) override;

private:
    [[nodiscard]] bool fails() noexcept;

    std::shared_ptr<ConsensusClient> base_;
    std::size_t failing_call_;
    Error error_;
    bool for_ever_;
    std::atomic<std::size_t> calls_ = 0;
};

}  // namespace catalog::lifecycle::testing
