#include "support/core/faulty_clock.hpp"

#include <algorithm>

namespace catalog::fakes {

MonotonicTime FaultyClock::now_monotonic() const {
    const std::int64_t now = base_->now_monotonic().time_since_epoch().count();
    // Up, not down: a sleep that ends has lasted at least as long as it was asked to.
    const std::int64_t step = std::max<std::int64_t>(1, step_ns_);
    return MonotonicTime(std::chrono::nanoseconds((now + step - 1) / step * step));
}

WallTime FaultyClock::now_wall() const {
    const bool jumped = wall_readings_++ >= jump_at_;
    return base_->now_wall() + std::chrono::microseconds(jumped ? jump_us_.load() : 0);
}

bool FaultyClock::sleep_for(std::chrono::nanoseconds duration, const std::stop_token& stop) const {
    if (!base_->sleep_for(duration, stop)) return false;
    const std::int64_t step = std::max<std::int64_t>(1, step_ns_);
    const std::int64_t late = oversleep_ns_ + (step > 1 ? step : 0);
    return late <= 0 || base_->sleep_for(std::chrono::nanoseconds(late), stop);
}

void FaultyClock::jump_wall(std::uint64_t nth, std::chrono::microseconds by) {
    jump_us_ = by.count();
    jump_at_ = nth;
}

}  // namespace catalog::fakes
