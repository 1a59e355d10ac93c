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
