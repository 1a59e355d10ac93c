#pragma once
// KeyStore: signs without handing out secrets. A host injects its own (HSM, agent); the embedded
// one keeps files (security).

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"

namespace catalog {

/// An Ed25519 public key (RFC 8032).
struct PublicKey {
    std::array<std::byte, 32> bytes{};
    friend bool operator==(const PublicKey&, const PublicKey&) noexcept = default;
};

/// An Ed25519 signature (RFC 8032).
struct Signature {
    std::array<std::byte, 64> bytes{};
    friend bool operator==(const Signature&, const Signature&) noexcept = default;
};

/// What a key is for; a key made for one purpose is never used for another.
enum class KeyPurpose : std::uint8_t {
    kPublisher,  ///< Signs package manifests.
    kLibrary,    ///< Signs the library's log checkpoints.
};

/// A key that can sign, without its secret.
struct KeyInfo {
    std::string id;  ///< "ed25519:" and 16 hexadecimal digits of SHA-256 of the public key.
    KeyPurpose purpose = KeyPurpose::kPublisher;
    PublicKey public_key;
};

/// Holder of signing keys. Thread safety: any thread. Blocking: may ask a device or a person.
class KeyStore {
public:
    virtual ~KeyStore() = default;

    /// Returns the key to use for `purpose`. Errors: kKeyNotFound, kKeyInvalid, kIo.
    [[nodiscard]] virtual Result<KeyInfo> default_key(KeyPurpose purpose) = 0;

    /// Signs `message` with the key `key_id`. Errors: kKeyNotFound, kKeyInvalid, kIo.
    [[nodiscard]] virtual Result<Signature> sign(std::string_view key_id, ByteView message) = 0;
};

}  // namespace catalog
