#include "catalog/core/content_hash.hpp"

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

namespace catalog {
namespace {

constexpr const char* kDigits = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(ContentHash, TextCarriesTheAlgorithm) {
    for (const std::string prefix : {"sha256:", "blake2b-256:"}) {
        const Result<ContentHash> hash = ContentHash::parse(prefix + kDigits);
        ASSERT_TRUE(hash) << hash.error().to_string();
        EXPECT_EQ(hash->to_string(), prefix + kDigits);
        EXPECT_EQ(to_hex(hash->bytes()), kDigits);
    }
    EXPECT_EQ(ContentHash::parse("sha256:" + std::string(kDigits))->algorithm,
              HashAlgorithm::kSha256);
    EXPECT_EQ(ContentHash::parse("blake2b-256:" + std::string(kDigits))->algorithm,
              HashAlgorithm::kBlake2b256);
}

TEST(ContentHash, OneHashHasOneText) {
    const std::string digits = kDigits;
    std::string upper = digits;
    upper[0] = 'E';
    for (const std::string& text :
         {std::string(), digits, "sha256" + digits, "sha256:" + digits.substr(1),
          "sha256:" + digits + "0", "sha256:" + upper, "SHA256:" + digits, " sha256:" + digits,
          "sha256:" + digits + "\n", "sha256:" + digits.substr(1) + "g", "sha512:" + digits,
          "blake2b:" + digits, "blake2b-256:" + digits.substr(2), std::string("sha256:")}) {
        const Result<ContentHash> hash = ContentHash::parse(text);
        ASSERT_FALSE(hash) << text;
        EXPECT_EQ(hash.error().code(), Errc::kInvalidHash) << text;
    }
}

TEST(ContentHash, ARefusalQuotesOnlyTheBeginningOfALongText) {
    EXPECT_LE(ContentHash::parse(std::string(100'000, 'x')).error().input().size(), 100u);
}

TEST(ContentHash, IsMadeFromExactly32Bytes) {
    const Bytes digest = from_hex(kDigits).value();
    const Result<ContentHash> hash = ContentHash::from_digest(HashAlgorithm::kBlake2b256, digest);
    ASSERT_TRUE(hash);
    EXPECT_EQ(hash->to_string(), "blake2b-256:" + std::string(kDigits));
    for (const std::size_t size : {0u, 31u, 33u, 64u}) {
        const auto refused = ContentHash::from_digest(HashAlgorithm::kSha256, Bytes(size));
        ASSERT_FALSE(refused) << size;
        EXPECT_EQ(refused.error().code(), Errc::kInvalidHash);
    }
}

TEST(ContentHash, RefusesAnUnknownAlgorithm) {
    const auto refused =
        ContentHash::from_digest(static_cast<HashAlgorithm>(0x11), from_hex(kDigits).value());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::kInvalidHash);
    EXPECT_EQ(refused.error().message(), "unknown hash algorithm 17");
}

TEST(ContentHash, NumbersOfTheAlgorithmsAreOnDiskAndFixed) {
    EXPECT_EQ(static_cast<int>(HashAlgorithm::kSha256), 0x12);
    EXPECT_EQ(static_cast<int>(HashAlgorithm::kBlake2b256), 0x20);
}

TEST(ContentHash, ComparesAlgorithmAndDigest) {
    const ContentHash sha = ContentHash::parse("sha256:" + std::string(kDigits)).value();
    ContentHash blake = sha;
    blake.algorithm = HashAlgorithm::kBlake2b256;
    EXPECT_NE(sha, blake);
    EXPECT_LT(sha, blake);
    ContentHash larger = sha;
    larger.digest[31] = std::byte{0xff};
    EXPECT_LT(sha, larger);
    EXPECT_LT(larger, blake);
}

TEST(ContentHash, CanBeAKey) {
    std::unordered_set<ContentHash> set;
    ContentHash hash = ContentHash::parse("sha256:" + std::string(kDigits)).value();
    EXPECT_TRUE(set.insert(hash).second);
    EXPECT_FALSE(set.insert(hash).second);
    hash.algorithm = HashAlgorithm::kBlake2b256;
    EXPECT_TRUE(set.insert(hash).second);
}

}  // namespace
}  // namespace catalog
