#pragma once
// Packages that both sides of the comparison get: the same for the same number.

#include <cstdint>
#include <string>
#include <vector>

namespace catalog::bench {

/// One package version of a catalogue that a number makes.
struct Line {
    std::string name;
    std::string version;
    std::string description;
    std::string license;
    std::string author;
    std::vector<std::string> keywords;
};

/// Returns version `number` of the catalogue: names have three versions each, descriptions nine
/// words of 4,096, drawn so that a few are frequent and most are rare (Zipf 1.0).
[[nodiscard]] Line line_of(std::uint32_t number);

/// Returns the word of a rank, 0 the most frequent.
[[nodiscard]] std::string word_of(std::uint32_t rank);

/// Returns a number from 0 to `below` - 1 that depends on `seed` and `i` alone.
[[nodiscard]] std::uint32_t drawn(std::uint64_t seed, std::uint64_t i, std::uint32_t below);

}  // namespace catalog::bench
