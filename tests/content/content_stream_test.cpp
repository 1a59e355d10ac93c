// Transformers and validators of streams.

#include <gtest/gtest.h>

#include "catalog/merkle/hash.hpp"
#include "support/content/content_stream_contract.hpp"
#include "support/content/content_streams.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::must;

constexpr std::uint64_t kPlenty = 1u << 30;

Bytes bytes_of(std::string_view text) { return to_bytes(as_bytes(text)); }

Bytes compressed(const Bytes& bytes) {
    return must(pull_all(transformed(slices_of(bytes, 1u << 16), make_zstd_compression()), 1000));
}

Bytes gzipped(const Bytes& bytes) {
    return must(pull_all(transformed(slices_of(bytes, 1u << 16), make_gzip_compression()), 1000));
}

Result<Bytes> gunzipped(const Bytes& bytes, std::size_t slice, std::uint64_t bytes_max = kPlenty) {
    return pull_all(transformed(slices_of(bytes, slice), make_gzip_decompression(bytes_max)), 500);
}

Bytes masked(Bytes bytes) {
    for (std::byte& byte : bytes) byte ^= std::byte{0x5a};
    return bytes;
}

std::string case_name(const ::testing::TestParamInfo<TransformerCase>& info) {
    return info.param.name;
}
std::string validator_name(const ::testing::TestParamInfo<ValidatorCase>& info) {
    return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    All, ContentTransformerContract,
    ::testing::Values(
        TransformerCase{"Fake", [] { return make_fake_transformer(std::byte{0x5a}); },
                        noise(200'000, 1), masked(noise(200'000, 1))},
        TransformerCase{"Compression", [] { return make_zstd_compression(); }, prose(300'000, 2),
                        compressed(prose(300'000, 2))},
        TransformerCase{"Decompression", [] { return make_zstd_decompression(kPlenty); },
                        compressed(prose(300'000, 3)), prose(300'000, 3)},
        TransformerCase{"Gzip", [] { return make_gzip_compression(); }, prose(300'000, 2),
                        gzipped(prose(300'000, 2))},
        TransformerCase{"Gunzip", [] { return make_gzip_decompression(kPlenty); },
                        gzipped(prose(300'000, 3)), prose(300'000, 3)},
        TransformerCase{"ToLf", [] { return make_line_endings(LineEnding::kLf); },
                        bytes_of("a\r\nb\nc\rd\r\r\n\r"), bytes_of("a\nb\nc\rd\r\n\r")},
        TransformerCase{"ToCrLf", [] { return make_line_endings(LineEnding::kCrLf); },
                        bytes_of("a\r\nb\nc\rd\n\n"), bytes_of("a\r\nb\r\nc\rd\r\n\r\n")}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    All, ContentValidatorContract,
    ::testing::Values(
        ValidatorCase{"Fake", [] { return make_fake_validator(std::byte{'x'}); }, bytes_of("abc"),
                      bytes_of("axc"), Errc::kContentCorrupted},
        ValidatorCase{"TooLong", [] { return make_size_validator(0, 3); }, bytes_of("abc"),
                      bytes_of("abcd"), Errc::kLimitExceeded},
        ValidatorCase{"TooShort", [] { return make_size_validator(3, 9); }, bytes_of("abc"),
                      bytes_of("ab"), Errc::kContentCorrupted},
        ValidatorCase{"Sha256",
                      [] { return make_digest_validator(merkle::hash_of(noise(5000, 1))); },
                      noise(5000, 1), noise(5000, 2), Errc::kContentCorrupted},
        ValidatorCase{"Blake2b",
                      [] {
                          return make_digest_validator(
                              merkle::hash_of(noise(5000, 1), HashAlgorithm::kBlake2b256));
                      },
                      noise(5000, 1), noise(4999, 1), Errc::kContentCorrupted},
        ValidatorCase{"MediaType",
                      [] { return make_media_type_validator({"application/zstd", "image/png"}); },
                      compressed(prose(3000, 1)), prose(3000, 1), Errc::kContentCorrupted},
        ValidatorCase{"Custom",
                      [] {
                          return make_validator(
                              "even", [odd = false](ByteView bytes) mutable -> Result<void> {
                                  if (bytes.front() == std::byte{'1'}) odd = true;
                                  return odd ? Result<void>(fail(Errc::kInvalidArgument, "odd"))
                                             : Result<void>();
                              });
                      },
                      bytes_of("2222"), bytes_of("1222"), Errc::kInvalidArgument}),
    validator_name);

TEST(ContentTransformer, ThereAndBackIsTheSame) {
    io::testing::SeededRandom random(4711);
    for (int round = 0; round < 20; ++round) {
        const Bytes bytes = prose(random.below(200'000), random.below(1000));
        std::vector<std::unique_ptr<ContentTransformer>> chain;
        chain.push_back(make_zstd_compression(1 + static_cast<int>(random.below(5))));
        chain.push_back(make_fake_transformer(std::byte{7}));
        chain.push_back(make_fake_transformer(std::byte{7}));
        chain.push_back(make_zstd_decompression(bytes.size()));
        const auto source =
            transformed(slices_of(bytes, 1 + random.below(70'000)), std::move(chain));
        ASSERT_EQ(must(pull_all(source, 1 + random.below(70'000))), bytes);
    }
}

TEST(ContentTransformer, ABombEndsAtItsLimit) {
    const Bytes bomb = compressed(Bytes(5'000'000));
    ASSERT_LT(bomb.size(), 2000u);
    std::size_t seen = 0;
    const auto source = transformed(slices_of(bomb, 100), make_zstd_decompression(1'000'000));
    Bytes room(4096);
    Result<std::size_t> count = 0;
    while ((count = source(room)) && *count != 0) seen += *count;
    EXPECT_EQ(code_of(count), Errc::kLimitExceeded);
    EXPECT_LE(seen, 1'000'000u);
}

// zstd itself takes the first for a frame of an older kind when it sees it whole.
TEST(ContentTransformer, AFrameOfAnOlderKindIsNone) {
    const auto framed = [](std::string_view start, std::size_t slice) {
        const Bytes bytes(as_bytes(start).begin(), as_bytes(start).end());
        return pull_all(transformed(slices_of(bytes, slice), make_zstd_decompression(kPlenty)),
                        500);
    };
    const std::string_view older("\x27\xb5\x2f\xfd\0\4\0\0\0", 9);
    const std::string_view skipped("\x5f\x2a\x4d\x18\3\0\0\0abc", 11);
    for (const std::size_t slice : {1, 3, 4, 100}) {
        EXPECT_EQ(code_of(framed(older, slice)), Errc::kDecompression) << slice;
        EXPECT_EQ(must(framed(skipped, slice)), Bytes()) << slice;
    }
}

TEST(ContentTransformer, EveryCutOfAFrameIsNoticed) {
    const Bytes frame = compressed(prose(2000, 1));
    for (std::size_t kept = 0; kept < frame.size(); ++kept) {
        const Bytes cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(kept));
        const auto pulled =
            pull_all(transformed(slices_of(cut, 100), make_zstd_decompression(kPlenty)), 500);
        ASSERT_EQ(code_of(pulled), Errc::kDecompression) << kept;
    }
    Bytes garbage = frame;
    garbage.push_back(std::byte{1});
    EXPECT_FALSE(
        pull_all(transformed(slices_of(garbage, 100), make_zstd_decompression(kPlenty)), 500));
}

// What gzip 1.12 made of 24 bytes with a name and a time, and what RFC 1952 says of no bytes at
// all.
TEST(ContentTransformer, MembersOfOtherWritersAreRead) {
    const std::string_view named(
        "\x1f\x8b\x08\x08\x00\xf1\x53\x65\x00\x03\x6e\x61\x6d\x65\x00\x4b\x4c\x4a\x4e\x49"
        "\x4d\x4b\xcf\x48\x84\xd2\x99\x59\xd9\x39\xb9\x79\xf9\x5c\x00\x32\x65\xb1\xb3\x18"
        "\x00\x00\x00",
        43);
    EXPECT_EQ(must(gunzipped(bytes_of(named), 1)), bytes_of("abcdefghabcdefghijklmno\n"));
    const std::string_view empty(
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
    EXPECT_EQ(must(gunzipped(bytes_of(empty), 7)), Bytes());
}

TEST(ContentTransformer, GzipNamesNeitherTimeNorSystem) {
    const Bytes member = gzipped(bytes_of("text"));
    ASSERT_GT(member.size(), 10u);
    const Bytes head(member.begin(), member.begin() + 10);
    EXPECT_EQ(head, bytes_of(std::string_view("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10)));
}

TEST(ContentTransformer, GzipThereAndBackIsTheSame) {
    io::testing::SeededRandom random(1952);
    for (int round = 0; round < 20; ++round) {
        const Bytes bytes = round % 4 == 0 ? noise(random.below(100'000), random.below(1000))
                                           : prose(random.below(200'000), random.below(1000));
        std::vector<std::unique_ptr<ContentTransformer>> chain;
        chain.push_back(make_gzip_compression(1 + static_cast<int>(random.below(9))));
        chain.push_back(make_gzip_decompression(bytes.size()));
        const auto source =
            transformed(slices_of(bytes, 1 + random.below(70'000)), std::move(chain));
        ASSERT_EQ(must(pull_all(source, 1 + random.below(70'000))), bytes);
    }
}

TEST(ContentTransformer, AGzipBombEndsAtItsLimit) {
    const Bytes bomb = gzipped(Bytes(5'000'000));
    ASSERT_LT(bomb.size(), 10'000u);
    std::size_t seen = 0;
    const auto source = transformed(slices_of(bomb, 100), make_gzip_decompression(1'000'000));
    Bytes room(4096);
    Result<std::size_t> count = 0;
    while ((count = source(room)) && *count != 0) seen += *count;
    EXPECT_EQ(code_of(count), Errc::kLimitExceeded);
    EXPECT_LE(seen, 1'000'000u);
    EXPECT_EQ(must(gunzipped(bomb, 100, 5'000'000)), Bytes(5'000'000));
    EXPECT_EQ(code_of(gunzipped(bomb, 100, 4'999'999)), Errc::kLimitExceeded);
}

TEST(ContentTransformer, EveryCutAndFlipOfAMemberIsNoticed) {
    const Bytes plain = prose(2000, 1);
    const Bytes member = gzipped(plain);
    for (std::size_t kept = 0; kept < member.size(); ++kept) {
        const Bytes cut(member.begin(), member.begin() + static_cast<std::ptrdiff_t>(kept));
        ASSERT_EQ(code_of(gunzipped(cut, 100)), Errc::kDecompression) << kept;
    }
    // Of the ten bytes in front, flags, time and system may be others.
    for (std::size_t at = 10; at < member.size(); ++at)
        for (int bit = 0; bit < 8; ++bit) {
            Bytes flipped = member;
            flipped[at] ^= std::byte(1 << bit);
            const auto pulled = gunzipped(flipped, 1000);
            ASSERT_TRUE(!pulled || *pulled == plain) << at << " " << bit;
        }
    Bytes garbage = member;
    garbage.push_back(std::byte{1});
    EXPECT_EQ(code_of(gunzipped(garbage, 100)), Errc::kDecompression);
}

TEST(ContentTransformer, SeveralMembersFollowEachOther) {
    Bytes two = gzipped(prose(2000, 1));
    const Bytes second = gzipped(prose(3000, 2));
    Bytes expected = prose(2000, 1);
    const Bytes tail = prose(3000, 2);
    two.insert(two.end(), second.begin(), second.end());
    expected.insert(expected.end(), tail.begin(), tail.end());
    for (const std::size_t slice : {1u, 77u, 100'000u})
        EXPECT_EQ(must(gunzipped(two, slice)), expected);
    EXPECT_EQ(code_of(gunzipped(two, 77, 4'999)), Errc::kLimitExceeded);
}

TEST(ContentTransformer, SeveralFramesFollowEachOther) {
    Bytes two = compressed(prose(2000, 1));
    const Bytes second = compressed(prose(3000, 2));
    two.insert(two.end(), second.begin(), second.end());
    Bytes expected = prose(2000, 1);
    const Bytes tail = prose(3000, 2);
    expected.insert(expected.end(), tail.begin(), tail.end());
    EXPECT_EQ(must(pull_all(transformed(slices_of(two, 77), make_zstd_decompression(kPlenty)), 99)),
              expected);
}

TEST(ContentTransformer, AnErrorOfOneEndsTheChain) {
    const Bytes bytes = noise(100'000, 1);
    for (std::uint64_t nth = 1; nth < 4; ++nth) {
        std::vector<std::unique_ptr<ContentTransformer>> chain;
        chain.push_back(make_fake_transformer(std::byte{1}));
        chain.push_back(
            make_faulty_transformer(make_fake_transformer(std::byte{2}), nth, Errc::kOutOfMemory));
        chain.push_back(make_zstd_compression());
        EXPECT_EQ(code_of(pull_all(transformed(slices_of(bytes, 1000), std::move(chain)), 1000)),
                  Errc::kOutOfMemory);
    }
}

// One that neither takes nor gives is not asked for ever.
TEST(ContentTransformer, OneThatDoesNotGoOnIsAnError) {
    class Stuck final : public ContentTransformer {
        std::string_view name() const noexcept override { return "stuck"; }
        Result<Step> step(ByteView, bool, std::span<std::byte>) override { return Step{}; }
    };
    const Bytes bytes = noise(1'000'000, 1);
    const auto pulled =
        pull_all(transformed(slices_of(bytes, 1000), std::make_unique<Stuck>()), 10);
    ASSERT_EQ(code_of(pulled), Errc::kInternal);
    EXPECT_EQ(pulled.error().input(), "stuck");
}

TEST(ContentValidator, SeveralLookAtTheSameBytes) {
    const Bytes bytes = noise(10'000, 1);
    for (const std::uint64_t nth : {0u, 1u, 3u}) {
        std::vector<std::unique_ptr<ContentValidator>> validators;
        validators.push_back(make_size_validator(0, 20'000));
        validators.push_back(
            make_faulty_validator(make_fake_validator(std::byte{}), nth, Errc::kNetwork));
        const auto pulled = pull_all(
            validated(slices_of(Bytes(5000, std::byte{1}), 1000), std::move(validators)), 1000);
        EXPECT_FALSE(pulled);
    }
    std::vector<std::unique_ptr<ContentValidator>> validators;
    validators.push_back(make_size_validator(10'000, 10'000));
    validators.push_back(make_digest_validator(merkle::hash_of(bytes)));
    EXPECT_EQ(must(pull_all(validated(slices_of(bytes, 999), std::move(validators)), 100)), bytes);
}

TEST(ContentValidator, MediaTypesAreToldByTheirFirstBytes) {
    EXPECT_EQ(media_type_of(bytes_of("\x1f\x8b\x08")), "application/gzip");
    EXPECT_EQ(media_type_of(bytes_of("\x7f"
                                     "ELF...")),
              "application/x-elf");
    Bytes tar(512);
    std::ranges::copy(bytes_of("ustar"), tar.begin() + 257);
    EXPECT_EQ(media_type_of(tar), "application/x-tar");
    EXPECT_EQ(media_type_of(bytes_of("plain text")), "");
    EXPECT_EQ(media_type_of({}), "");
}

}  // namespace
}  // namespace catalog::content::testing
