#include "catalogue_lines.hpp"

#include <cmath>

namespace catalog::bench {
namespace {

constexpr std::uint32_t kWords = 4'096;
constexpr std::uint32_t kVersions = 3;

std::uint64_t mixed(std::uint64_t state) {
    state += 0x9e37'79b9'7f4a'7c15;
    state = (state ^ state >> 30) * 0xbf58'476d'1ce4'e5b9;
    state = (state ^ state >> 27) * 0x94d0'49bb'1331'11eb;
    return state ^ state >> 31;
}

// The rank of Zipf 1.0 that a share of the whole falls on, by the integral in place of the sum.
std::uint32_t rank_of(std::uint64_t seed, std::uint64_t i) {
    const double share = static_cast<double>(drawn(seed, i, 1u << 30)) / (1u << 30);
    const double rank = std::pow(static_cast<double>(kWords + 1), share) - 1;
    return static_cast<std::uint32_t>(rank) % kWords;
}

}  // namespace

std::uint32_t drawn(std::uint64_t seed, std::uint64_t i, std::uint32_t below) {
    return static_cast<std::uint32_t>(mixed(mixed(seed) ^ i) % below);
}

std::string word_of(std::uint32_t rank) {
    static constexpr const char* kSyllables[] = {"ba", "ko", "ri", "ne", "tu", "lo", "sa", "mi",
                                                 "du", "ve", "po", "ga", "fi", "ru", "he", "zo"};
    std::string word;
    for (int i = 0; i < 3; ++i, rank /= 16) word += kSyllables[rank % 16];
    return word;
}

Line line_of(std::uint32_t number) {
    const std::uint32_t package = number / kVersions;
    Line line;
    line.name = word_of(rank_of(1, package)) + "-" + std::to_string(package);
    line.version = "1." + std::to_string(number % kVersions) + "." + std::to_string(package % 7);
    for (std::uint64_t i = 0; i < 9; ++i)
        line.description += (i == 0 ? "" : " ") + word_of(rank_of(2, package * 16ull + i));
    static constexpr const char* kLicenses[] = {"MIT", "Apache-2.0", "BSD-3-Clause", "ISC"};
    line.license = kLicenses[drawn(3, package, 4)];
    line.author = "author-" + std::to_string(drawn(4, package, 50'000));
    for (std::uint32_t i = 0; i < drawn(5, package, 5); ++i)
        line.keywords.push_back(word_of(rank_of(6, package * 16ull + i)));
    return line;
}

}  // namespace catalog::bench
