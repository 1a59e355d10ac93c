#pragma once
// A clock that stands still until a test moves it.

#include <atomic>
#include <chrono>
#include <cstdint>

#include "catalog/core/clock.hpp"

namespace catalog::fakes {

/// A complete Clock, advanced by hand and by whoever sleeps. Both times move together, but the wall
/// clock can also be set, as an administrator would. Thread safety: any thread.
class FakeClock final : public Clock {
public:
    /// Starts at monotonic 1 s and 2024-01-01 00:00:00 UTC.
    FakeClock() = default;

    [[nodiscard]] MonotonicTime now_monotonic() const override;
    [[nodiscard]] WallTime now_wall() const override;

    /// Advances the clock by `duration` instead of blocking. Returns false, without advancing, when
    /// `stop` is requested.
    bool sleep_for(std::chrono::nanoseconds duration, const std::stop_token& stop) const override;

    /// Moves both times forward; a negative duration is ignored.
    void advance(std::chrono::nanoseconds duration) const;

    /// Sets the wall clock, forward or back; the monotonic time does not change.
    void set_wall(WallTime time);

    /// Returns how often somebody slept, and for how long altogether.
    [[nodiscard]] std::uint64_t sleeps() const noexcept { return sleeps_; }
    [[nodiscard]] std::chrono::nanoseconds slept() const noexcept {
        return std::chrono::nanoseconds(slept_ns_);
    }

private:
    static constexpr std::int64_t kStartNs = 1'000'000'000;
    static constexpr std::int64_t kStartWallUs = 1'704'067'200'000'000;

    mutable std::atomic<std::int64_t> now_ns_ = kStartNs;
    std::atomic<std::int64_t> wall_offset_us_ = kStartWallUs - kStartNs / 1000;
    mutable std::atomic<std::uint64_t> sleeps_ = 0;
    mutable std::atomic<std::int64_t> slept_ns_ = 0;
};

}  // namespace catalog::fakes
