#include "catalog/json/write.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "catalog/core/bytes.hpp"

namespace catalog::json {

namespace {

using Member = Object::value_type;

/// Order of RFC 8785 section 3.2.3: by UTF-16 code units. For UTF-8 that is byte order but for
/// characters beyond U+FFFF (lead bytes F0 to F4), whose surrogates sort below U+E000 to U+FFFF
/// (lead bytes EE and EF).
bool utf16_less(std::string_view a, std::string_view b) {
    const auto [at_a, at_b] = std::ranges::mismatch(a, b);
    if (at_a == a.end() || at_b == b.end()) return a.size() < b.size();
    const auto left = static_cast<unsigned char>(*at_a);
    const auto right = static_cast<unsigned char>(*at_b);
    const bool left_pair = left >= 0xf0;
    const bool right_pair = right >= 0xf0;
    if (left_pair && !right_pair) return right >= 0xee;
    if (right_pair && !left_pair) return left < 0xee;
    return left < right;
}

void append_string(std::string& out, std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    out.push_back('"');
    std::size_t written = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
        out.append(text, written, i - written);
        written = i + 1;
        out.push_back('\\');
        switch (c) {
            case '\b':
                out.push_back('b');
                break;
            case '\t':
                out.push_back('t');
                break;
            case '\n':
                out.push_back('n');
                break;
            case '\f':
                out.push_back('f');
                break;
            case '\r':
                out.push_back('r');
                break;
            case '"':
            case '\\':
                out.push_back(c);
                break;
            default:
                out.append("u00");
                out.push_back(kHex[c >> 4]);
                out.push_back(kHex[c & 15]);
        }
    }
    out.append(text, written);
    out.push_back('"');
}

/// As append_string, for text of which it is not known that it is UTF-8.
void append_any_string(std::string& out, std::string_view text) {
    if (is_utf8(text)) {
        append_string(out, text);
        return;
    }
    std::string repaired;
    while (!text.empty()) {
        const std::size_t good = utf8_prefix_bytes(text);
        repaired.append(text, 0, good);
        text.remove_prefix(good);
        if (text.empty()) break;
        repaired.append("\xef\xbf\xbd");
        text.remove_prefix(1);
    }
    append_string(out, repaired);
}

/// Number::toString of ECMA-262 (2023, section 6.1.6.1.20) in radix 10; the names k, n and s are
/// its.
void append_double(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out.append("null");
        return;
    }
    if (value == 0) {
        out.push_back('0');
        return;
    }
    if (std::signbit(value)) {
        out.push_back('-');
        value = -value;
    }
    // The shortest digits that read back as this value, "d.ddde+xx".
    char buffer[40];
    char* const end =
        std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
    const char* const mark = std::find(buffer, end, 'e');
    std::string s(1, buffer[0]);
    if (mark - buffer > 2) s.append(static_cast<const char*>(buffer) + 2, mark);
    int exponent = 0;
    std::from_chars(mark + (mark[1] == '+' ? 2 : 1), end, exponent);
    const int k = static_cast<int>(s.size());
    const int n = exponent + 1;

    if (k <= n && n <= 21) {
        out.append(s).append(static_cast<std::size_t>(n - k), '0');
    } else if (0 < n && n <= 21) {
        out.append(s, 0, static_cast<std::size_t>(n)).push_back('.');
        out.append(s, static_cast<std::size_t>(n));
    } else if (-6 < n && n <= 0) {
        out.append("0.").append(static_cast<std::size_t>(-n), '0').append(s);
    } else {
        out.push_back(s[0]);
        if (k > 1) out.append(".").append(s, 1);
        out.append(n > 0 ? "e+" : "e-").append(std::to_string(std::abs(n - 1)));
    }
}

class Writer {
public:
    enum class Form { kCanonical, kPretty };

    explicit Writer(Form form) : form_(form) {}

    std::string write(const Value& root) {
        open_or_append(root);
        while (!open_.empty()) {
            Level& level = open_.back();
            if (level.next == level.size()) {
                const bool array = level.array != nullptr;
                const bool empty = level.next == 0;
                open_.pop_back();
                if (!empty) new_line();
                out_.push_back(array ? ']' : '}');
                continue;
            }
            if (level.next != 0) out_.push_back(',');
            new_line();
            const Value* value = nullptr;
            if (level.array != nullptr) {
                value = &(*level.array)[level.next++];
            } else {
                const Member& member = *level.members[level.next++];
                append_any_string(out_, member.first);
                out_.append(form_ == Form::kPretty ? ": " : ":");
                value = &member.second;
            }
            open_or_append(*value);  // may move `level`
        }
        if (form_ == Form::kPretty) out_.push_back('\n');
        return std::move(out_);
    }

private:
    /// An array or object that is being written.
    struct Level {
        const Array* array = nullptr;        // null for an object
        std::vector<const Member*> members;  // in the order of writing
        std::size_t next = 0;

        std::size_t size() const { return array != nullptr ? array->size() : members.size(); }
    };

    void open_or_append(const Value& value) {
        if (const Array* array = value.as_array()) {
            out_.push_back('[');
            open_.push_back({array, {}, 0});
        } else if (const Object* object = value.as_object()) {
            out_.push_back('{');
            open_.push_back({nullptr, sorted_members(*object), 0});
        } else if (const std::string* text = value.as_string()) {
            append_any_string(out_, *text);
        } else if (const std::int64_t* integer = value.as_int()) {
            append_integer(*integer);
        } else if (const double* number = value.as_double()) {
            append_double(out_, *number);
        } else if (const bool* flag = value.as_bool()) {
            out_.append(*flag ? "true" : "false");
        } else {
            out_.append("null");
        }
    }

    static std::vector<const Member*> sorted_members(const Object& object) {
        std::vector<const Member*> members;
        members.reserve(object.size());
        bool pairs = false;
        for (const Member& member : object) {
            members.push_back(&member);
            pairs = pairs || std::ranges::any_of(member.first, [](char c) {
                        return static_cast<unsigned char>(c) >= 0xf0;
                    });
        }
        if (pairs)
            std::ranges::sort(members, [](const Member* a, const Member* b) {
                return utf16_less(a->first, b->first);
            });
        return members;
    }

    void append_integer(std::int64_t value) {
        constexpr std::int64_t kExactMax = std::int64_t{1} << 53;
        if (form_ == Form::kCanonical && (value > kExactMax || value < -kExactMax))
            append_double(out_, static_cast<double>(value));
        else
            out_.append(std::to_string(value));
    }

    void new_line() {
        if (form_ != Form::kPretty) return;
        out_.push_back('\n');
        out_.append(2 * open_.size(), ' ');
    }

    Form form_;
    std::string out_;
    std::vector<Level> open_;
};

}  // namespace

std::string write_canonical(const Value& value) {
    return Writer(Writer::Form::kCanonical).write(value);
}

std::string write_pretty(const Value& value) { return Writer(Writer::Form::kPretty).write(value); }

}  // namespace catalog::json
