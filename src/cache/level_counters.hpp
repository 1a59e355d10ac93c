#pragma once
// LevelCounters: what a level behind a circuit breaker counts.

#include <atomic>
#include <cstdint>

#include "catalog/cache/cache_stats.hpp"
#include "circuit_breaker.hpp"

namespace catalog::cache {

/// Fields as in CacheLevelStats. One atomic each and not striped: a call of such a level takes
/// microseconds. Thread safety: any thread.
struct LevelCounters {
    std::atomic<std::uint64_t> hits{0};
    std::atomic<std::uint64_t> misses{0};
    std::atomic<std::uint64_t> expired{0};
    std::atomic<std::uint64_t> inserts{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> evictions{0};
    std::atomic<std::uint64_t> errors{0};
    std::atomic<std::uint64_t> rejected{0};
    std::atomic<std::uint64_t> skipped{0};

    /// Returns the counters and the state of `breaker`; what the level holds is left 0.
    [[nodiscard]] CacheLevelStats stats(const CircuitBreaker& breaker) const {
        CacheLevelStats stats;
        stats.hits = hits;
        stats.misses = misses;
        stats.expired = expired;
        stats.inserts = inserts;
        stats.refused = refused;
        stats.evictions = evictions;
        stats.errors = errors;
        stats.rejected = rejected;
        stats.skipped = skipped;
        stats.breaker = breaker.state();
        stats.breaker_openings = breaker.openings();
        return stats;
    }
};

}  // namespace catalog::cache
