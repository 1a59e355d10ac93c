#include "keyed_ids.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "locked_bytes.hpp"

// OpenSSL 3 deprecates the interface whose state is a plain value: docs/decisions/0006.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace catalog::content {

struct KeyedIds::Impl {
    // The states after the first block of the inner and of the outer hash.
    SHA256_CTX inner{};
    SHA256_CTX outer{};

    explicit Impl(KeyView key) noexcept {
        start(inner, key, std::byte{0x36});
        start(outer, key, std::byte{0x5c});
    }
    ~Impl() {
        ::OPENSSL_cleanse(&inner, sizeof inner);
        ::OPENSSL_cleanse(&outer, sizeof outer);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    static void start(SHA256_CTX& state, KeyView key, std::byte pad) noexcept {
        std::array<std::byte, SHA256_CBLOCK> block{};
        block.fill(pad);
        for (std::size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
        ::SHA256_Init(&state);
        ::SHA256_Update(&state, block.data(), block.size());
        ::OPENSSL_cleanse(block.data(), block.size());
    }
};

KeyedIds::KeyedIds(KeyView id_key) : impl_(std::make_unique<const Impl>(id_key)) {}
KeyedIds::~KeyedIds() = default;

ChunkId KeyedIds::of(const ChunkId& id) const noexcept {
    std::array<std::byte, 1 + ContentHash::kDigestBytes> message{};
    message[0] = static_cast<std::byte>(id.algorithm);
    std::copy(id.digest.begin(), id.digest.end(), message.begin() + 1);
    ChunkId keyed;
    keyed.algorithm = id.algorithm;
    SHA256_CTX state = impl_->inner;
    ::SHA256_Update(&state, message.data(), message.size());
    ::SHA256_Final(octets(keyed.digest.data()), &state);
    state = impl_->outer;
    ::SHA256_Update(&state, keyed.digest.data(), keyed.digest.size());
    ::SHA256_Final(octets(keyed.digest.data()), &state);
    return keyed;
}

}  // namespace catalog::content

#pragma GCC diagnostic pop
