#pragma once
// ChunkFeatures: a few numbers which chunks that have most of their bytes in common are likely to
// share.

#include <array>
#include <cstddef>
#include <cstdint>

#include "catalog/core/bytes.hpp"

namespace catalog::content {

/// Min-hash features of a chunk. All zero: too short to have any.
struct ChunkFeatures {
    static constexpr std::size_t kCount = 8;
    std::array<std::uint32_t, kCount> values{};

    [[nodiscard]] bool empty() const noexcept { return values == decltype(values){}; }

    /// Returns how many the two have in common, position by position.
    [[nodiscard]] int shared_with(const ChunkFeatures& other) const noexcept {
        int shared = 0;
        for (std::size_t i = 0; i < kCount; ++i)
            shared += values[i] != 0 && values[i] == other.values[i] ? 1 : 0;
        return shared;
    }

    friend bool operator==(const ChunkFeatures&, const ChunkFeatures&) = default;
};

/// Chunks shorter than this have no features, bytes: a delta's overhead would eat the gain.
inline constexpr std::size_t kFeatureChunkBytesMin = 256;

/// Computes the features of a chunk: content decides which places are looked at, at each of them
/// the bytes around are hashed, and feature i is the least value that the i-th of eight linear
/// functions takes over all hashes. (Broder, "On the resemblance and containment of documents",
/// SEQUENCES 1997; sampling by content: Zou et al., "Odess: Speeding up Resemblance Detection for
/// Redundancy Elimination by Fast Content-Defined Sampling", ICDE 2021.) Two chunks that have a
/// share J of these places in common share each feature with probability J. All processors find
/// the same. Cost: about 0.2 ns a byte.
[[nodiscard]] ChunkFeatures features_of(ByteView chunk) noexcept;

}  // namespace catalog::content
