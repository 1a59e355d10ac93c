#pragma once
// A small reproducible generator: the same seed gives the same numbers on every machine, which the
// distributions of <random> do not promise.

#include <cstdint>

namespace catalog::io::testing {

/// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
class SeededRandom {
public:
    explicit SeededRandom(std::uint64_t seed) noexcept : state_(seed) {}

    std::uint64_t next() noexcept {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    /// Returns a number below `bound`, which is not 0. The bias is irrelevant here.
    std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
    /// Returns true in `percent` of 100 cases.
    bool chance(unsigned percent) noexcept { return below(100) < percent; }

private:
    std::uint64_t state_;
};

}  // namespace catalog::io::testing
