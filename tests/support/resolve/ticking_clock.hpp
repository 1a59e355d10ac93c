#pragma once
// TickingClock: time that passes by being looked at, so that budgets of time are as repeatable as
// those of conflicts.

#include <chrono>
#include <cstdint>
#include <stop_token>

#include "catalog/core/clock.hpp"

namespace catalog::resolve::testing {

/// A clock that moves one second at each look.
class TickingClock final : public Clock {
public:
    MonotonicTime now_monotonic() const override {
        return MonotonicTime(std::chrono::seconds(++looks_));
    }
    WallTime now_wall() const override { return {}; }
    bool sleep_for(std::chrono::nanoseconds, const std::stop_token&) const override { return true; }

private:
    mutable std::int64_t looks_ = 0;
};

}  // namespace catalog::resolve::testing
