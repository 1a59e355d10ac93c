#include "support/core/key_stores.hpp"

#include <sodium.h>

namespace catalog::fakes {

namespace {

const unsigned char* raw(const std::byte* bytes) {
    return reinterpret_cast<const unsigned char*>(bytes);
}

}  // namespace

std::string key_id_of(const PublicKey& key) {
    std::array<std::byte, crypto_hash_sha256_BYTES> digest{};
    crypto_hash_sha256(reinterpret_cast<unsigned char*>(digest.data()), raw(key.bytes.data()),
                       key.bytes.size());
    return "ed25519:" + to_hex(digest).substr(0, 16);
}

bool signature_holds(const PublicKey& key, ByteView message, const Signature& signature) {
    return crypto_sign_verify_detached(raw(signature.bytes.data()), raw(message.data()),
                                       message.size(), raw(key.bytes.data())) == 0;
}

MemoryKeyStore::MemoryKeyStore(std::uint64_t seed) {
    for (const KeyPurpose purpose : {KeyPurpose::kPublisher, KeyPurpose::kLibrary}) {
        std::string material = "catalog fake key ";
        append_le(material, seed);
        material.push_back(static_cast<char>(purpose));
        std::array<unsigned char, crypto_sign_SEEDBYTES> key_seed{};
        crypto_hash_sha256(key_seed.data(), raw(as_bytes(material).data()), material.size());
        Key key;
        key.info.purpose = purpose;
        crypto_sign_seed_keypair(reinterpret_cast<unsigned char*>(key.info.public_key.bytes.data()),
                                 key.secret.data(), key_seed.data());
        key.info.id = key_id_of(key.info.public_key);
        keys_.push_back(key);
    }
}

Result<KeyInfo> MemoryKeyStore::default_key(KeyPurpose purpose) {
    for (const Key& key : keys_)
        if (key.info.purpose == purpose) return key.info;
    return fail(Errc::kKeyNotFound, "there is no key for this purpose");
}

Result<Signature> MemoryKeyStore::sign(std::string_view key_id, ByteView message) {
    for (const Key& key : keys_) {
        if (key.info.id != key_id) continue;
        Signature signature;
        crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.bytes.data()), nullptr,
                             raw(message.data()), message.size(), key.secret.data());
        return signature;
    }
    return fail(Errc::kKeyNotFound, "there is no such key",
                NotFoundDetail{"key", std::string(key_id)});
}

Result<KeyInfo> FaultyKeyStore::default_key(KeyPurpose purpose) {
    if (calls_++ == failing_call_) return fail(error_);
    return base_->default_key(purpose);
}

Result<Signature> FaultyKeyStore::sign(std::string_view key_id, ByteView message) {
    if (calls_++ == failing_call_) return fail(error_);
    return base_->sign(key_id, message);
}

}  // namespace catalog::fakes
