#include "catalog/content/dictionary.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

#include <vector>

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

// Texts that share most of their phrases.
std::vector<Bytes> relatives(std::size_t count, std::uint64_t seed) {
    const Bytes family = noise(3000, seed);
    std::vector<Bytes> texts;
    for (std::size_t i = 0; i < count; ++i) {
        SeededRandom random(seed * 1000 + i);
        Bytes text;
        for (int piece = 0; piece < 10; ++piece) {
            const auto at = static_cast<std::ptrdiff_t>(random.below(2900));
            text.insert(text.end(), family.begin() + at, family.begin() + at + 100);
        }
        texts.push_back(edited(std::move(text), 3, i));
    }
    return texts;
}

Bytes trained(std::uint64_t seed) {
    const std::vector<Bytes> samples = relatives(800, seed);
    return must(train_dictionary(std::vector<ByteView>(samples.begin(), samples.end())));
}

std::uint32_t length_of(ByteView bytes) { return static_cast<std::uint32_t>(bytes.size()); }

TEST(Dictionary, MakesSmallRelativesSmaller) {
    const auto dictionary = must(Dictionary::load(trained(1), 3));
    Compressor compressor;
    Bytes out;
    std::size_t with = 0;
    std::size_t without = 0;
    for (const Bytes& chunk : relatives(900, 1)) {
        without += compressor.compress(chunk).payload.size();
        const auto encoded = compressor.compress_with(*dictionary, chunk);
        ASSERT_EQ(encoded.codec, Codec::kZstdDictionary);
        with += encoded.payload.size();
        EXPECT_EQ(must(dictionary_number(encoded.payload)), dictionary->number());
        must(compressor.decompress_with(*dictionary, encoded.payload, length_of(chunk), out));
        ASSERT_EQ(out, chunk);
    }
    EXPECT_LT(with * 2, without);
}

TEST(Dictionary, GivesBackChunksOfAnyKind) {
    for (const int level : {-3, 1, 3, 9}) {
        const auto dictionary = must(Dictionary::load(trained(1), level));
        Compressor compressor(level);
        Bytes out;
        for (const std::size_t size : {1u, 2u, 100u, 5000u, 65'536u, 262'144u})
            for (const Bytes& chunk : {noise(size, size), prose(size, size), Bytes(size)}) {
                const auto encoded = compressor.compress_with(*dictionary, chunk);
                ASSERT_LE(encoded.payload.size(), chunk.size());
                if (encoded.codec == Codec::kRaw) continue;
                must(compressor.decompress_with(*dictionary, encoded.payload, length_of(chunk),
                                                out));
                ASSERT_EQ(out, chunk) << level << " " << size;
            }
    }
}

TEST(Dictionary, TheSameSamplesGiveTheSame) { EXPECT_EQ(trained(3), trained(3)); }

TEST(Dictionary, RefusesSamplesThatAreTooFew) {
    EXPECT_EQ(code_of(train_dictionary({})), Errc::kInvalidArgument);
    const Bytes one = prose(1000, 1);
    const std::vector<ByteView> few(2, one);
    EXPECT_EQ(code_of(train_dictionary(few)), Errc::kInvalidArgument);
    const std::vector<ByteView> empty(100);
    EXPECT_EQ(code_of(train_dictionary(empty)), Errc::kInvalidArgument);
}

TEST(Dictionary, LeavesSamplesOutThatAreTooMany) {
    const std::vector<Bytes> samples = relatives(800, 1);
    std::vector<ByteView> views(samples.begin(), samples.begin() + 400);
    const Bytes few = must(train_dictionary(views));
    const Bytes much = noise(kDictionarySampleBytesMax, 1);
    views.emplace_back(much);
    views.insert(views.end(), samples.begin() + 400, samples.end());
    EXPECT_EQ(must(train_dictionary(views)), few);
}

