#include "support/core/fake_clock.hpp"

#include <algorithm>

namespace catalog::fakes {

MonotonicTime FakeClock::now_monotonic() const {
    return MonotonicTime(std::chrono::nanoseconds(now_ns_));
}

WallTime FakeClock::now_wall() const {
    return WallTime(std::chrono::microseconds(now_ns_ / 1000 + wall_offset_us_));
}

bool FakeClock::sleep_for(std::chrono::nanoseconds duration, const std::stop_token& stop) const {
    if (stop.stop_requested()) return false;
    ++sleeps_;
    slept_ns_ += std::max<std::int64_t>(0, duration.count());
    advance(duration);
    return true;
}

void FakeClock::advance(std::chrono::nanoseconds duration) const {
    now_ns_ += std::max<std::int64_t>(0, duration.count());
}

void FakeClock::set_wall(WallTime time) {
    wall_offset_us_ = time.time_since_epoch().count() - now_ns_ / 1000;
}

}  // namespace catalog::fakes
