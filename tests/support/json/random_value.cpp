#include "support/json/random_value.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <utility>
#include <vector>

namespace catalog::json::testing {

namespace {

std::uint64_t below(RandomEngine& random, std::uint64_t bound) { return random() % bound; }

void append_utf8(std::string& out, std::uint32_t c) {
    const auto byte = [&](std::uint32_t bits) { out.push_back(static_cast<char>(bits)); };
    if (c < 0x80) {
        byte(c);
    } else if (c < 0x800) {
        byte(0xc0 | c >> 6);
        byte(0x80 | (c & 63));
    } else if (c < 0x10000) {
        byte(0xe0 | c >> 12);
        byte(0x80 | (c >> 6 & 63));
        byte(0x80 | (c & 63));
    } else {
        byte(0xf0 | c >> 18);
        byte(0x80 | (c >> 12 & 63));
        byte(0x80 | (c >> 6 & 63));
        byte(0x80 | (c & 63));
    }
}

/// Reads the code point at `at`, which it moves on; `text` is valid UTF-8.
std::uint32_t next_code_point(const std::string& text, std::size_t& at) {
    const auto byte = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
    };
    const std::uint32_t lead = byte(at);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    std::uint32_t c = length == 1 ? lead : lead & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i) c = c << 6 | (byte(at + i) & 63);
    at += length;
    return c;
}

std::uint32_t random_code_point(RandomEngine& random) {
    constexpr std::uint32_t kAwkward[] = {0,      1,      8,      9,       10,      12,
                                          13,     0x1f,   '"',    '\\',    '/',     0x7f,
                                          0x80,   0x7ff,  0x800,  0x2028,  0xd7ff,  0xe000,
                                          0xfeff, 0xfffd, 0xffff, 0x10000, 0x1f600, 0x10ffff};
    switch (below(random, 4)) {
        case 0:
            return kAwkward[below(random, std::size(kAwkward))];
        case 1:
            return static_cast<std::uint32_t>(0x10000 + below(random, 0x100000));
        default:
            return static_cast<std::uint32_t>('a' + below(random, 26));
    }
}

Value random_integer(RandomEngine& random, bool exact_only) {
    const std::uint64_t bits = random() >> below(random, 64);
    if (!exact_only) return Value(static_cast<std::int64_t>(bits));
    const auto magnitude = static_cast<std::int64_t>(bits & ((std::uint64_t{1} << 53) - 1));
    return Value(below(random, 2) != 0 ? magnitude : -magnitude);
}

Value random_double(RandomEngine& random, bool exact_only) {
    for (;;) {
        const double value = below(random, 2) != 0 ? std::bit_cast<double>(random())
                                                   : static_cast<double>(below(random, 1000)) / 8;
        if (!std::isfinite(value)) continue;
        // Below 10^21 ECMAScript writes a whole number without a point, so it reads as an integer.
        if (exact_only && value == std::trunc(value) && std::fabs(value) < 1e21) continue;
        return Value(value);
    }
}

Value random_at_depth(RandomEngine& random, const DocumentShape& shape, std::uint32_t depth) {
    const bool leaf = depth >= shape.depth_max;
    switch (below(random, leaf ? 5 : 8)) {
        case 0:
            return Value();
        case 1:
            return Value(below(random, 2) != 0);
        case 2:
            return random_integer(random, shape.exact_only);
        case 3:
            return random_double(random, shape.exact_only);
        case 4:
            return Value(random_text(random));
        case 5: {
            Array array;
            for (std::uint64_t n = below(random, shape.children_max + 1); n > 0; --n)
                array.push_back(random_at_depth(random, shape, depth + 1));
            return Value(std::move(array));
        }
        default: {
            Object object;
            for (std::uint64_t n = below(random, shape.children_max + 1); n > 0; --n)
                object[random_text(random)] = random_at_depth(random, shape, depth + 1);
            return Value(std::move(object));
        }
    }
}

class LooseWriter {
public:
    explicit LooseWriter(RandomEngine& random) : random_(random) {}

