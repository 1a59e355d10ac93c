#pragma once
// Byte views and the few text encodings of bytes that formats and messages need.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "catalog/core/result.hpp"

namespace catalog {

/// Borrowed bytes; never owns.
using ByteView = std::span<const std::byte>;

/// Owned bytes.
using Bytes = std::vector<std::byte>;

/// Views text as bytes. The result borrows from `text`.
[[nodiscard]] inline ByteView as_bytes(std::string_view text) noexcept {
    return std::as_bytes(std::span(text));
}

/// Views bytes as text. The result borrows from `bytes`; it need not be UTF-8.
[[nodiscard]] inline std::string_view as_text(ByteView bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Returns a copy of `bytes`.
[[nodiscard]] inline Bytes to_bytes(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

/// Returns lower-case hexadecimal text, two digits a byte.
[[nodiscard]] std::string to_hex(ByteView bytes);

/// Reads lower- or upper-case hexadecimal text. Errors: kInvalidArgument (odd length or another
/// character).
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);

/// Returns standard base64 with padding (RFC 4648 section 4).
[[nodiscard]] std::string to_base64(ByteView bytes);

/// Reads standard base64 with padding, canonical form only (no white space, unused bits zero).
/// Errors: kInvalidArgument.
[[nodiscard]] Result<Bytes> from_base64(std::string_view text);

/// Appends `value` to `out` as a fixed number of little-endian bytes.
template <class T>
void append_le(std::string& out, T value) {
    static_assert(std::is_unsigned_v<T>);
    for (std::size_t i = 0; i < sizeof(T); ++i)
        out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

/// Reads a little-endian number from the first sizeof(T) bytes of `data`, which must be that long.
/// Cost: one load where the machine is little-endian; compilers do not make one of single bytes.
template <class T>
[[nodiscard]] T load_le(const std::byte* data) noexcept {
    static_assert(std::is_unsigned_v<T>);
    T value = 0;
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(&value, data, sizeof value);
    } else {
        for (std::size_t i = 0; i < sizeof(T); ++i)
            value |= static_cast<T>(static_cast<T>(data[i]) << (8 * i));
    }
    return value;
}

/// Writes `value` as little-endian bytes to the first sizeof(T) bytes of `data`, which must be that
/// long.
template <class T>
void store_le(std::byte* data, T value) noexcept {
    static_assert(std::is_unsigned_v<T>);
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(data, &value, sizeof value);
    } else {
        for (std::size_t i = 0; i < sizeof(T); ++i)
            data[i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
    }
}

/// Appends `value` as big-endian bytes, so that byte-wise order of keys is numeric order.
template <class T>
void append_be(std::string& out, T value) {
    static_assert(std::is_unsigned_v<T>);
    for (std::size_t i = sizeof(T); i-- > 0;)
        out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

/// Reads a big-endian number from the first sizeof(T) bytes of `data`, which must be that long.
template <class T>
[[nodiscard]] T load_be(const char* data) noexcept {
    static_assert(std::is_unsigned_v<T>);
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>(static_cast<T>(value << 8) | static_cast<unsigned char>(data[i]));
    return value;
}

/// Returns how many leading bytes of `text` are well-formed UTF-8 (no overlong forms, no
/// surrogates, at most U+10FFFF): its length, or the offset of the first sequence that is not.
/// Linear.
[[nodiscard]] std::size_t utf8_prefix_bytes(std::string_view text) noexcept;

/// Tells whether all of `text` is well-formed UTF-8. Linear.
[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
    return utf8_prefix_bytes(text) == text.size();
}

}  // namespace catalog
