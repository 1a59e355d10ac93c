#include "circuit_breaker.hpp"

#include <algorithm>
#include <array>

namespace catalog::cache {

using internal::MutexLock;

bool CircuitBreaker::allows() noexcept {
    const std::int64_t until = open_until_.load(std::memory_order_acquire);
    if (until == 0) return true;
    if (clock_->now_monotonic().time_since_epoch().count() < until) return false;
    return !trying_.exchange(true);
}

void CircuitBreaker::succeeded() noexcept {
    if (failures_.load(std::memory_order_relaxed) == 0 &&
        open_until_.load(std::memory_order_relaxed) == 0)
        return;
    const MutexLock lock(mutex_);
    failures_ = 0;
    next_open_ = std::chrono::nanoseconds(0);
    open_until_ = 0;
    trying_ = false;
}

void CircuitBreaker::failed() noexcept {
    const MutexLock lock(mutex_);
    const bool tried = trying_.exchange(false);
    // Calls that went through before it opened may still fail; only the trial counts then.
    if (open_until_ != 0 && !tried) return;
    if (!tried && ++failures_ < options_.failures_to_open) return;
    ++openings_;
    open_until_ = (clock_->now_monotonic().time_since_epoch() + open_for()).count();
}

void CircuitBreaker::abandoned() noexcept { trying_ = false; }

std::chrono::nanoseconds CircuitBreaker::open_for() noexcept {
    next_open_ = std::clamp(next_open_ * 2, options_.open_min, options_.open_max);
    std::array<std::byte, 1> byte{};
    // Without randomness all come back together, which is no reason to fail.
    if (!random_->fill(byte)) return next_open_;
    return next_open_ - next_open_ / 4 * std::to_integer<int>(byte[0]) / 256;
}

BreakerState CircuitBreaker::state() const noexcept {
    if (open_until_ == 0) return BreakerState::kClosed;
    return trying_ ? BreakerState::kHalfOpen : BreakerState::kOpen;
}

}  // namespace catalog::cache
