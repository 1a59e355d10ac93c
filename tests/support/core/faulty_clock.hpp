#pragma once
// A clock as badly behaved as the interface allows.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "catalog/core/clock.hpp"

namespace catalog::fakes {

/// Reads another clock, but its wall time jumps, its monotonic time stands still, and its sleeps
/// last too long. All of this a machine does: an administrator sets the time, a timer is coarse, a
/// process is stopped. Thread safety: as the base.
class FaultyClock final : public Clock {
public:
    explicit FaultyClock(std::shared_ptr<const Clock> base) : base_(std::move(base)) {}

    [[nodiscard]] MonotonicTime now_monotonic() const override;
    [[nodiscard]] WallTime now_wall() const override;
    bool sleep_for(std::chrono::nanoseconds duration, const std::stop_token& stop) const override;

    /// From the `nth` reading of the wall time on (0-based), it is off by `by`, back or forward.
    void jump_wall(std::uint64_t nth, std::chrono::microseconds by);
    /// Monotonic time moves in steps of `step` only.
    void coarsen(std::chrono::nanoseconds step) { step_ns_ = step.count(); }
    /// Every sleep that is not stopped lasts longer by `by`.
    void oversleep(std::chrono::nanoseconds by) { oversleep_ns_ = by.count(); }

private:
    const std::shared_ptr<const Clock> base_;
    mutable std::atomic<std::uint64_t> wall_readings_ = 0;
    std::atomic<std::uint64_t> jump_at_ = UINT64_MAX;
    std::atomic<std::int64_t> jump_us_ = 0;
    std::atomic<std::int64_t> step_ns_ = 1;
    std::atomic<std::int64_t> oversleep_ns_ = 0;
};

}  // namespace catalog::fakes
