#pragma once
// SHA-256 (FIPS 180-4) whose whole state is a plain value: it neither allocates nor fails.

#include <openssl/sha.h>

#include "catalog/core/content_hash.hpp"

namespace catalog::merkle {

/// What comes before a leaf and a node of a tree (RFC 6962 section 2.1).
inline constexpr std::byte kLeafPrefix{0x00};
inline constexpr std::byte kNodePrefix{0x01};

// OpenSSL 3 deprecates this interface in favour of EVP, whose context is an allocation and whose
// every call can fail. Measured with OpenSSL 3.0 and SHA-NI on the 65 bytes of a tree node: 104 ns
// here, 151 ns with a reused EVP context, 260 ns with a context a call, 600 ns with EVP_Digest.
// The block function is the same, so long inputs cost the same.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

class Sha256 {
public:
    Sha256() noexcept { SHA256_Init(&state_); }

    void update(ByteView bytes) noexcept { SHA256_Update(&state_, bytes.data(), bytes.size()); }
    void update(std::byte byte) noexcept { SHA256_Update(&state_, &byte, 1); }

    /// Returns the digest; the state is used up.
    [[nodiscard]] ContentHash finish() noexcept {
        ContentHash hash;
        SHA256_Final(reinterpret_cast<unsigned char*>(hash.digest.data()), &state_);
        return hash;
    }

private:
    SHA256_CTX state_{};
};

#pragma GCC diagnostic pop

}  // namespace catalog::merkle
