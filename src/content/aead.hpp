#pragma once
// Aead: one key of AES-256-GCM or ChaCha20-Poly1305 with contexts of OpenSSL that are made once.

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>

#include "catalog/content/store_key.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"
#include "record_cipher.hpp"

struct evp_cipher_ctx_st;

namespace catalog::content {

/// What a message is sealed with beside the key.
struct AeadFrame {
    std::span<const std::byte, kCipherNonceBytes> nonce;
    ByteView associated;  ///< Authenticated, not encrypted.
};

/// Thread safety: any thread. Contexts are kept for as many threads as use this at the same time,
/// eight at most; a call allocates when none is free.
class Aead final {
public:
    /// Errors: kUnsupported (no such algorithm), kOutOfMemory.
    [[nodiscard]] static Result<std::unique_ptr<const Aead>> make(CipherAlgorithm algorithm,
                                                                  KeyView key);
    ~Aead();
    Aead(const Aead&) = delete;
    Aead& operator=(const Aead&) = delete;

    /// Encrypts `plain` and then `zeros` (at most 16) bytes of zero into `out`, whose last 16 bytes
    /// become the tag. `out` has just that length; `plain` may lie where `out` begins. False when
    /// OpenSSL failed.
    [[nodiscard]] bool seal(const AeadFrame& frame, ByteView plain, std::size_t zeros,
                            std::span<std::byte> out) const noexcept;

    /// Decrypts `sealed`, whose last 16 bytes are the tag, into `out`; what of it does not fit, at
    /// most 16 bytes, must be zeros. `out` may lie where `sealed` begins. False, and `out` zeros,
    /// when anything is not as it was sealed.
    [[nodiscard]] bool open(const AeadFrame& frame, ByteView sealed,
                            std::span<std::byte> out) const noexcept;

private:
    using Context = evp_cipher_ctx_st;
    static constexpr std::size_t kContextsMax = 8;
    struct Pool {
        std::array<std::atomic<Context*>, kContextsMax> free{};
    };
    class Borrowed;

    Aead() = default;
    [[nodiscard]] Context* copy_of(Context* first) const noexcept;

    Context* sealing_ = nullptr;  // with the key, to copy from
    Context* opening_ = nullptr;
    mutable Pool sealers_;
    mutable Pool openers_;
};

}  // namespace catalog::content
