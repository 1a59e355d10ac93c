#pragma once
// What every KeyStore must do. An implementation runs it with a default-constructible type that has
// a key for each purpose:
//
//   struct Mine { KeyStore& keys(); };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, KeyStoreContract, Mine);

#include <gtest/gtest.h>

#include <string>

#include "catalog/core/key_store.hpp"
#include "support/core/key_stores.hpp"

namespace catalog::fakes {

template <class World>
class KeyStoreContract : public ::testing::Test {
protected:
    KeyInfo key(KeyPurpose purpose) {
        const Result<KeyInfo> info = world_.keys().default_key(purpose);
        EXPECT_TRUE(info) << info.error().to_string();
        return info.value_or(KeyInfo{});
    }

    World world_;
};

TYPED_TEST_SUITE_P(KeyStoreContract);

TYPED_TEST_P(KeyStoreContract, NamesAKeyByItsDigest) {
    for (const KeyPurpose purpose : {KeyPurpose::kPublisher, KeyPurpose::kLibrary}) {
        const KeyInfo info = this->key(purpose);
        EXPECT_EQ(info.purpose, purpose);
        EXPECT_EQ(info.id, key_id_of(info.public_key));
    }
}

TYPED_TEST_P(KeyStoreContract, HasAnotherKeyForEachPurpose) {
    EXPECT_NE(this->key(KeyPurpose::kPublisher).id, this->key(KeyPurpose::kLibrary).id);
}

TYPED_TEST_P(KeyStoreContract, KeepsItsDefaultKey) {
    EXPECT_EQ(this->key(KeyPurpose::kPublisher).id, this->key(KeyPurpose::kPublisher).id);
}

TYPED_TEST_P(KeyStoreContract, SignsMessagesOfAnyLength) {
    const KeyInfo info = this->key(KeyPurpose::kPublisher);
    for (const std::size_t size : {0u, 1u, 64u, 100'000u}) {
        std::string message(size, 'm');
        const Result<Signature> signature = this->world_.keys().sign(info.id, as_bytes(message));
        ASSERT_TRUE(signature) << signature.error().to_string();
        EXPECT_TRUE(signature_holds(info.public_key, as_bytes(message), *signature)) << size;
        message.push_back('x');
        EXPECT_FALSE(signature_holds(info.public_key, as_bytes(message), *signature)) << size;
    }
}

TYPED_TEST_P(KeyStoreContract, SignsWithTheKeyThatWasAskedFor) {
    const KeyInfo publisher = this->key(KeyPurpose::kPublisher);
    const KeyInfo library = this->key(KeyPurpose::kLibrary);
    const Result<Signature> signature = this->world_.keys().sign(library.id, as_bytes("text"));
    ASSERT_TRUE(signature);
    EXPECT_TRUE(signature_holds(library.public_key, as_bytes("text"), *signature));
    EXPECT_FALSE(signature_holds(publisher.public_key, as_bytes("text"), *signature));
}

TYPED_TEST_P(KeyStoreContract, HasNoOtherKey) {
    for (const char* id : {"", "ed25519:", "ed25519:0000000000000000", "rsa:0"}) {
        const Result<Signature> signature = this->world_.keys().sign(id, as_bytes("text"));
        ASSERT_FALSE(signature) << id;
        EXPECT_EQ(signature.error().code(), Errc::kKeyNotFound) << id;
    }
}

REGISTER_TYPED_TEST_SUITE_P(KeyStoreContract, NamesAKeyByItsDigest, HasAnotherKeyForEachPurpose,
                            KeepsItsDefaultKey, SignsMessagesOfAnyLength,
                            SignsWithTheKeyThatWasAskedFor, HasNoOtherKey);

}  // namespace catalog::fakes
