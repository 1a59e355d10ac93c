#pragma once
// Random bytes that are the same in every run, and a source that fails.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "catalog/core/random.hpp"
#include "catalog/internal/mutex.hpp"

namespace catalog::fakes {

/// A complete Random: the bytes of SplitMix64 (Steele, Lea, Flood, 2014), the same for the same
/// seed on every machine and however they are cut into calls. Thread safety: any thread.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) noexcept : state_(seed) {}

    [[nodiscard]] Result<void> fill(std::span<std::byte> out) override;

private:
    internal::Mutex mutex_;
    std::uint64_t state_ CATALOG_GUARDED_BY(mutex_);
    std::uint64_t word_ CATALOG_GUARDED_BY(mutex_) = 0;
    unsigned left_ CATALOG_GUARDED_BY(mutex_) = 0;  // bytes of word_ that were not given out
};

/// Gives what another source gives, but the `failing_call`th call (0-based), and with `for_ever`
/// every later one, is kRandomUnavailable with half of the bytes filled. Thread safety: as the
/// base.
class FaultyRandom final : public Random {
public:
    FaultyRandom(std::shared_ptr<Random> base, std::size_t failing_call, bool for_ever = false)
        : base_(std::move(base)), failing_call_(failing_call), for_ever_(for_ever) {}

    [[nodiscard]] Result<void> fill(std::span<std::byte> out) override;

    [[nodiscard]] std::size_t calls() const noexcept { return calls_; }

private:
    std::shared_ptr<Random> base_;
    std::size_t failing_call_;
    bool for_ever_;
    std::atomic<std::size_t> calls_ = 0;
};

}  // namespace catalog::fakes
