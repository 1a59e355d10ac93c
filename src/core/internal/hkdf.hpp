#pragma once
// HKDF-SHA256 (RFC 5869), for modules that link OpenSSL::Crypto.

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <span>

#include "catalog/core/bytes.hpp"

namespace catalog::internal {

inline constexpr std::size_t kHmacSha256Bytes = 32;
/// Longest `info` of an expansion, bytes.
inline constexpr std::size_t kHkdfInfoBytesMax = 192;

/// Computes HMAC-SHA256 (RFC 2104). Returns false when OpenSSL has no memory for it.
[[nodiscard]] inline bool hmac_sha256(ByteView key, ByteView message,
                                      std::span<std::byte, kHmacSha256Bytes> out) noexcept {
    unsigned length = 0;
    static constexpr unsigned char kNothing = 0;  // OpenSSL takes a null key for "as before"
    const void* key_data = key.empty() ? static_cast<const void*>(&kNothing) : key.data();
    return ::HMAC(::EVP_sha256(), key_data, static_cast<int>(key.size()),
                  reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                  reinterpret_cast<unsigned char*>(out.data()), &length) != nullptr &&
           length == out.size();
}

/// Derives `out` from `key`: extract with `salt` (empty: 32 zeros), expand with `info`. At most
/// 255 * 32 bytes, info at most 192. Returns false past these bounds and when OpenSSL has no
/// memory; `out` is then not to be used. Thread safety: any thread.
[[nodiscard]] inline bool hkdf_sha256(ByteView key, ByteView salt, ByteView info,
                                      std::span<std::byte> out) noexcept {
    static constexpr std::array<std::byte, kHmacSha256Bytes> kZeros{};
    if (info.size() > kHkdfInfoBytesMax || out.size() > 255 * kHmacSha256Bytes) return false;
    std::array<std::byte, kHmacSha256Bytes> secret{};
    std::array<std::byte, kHmacSha256Bytes> block{};
    std::array<std::byte, kHmacSha256Bytes + kHkdfInfoBytesMax + 1> message{};
    bool made = hmac_sha256(salt.empty() ? ByteView(kZeros) : salt, key, secret);
    std::size_t before = 0;  // bytes of the former block in front of the info
    std::byte counter{1};
    for (std::size_t at = 0; made && at < out.size();) {
        std::copy_n(block.begin(), before, message.begin());
        std::copy(info.begin(), info.end(), message.data() + before);
        message[before + info.size()] = counter;
        made = hmac_sha256(secret, ByteView(message).first(before + info.size() + 1), block);
        const std::size_t count = std::min(block.size(), out.size() - at);
        std::copy_n(block.begin(), count, out.data() + at);
        at += count;
        before = block.size();
        counter = static_cast<std::byte>(std::to_integer<unsigned>(counter) + 1);
    }
    ::OPENSSL_cleanse(secret.data(), secret.size());
    ::OPENSSL_cleanse(block.data(), block.size());
    ::OPENSSL_cleanse(message.data(), message.size());
    return made;
}

}  // namespace catalog::internal
