#pragma once
// What a word weighs in a version: BM25 (Robertson and Zaragoza, "The Probabilistic Relevance
// Framework: BM25 and Beyond", 2009) over weighted fields.

#include <cmath>
#include <cstdint>

namespace catalog::index {

inline constexpr float kBm25K1 = 1.2F;
inline constexpr float kBm25B = 0.75F;

/// Mean length of versions, in weights of words; never 0.
[[nodiscard]] inline float mean_length(std::uint64_t weight, std::size_t docs) noexcept {
    if (weight == 0 || docs == 0) return 1;
    return static_cast<float>(static_cast<double>(weight) / static_cast<double>(docs));
}

[[nodiscard]] inline float length_norm(float length, float mean) noexcept {
    return kBm25K1 * (1 - kBm25B + kBm25B * length / mean);
}

/// The part of the score that does not depend on how rare the word is.
[[nodiscard]] inline float word_score(float weight, float norm) noexcept {
    return weight * (kBm25K1 + 1) / (weight + norm);
}

/// How much a word counts that `df` of `docs` versions have.
[[nodiscard]] inline float word_rarity(std::uint32_t df, std::uint32_t docs) noexcept {
    const double rest = static_cast<double>(docs) - df + 0.5;
    return static_cast<float>(std::log(1 + rest / (df + 0.5)));
}

}  // namespace catalog::index