    void write(const Value& value) {
        space();
        if (const Array* array = value.as_array()) {
            out_ += '[';
            for (std::size_t i = 0; i < array->size(); ++i) {
                if (i != 0) out_ += ',';
                write((*array)[i]);
            }
            if (array->empty()) space();
            out_ += ']';
        } else if (const Object* object = value.as_object()) {
            write_object(*object);
        } else if (const std::string* text = value.as_string()) {
            write_string(*text);
        } else if (const std::int64_t* integer = value.as_int()) {
            out_ += std::to_string(*integer);
        } else if (const double* number = value.as_double()) {
            write_double(*number);
        } else if (const bool* flag = value.as_bool()) {
            out_ += *flag ? "true" : "false";
        } else {
            out_ += "null";
        }
        space();
    }

    std::string take() { return std::move(out_); }

private:
    void write_object(const Object& object) {
        std::vector<const Object::value_type*> members;
        for (const auto& member : object) members.push_back(&member);
        std::ranges::shuffle(members, random_);
        out_ += '{';
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (i != 0) out_ += ',';
            space();
            write_string(members[i]->first);
            space();
            out_ += ':';
            write(members[i]->second);
        }
        if (members.empty()) space();
        out_ += '}';
    }

    void write_string(const std::string& text) {
        out_ += '"';
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t start = at;
            const std::uint32_t c = next_code_point(text, at);
            constexpr std::pair<std::uint32_t, char> kShort[] = {
                {'"', '"'},  {'\\', '\\'}, {'/', '/'},  {'\b', 'b'},
                {'\f', 'f'}, {'\n', 'n'},  {'\r', 'r'}, {'\t', 't'}};
            const auto* named =
                std::ranges::find(kShort, c, &std::pair<std::uint32_t, char>::first);
            const bool must_escape = c < 0x20 || c == '"' || c == '\\';
            if (named != std::end(kShort) && below(random_, 2) != 0) {
                out_ += '\\';
                out_ += named->second;
            } else if (!must_escape && below(random_, 2) != 0) {
                out_.append(text, start, at - start);
            } else if (c < 0x10000) {
                write_unit(c);
            } else {
                write_unit(0xd800 + ((c - 0x10000) >> 10));
                write_unit(0xdc00 + ((c - 0x10000) & 0x3ff));
            }
        }
        out_ += '"';
    }

    void write_unit(std::uint32_t unit) {
        char text[8];
        (void)std::snprintf(text, sizeof text, below(random_, 2) != 0 ? "\\u%04x" : "\\u%04X",
                            unit);
        out_ += text;
    }

    void write_double(double value) {
        // Any of the forms with enough digits reads back as the same double.
        constexpr const char* kFormats[] = {"%.17g", "%.17e", "%.20E", "%.40g"};
        char text[80];
        (void)std::snprintf(text, sizeof text, kFormats[below(random_, std::size(kFormats))],
                            value);
        out_ += text;
        // Without a point or an exponent it would be read as an integer.
        if (std::string_view(text).find_first_of(".eE") == std::string_view::npos) out_ += ".0";
    }

    void space() {
        while (below(random_, 3) == 0) out_ += " \t\n\r"[below(random_, 4)];
    }

    RandomEngine& random_;
    std::string out_;
};

}  // namespace

Value random_value(RandomEngine& random, const DocumentShape& shape) {
    // A lone scalar is a document too, but most should have some structure.
    if (below(random, 10) == 0) return random_at_depth(random, shape, 0);
    Array parts;
    Object members;
    for (std::uint64_t n = 1 + below(random, 4); n > 0; --n) {
        parts.push_back(random_at_depth(random, shape, 2));
        members[random_text(random)] = random_at_depth(random, shape, 2);
    }
    members["parts"] = Value(std::move(parts));
    return Value(std::move(members));
}

std::string random_text(RandomEngine& random) {
    std::string text;
    for (std::uint64_t n = below(random, 13); n > 0; --n)
        append_utf8(text, random_code_point(random));
    return text;
}

std::string write_loosely(const Value& value, RandomEngine& random) {
    LooseWriter writer(random);
    writer.write(value);
    return writer.take();
}

}  // namespace catalog::json::testing
