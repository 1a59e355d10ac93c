#include "catalog/content/features.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "chunkers.hpp"
#include "feature_places.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content {
namespace {

using io::testing::SeededRandom;
using testing::edited;
using testing::noise;
using testing::prose;

TEST(Features, AllSearchesFindTheSamePlaces) {
    std::vector<std::uint32_t> expected(10'000);
    std::vector<std::uint32_t> found(10'000);
    std::size_t places = 0;
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        SeededRandom random(seed);
        CutRule rule;
        for (auto* const table : {&rule.low, &rule.high})
            for (std::uint8_t& entry : *table)
                entry = random.chance(30) ? 0 : static_cast<std::uint8_t>(random.next());
        Bytes bytes(64 + random.below(3000));
        const std::uint64_t different = 1 + random.below(random.chance(50) ? 3 : 256);
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.below(different));
        const std::size_t begin = 32 + random.below(bytes.size() - 31);
        const std::size_t end = begin + random.below(bytes.size() - begin + 1);
        const auto mask = static_cast<std::uint8_t>(random.next());
        const std::size_t count =
            find_places_scalar(rule, mask, bytes.data(), begin, end, expected.data());
        places += count;
        for (const PlaceSearch search : {place_searches().avx2, place_searches().avx512}) {
            if (search == nullptr) continue;
            ASSERT_EQ(search(rule, mask, bytes.data(), begin, end, found.data()), count) << seed;
            ASSERT_TRUE(std::equal(found.begin(),
                                   found.begin() + static_cast<std::ptrdiff_t>(count),
                                   expected.begin()))
                << seed;
        }
    }
    EXPECT_GT(places, 10'000u);
}

TEST(Features, AllSearchesGiveTheSame) {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        SeededRandom random(seed);
        const std::size_t size = random.below(random.chance(30) ? 200'000 : 12'000);
        const Bytes chunk =
            random.chance(30) ? Bytes(size, static_cast<std::byte>(seed)) : prose(size, seed);
        const ChunkFeatures expected = features_with(find_places_scalar, chunk);
        ASSERT_EQ(features_of(chunk), expected) << seed;
        for (const PlaceSearch search : {place_searches().avx2, place_searches().avx512})
            if (search != nullptr) {
                ASSERT_EQ(features_with(search, chunk), expected) << seed;
            }
    }
}

// What docs/formats/similarity.md says, written once more, plainly.
ChunkFeatures by_the_book(ByteView chunk, bool every_place_passes = false) {
    if (chunk.size() < 256) return {};
    SplitMix64 random(0x6665617475726573u);
    std::array<std::array<std::uint8_t, 16>, 2> tables{};
    for (auto& table : tables)
        for (std::size_t half = 0; half < 2; ++half) {
            const std::uint64_t bytes = random.next();
            for (std::size_t i = 0; i < 8; ++i)
                table.at(8 * half + i) = static_cast<std::uint8_t>(bytes >> (8 * i));
        }
    const std::uint64_t key0 = random.next();
    const std::uint64_t key1 = random.next();
    std::array<std::uint64_t, 8> factors{};
    for (auto& factor : factors) factor = random.next() | 1u;
    std::array<std::uint64_t, 8> addends{};
    for (auto& addend : addends) addend = random.next();
    const auto word = [&](std::size_t at) { return load_le<std::uint64_t>(chunk.data() + at); };
    const unsigned mask = chunk.size() > 8192 ? 0xffu : 0xf8u;
    const std::size_t most = chunk.size() > 8192 ? 64 : 256;
    std::array<std::uint64_t, 8> least{};
    least.fill(~std::uint64_t{0});
    bool any = false;
    std::size_t of_block = 0;
    for (std::size_t i = 32; i < chunk.size(); ++i) {
        if ((i - 32) % 2048 == 0) of_block = 0;
        unsigned hash = 0;
        for (std::size_t j = 0; j < 8; ++j) {
            const auto byte = std::to_integer<std::size_t>(chunk[i - j]);
            const unsigned t = tables[0].at(byte % 16) ^ tables[1].at(byte / 16);
            hash ^= (t << j) & 0xffu;
        }
        if ((hash & mask) != 0 && !every_place_passes) continue;
        if (of_block++ >= most) continue;
        any = true;
        const std::uint64_t a = (word(i - 31) ^ key0) * 0x9e3779b97f4a7c15u;
        const std::uint64_t b = (word(i - 15) ^ key1) * 0xbf58476d1ce4e5b9u;
        const std::uint64_t x = (a ^ (a >> 32)) + word(i - 23);
        const std::uint64_t y = (b ^ (b >> 29)) + word(i - 7);
        const std::uint64_t m = (x ^ ((y << 23) | (y >> 41))) * 0x94d049bb133111ebu;
        for (std::size_t f = 0; f < 8; ++f)
            least.at(f) = std::min(least.at(f), (m ^ (m >> 31)) * factors.at(f) + addends.at(f));
    }
    ChunkFeatures features;
    for (std::size_t f = 0; any && f < 8; ++f)
        features.values.at(f) =
            std::max(static_cast<std::uint32_t>(least.at(f) >> 32), std::uint32_t{1});
    return features;
}

TEST(Features, AreWhatTheFormatPageSays) {
    for (const std::size_t size : {0u, 255u, 256u, 257u, 3000u, 8192u, 8193u, 70'000u})
        for (const Bytes& chunk : {prose(size, size), noise(size, size), Bytes(size)})
            ASSERT_EQ(features_of(chunk), by_the_book(chunk)) << size;
}

TEST(Features, OfABlockOnlyTheFirstPlacesCount) {
    const PlaceSearch every_place = [](const CutRule&, std::uint8_t, const std::byte*,
                                       std::size_t begin, std::size_t end, std::uint32_t* places) {
        for (std::size_t at = begin; at < end; ++at) *places++ = static_cast<std::uint32_t>(at);
        return end - begin;
    };
    for (const std::size_t size : {3000u, 9000u})
        for (std::uint64_t seed = 0; seed < 50; ++seed) {
            const Bytes chunk = noise(size, seed);
            ASSERT_EQ(features_with(every_place, chunk), by_the_book(chunk, true)) << size;
        }
}

TEST(Features, ShortChunksHaveNone) {
    EXPECT_TRUE(features_of(prose(kFeatureChunkBytesMin - 1, 1)).empty());
    EXPECT_TRUE(features_of({}).empty());
    EXPECT_FALSE(features_of(prose(4000, 1)).empty());
    EXPECT_EQ(ChunkFeatures().shared_with(ChunkFeatures()), 0);
}

TEST(Features, AreSharedByThePartThatChunksHaveInCommon) {
    int same = 0;
    int half = 0;
    int strange = 0;
    constexpr int kRounds = 200;
    for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
        const Bytes chunk = noise(40'000, seed);
        const ChunkFeatures features = features_of(chunk);
        same += features.shared_with(features_of(edited(chunk, 8, seed)));
        // A third of all places of the two are in both.
        Bytes mixed = noise(40'000, seed + 1000);
        std::copy_n(chunk.begin(), 20'000, mixed.begin());
        half += features.shared_with(features_of(mixed));
        strange += features.shared_with(features_of(noise(40'000, seed + 2000)));
    }
    constexpr int kAll = kRounds * static_cast<int>(ChunkFeatures::kCount);
    EXPECT_GT(same, kAll * 9 / 10);
    EXPECT_GT(half, kAll * 25 / 100);
    EXPECT_LT(half, kAll * 42 / 100);
    EXPECT_EQ(strange, 0);
}

}  // namespace
}  // namespace catalog::content
