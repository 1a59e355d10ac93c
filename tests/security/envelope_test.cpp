#include "catalog/security/envelope.hpp"

#include <gtest/gtest.h>

#include "catalog/merkle/hash.hpp"
#include "support/core/key_stores.hpp"
#include "support/io/results.hpp"

namespace catalog::security {
namespace {

using io::testing::code_of;
using io::testing::must;

package::PackageDigest digest_of(std::string_view text) {
    return {merkle::hash_of(as_bytes(text))};
}

PublicKey publisher(KeyStore& keys) {
    return must(keys.default_key(KeyPurpose::kPublisher)).public_key;
}

TEST(Envelope, EncodesAsDsseSays) {
    // The example of the DSSE protocol page.
    EXPECT_EQ(pre_authentication_encoding("http://example.com/HelloWorld", "hello world"),
              "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    EXPECT_EQ(pre_authentication_encoding("", ""), "DSSEv1 0  0 ");
}

TEST(Envelope, VerifiesWhatATrustedKeySigned) {
    fakes::MemoryKeyStore keys(1);
    fakes::MemoryKeyStore others(2);
    const Envelope envelope = must(sign_package(keys, digest_of("a")));
    EXPECT_EQ(code_of(verify_package(envelope, digest_of("a"), {publisher(keys)})), std::nullopt);
    EXPECT_EQ(code_of(verify_package(envelope, digest_of("b"), {publisher(keys)})),
              Errc::kSignatureInvalid);
    EXPECT_EQ(code_of(verify_package(envelope, digest_of("a"), {publisher(others)})),
              Errc::kUntrustedKey);
    EXPECT_EQ(code_of(verify_package(envelope, digest_of("a"), {})), Errc::kUntrustedKey);
}

TEST(Envelope, CountsEachKeyOnceTowardsTheThreshold) {
    fakes::MemoryKeyStore first(1);
    fakes::MemoryKeyStore second(2);
    Envelope envelope = must(sign_package(first, digest_of("a")));
    envelope.signatures.push_back(envelope.signatures.front());
    const std::vector<PublicKey> trusted{publisher(first), publisher(second)};
    EXPECT_EQ(code_of(verify_package(envelope, digest_of("a"), trusted, 2)), Errc::kUntrustedKey);
    envelope.signatures.push_back(must(sign_package(second, digest_of("a"))).signatures.front());
    EXPECT_EQ(code_of(verify_package(envelope, digest_of("a"), trusted, 2)), std::nullopt);
}

TEST(Envelope, IsMissingItsSignatureWhenThereIsNone) {
    const Envelope envelope{std::string(kPackagePayloadType), digest_of("a").to_string(), {}};
    EXPECT_EQ(code_of(verify_package(envelope, digest_of("a"), {})), Errc::kSignatureMissing);
}

TEST(Envelope, AcceptsNoChangedByteOfItsStoredForm) {
    fakes::MemoryKeyStore keys(1);
    const std::string stored = must(sign_package(keys, digest_of("a"))).encode();
    const auto accepted = [&](const std::string& text) {
        const Result<Envelope> envelope = Envelope::decode(text);
        return envelope && verify_package(*envelope, digest_of("a"), {publisher(keys)}).has_value();
    };
    ASSERT_TRUE(accepted(stored));
    const std::size_t hint = stored.find("\"keyid\":\"") + 9;
    for (std::size_t i = 0; i < stored.size(); ++i) {
        if (i >= hint && stored.at(i) != '"' && i < stored.find('"', hint))
            continue;  // the hint is not signed
        for (const char flip : {'\1', '\2', ' '}) {
            std::string changed = stored;
            changed[i] = static_cast<char>(changed[i] ^ flip);
            EXPECT_FALSE(accepted(changed)) << i;
        }
        EXPECT_FALSE(accepted(stored.substr(0, i)));
    }
}

TEST(Envelope, BoundsItsSignatures) {
    fakes::MemoryKeyStore keys(1);
    Envelope envelope = must(sign_package(keys, digest_of("a")));
    envelope.signatures.resize(17, envelope.signatures.front());
    EXPECT_EQ(code_of(Envelope::decode(envelope.encode())), Errc::kLimitExceeded);
    EXPECT_EQ(code_of(Envelope::decode(std::string(100'000, ' '))), Errc::kLimitExceeded);
}

TEST(Envelope, SaysThatTheSignerFailed) {
    fakes::FaultyKeyStore keys(std::make_shared<fakes::MemoryKeyStore>(1), 1,
                               Error(Errc::kIo, "unplugged"));
    EXPECT_EQ(code_of(sign_package(keys, digest_of("a"))), Errc::kIo);
}

}  // namespace
}  // namespace catalog::security
