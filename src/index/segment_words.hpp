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

/// What a byte is to a text.
enum class ByteRole : unsigned char {
    kNone,   ///< Parts words.
    kPlain,  ///< Of a word.
    kUpper,  ///< Of a word, a capital letter.
    kJoin,   ///< Joins words of a compound.
};
inline constexpr std::array<ByteRole, 256> kByteRoles = [] {
    std::array<ByteRole, 256> roles{};
    for (unsigned i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        if (is_upper_byte(c))
            roles[i] = ByteRole::kUpper;
        else if (is_lower_byte(c) || (c >= '0' && c <= '9') || i >= 0x80)
            roles[i] = ByteRole::kPlain;
        else if (c == '-' || c == '_' || c == '.')
            roles[i] = ByteRole::kJoin;
    }
    return roles;
}();
[[nodiscard]] constexpr ByteRole role_of(char c) noexcept {
    return kByteRoles[static_cast<unsigned char>(c)];
}
[[nodiscard]] constexpr bool is_word_byte(char c) noexcept {
    const ByteRole role = role_of(c);
    return role == ByteRole::kPlain || role == ByteRole::kUpper;
}

/// Calls `use` with the place of each word: its first byte and one behind its last.
template <class Use>
void for_each_word_place(std::string_view text, const Use& use) {
    std::size_t i = 0;
    while (true) {
        while (i < text.size() && !is_word_byte(text[i])) ++i;
        if (i == text.size()) return;
        const std::size_t begin = i;
        std::size_t start = i;
        std::size_t parts = 0;
        while (true) {
            do ++i;
            while (i < text.size() && role_of(text[i]) == ByteRole::kPlain);
            if (i == text.size()) break;
            const ByteRole role = role_of(text[i]);
            if (role == ByteRole::kNone) break;
            if (role == ByteRole::kUpper) {
                if (!is_lower_byte(text[i - 1])) continue;
                use(start, i);
                ++parts;
                start = i;
                continue;
            }
            if (i + 1 == text.size() || !is_word_byte(text[i + 1])) break;
            use(start, i);
            ++parts;
            start = ++i;
        }
        use(start, i);
        if (parts > 0) use(begin, i);
    }
}

/// Calls `use` with each word in lower case, behind one byte that the caller may set: its argument
/// is the word, and the byte stands right before it. The text is valid during the call.
template <class Use>
void for_each_word(std::string_view text, char before, const Use& use) {
    // Not cleared: it would be for each text.
    // Filled as far as it is read. NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
    std::array<char, kTermWordBytesMax + 1> buffer;
    buffer[0] = before;
    for_each_word_place(text, [&](std::size_t from, std::size_t end) {
        const std::size_t count = end - from < kTermWordBytesMax ? end - from : kTermWordBytesMax;
        for (std::size_t i = 0; i < count; ++i) buffer[i + 1] = lower_byte(text[from + i]);
        use(std::string_view(buffer.data(), count + 1));
    });
}

}  // namespace catalog::index
