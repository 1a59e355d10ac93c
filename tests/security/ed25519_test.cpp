#include "catalog/security/ed25519.hpp"

#include <gtest/gtest.h>

#include "support/core/randoms.hpp"
#include "support/io/results.hpp"

namespace catalog::security {
namespace {

using io::testing::code_of;
using io::testing::must;

template <class T>
T bytes_of(std::string_view hex) {
    T value;
    const Bytes bytes = must(from_hex(hex));
    std::copy(bytes.begin(), bytes.end(), value.bytes.begin());
    return value;
}

// RFC 8032 section 7.1, tests 1 and 2.
struct Vector {
    std::string_view seed;
    std::string_view key;
    std::string_view message;
    std::string_view signature;
};
constexpr Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d8c387b2eaeb4302aeeb00d291612bb0c00"},
};

TEST(Ed25519, SignsAsRfc8032Says) {
    for (const Vector& vector : kVectors) {
        const SecretKey key = must(SecretKey::from_seed(must(from_hex(vector.seed))));
        EXPECT_EQ(to_hex(key.public_key().bytes), vector.key);
        const Bytes message = must(from_hex(vector.message));
        EXPECT_EQ(to_hex(key.sign(message).bytes), vector.signature);
        EXPECT_TRUE(
            verify_signature(key.public_key(), message, bytes_of<Signature>(vector.signature)));
    }
}

TEST(Ed25519, RefusesEveryFlippedBit) {
    const Vector& vector = kVectors[1];
    const auto key = bytes_of<PublicKey>(vector.key);
    const Bytes message = must(from_hex(vector.message));
    for (std::size_t bit = 0; bit < 512; ++bit) {
        auto signature = bytes_of<Signature>(vector.signature);
        signature.bytes[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
        EXPECT_FALSE(verify_signature(key, message, signature)) << bit;
    }
}

TEST(Ed25519, RefusesTheIdentityAsAKey) {
    // A small-order key verifies one signature for every message when it is accepted.
    PublicKey identity;
    identity.bytes[0] = std::byte{1};
    Signature signature;
    signature.bytes[0] = std::byte{1};
    EXPECT_FALSE(verify_signature(identity, as_bytes("anything"), signature));
}

TEST(Ed25519, ReadsKeysThatItWrote) {
    fakes::SeededRandom random(1);
    const PublicKey key = must(SecretKey::generate(random)).public_key();
    EXPECT_EQ(must(parse_public_key(public_key_text(key))), key);
    EXPECT_EQ(code_of(parse_public_key("AAAA")), Errc::kKeyInvalid);
    EXPECT_EQ(code_of(parse_public_key("not base64")), Errc::kKeyInvalid);
    EXPECT_EQ(code_of(SecretKey::from_seed(as_bytes("short"))), Errc::kKeyInvalid);
}

TEST(Ed25519, ReportsThatThereAreNoRandomBytes) {
    fakes::FaultyRandom random(std::make_shared<fakes::SeededRandom>(1), 0);
    EXPECT_EQ(code_of(SecretKey::generate(random)), Errc::kRandomUnavailable);
}

}  // namespace
}  // namespace catalog::security
