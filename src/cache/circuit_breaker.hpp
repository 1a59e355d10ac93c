#pragma once
// CircuitBreaker: stops asking what failed several times in a row, and tries again later.

#include <atomic>
#include <catalog/internal/mutex.hpp>
#include <chrono>
#include <cstdint>
#include <memory>

#include "catalog/cache/cache_stats.hpp"
#include "catalog/core/clock.hpp"
#include "catalog/core/random.hpp"

namespace catalog::cache {

struct BreakerOptions {
    std::uint32_t failures_to_open = 3;  ///< In a row.
    std::chrono::nanoseconds open_min = std::chrono::milliseconds(100);
    std::chrono::nanoseconds open_max = std::chrono::seconds(10);
};

/// Closed: calls go through. After some failures in a row it opens for a while, twice as long each
/// time up to a bound, less a random part of up to a quarter, so that many processes do not come
/// back together. Then one call goes through: what comes of it closes the breaker or opens it
/// again. Thread safety: any thread. Cost of `allows`: one atomic load, and while open one reading
/// of the clock.
class CircuitBreaker {
public:
    CircuitBreaker(const BreakerOptions& options, std::shared_ptr<const Clock> clock,
                   std::shared_ptr<Random> random)
        : options_(options), clock_(std::move(clock)), random_(std::move(random)) {}

    /// Tells whether a call may go through. After true, one of the three below must be called.
    [[nodiscard]] bool allows() noexcept;
    void succeeded() noexcept;
    void failed() noexcept;
    /// The call came to nothing that says anything about the other side.
    void abandoned() noexcept;

    [[nodiscard]] BreakerState state() const noexcept;
    [[nodiscard]] std::uint64_t openings() const noexcept { return openings_; }

private:
    [[nodiscard]] std::chrono::nanoseconds open_for() noexcept CATALOG_REQUIRES(mutex_);

    const BreakerOptions options_;
    const std::shared_ptr<const Clock> clock_;
    const std::shared_ptr<Random> random_;
    std::atomic<std::int64_t> open_until_{0};  ///< 0: closed.
    std::atomic<bool> trying_{false};
    std::atomic<std::uint32_t> failures_{0};
    std::atomic<std::uint64_t> openings_{0};
    internal::Mutex mutex_;
    std::chrono::nanoseconds next_open_ CATALOG_GUARDED_BY(mutex_){0};
};

}  // namespace catalog::cache
