#include "catalog/content/features.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "chunkers.hpp"
#include "feature_places.hpp"

namespace catalog::content {
namespace {

// Places are gathered from so many bytes at a time.
constexpr std::size_t kFeatureBlockBytes = 2048;
// One place in 256 is enough of a long chunk; of a short one, one in 32.
constexpr std::size_t kLongChunkBytes = 8 * 1024;
constexpr std::uint8_t kMaskLong = 0xff;
constexpr std::uint8_t kMaskShort = 0xf8;
// Bytes that repeat may pass at every place, and say nothing new at any.
constexpr std::size_t kPlacesOfLongBlockMax = 64;
constexpr std::size_t kPlacesOfShortBlockMax = 256;

struct FeatureRule {
    CutRule places;
    std::array<std::uint64_t, ChunkFeatures::kCount> factors{};
    std::array<std::uint64_t, ChunkFeatures::kCount> addends{};
};

const FeatureRule& feature_rule() noexcept {
    static const FeatureRule made = [] {
        FeatureRule rule;
        SplitMix64 random(0x6665617475726573u);
        for (auto* const table : {&rule.places.low, &rule.places.high})
            for (std::size_t half = 0; half < 2; ++half) {
                std::uint64_t bytes = random.next();
                for (std::size_t i = 0; i < 8; ++i, bytes >>= 8)
                    (*table)[8 * half + i] = static_cast<std::uint8_t>(bytes);
            }
        for (std::uint64_t& key : rule.places.keys) key = random.next();
        for (std::uint64_t& factor : rule.factors) factor = random.next() | 1u;
        for (std::uint64_t& addend : rule.addends) addend = random.next();
        return rule;
    }();
    return made;
}

// Hashes the 32 bytes that end with `last`.
std::uint64_t hash_place(const CutRule& rule, const std::byte* last) noexcept {
    const std::byte* const first = last - (kCutWindowBytes - 1);
    const std::uint64_t a = (load_le<std::uint64_t>(first) ^ rule.keys[0]) * 0x9e3779b97f4a7c15u;
    const std::uint64_t b =
        (load_le<std::uint64_t>(first + 16) ^ rule.keys[1]) * 0xbf58476d1ce4e5b9u;
    const std::uint64_t x = (a ^ (a >> 32)) + load_le<std::uint64_t>(first + 8);
    const std::uint64_t y = (b ^ (b >> 29)) + load_le<std::uint64_t>(first + 24);
    const std::uint64_t mixed = (x ^ std::rotl(y, 23)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

}  // namespace

ChunkFeatures features_with(PlaceSearch search, ByteView chunk) noexcept {
    if (chunk.size() < kFeatureChunkBytesMin) return {};
    const FeatureRule& rule = feature_rule();
    const bool is_long = chunk.size() > kLongChunkBytes;
    const std::uint8_t mask = is_long ? kMaskLong : kMaskShort;
    const std::size_t of_block_max = is_long ? kPlacesOfLongBlockMax : kPlacesOfShortBlockMax;
    std::array<std::uint64_t, ChunkFeatures::kCount> least{};
    least.fill(~std::uint64_t{0});
    std::array<std::uint32_t, kFeatureBlockBytes> places{};
    bool any = false;
    for (std::size_t at = kCutWindowBytes; at < chunk.size(); at += kFeatureBlockBytes) {
        const std::size_t end = std::min(chunk.size(), at + kFeatureBlockBytes);
        const std::size_t count =
            std::min(search(rule.places, mask, chunk.data(), at, end, places.data()), of_block_max);
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint64_t hash = hash_place(rule.places, chunk.data() + places[i]);
            for (std::size_t f = 0; f < least.size(); ++f)
                least[f] = std::min(least[f], hash * rule.factors[f] + rule.addends[f]);
        }
        any = any || count != 0;
    }
    ChunkFeatures features;
    if (!any) return features;
    // Zero is kept for "none".
    for (std::size_t f = 0; f < least.size(); ++f)
        features.values[f] = std::max(static_cast<std::uint32_t>(least[f] >> 32), 1u);
    return features;
}

ChunkFeatures features_of(ByteView chunk) noexcept {
    static const PlaceSearch search = [] {
        const PlaceSearches& searches = place_searches();
        if (searches.avx512 != nullptr) return searches.avx512;
        return searches.avx2 != nullptr ? searches.avx2 : &find_places_scalar;
    }();
    return features_with(search, chunk);
}

}  // namespace catalog::content
