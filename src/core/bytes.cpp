#include "catalog/core/bytes.hpp"

#include <array>

namespace catalog {

namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr char kBase64Digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

constexpr std::array<std::int8_t, 256> kBase64Values = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (int i = 0; i < 64; ++i)
        values[static_cast<unsigned char>(kBase64Digits[i])] = static_cast<std::int8_t>(i);
    return values;
}();

}  // namespace

std::string to_hex(ByteView bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::byte b : bytes) {
        text.push_back(kHexDigits[static_cast<unsigned>(b) >> 4]);
        text.push_back(kHexDigits[static_cast<unsigned>(b) & 15]);
    }
    return text;
}

Result<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0)
        return fail(Errc::kInvalidArgument, "hexadecimal text has an odd number of digits");
    Bytes bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_value(text[i]);
        const int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0)
            return fail(Errc::kInvalidArgument, "character " +
                                                    std::to_string(i + (high < 0 ? 1 : 2)) +
                                                    " is not a hexadecimal digit");
        bytes.push_back(static_cast<std::byte>(high * 16 + low));
    }
    return bytes;
}

std::string to_base64(ByteView bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = bytes.size() - i;
        std::uint32_t word = static_cast<std::uint32_t>(bytes[i]) << 16;
        if (left > 1) word |= static_cast<std::uint32_t>(bytes[i + 1]) << 8;
        if (left > 2) word |= static_cast<std::uint32_t>(bytes[i + 2]);
        text.push_back(kBase64Digits[word >> 18]);
        text.push_back(kBase64Digits[(word >> 12) & 63]);
        text.push_back(left > 1 ? kBase64Digits[(word >> 6) & 63] : '=');
        text.push_back(left > 2 ? kBase64Digits[word & 63] : '=');
    }
    return text;
}

Result<Bytes> from_base64(std::string_view text) {
    if (text.size() % 4 != 0)
        return fail(Errc::kInvalidArgument,
                    "base64 text has a length that is not a multiple of four");
    Bytes bytes;
    bytes.reserve(text.size() / 4 * 3);
    for (std::size_t i = 0; i < text.size(); i += 4) {
        std::size_t padding = 0;
        if (i + 4 == text.size() && text[i + 3] == '=') padding = text[i + 2] == '=' ? 2 : 1;
        std::uint32_t word = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            const bool pad = k >= 4 - padding;
            const int value = pad ? 0 : kBase64Values[static_cast<unsigned char>(text[i + k])];
            if (value < 0 || (pad && text[i + k] != '='))
                return fail(Errc::kInvalidArgument,
                            "character " + std::to_string(i + k + 1) + " is not base64");
            word = word << 6 | static_cast<std::uint32_t>(value);
        }
        if ((padding == 2 && (word & 0xffff) != 0) || (padding == 1 && (word & 0xff) != 0))
            return fail(Errc::kInvalidArgument, "base64 text has unused bits that are not zero");
        bytes.push_back(static_cast<std::byte>(word >> 16));
        if (padding < 2) bytes.push_back(static_cast<std::byte>(word >> 8 & 0xff));
        if (padding < 1) bytes.push_back(static_cast<std::byte>(word & 0xff));
    }
    return bytes;
}

std::size_t utf8_prefix_bytes(std::string_view text) noexcept {
    constexpr std::uint64_t kHighBits = 0x8080808080808080;
    const auto byte_at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto continues = [&](std::size_t i) {
        return i < text.size() && (byte_at(i) & 0xc0) == 0x80;
    };
    std::size_t i = 0;
    while (i < text.size()) {
        const unsigned char lead = byte_at(i);
        if (lead < 0x80) {
            // Most text is ASCII: eight bytes at a time while it lasts.
            std::uint64_t word = 0;
            while (i + sizeof word <= text.size()) {
                std::memcpy(&word, text.data() + i, sizeof word);
                if ((word & kHighBits) != 0) break;
                i += sizeof word;
            }
            while (i < text.size() && byte_at(i) < 0x80) ++i;
        } else if (lead >= 0xc2 && lead <= 0xdf) {
            if (!continues(i + 1)) return i;
            i += 2;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            if (!continues(i + 1) || !continues(i + 2)) return i;
            if (lead == 0xe0 && byte_at(i + 1) < 0xa0) return i;
            if (lead == 0xed && byte_at(i + 1) >= 0xa0) return i;
            i += 3;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            if (!continues(i + 1) || !continues(i + 2) || !continues(i + 3)) return i;
            if (lead == 0xf0 && byte_at(i + 1) < 0x90) return i;
            if (lead == 0xf4 && byte_at(i + 1) >= 0x90) return i;
            i += 4;
        } else {
            return i;
        }
    }
    return i;
}

}  // namespace catalog
