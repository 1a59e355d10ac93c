#include "catalog/json/read.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/json/write.hpp"
#include "diagnose.hpp"
#include "reader.hpp"

namespace catalog::json {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Hands bytes to the parser and notes how far it got, which its events do not say.
class TrackedIterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    TrackedIterator(const char* at, const char** reached) : at_(at), reached_(reached) {}

    reference operator*() const { return *at_; }
    TrackedIterator& operator++() {
        *reached_ = ++at_;
        return *this;
    }
    friend bool operator==(const TrackedIterator& a, const TrackedIterator& b) {
        return a.at_ == b.at_;
    }

private:
    const char* at_;
    const char** reached_;
};

/// Builds the value out of the parser's events, with a stack of its own and every limit checked
/// before anything grows. The member functions without comment are the parser's event interface;
/// false ends the parse.
class TreeBuilder {
public:
    TreeBuilder(std::string_view text, const ReadLimits& limits, const Origin& origin)
        : text_(text),
          limits_(limits),
          origin_(origin),
          depth_max_(std::min(limits.depth_max, kDepthHardMax)),
          reached_(text.data()) {}

    Result<Value> build() {
        using Parser = nlohmann::json;
        const char* const end = text_.data() + text_.size();
        const bool complete = Parser::sax_parse(TrackedIterator(reached_, &reached_),
                                                TrackedIterator(end, &reached_), this);
        if (error_) return fail(*error_);
        if (!complete) return fail(at(Errc::kJsonSyntax, "not JSON", token_end_));
        return std::move(root_);
    }

    bool null() { return add(Value()) && end_token(); }
    bool boolean(bool value) { return add(Value(value)) && end_token(); }
    bool number_integer(std::int64_t) { return add_number(); }
    bool number_unsigned(std::uint64_t) { return add_number(); }
    bool number_float(double, const std::string&) { return add_number(); }
    bool string(std::string& value) { return add(Value(std::move(value))) && end_token(); }

    bool start_array(std::size_t) { return open(Array()); }
    bool end_array() { return close(); }
    bool start_object(std::size_t) { return open(Object()); }
    bool end_object() { return close(); }

    bool key(std::string& name) {
        Object& object = *open_.back().container->as_object();
        const std::size_t before = object.size();
        const auto member = object.try_emplace(object.end(), std::move(name));
        if (object.size() == before)
            return refuse(
                at(Errc::kJsonDuplicateKey,
                   "the name \"" + member->first.substr(0, 100) + "\" appears twice in one object",
                   next_token()));
        open_.back().slot = &member->second;
        return end_token();
    }

    bool binary(std::vector<std::uint8_t>&) { return false; }  // no such thing in a JSON text

    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) {
        const Fault fault = diagnose(text_, token_end_, expected());
        return refuse(at(fault.code, fault.message, fault.offset));
    }

