#pragma once
// The chunkers behind make_chunker, and what they share.

#include <cstdint>
#include <memory>

#include "catalog/content/chunker.hpp"
#include "cut_search.hpp"

namespace catalog::content {

/// SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014):
/// tables that anybody can make again from eight bytes.
class SplitMix64 {
public:
    explicit SplitMix64(std::uint64_t seed) noexcept : state_(seed) {}
    std::uint64_t next() noexcept {
        state_ += 0x9e3779b97f4a7c15u;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }

private:
    std::uint64_t state_;
};

/// Both expect a profile that check_profile accepts.
[[nodiscard]] std::unique_ptr<ContentChunker> make_fastcdc_chunker(const ChunkProfile& profile);
[[nodiscard]] std::unique_ptr<ContentChunker> make_windowed_chunker(const ChunkProfile& profile,
                                                                    CutSearch search);

}  // namespace catalog::content
