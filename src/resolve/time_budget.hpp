#pragma once
// TimeBudget: how long one call of a resolver may take.

#include <chrono>
#include <string>

#include "catalog/resolve/request.hpp"

namespace catalog::resolve::engine {

class TimeBudget {
public:
    /// Without a bound.
    TimeBudget() = default;
    /// Starts now. `clock` is borrowed.
    TimeBudget(const Request& request, const Clock& clock) : allowed_(request.time_max) {
        if (allowed_.count() <= 0) return;
        clock_ = &clock;
        start_ = clock.now_monotonic();
    }

    /// Returns kBudgetExhausted (LimitDetail) when the time is up. Cost: one clock read, none
    /// without a bound.
    [[nodiscard]] Result<void> check() const {
        if (clock_ == nullptr) return {};
        const std::chrono::nanoseconds spent = clock_->now_monotonic() - start_;
        if (spent < allowed_) return {};
        const std::uint64_t allowed = microseconds(allowed_);
        return fail(Error(Errc::kBudgetExhausted,
                          "no answer within " + std::to_string(allowed) + " microseconds",
                          LimitDetail{"resolve_time_max_us", allowed, microseconds(spent)})
                        .with_hint("raise the bound, or narrow what is asked for"));
    }

private:
    [[nodiscard]] static std::uint64_t microseconds(std::chrono::nanoseconds time) {
        return static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(time).count());
    }

    const Clock* clock_ = nullptr;
    std::chrono::nanoseconds allowed_{0};
    MonotonicTime start_;
};

}  // namespace catalog::resolve::engine
