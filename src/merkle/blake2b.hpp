#pragma once
// BLAKE2b with a 32-byte digest (RFC 7693) whose whole state is a plain value.

#include <sodium.h>

#include "catalog/core/content_hash.hpp"

namespace catalog::merkle {

class Blake2b {
public:
    Blake2b() noexcept {
        // Until it is called, libsodium uses its portable code instead of the processor's vectors.
        [[maybe_unused]] static const int initialised = sodium_init();
        crypto_generichash_init(&state_, nullptr, 0, ContentHash::kDigestBytes);
    }

    void update(ByteView bytes) noexcept {
        crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()),
                                  bytes.size());
    }

    ContentHash finish() noexcept {
        ContentHash hash;
        hash.algorithm = HashAlgorithm::kBlake2b256;
        crypto_generichash_final(&state_, reinterpret_cast<unsigned char*>(hash.digest.data()),
                                 hash.digest.size());
        return hash;
    }

private:
    crypto_generichash_state state_{};
};

}  // namespace catalog::merkle
