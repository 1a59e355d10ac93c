#pragma once
// FileCipher: the bytes of one encrypted file, AES-256 in counter mode. docs/formats/database.md,
// "Encryption", is the specification.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"

struct evp_cipher_ctx_st;

namespace catalog::kv {

inline constexpr std::size_t kFileKeyBytes = 32;
inline constexpr std::size_t kFileHeadBytes = 64;
inline constexpr std::size_t kFileNonceBytes = 16;

using FileNonce = std::array<std::byte, kFileNonceBytes>;
using FileHead = std::array<std::byte, kFileHeadBytes>;

/// The two keys of a store's files. Thread safety: any thread.
class FileCipher {
public:
    /// Errors: kInvalidArgument (not 32 bytes), kOutOfMemory.
    [[nodiscard]] static Result<std::shared_ptr<const FileCipher>> make(ByteView key);

    ~FileCipher();
    FileCipher(const FileCipher&) = delete;
    FileCipher& operator=(const FileCipher&) = delete;

    /// Returns what stands in front of a file with that nonce. Errors: kOutOfMemory.
    [[nodiscard]] Result<FileHead> make_head(const FileNonce& nonce) const;

    /// Reads it. Errors: kDatabaseCorrupt (damaged, or not encrypted), kUnsupported (version),
    /// kKeyInvalid (intact, but of another key).
    [[nodiscard]] Result<FileNonce> read_head(const FileHead& head) const;

    /// Encrypts or decrypts `from` into `to` (as long; the same memory or apart), which stands at
    /// `offset` of the file behind its head. Errors: kOutOfMemory.
    [[nodiscard]] Result<void> apply(const FileNonce& nonce, std::uint64_t offset, ByteView from,
                                     std::span<std::byte> to) const;

private:
    FileCipher() = default;
    [[nodiscard]] bool check_of(ByteView head, std::span<std::byte, 32> out) const;

    evp_cipher_ctx_st* keyed_ = nullptr;  // to copy from
    std::array<std::byte, kFileKeyBytes> check_key_{};
};

/// Tells whether bytes begin as an encrypted file does.
[[nodiscard]] bool begins_encrypted(ByteView bytes) noexcept;

}  // namespace catalog::kv
