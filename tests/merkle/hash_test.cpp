#include "catalog/merkle/hash.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace catalog::merkle {
namespace {

std::string sha256_hex(std::string_view text) { return to_hex(hash_of(as_bytes(text)).bytes()); }

std::string blake2b_hex(std::string_view text) {
    return to_hex(hash_of(as_bytes(text), HashAlgorithm::kBlake2b256).bytes());
}

// FIPS 180-4 example messages (NIST "SHA-256 examples").
TEST(HashOf, GivesThePublishedSha256Digests) {
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// Digests of coreutils' `b2sum -l 256`, an implementation independent of libsodium.
TEST(HashOf, GivesTheBlake2bDigestsOfAnotherImplementation) {
    EXPECT_EQ(blake2b_hex(""), "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    EXPECT_EQ(blake2b_hex("abc"),
              "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

TEST(HashOf, NamesItsAlgorithm) {
    EXPECT_EQ(hash_of({}).algorithm, HashAlgorithm::kSha256);
    EXPECT_EQ(hash_of({}, HashAlgorithm::kBlake2b256).algorithm, HashAlgorithm::kBlake2b256);
}

class HasherOfEach : public ::testing::TestWithParam<HashAlgorithm> {};

TEST_P(HasherOfEach, AgreesWithHashOfForEveryCut) {
    std::string text;
    for (int i = 0; i < 300; ++i) text.push_back(static_cast<char>(i * 7));
    const ContentHash whole = hash_of(as_bytes(text), GetParam());
    Hasher hasher(GetParam());
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        hasher.update(as_bytes(std::string_view(text).substr(0, cut)));
        hasher.update(as_bytes(std::string_view(text).substr(cut)));
        ASSERT_EQ(hasher.finish(), whole) << "cut at " << cut;
    }
}

TEST_P(HasherOfEach, StartsAnewAfterFinish) {
    Hasher hasher(GetParam());
    hasher.update(as_bytes("first"));
    (void)hasher.finish();
    EXPECT_EQ(hasher.finish(), hash_of({}, GetParam()));
}

TEST_P(HasherOfEach, KeepsItsStateWhenMoved) {
    Hasher first(GetParam());
    first.update(as_bytes("one "));
    Hasher second(std::move(first));
    second.update(as_bytes("two"));
    Hasher third(GetParam());
    third = std::move(second);
    EXPECT_EQ(third.finish(), hash_of(as_bytes("one two"), GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Algorithms, HasherOfEach,
                         ::testing::Values(HashAlgorithm::kSha256, HashAlgorithm::kBlake2b256),
                         [](const auto& algorithm) {
                             return algorithm.param == HashAlgorithm::kSha256 ? "Sha256"
                                                                              : "Blake2b256";
                         });

}  // namespace
}  // namespace catalog::merkle
