#pragma once
// CallContext: who calls, until when, and how it can be stopped. Every public call that can block
// or be refused takes one.

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "catalog/core/clock.hpp"
#include "catalog/core/progress.hpp"
#include "catalog/core/result.hpp"

namespace catalog {

struct ConsensusProof;

/// Who asks. `AccessControl` (module package) decides what a principal may do.
struct Principal {
    /// Identity as the host names it. The embedded default is the owner of the process, who may do
    /// everything.
    std::string id = "owner";
    friend bool operator==(const Principal&, const Principal&) = default;
};

/// Circumstances of one call. Cheap to copy. The default: the process owner, no deadline, not
/// cancellable, no progress.
class CallContext {
public:
    CallContext() =
        default;  // keeps this type a non-aggregate: docs/decisions/0001-no-coroutines.md

    Principal principal;
    std::optional<MonotonicTime> deadline;  ///< On the injected clock.
    std::stop_token stop;                   ///< Polled at safe points; nothing is left half done.
    ProgressSink* progress = nullptr;       ///< Borrowed for the duration of the call; may be null.
    /// Proofs for this call that the caller has obtained; null: none. See docs/consensus.md.
    std::shared_ptr<const ConsensusProof> proof;

    /// Returns an error when the call should end. Errors: kCancelled, kDeadlineExceeded. Cost: a
    /// few nanoseconds without a deadline; one clock read with one.
    [[nodiscard]] Result<void> check(const Clock& clock) const;

    /// Reports progress when somebody listens.
    void report(const ProgressUpdate& update) const noexcept {
        if (progress != nullptr) progress->update(update);
    }
};

}  // namespace catalog
