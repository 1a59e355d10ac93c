#pragma once
// StripedCounter: a count to which every processor adds on a cache line of its own.

#include <sched.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace catalog::cache {

/// Adding costs no traffic between processors as long as there are at most 16. Thread safety: any
/// thread.
class StripedCounter {
public:
    void add() noexcept { mine().fetch_add(1, std::memory_order_relaxed); }

    /// Adds one, and may lose it, or one of another thread, when this thread is interrupted between
    /// two instructions. Does not wait, as an exact addition does, until everything that was stored
    /// before has left the processor: a tenth of its cost after a copy.
    void add_roughly() noexcept {
        std::atomic<std::uint64_t>& count = mine();
        count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t sum() const noexcept {
        std::uint64_t sum = 0;
        for (const Stripe& stripe : stripes_) sum += stripe.count.load(std::memory_order_relaxed);
        return sum;
    }

private:
    static constexpr unsigned kStripes = 16;

    std::atomic<std::uint64_t>& mine() noexcept {
        // The C library reads the number from memory that the kernel keeps up to date (rseq).
        return stripes_[static_cast<unsigned>(::sched_getcpu()) % kStripes].count;
    }
    struct alignas(64) Stripe {
        std::atomic<std::uint64_t> count{0};
    };
    std::array<Stripe, kStripes> stripes_;
};

}  // namespace catalog::cache
