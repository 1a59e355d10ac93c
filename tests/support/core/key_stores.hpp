#pragma once
// Signing keys in memory, the same in every run, and a store that fails.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/key_store.hpp"

namespace catalog::fakes {

/// Returns the id that a key has: "ed25519:" and 16 hexadecimal digits of SHA-256 of it.
[[nodiscard]] std::string key_id_of(const PublicKey& key);

/// Tells whether `signature` is the key's signature of `message` (Ed25519, RFC 8032).
[[nodiscard]] bool signature_holds(const PublicKey& key, ByteView message,
                                   const Signature& signature);

/// A complete KeyStore with one Ed25519 key for each purpose, made from a seed. Thread safety: any
/// thread.
class MemoryKeyStore final : public KeyStore {
public:
    explicit MemoryKeyStore(std::uint64_t seed);

    [[nodiscard]] Result<KeyInfo> default_key(KeyPurpose purpose) override;
    [[nodiscard]] Result<Signature> sign(std::string_view key_id, ByteView message) override;

private:
    struct Key {
        KeyInfo info;
        std::array<unsigned char, 64> secret;
    };
    std::vector<Key> keys_;
};

/// Asks another store, but the `failing_call`th call (0-based, of both functions) fails with
/// `error`. Thread safety: as the base.
class FaultyKeyStore final : public KeyStore {
public:
    FaultyKeyStore(std::shared_ptr<KeyStore> base, std::size_t failing_call, Error error)
        : base_(std::move(base)), failing_call_(failing_call), error_(std::move(error)) {}

    [[nodiscard]] Result<KeyInfo> default_key(KeyPurpose purpose) override;
    [[nodiscard]] Result<Signature> sign(std::string_view key_id, ByteView message) override;

private:
    std::shared_ptr<KeyStore> base_;
    std::size_t failing_call_;
    Error error_;
    std::atomic<std::size_t> calls_ = 0;
};

}  // namespace catalog::fakes
