#pragma once
// The pieces of grammar that versions and both range dialects share: numbers and identifier lists.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace catalog::version {

/// A position in a text and the first thing found wrong with it. Methods that return bool return
/// false after `refuse`, and every caller passes that on.
class Scanner {
public:
    explicit Scanner(std::string_view text) noexcept : text_(text) {}

    [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
    /// The next byte, NUL at the end.
    [[nodiscard]] char peek() const noexcept { return at_end() ? '\0' : text_[at_]; }
    [[nodiscard]] std::size_t offset() const noexcept { return at_; }
    [[nodiscard]] std::string_view text() const noexcept { return text_; }
    void advance(std::size_t bytes = 1) noexcept { at_ += bytes; }
    void rewind(std::size_t offset) noexcept { at_ = offset; }

    bool take(char c) noexcept {
        if (peek() != c || at_end()) return false;
        ++at_;
        return true;
    }

    /// Reads a number without leading zeros, at most `max` (below 2^63).
    bool number(std::uint64_t max, std::uint64_t& value) noexcept {
        const std::size_t start = at_;
        std::uint64_t sum = 0;
        while (!at_end() && is_digit(text_[at_])) {
            // 19 digits cannot overflow 64 bits; one more is too large for any `max`.
            if (at_ - start == 19) return refuse_at(start, "the number is too large");
            sum = sum * 10 + static_cast<std::uint64_t>(text_[at_] - '0');
            ++at_;
        }
        if (at_ == start) return refuse(at_end() ? "a number is missing" : "expected a number");
        if (at_ - start > 1 && text_[start] == '0')
            return refuse_at(start, "the number has a leading zero");
        if (sum > max) return refuse_at(start, "the number is too large");
        value = sum;
        return true;
    }

    /// Reads dot-separated identifiers; numeric ones must not have leading zeros in a pre-release.
    bool identifiers(bool in_prerelease, std::string_view& value) noexcept {
        const std::size_t start = at_;
        for (;;) {
            const std::size_t first = at_;
            bool numeric = true;
            while (!at_end() && is_identifier_byte(text_[at_])) numeric &= is_digit(text_[at_++]);
            if (at_ == first) return refuse("an identifier is empty or has a byte out of place");
            if (in_prerelease && numeric && at_ - first > 1 && text_[first] == '0')
                return refuse_at(first, "the identifier has a leading zero");
            if (!take('.')) break;
        }
        value = text_.substr(start, at_ - start);
        return true;
    }

    bool refuse(const char* reason) noexcept { return refuse_at(at_, reason); }
    bool refuse_at(std::size_t offset, const char* reason) noexcept {
        if (reason_ == nullptr) {
            reason_ = reason;
            refused_at_ = offset;
        }
        return false;
    }
    [[nodiscard]] const char* reason() const noexcept { return reason_; }
    [[nodiscard]] std::size_t refused_at() const noexcept { return refused_at_; }
    void forgive() noexcept { reason_ = nullptr; }

    [[nodiscard]] static bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
    [[nodiscard]] static bool is_identifier_byte(char c) noexcept {
        return kIdentifierBytes[static_cast<unsigned char>(c)];
    }

private:
    static constexpr std::array<bool, 256> kIdentifierBytes = [] {
        std::array<bool, 256> bytes = {};
        for (unsigned c = '0'; c <= '9'; ++c) bytes[c] = true;
        for (unsigned c = 'a'; c <= 'z'; ++c) bytes[c] = bytes[c - 'a' + 'A'] = true;
        bytes['-'] = true;
        return bytes;
    }();

    std::string_view text_;
    std::size_t at_ = 0;
    const char* reason_ = nullptr;
    std::size_t refused_at_ = 0;
};

}  // namespace catalog::version
