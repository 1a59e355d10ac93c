#include "diagnose.hpp"

#include <algorithm>

#include "catalog/core/bytes.hpp"

namespace catalog::json {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

char char_at(std::string_view text, std::size_t offset) {
    return offset < text.size() ? text[offset] : '\0';  // a NUL is nowhere part of a token
}

std::size_t skip_digits(std::string_view text, std::size_t offset) {
    while (is_digit(char_at(text, offset))) ++offset;
    return offset;
}

/// What stands at `offset`, for a message: "the end of the text", "','", "word \"nul\"" ...
std::string describe(std::string_view text, std::size_t offset) {
    if (offset >= text.size()) return "the end of the text";
    const char c = text[offset];
    if (c == '"') return "a string";
    if (is_digit(c) || c == '-') return "a number";
    if (is_letter(c)) {
        std::size_t end = offset;
        while (is_letter(char_at(text, end)) && end - offset < 20) ++end;
        return "the word \"" + std::string(text.substr(offset, end - offset)) + "\"";
    }
    if (c > 0x20 && c < 0x7f) return std::string("'") + c + "'";
    return "byte 0x" + to_hex(as_bytes(text.substr(offset, 1)));
}

Fault expected_fault(std::string_view text, std::size_t offset, std::string_view what) {
    return {Errc::kJsonSyntax,
            "expected " + std::string(what) + ", found " + describe(text, offset), offset};
}

/// Reads four hexadecimal digits; -1 when they are not.
int hex_unit(std::string_view text, std::size_t offset) {
    const auto bytes = from_hex(text.substr(std::min(offset, text.size()), 4));
    if (!bytes || bytes->size() != 2) return -1;
    return static_cast<int>((*bytes)[0]) * 256 + static_cast<int>((*bytes)[1]);
}

/// Finds the fault of the string that starts at `start`.
Fault string_fault(std::string_view text, std::size_t start) {
    for (std::size_t i = start + 1; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') break;
        if (static_cast<unsigned char>(c) < 0x20)
            return {Errc::kJsonSyntax,
                    "control character 0x" + to_hex(as_bytes(text.substr(i, 1))) +
                        " must be written as an escape in a string",
                    i};
        if (c != '\\') continue;
        const char escape = char_at(text, i + 1);
        if (escape == 'u') {
            const int unit = hex_unit(text, i + 2);
            if (unit < 0)
                return {Errc::kJsonSyntax, "\\u must be followed by four hexadecimal digits", i};
            const bool high = unit >= 0xd800 && unit < 0xdc00;
            const int next = high && text.substr(i + 6, 2) == "\\u" ? hex_unit(text, i + 8) : 0;
            const bool paired = next >= 0xdc00 && next < 0xe000;
            if ((unit >= 0xdc00 && unit < 0xe000) || (high && !paired))
                return {Errc::kJsonEncoding,
                        "escape " + std::string(text.substr(i, 6)) + " is half of a surrogate pair",
                        i};
            i += high ? 11 : 5;
        } else if (escape != '\0' &&
                   std::string_view("\"\\/bfnrt").find(escape) != std::string_view::npos) {
            ++i;
        } else if (i + 1 < text.size()) {
            return {Errc::kJsonSyntax, "unknown escape in a string", i};
        }
    }
    return {Errc::kJsonSyntax, "the string that begins here has no end", start};
}

/// Finds the fault of what stands where a value is expected.
Fault value_fault(std::string_view text, std::size_t offset, std::string_view what) {
    const char c = char_at(text, offset);
    if (c == '"') return string_fault(text, offset);
    if (is_digit(c) || c == '-') {
        if (number_end(text, offset) == std::string_view::npos)
            return {Errc::kJsonSyntax, "malformed number", offset};
        return {Errc::kJsonNumber, "the number is outside the range of a double", offset};
    }
    return expected_fault(text, offset, what);
}

}  // namespace

std::size_t number_end(std::string_view text, std::size_t offset) {
    if (char_at(text, offset) == '-') ++offset;
    const bool zero = char_at(text, offset) == '0';
    std::size_t end = skip_digits(text, offset);
    if (end == offset || (zero && end != offset + 1)) return std::string_view::npos;
    if (char_at(text, end) == '.') {
        const std::size_t fraction = end + 1;
        end = skip_digits(text, fraction);
        if (end == fraction) return std::string_view::npos;
    }
    if (char_at(text, end) == 'e' || char_at(text, end) == 'E') {
        std::size_t exponent = end + 1;
        if (char_at(text, exponent) == '+' || char_at(text, exponent) == '-') ++exponent;
        end = skip_digits(text, exponent);
        if (end == exponent) return std::string_view::npos;
    }
    return end;
}

std::size_t skip_white_space(std::string_view text, std::size_t offset) {
    return std::min(text.find_first_not_of(" \t\n\r", offset), text.size());
}

Fault diagnose(std::string_view text, std::size_t offset, Expected expected) {
    std::size_t at = skip_white_space(text, offset);
    const auto skip_separator = [&](char separator) {
        if (char_at(text, at) != separator) return false;
        at = skip_white_space(text, at + 1);
        return true;
    };
    switch (expected) {
        case Expected::kDocument:
            return value_fault(text, at, "a value");
        case Expected::kFirstElement:
            return value_fault(text, at, "a value or ']'");
        case Expected::kAfterElement:
            if (skip_separator(',')) return value_fault(text, at, "a value after ','");
            return expected_fault(text, at, "',' or ']' after an element");
        case Expected::kFirstMember:
            if (char_at(text, at) == '"') return string_fault(text, at);
            return expected_fault(text, at, "a name in quotes or '}'");
        case Expected::kAfterName:
            if (skip_separator(':')) return value_fault(text, at, "a value after ':'");
            return expected_fault(text, at, "':' after a name");
        case Expected::kAfterMember:
            if (!skip_separator(',')) return expected_fault(text, at, "',' or '}' after a member");
            if (char_at(text, at) == '"') return string_fault(text, at);
            return expected_fault(text, at, "a name in quotes after ','");
        case Expected::kEnd:
            break;
    }
    return expected_fault(text, at, "nothing after the document");
}

}  // namespace catalog::json