private:
    /// An array or object that is not closed yet. The pointers stay valid: a container does not
    /// change while one of its children is open.
    struct OpenContainer {
        Value* container;
        Value* slot;  // of the member whose name was read, until its value is there
    };

    bool refuse(const Error& error) {
        error_ = error;
        return false;
    }

    Error at(Errc code, const std::string& message, std::size_t offset) const {
        return error_at(code, message, text_, offset, origin_);
    }

    bool end_token() {
        token_end_ = static_cast<std::size_t>(reached_ - text_.data());
        return true;
    }

    /// Where the token after the last one starts.
    std::size_t next_token() const {
        return std::min(text_.find_first_not_of(" \t\n\r,:", token_end_), text_.size());
    }

    Value* place(Value value) {
        if (++values_ > limits_.values_max) {
            error_ = Error(
                Errc::kLimitExceeded,
                "the JSON document has more than " + std::to_string(limits_.values_max) + " values",
                LimitDetail{"json_values_max", limits_.values_max, values_});
            return nullptr;
        }
        Value* placed = &root_;
        if (!open_.empty()) {
            OpenContainer& parent = open_.back();
            if (Array* array = parent.container->as_array()) {
                array->push_back(std::move(value));
                return &array->back();
            }
            placed = std::exchange(parent.slot, nullptr);
        }
        *placed = std::move(value);
        return placed;
    }

    bool add(Value value) { return place(std::move(value)) != nullptr; }

    /// Reads the number from the text itself: the parser's conversion depends on the process's
    /// locale, and its events do not say where a number ends, since it has read one byte further.
    bool add_number() {
        const std::size_t start = next_token();
        const std::size_t end = number_end(text_, start);
        if (end == std::string_view::npos)
            return refuse(at(Errc::kJsonSyntax, "malformed number", start));
        token_end_ = end;
        const char* const first = text_.data() + start;
        const char* const last = text_.data() + end;
        std::int64_t integer = 0;
        if (const auto read = std::from_chars(first, last, integer);
            read.ec == std::errc() && read.ptr == last)
            return add(Value(integer));
        double number = 0;
        if (std::from_chars(first, last, number).ec != std::errc())
            return refuse(
                at(Errc::kJsonNumber, "the number is outside the range of a double", start));
        return add(Value(number));
    }

    bool open(Value container) {
        end_token();
        if (open_.size() >= depth_max_)
            return refuse(at(
                Errc::kJsonDepth,
                "arrays and objects are nested more than " + std::to_string(depth_max_) + " deep",
                token_end_ - 1));
        Value* placed = place(std::move(container));
        if (placed == nullptr) return false;
        open_.push_back({placed, nullptr});
        return true;
    }

    bool close() {
        open_.pop_back();
        return end_token();
    }

    Expected expected() const {
        if (open_.empty()) return values_ == 0 ? Expected::kDocument : Expected::kEnd;
        const OpenContainer& top = open_.back();
        if (const Array* array = top.container->as_array())
            return array->empty() ? Expected::kFirstElement : Expected::kAfterElement;
        if (top.slot != nullptr) return Expected::kAfterName;
        return top.container->as_object()->empty() ? Expected::kFirstMember
                                                   : Expected::kAfterMember;
    }

    std::string_view text_;
    const ReadLimits& limits_;
    const Origin& origin_;
    std::uint32_t depth_max_;
    const char* reached_;        // first byte that the parser has not seen
    std::size_t token_end_ = 0;  // of the last complete token that is no separator
    std::uint64_t values_ = 0;
    Value root_;
    std::vector<OpenContainer> open_;
    std::optional<Error> error_;
};

}  // namespace

Error error_at(Errc code, const std::string& message, std::string_view text, std::size_t offset,
               const Origin& origin) {
    const std::string_view before = text.substr(0, offset);
    const std::size_t newline = before.rfind('\n');
    LocationDetail place;
    place.line =
        origin.line + static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n'));
    place.column = newline == std::string_view::npos ? offset + 1 : offset - newline;
    place.offset = origin.offset + offset;
    return Error(code,
                 message + " (line " + std::to_string(place.line) + ", column " +
                     std::to_string(place.column) + ")",
                 place);
}

Result<Value> read_at(std::string_view text, const ReadLimits& limits, const Origin& origin) {
    if (text.size() > limits.bytes_max)
        return fail(Errc::kLimitExceeded,
                    "the JSON document has " + std::to_string(text.size()) + " bytes, at most " +
                        std::to_string(limits.bytes_max) + " are allowed",
                    LimitDetail{"json_bytes_max", limits.bytes_max, text.size()});
    // The parser would skip a byte order mark, stop at a NUL as if the text ended there, and find
    // bad UTF-8 only inside strings.
    if (text.starts_with(kByteOrderMark))
        return fail(error_at(Errc::kJsonEncoding, "the text begins with a byte order mark", text, 0,
                             origin));
    if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
        return fail(
            error_at(Errc::kJsonEncoding, "the text contains a NUL byte", text, nul, origin));
    if (const std::size_t good = utf8_prefix_bytes(text); good != text.size())
        return fail(error_at(Errc::kJsonEncoding, "the text is not UTF-8", text, good, origin));
    return TreeBuilder(text, limits, origin).build();
}

Result<Value> read(std::string_view text, const ReadLimits& limits) {
    return read_at(text, limits, Origin{});
}

Result<Value> read_canonical(std::string_view text, const ReadLimits& limits) {
    CATALOG_TRY(Value value, read(text, limits));
    const std::string canonical = write_canonical(value);
    if (canonical != text) {
        const auto differs = std::ranges::mismatch(canonical, text);
        return fail(error_at(Errc::kJsonNotCanonical,
                             "the document is not in canonical form (RFC 8785)", text,
                             static_cast<std::size_t>(differs.in2 - text.begin()), Origin{}));
    }
    return value;
}

}  // namespace catalog::json
