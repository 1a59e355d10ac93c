// Payloads that start from another chunk.
#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <utility>

#include "catalog/content/compressor.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SeededRandom;
using testing::edited;
using testing::noise;
using testing::prose;

ChunkId some_id(std::uint8_t value) {
    ChunkId id;
    id.digest.fill(static_cast<std::byte>(value));
    return id;
}

std::uint32_t length_of(ByteView bytes) { return static_cast<std::uint32_t>(bytes.size()); }

Bytes delta_of(Compressor& compressor, ByteView base, ByteView chunk) {
    Bytes joined = to_bytes(base);
    joined.insert(joined.end(), chunk.begin(), chunk.end());
    const auto encoded =
        compressor.compress_delta(some_id(7), joined, base.size(), chunk.size() + 1000);
    EXPECT_EQ(encoded.codec, Codec::kDelta);
    return to_bytes(encoded.payload);
}

TEST(Delta, GivesBackWhatItTook) {
    for (const int level : {-7, 1, 3, 9}) {
        Compressor compressor(level);
        Bytes out;
        for (std::uint64_t seed = 1; seed <= 60; ++seed) {
            SeededRandom random(seed);
            const std::size_t size = 1 + random.below(random.chance(20) ? 300'000 : 5000);
            const Bytes base = random.chance(50) ? prose(size, seed) : noise(size, seed);
            Bytes chunk = random.chance(80) ? edited(base, random.below(30), seed)
                                            : prose(1 + random.below(5000), seed + 1);
            if (chunk.empty()) chunk = base;
            const Bytes payload = delta_of(compressor, base, chunk);
            must(compressor.decompress_delta(payload, base, length_of(chunk), out));
            ASSERT_EQ(out, chunk) << level << " " << seed;
        }
    }
}

TEST(Delta, WorksForTheLongestBaseAndChunk) {
    Compressor compressor;
    const Bytes base = noise(kChunkBytesMax, 1);
    Bytes chunk = edited(base, 5, 2);
    chunk.resize(kChunkBytesMax);
    const Bytes payload = delta_of(compressor, base, chunk);
    EXPECT_LT(payload.size(), 20'000u);
    Bytes out;
    must(compressor.decompress_delta(payload, base, kChunkBytesMax, out));
    EXPECT_EQ(out, chunk);
}

TEST(Delta, IsSmallForChunksThatAreAlike) {
    Compressor compressor;
    const Bytes base = noise(60'000, 1);
    EXPECT_LT(delta_of(compressor, base, edited(base, 10, 2)).size(), 1500u);
    EXPECT_LT(delta_of(compressor, base, base).size(), 100u);
}

TEST(Delta, NamesItsBase) {
    Compressor compressor;
    const Bytes base = prose(3000, 1);
    const Bytes payload = delta_of(compressor, base, edited(base, 3, 2));
    EXPECT_EQ(must(delta_base(payload)), some_id(7));
    EXPECT_EQ(code_of(delta_base(ByteView(payload).first(kDeltaHeaderBytes))),
              Errc::kDecompression);
    EXPECT_EQ(code_of(delta_base({})), Errc::kDecompression);
}

TEST(Delta, IsNoneWhereItWouldTakeMoreThanAllowed) {
    Compressor compressor;
    Bytes joined = prose(50'000, 1);
    const Bytes chunk = noise(50'000, 2);
    joined.insert(joined.end(), chunk.begin(), chunk.end());
    const auto encoded = compressor.compress_delta(some_id(7), joined, 50'000, 40'000);
    EXPECT_EQ(encoded.codec, Codec::kRaw);
    EXPECT_TRUE(
        std::equal(encoded.payload.begin(), encoded.payload.end(), chunk.begin(), chunk.end()));
    for (const std::size_t room : {0u, 1u, 31u, 32u, 33u, 40u})
        EXPECT_EQ(compressor.compress_delta(some_id(7), joined, 50'000, room).codec, Codec::kRaw);
    // And the next one is not harmed by it.
    const Bytes base = prose(50'000, 3);
    const Bytes next = edited(base, 5, 4);
    Bytes out;
    must(compressor.decompress_delta(delta_of(compressor, base, next), base, length_of(next), out));
    EXPECT_EQ(out, next);
}

TEST(Delta, LeavesPlainPayloadsAsTheyWere) {
    Compressor compressor;
    const Bytes base = prose(50'000, 1);
    const Bytes chunk = edited(base, 20, 2);
    const Bytes before = to_bytes(compressor.compress(chunk).payload);
    const Bytes delta = delta_of(compressor, base, chunk);
    EXPECT_EQ(to_bytes(compressor.compress(chunk).payload), before);
    Bytes out;
    must(compressor.decompress_delta(delta, base, length_of(chunk), out));
    must(compressor.decompress(Codec::kZstd, before, length_of(chunk), out));
    EXPECT_EQ(out, chunk);
    EXPECT_EQ(delta_of(compressor, base, chunk), delta);
}

TEST(Delta, LevelZeroMakesNone) {
    Compressor compressor(0);
    Bytes joined = prose(5000, 1);
    joined.insert(joined.end(), joined.begin(), joined.begin() + 2500);
    EXPECT_EQ(compressor.compress_delta(some_id(7), joined, 5000, 2500).codec, Codec::kRaw);
}

TEST(Delta, ABaseThatLooksLikeADictionaryIsPlainBytes) {
    Compressor compressor;
    Bytes base = prose(5000, 1);
    for (const auto& [at, value] :
         {std::pair<std::size_t, int>{0, 0x37}, {1, 0xa4}, {2, 0x30}, {3, 0xec}})
        base[at] = static_cast<std::byte>(value);
    const Bytes chunk = edited(base, 2, 2);
    Bytes out;
    must(compressor.decompress_delta(delta_of(compressor, base, chunk), base, length_of(chunk),
                                     out));
    EXPECT_EQ(out, chunk);
}

// The digest of the chunk finds these; here they must not read or write out of bounds.
TEST(Delta, AnotherBaseFailsOrGivesOtherBytesOfTheSameLength) {
    Compressor compressor;
    const Bytes base = prose(20'000, 1);
    const Bytes chunk = edited(base, 10, 2);
    const Bytes payload = delta_of(compressor, base, chunk);
    Bytes out;
    for (const Bytes& wrong :
         {noise(20'000, 3), noise(19'000, 3), prose(100, 1), Bytes{},
          Bytes(base.begin() + 1, base.end()), Bytes(base.begin(), base.end() - 1)}) {
        const auto decoded = compressor.decompress_delta(payload, wrong, length_of(chunk), out);
        ASSERT_TRUE(!decoded || out.size() == chunk.size());
        ASSERT_FALSE(decoded && out == chunk);
        if (!decoded) {
            EXPECT_EQ(decoded.error().code(), Errc::kDecompression);
        }
    }
}

TEST(Delta, RefusesOtherLengthsTrailingBytesAndCutPayloads) {
    Compressor compressor;
    const Bytes base = prose(5000, 1);
    const Bytes chunk = edited(base, 5, 2);
    const Bytes payload = delta_of(compressor, base, chunk);
    const std::uint32_t length = length_of(chunk);
    Bytes out;
    for (const std::uint32_t wrong : {0u, length - 1, length + 1, kChunkBytesMax + 1, ~0u})
        EXPECT_EQ(code_of(compressor.decompress_delta(payload, base, wrong, out)),
                  Errc::kDecompression);
    const Bytes too_long(kChunkBytesMax + 1);
    EXPECT_EQ(code_of(compressor.decompress_delta(payload, too_long, length, out)),
              Errc::kDecompression);
    Bytes longer = payload;
    longer.push_back(std::byte{});
    EXPECT_EQ(code_of(compressor.decompress_delta(longer, base, length, out)),
              Errc::kDecompression);
    for (std::size_t size = 0; size < payload.size(); ++size)
        ASSERT_EQ(
            code_of(compressor.decompress_delta(ByteView(payload).first(size), base, length, out)),
            Errc::kDecompression)
            << size;
}

TEST(Delta, RefusesABombBeforeTakingMemory) {
    Compressor compressor;
    const Bytes zeros(64u << 20);
    Bytes bomb(kDeltaHeaderBytes + ZSTD_compressBound(zeros.size()));
    bomb.resize(kDeltaHeaderBytes + ZSTD_compress(bomb.data() + kDeltaHeaderBytes,
                                                  bomb.size() - kDeltaHeaderBytes, zeros.data(),
                                                  zeros.size(), 1));
    Bytes out;
    for (const std::uint32_t claimed : {1u, kChunkBytesMax, kChunkBytesMax + 1, 64u << 20})
        EXPECT_EQ(code_of(compressor.decompress_delta(bomb, zeros, claimed, out)),
                  Errc::kDecompression);
    EXPECT_EQ(code_of(compressor.decompress_delta(bomb, ByteView(zeros).first(10), 100, out)),
              Errc::kDecompression);
    EXPECT_LE(out.capacity(), kChunkBytesMax);
}

TEST(Delta, NeverGivesMoreThanClaimedForDamagedPayloads) {
    Compressor compressor;
    const Bytes base = prose(20'000, 1);
    const Bytes chunk = edited(base, 20, 2);
    const Bytes payload = delta_of(compressor, base, chunk);
    Bytes out;
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        SeededRandom random(seed);
        Bytes damaged = payload;
        for (std::uint64_t i = random.below(3); i < 3; ++i)
            damaged[kDeltaHeaderBytes + random.below(damaged.size() - kDeltaHeaderBytes)] ^=
                static_cast<std::byte>(1 + random.below(255));
        const auto decoded = compressor.decompress_delta(damaged, base, length_of(chunk), out);
        ASSERT_TRUE(!decoded || out.size() == chunk.size()) << seed;
    }
}

TEST(Delta, OtherCodecsNeedTheirOwnCall) {
    Compressor compressor;
    Bytes out;
    const Bytes base = prose(5000, 1);
    const Bytes payload = delta_of(compressor, base, base);
    EXPECT_EQ(code_of(compressor.decompress(Codec::kDelta, payload, 5000, out)),
              Errc::kDecompression);
    EXPECT_EQ(code_of(compressor.decompress(Codec::kZstdDictionary, payload, 5000, out)),
              Errc::kDecompression);
}

}  // namespace
}  // namespace catalog::content
