#pragma once
// ContentHash: the name of a sequence of bytes. The algorithm travels with the digest everywhere
// (text form as in OCI).

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"

namespace catalog {

/// Hash functions that name content. Values are stored on disk (multicodec numbers) and never
/// change.
enum class HashAlgorithm : std::uint8_t {
    kSha256 = 0x12,      ///< SHA-256 (FIPS 180-4): the default and the interoperable choice.
    kBlake2b256 = 0x20,  ///< BLAKE2b with a 32-byte digest (RFC 7693).
};

/// Algorithm and 32-byte digest. A value type: comparing, hashing and copying are a few
/// instructions.
struct ContentHash {
    static constexpr std::size_t kDigestBytes = 32;

    HashAlgorithm algorithm = HashAlgorithm::kSha256;
    std::array<std::byte, kDigestBytes> digest{};

    friend bool operator==(const ContentHash&, const ContentHash&) noexcept = default;
    friend auto operator<=>(const ContentHash&, const ContentHash&) noexcept = default;

    /// Returns the digest's bytes; borrows from this value.
    [[nodiscard]] ByteView bytes() const noexcept { return digest; }

    /// Returns "sha256:" or "blake2b-256:" and 64 lower-case hexadecimal digits.
    [[nodiscard]] std::string to_string() const;

    /// Reads the text form; upper-case digits are refused so that one hash has one text. Errors:
    /// kInvalidHash.
    [[nodiscard]] static Result<ContentHash> parse(std::string_view text);

    /// Makes a hash from exactly 32 digest bytes. Errors: kInvalidHash.
    [[nodiscard]] static Result<ContentHash> from_digest(HashAlgorithm algorithm, ByteView digest);
};

}  // namespace catalog

/// Digests are uniformly distributed, so their first word is the hash.
template <>
struct std::hash<catalog::ContentHash> {
    std::size_t operator()(const catalog::ContentHash& value) const noexcept {
        std::size_t word = 0;
        std::memcpy(&word, value.digest.data(), sizeof word);
        return word;
    }
};
