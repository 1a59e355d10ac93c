#pragma once
// RateLimit: so many operations a second, with bursts of one second's worth. One word, no lock.
//
// Generic cell rate algorithm (ITU-T I.371): instead of tokens it keeps the time at which the next
// operation would be due if they all came evenly, and refuses what comes too long before that.

#include <atomic>
#include <cstdint>

namespace catalog::extension {

/// Thread safety: any thread.
class RateLimit {
public:
    /// `per_second` 0: no limit.
    explicit RateLimit(std::uint64_t per_second) noexcept
        : interval_ns_(per_second == 0 ? 0 : kSecondNs / static_cast<std::int64_t>(per_second)) {}

    /// Admits an operation at `now_ns`, a clock that never goes back, and returns 0; or returns how
    /// many nanoseconds later it would be admitted.
    [[nodiscard]] std::uint64_t take(std::int64_t now_ns) noexcept {
        if (interval_ns_ == 0) return 0;
        std::int64_t due = due_ns_.load(std::memory_order_relaxed);
        for (;;) {
            const std::int64_t from = due > now_ns ? due : now_ns;
            const std::int64_t early_by = from - now_ns - (kSecondNs - interval_ns_);
            if (early_by > 0) return static_cast<std::uint64_t>(early_by);
            if (due_ns_.compare_exchange_weak(due, from + interval_ns_, std::memory_order_relaxed))
                return 0;
        }
    }

private:
    static constexpr std::int64_t kSecondNs = 1'000'000'000;

    const std::int64_t interval_ns_;
    std::atomic<std::int64_t> due_ns_{0};
};

}  // namespace catalog::extension