TEST(Dictionary, RefusesWhatIsNone) {
    EXPECT_EQ(code_of(Dictionary::load({}, 3)), Errc::kDecompression);
    EXPECT_EQ(code_of(Dictionary::load(prose(5000, 1), 3)), Errc::kDecompression);
    EXPECT_EQ(code_of(Dictionary::load(Bytes(kDictionaryBytesMax + 1), 3)), Errc::kDecompression);
    const Bytes good = trained(1);
    // Its number, then its tables, which begin behind it.
    Bytes nameless = good;
    std::fill_n(nameless.begin() + 4, 4, std::byte{});
    EXPECT_EQ(code_of(Dictionary::load(nameless, 3)), Errc::kDecompression);
    for (const std::size_t size : {4u, 8u, 9u, 20u})
        EXPECT_EQ(code_of(Dictionary::load(ByteView(good).first(size), 3)), Errc::kDecompression)
            << size;
}

TEST(Dictionary, DamagedOnesAreRefusedOrHarmless) {
    const Bytes good = trained(1);
    const Bytes chunk = relatives(1, 1).front();
    Bytes out;
    Compressor compressor;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SeededRandom random(seed);
        Bytes damaged = good;
        damaged[8 + random.below(200)] ^= static_cast<std::byte>(1 + random.below(255));
        const auto loaded = Dictionary::load(damaged, 3);
        if (!loaded) continue;
        const auto encoded = compressor.compress_with(**loaded, chunk);
        if (encoded.codec != Codec::kZstdDictionary) continue;
        must(compressor.decompress_with(**loaded, encoded.payload, length_of(chunk), out));
        ASSERT_EQ(out, chunk) << seed;
    }
}

TEST(Dictionary, PayloadsOfAnotherAreRefused) {
    const auto one = must(Dictionary::load(trained(1), 3));
    const auto other = must(Dictionary::load(trained(2), 3));
    ASSERT_NE(one->number(), other->number());
    Compressor compressor;
    const Bytes chunk = relatives(1, 1).front();
    const Bytes payload = to_bytes(compressor.compress_with(*one, chunk).payload);
    Bytes out;
    EXPECT_EQ(code_of(compressor.decompress_with(*other, payload, length_of(chunk), out)),
              Errc::kDecompression);
    EXPECT_EQ(code_of(compressor.decompress(Codec::kZstd, payload, length_of(chunk), out)),
              Errc::kDecompression);
    // A frame that names none.
    const Bytes plain = to_bytes(compressor.compress(prose(1000, 1)).payload);
    EXPECT_EQ(code_of(dictionary_number(plain)), Errc::kDecompression);
    EXPECT_EQ(code_of(compressor.decompress_with(*one, plain, 1000, out)), Errc::kDecompression);
}

TEST(Dictionary, RefusesOtherLengthsTrailingBytesAndCutPayloads) {
    const auto dictionary = must(Dictionary::load(trained(1), 3));
    Compressor compressor;
    const Bytes chunk = relatives(1, 1).front();
    const std::uint32_t length = length_of(chunk);
    const Bytes payload = to_bytes(compressor.compress_with(*dictionary, chunk).payload);
    Bytes out;
    for (const std::uint32_t wrong : {0u, length - 1, length + 1, kChunkBytesMax + 1, ~0u})
        EXPECT_EQ(code_of(compressor.decompress_with(*dictionary, payload, wrong, out)),
                  Errc::kDecompression);
    Bytes longer = payload;
    longer.push_back(std::byte{});
    EXPECT_EQ(code_of(compressor.decompress_with(*dictionary, longer, length, out)),
              Errc::kDecompression);
    for (std::size_t size = 0; size < payload.size(); ++size)
        ASSERT_EQ(code_of(compressor.decompress_with(*dictionary, ByteView(payload).first(size),
                                                     length, out)),
                  Errc::kDecompression)
            << size;
}

TEST(Dictionary, ForDecodingAloneCompressesNothing) {
    const Bytes bytes = trained(1);
    const auto writer = must(Dictionary::load(bytes, 3));
    const auto reader = must(Dictionary::load(bytes, 0));
    EXPECT_EQ(reader->number(), writer->number());
    Compressor compressor;
    const Bytes chunk = prose(2000, 1);
    EXPECT_EQ(compressor.compress_with(*reader, chunk).codec, Codec::kZstd);
    const Bytes payload = to_bytes(compressor.compress_with(*writer, chunk).payload);
    Bytes out;
    must(compressor.decompress_with(*reader, payload, length_of(chunk), out));
    EXPECT_EQ(out, chunk);
}

}  // namespace
}  // namespace catalog::content
