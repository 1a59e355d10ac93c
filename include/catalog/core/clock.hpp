#pragma once
// Time as the library sees it: one injected interface, so that tests and hosts decide what "now"
// is.

#include <chrono>
#include <cstdint>
#include <memory>
#include <ratio>
#include <stop_token>

namespace catalog {

/// Nanoseconds since an arbitrary start that never jumps.
struct MonotonicClockTag {
    using rep = std::int64_t;
    using period = std::nano;
    using duration = std::chrono::nanoseconds;
    using time_point = std::chrono::time_point<MonotonicClockTag>;
    static constexpr bool is_steady = true;
};
using MonotonicTime = MonotonicClockTag::time_point;

/// Wall-clock time, microseconds since the Unix epoch, UTC.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

/// Source of time. Thread safety: every member may be called from any thread.
class Clock {
public:
    virtual ~Clock() = default;

    [[nodiscard]] virtual MonotonicTime now_monotonic() const = 0;
    [[nodiscard]] virtual WallTime now_wall() const = 0;

    /// Blocks for `duration` or until `stop` is requested. Returns false when it was stopped.
    virtual bool sleep_for(std::chrono::nanoseconds duration,
                           const std::stop_token& stop) const = 0;
};

/// The machine's clock.
[[nodiscard]] std::shared_ptr<Clock> make_system_clock();

}  // namespace catalog
