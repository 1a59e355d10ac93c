#pragma once
// Words of a text, without a copy of each: the same that words_of (records.hpp) gives, in the same
// order, but with repetitions.

#include <array>
#include <cstddef>
#include <string_view>

namespace catalog::index {

inline constexpr std::size_t kTermWordBytesMax = 64;

[[nodiscard]] constexpr bool is_upper_byte(char c) noexcept { return c >= 'A' && c <= 'Z'; }
[[nodiscard]] constexpr bool is_lower_byte(char c) noexcept { return c >= 'a' && c <= 'z'; }
[[nodiscard]] constexpr char lower_byte(char c) noexcept {
    return is_upper_byte(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

/// What a byte is to a text: 1 part of a word, 2 joins words of a compound, 0 parts them.
inline constexpr std::array<unsigned char, 256> kByteRoles = [] {
    std::array<unsigned char, 256> roles{};
    for (unsigned i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        if (is_upper_byte(c) || is_lower_byte(c) || (c >= '0' && c <= '9') || i >= 0x80)
            roles[i] = 1;
        else if (c == '-' || c == '_' || c == '.')
            roles[i] = 2;
    }
    return roles;
}();
[[nodiscard]] constexpr unsigned role_of(char c) noexcept {
    return kByteRoles[static_cast<unsigned char>(c)];
}

/// Calls `use` with each word in lower case, behind one byte that the caller may set: its argument
/// is the word, and the byte stands right before it. The text is valid during the call.
template <class Use>
void for_each_word(std::string_view text, char before, const Use& use) {
    std::array<char, kTermWordBytesMax + 1> buffer;
    buffer[0] = before;
    const auto give = [&](std::size_t from, std::size_t end) {
        if (from == end) return;
        const std::size_t count = end - from < kTermWordBytesMax ? end - from : kTermWordBytesMax;
        for (std::size_t i = 0; i < count; ++i) buffer[i + 1] = lower_byte(text[from + i]);
        use(std::string_view(buffer.data(), count + 1));
    };
    std::size_t i = 0;
    while (i < text.size()) {
        while (i < text.size() && role_of(text[i]) != 1) ++i;
        const std::size_t begin = i;
        std::size_t start = i;
        std::size_t parts = 0;
        for (; i < text.size(); ++i) {
            const unsigned role = role_of(text[i]);
            if (role == 1) {
                if (is_upper_byte(text[i]) && i > start && is_lower_byte(text[i - 1])) {
                    give(start, i);
                    ++parts;
                    start = i;
                }
                continue;
            }
            if (role == 0 || i + 1 == text.size() || role_of(text[i + 1]) != 1) break;
            if (i > start) {
                give(start, i);
                ++parts;
            }
            start = i + 1;
        }
        if (i > start) {
            give(start, i);
            ++parts;
        }
        if (parts > 1) give(begin, i);
    }
}

}  // namespace catalog::index
