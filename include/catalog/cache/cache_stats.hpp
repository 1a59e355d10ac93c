#pragma once
// CacheStats: what each level of a cache did and holds, as plain numbers.

#include <cstdint>

namespace catalog::cache {

/// Whether a level is asked at all; see CacheLevelStats::breaker.
enum class BreakerState : std::uint8_t {
    kClosed,    ///< The level is asked.
    kOpen,      ///< It failed several times in a row: nobody asks it for a while.
    kHalfOpen,  ///< The while is over: one call tries it, all others still go without.
};

/// Counters of one level since it was made, and what it holds now. Counters only grow, and are
/// not read at one moment together. All but `hits` of the memory level are exact: there a hit may
/// be lost when threads change places on a processor in the middle of counting it.
struct CacheLevelStats {
    std::uint64_t hits = 0;       ///< Lookups that gave a value.
    std::uint64_t misses = 0;     ///< Lookups that gave none, for whatever reason.
    std::uint64_t expired = 0;    ///< Of the misses: the value was there and too old.
    std::uint64_t inserts = 0;    ///< Values that were taken, replacements among them.
    std::uint64_t refused = 0;    ///< Values that were not taken: too large, or a level that is
                                  ///< full, busy or open did not take them.
    std::uint64_t evictions = 0;  ///< Values that went to make room for others.
    std::uint64_t errors = 0;     ///< Calls that failed below: I/O, network, timeout.
    std::uint64_t rejected = 0;  ///< Stored values that did not pass verification; each was a miss.
    std::uint64_t skipped = 0;   ///< Lookups that did not ask the level: open breaker, or busy.
    std::uint64_t breaker_openings = 0;  ///< How often the breaker opened.
    BreakerState breaker = BreakerState::kClosed;
    std::uint64_t entries = 0;    ///< Values held now; 0 for a level that cannot know (L3).
    std::uint64_t bytes = 0;      ///< Bytes held now, keys and headers included; 0 as above.
    std::uint64_t bytes_max = 0;  ///< Bound of `bytes`; 0 as above.
};

}  // namespace catalog::cache
