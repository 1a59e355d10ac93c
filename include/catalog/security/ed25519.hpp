#pragma once
// Ed25519 (RFC 8032) through libsodium: the one verifier for everything that two libraries must
// agree on.

#include <string>

#include "catalog/core/bytes.hpp"
#include "catalog/core/key_store.hpp"
#include "catalog/core/random.hpp"
#include "catalog/core/result.hpp"

namespace catalog::security {

/// A secret key in locked, guarded memory; wiped when destroyed. Move only.
class SecretKey {
public:
    /// Makes a key from 32 random bytes. Errors: kRandomUnavailable, kOutOfMemory.
    [[nodiscard]] static Result<SecretKey> generate(Random& random);
    /// Makes a key from its 32-byte seed (RFC 8032 section 5.1.5). Errors: kKeyInvalid,
    /// kOutOfMemory.
    [[nodiscard]] static Result<SecretKey> from_seed(ByteView seed);

    SecretKey(SecretKey&& other) noexcept;
    SecretKey& operator=(SecretKey&& other) noexcept;
    ~SecretKey();

    [[nodiscard]] PublicKey public_key() const noexcept;
    [[nodiscard]] Signature sign(ByteView message) const;
    /// Gives the seed to `use` without copying it into ordinary memory.
    template <class Use>
    auto with_seed(const Use& use) const {
        return use(seed());
    }

private:
    explicit SecretKey(std::byte* memory) noexcept : memory_(memory) {}
    [[nodiscard]] ByteView seed() const noexcept;
    std::byte* memory_ = nullptr;
};

/// Tells whether `signature` is `key`'s over `message`. Small-order keys and non-canonical
/// encodings are refused.
[[nodiscard]] bool verify_signature(const PublicKey& key, ByteView message,
                                    const Signature& signature) noexcept;

/// Returns "ed25519:" and the first 16 hexadecimal digits of SHA-256 of the public key.
[[nodiscard]] std::string key_id(const PublicKey& key);

/// Returns standard base64 of the key.
[[nodiscard]] std::string public_key_text(const PublicKey& key);
/// Errors: kKeyInvalid.
[[nodiscard]] Result<PublicKey> parse_public_key(std::string_view text);

}  // namespace catalog::security
