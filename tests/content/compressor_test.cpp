#include "catalog/content/compressor.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content {
namespace {

using io::testing::code_of;
using io::testing::must;
using testing::noise;
using testing::prose;

std::uint32_t size_of(ByteView bytes) { return static_cast<std::uint32_t>(bytes.size()); }

Bytes zstd_frame(ByteView bytes) {
    Bytes frame(ZSTD_compressBound(bytes.size()));
    frame.resize(ZSTD_compress(frame.data(), frame.size(), bytes.data(), bytes.size(), 3));
    return frame;
}

TEST(Compressor, GivesBackWhatItTook) {
    for (const int level : {-7, 0, 1, 3, 19, 99}) {
        Compressor compressor(level);
        Bytes out;
        for (const std::size_t size : {1u, 2u, 100u, 5000u, 65'536u, 262'144u})
            for (const Bytes& chunk : {noise(size, size), prose(size, size), Bytes(size)}) {
                const auto encoded = compressor.compress(chunk);
                must(compressor.decompress(encoded.codec, encoded.payload, size_of(chunk), out));
                ASSERT_EQ(out, chunk) << level << " " << size;
                ASSERT_LE(encoded.payload.size(), chunk.size());
            }
    }
}

TEST(Compressor, StoresRawWhatGainsLittle) {
    Compressor compressor;
    const Bytes chunk = noise(100'000, 1);
    const auto encoded = compressor.compress(chunk);
    EXPECT_EQ(encoded.codec, Codec::kRaw);
    EXPECT_EQ(encoded.payload.data(), chunk.data());

    // 2 % of it compresses to nothing: not worth decoding. 10 % are.
    Bytes little = chunk;
    std::fill_n(little.begin(), 2000, std::byte{});
    EXPECT_EQ(compressor.compress(little).codec, Codec::kRaw);
    std::fill_n(little.begin(), 10'000, std::byte{});
    const auto worthwhile = compressor.compress(little);
    EXPECT_EQ(worthwhile.codec, Codec::kZstd);
    EXPECT_LE(worthwhile.payload.size(), 97'000u);
}

TEST(Compressor, LevelZeroStoresEverythingRaw) {
    Compressor compressor(0);
    EXPECT_EQ(compressor.compress(prose(10'000, 1)).codec, Codec::kRaw);
}

TEST(Compressor, GoesOnAfterAChunkThatDidNotFit) {
    Compressor compressor;
    const Bytes text = prose(50'000, 1);
    const Bytes first = to_bytes(compressor.compress(text).payload);
    EXPECT_EQ(compressor.compress(noise(50'000, 1)).codec, Codec::kRaw);
    EXPECT_EQ(to_bytes(compressor.compress(text).payload), first);
}

TEST(Compressor, RefusesAPayloadOfAnotherLength) {
    Compressor compressor;
    Bytes out;
    const Bytes text = prose(5000, 1);
    const Bytes frame = zstd_frame(text);
    EXPECT_EQ(code_of(compressor.decompress(Codec::kZstd, frame, 5000, out)), std::nullopt);
    EXPECT_EQ(code_of(compressor.decompress(Codec::kZstd, frame, 4999, out)), Errc::kDecompression);
    EXPECT_EQ(code_of(compressor.decompress(Codec::kZstd, frame, 5001, out)), Errc::kDecompression);
    EXPECT_EQ(code_of(compressor.decompress(Codec::kRaw, text, 4999, out)), Errc::kDecompression);
}

TEST(Compressor, RefusesTrailingBytesAndCutFrames) {
    Compressor compressor;
    Bytes out;
    const Bytes frame = zstd_frame(prose(5000, 1));
    Bytes longer = frame;
    longer.push_back(std::byte{});
    EXPECT_EQ(code_of(compressor.decompress(Codec::kZstd, longer, 5000, out)),
              Errc::kDecompression);
    Bytes twice = frame;
    twice.insert(twice.end(), frame.begin(), frame.end());
    EXPECT_EQ(code_of(compressor.decompress(Codec::kZstd, twice, 5000, out)), Errc::kDecompression);
    for (std::size_t size = 0; size < frame.size(); ++size)
        ASSERT_EQ(
            code_of(compressor.decompress(Codec::kZstd, ByteView(frame).first(size), 5000, out)),
            Errc::kDecompression)
            << size;
}

TEST(Compressor, RefusesABombBeforeTakingMemory) {
    Compressor compressor;
    Bytes out;
    // 64 MiB of zeros in a few kilobytes: too long for a chunk, whatever is claimed.
    const Bytes bomb = zstd_frame(Bytes(64u << 20));
    for (const std::uint32_t claimed : {1u, kChunkBytesMax, kChunkBytesMax + 1, 64u << 20})
        EXPECT_EQ(code_of(compressor.decompress(Codec::kZstd, bomb, claimed, out)),
                  Errc::kDecompression);
    EXPECT_LE(out.capacity(), kChunkBytesMax);
}

TEST(Compressor, NeverGivesMoreThanClaimedForDamagedFrames) {
    Compressor compressor;
    Bytes out;
    const Bytes text = prose(20'000, 3);
    const Bytes frame = zstd_frame(text);
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        io::testing::SeededRandom random(seed);
        Bytes damaged = frame;
        for (std::uint64_t i = random.below(3); i < 3; ++i)
            damaged[random.below(damaged.size())] ^= static_cast<std::byte>(1 + random.below(255));
        const bool decoded = compressor.decompress(Codec::kZstd, damaged, 20'000, out).has_value();
        ASSERT_TRUE(!decoded || out.size() == 20'000) << seed;
        ASSERT_LE(out.size(), 20'000u) << seed;
    }
}

}  // namespace
}  // namespace catalog::content
