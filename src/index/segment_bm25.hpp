#pragma once
// What a word weighs in a version: BM25 (Robertson and Zaragoza, "The Probabilistic Relevance
// Framework: BM25 and Beyond", 2009) over weighted fields.

#include <algorithm>
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

/// What the length of a version does to the weight of its words.
class LengthNorm {
public:
    explicit LengthNorm(float mean) noexcept : step_(kBm25K1 * kBm25B / mean) {}
    [[nodiscard]] float operator()(std::uint32_t length) const noexcept {
        return kBm25K1 * (1 - kBm25B) + step_ * static_cast<float>(length);
    }

private:
    float step_;
};

/// The part of the score that does not depend on how rare the word is.
[[nodiscard]] inline float word_score(unsigned weight, float norm) noexcept {
    const auto w = static_cast<float>(weight);
    return w * (kBm25K1 + 1) / (w + norm);
}

/// What a bound stands for where the greatest score of all is `top`.
[[nodiscard]] inline float score_of_bound(std::uint8_t bound, float top) noexcept {
    // A little more than it is, so that rounding makes no bound too low.
    return static_cast<float>(bound) * top * (1.00001F / 255);
}

/// The least bound that is not below `score`, which is at most `top`.
[[nodiscard]] inline std::uint8_t bound_of(float score, float top) noexcept {
    return static_cast<std::uint8_t>(std::min(255.0F, std::ceil(score * 255 / top)));
}

/// How much a word counts that `df` of `docs` versions have.
[[nodiscard]] inline float word_rarity(std::uint32_t df, std::uint32_t docs) noexcept {
    const double rest = static_cast<double>(docs) - df + 0.5;
    return static_cast<float>(std::log(1 + rest / (df + 0.5)));
}

}  // namespace catalog::index
