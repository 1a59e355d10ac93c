#include "toml_document.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "catalog/core/bytes.hpp"
#include "catalog/internal/try.hpp"
#include "quote.hpp"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 64
#include <toml++/toml.h>

namespace catalog::package {

namespace {

constexpr std::string_view kTomlByteOrderMark = "\xef\xbb\xbf";

/// Turns the parser's line and character numbers into positions in bytes.
class TomlLines {
public:
    explicit TomlLines(std::string_view text) : text_(text) {
        starts_.push_back(text.starts_with(kTomlByteOrderMark) ? kTomlByteOrderMark.size() : 0);
        for (std::size_t i = 0; i < text.size(); ++i)
            if (text[i] == '\n') starts_.push_back(i + 1);
    }

    [[nodiscard]] TomlPosition position(std::uint64_t line, std::uint64_t character) const {
        if (line == 0 || line > starts_.size()) return {};
        const std::size_t start = starts_[line - 1];
        std::size_t at = start;
        for (std::uint64_t i = 1; i < character && at < text_.size() && text_[at] != '\n'; ++i) {
            ++at;
            while (at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xc0) == 0x80)
                ++at;
        }
        return {line, at - start + 1, at};
    }

    [[nodiscard]] TomlPosition position_of_offset(std::size_t offset) const {
        const auto after = std::ranges::upper_bound(starts_, offset);
        if (after == starts_.begin()) return {};
        const auto line = static_cast<std::uint64_t>(after - starts_.begin());
        return {line, offset - *(after - 1) + 1, offset};
    }

private:
    std::string_view text_;
    std::vector<std::size_t> starts_;
};

/// Measures nesting before the parser sees the text: it does not bound dotted keys, and frees the
/// tables that they make recursively. Follows strings and comments and nothing else of the grammar;
/// where the text is malformed the parser stops before what this could have misread.
class TomlDepthScan {
public:
    explicit TomlDepthScan(std::string_view text) : text_(text) {}

    /// Returns the offset at which the text nests too deeply, or npos.
    std::size_t find_too_deep() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"' || c == '\'') {
                skip_string(c);
                continue;
            }
            if (c == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
                continue;
            }
            if (c == '.') {
                if (++dots_ >= kTomlDepthMax) return at_;
            } else if (c == '[' || c == '{') {
                dots_ = 0;
                if (++brackets_ > kTomlDepthMax) return at_;
            } else if (c == ']' || c == '}') {
                dots_ = 0;
                if (brackets_ > 0) --brackets_;
            } else if (c == '=' || c == ',' || c == '\n') {
                dots_ = 0;
            }
            ++at_;
        }
        return std::string_view::npos;
    }

private:
    void skip_string(char quote) {
        const std::string three(3, quote);
        const bool lines = text_.substr(at_).starts_with(three);
        at_ += lines ? 3 : 1;
        while (at_ < text_.size()) {
            if (text_[at_] == '\\' && quote == '"') {
                at_ += 2;
            } else if (lines && text_.substr(at_).starts_with(three)) {
                at_ += 3;
                // Up to two quotation marks may stand right before the closing ones.
                for (int i = 0; i < 2 && at_ < text_.size() && text_[at_] == quote; ++i) ++at_;
                return;
            } else if (!lines && (text_[at_] == quote || text_[at_] == '\n')) {
                if (text_[at_] == quote) ++at_;
                return;
            } else {
                ++at_;
            }
        }
        at_ = std::min(at_, text_.size());
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::uint32_t brackets_ = 0;
    std::uint32_t dots_ = 0;
};

TomlPosition position_of(const TomlLines& lines, const toml::source_region& region) {
    return lines.position(region.begin.line, region.begin.column);
}

/// Copies the parser's tree with a stack of its own.
class TomlCopy {
public:
    explicit TomlCopy(const TomlLines& lines) : lines_(lines) {}

    TomlValue copy(const toml::table& root) {
        TomlValue out;
        add_table(root, out);
        while (!open_.empty()) {
            const auto [node, target] = open_.back();
            open_.pop_back();
            target->at = position_of(lines_, node->source());
            if (const toml::table* table = node->as_table())
                add_table(*table, *target);
            else if (const toml::array* array = node->as_array())
                add_array(*array, *target);
            else
                copy_scalar(*node, *target);
        }
        return out;
    }

private:
    struct Open {
        const toml::node* node;
        TomlValue* target;
    };

    /// Children are opened when their vector has its final size and order, so that their addresses
    /// stay.
    void add_table(const toml::table& table, TomlValue& out) {
        struct Child {
            TomlEntry entry;
            const toml::node* node;
        };
        std::vector<Child> children;
        children.reserve(table.size());
        for (auto&& [key, node] : table)
            children.push_back(
                {TomlEntry{std::string(key.str()), position_of(lines_, key.source()), {}}, &node});
        std::ranges::stable_sort(children, {},
                                 [](const Child& child) { return child.entry.at.offset; });
        TomlTable& entries = out.data.emplace<TomlTable>();
        entries.reserve(children.size());
        for (Child& child : children) entries.push_back(std::move(child.entry));
        for (std::size_t i = 0; i < children.size(); ++i)
            open_.push_back({children[i].node, &entries[i].value});
    }

    void add_array(const toml::array& array, TomlValue& out) {
        TomlArray& elements = out.data.emplace<TomlArray>(array.size());
        for (std::size_t i = 0; i < elements.size(); ++i)
            open_.push_back({array.get(i), &elements[i]});
    }

    static void copy_scalar(const toml::node& node, TomlValue& out) {
        if (const auto* text = node.as_string())
            out.data = text->get();
        else if (const auto* integer = node.as_integer())
            out.data = integer->get();
        else if (const auto* number = node.as_floating_point())
            out.data = number->get();
        else if (const auto* flag = node.as_boolean())
            out.data = flag->get();
    }

    const TomlLines& lines_;
    std::vector<Open> open_;
};

}  // namespace

std::string_view TomlValue::type_name() const noexcept {
    constexpr std::array<std::string_view, 7> kNames{
        "a date or time", "a string", "an integer", "a float", "a boolean", "an array", "a table"};
    return kNames[data.index()];
}

const TomlEntry* find_entry(const TomlTable& table, std::string_view key) noexcept {
    const auto found = std::ranges::find(table, key, &TomlEntry::key);
    return found == table.end() ? nullptr : &*found;
}

Error error_at(std::string_view file_name, const TomlPosition& at, Errc code, std::string message) {
    return Error(code, std::move(message), LocationDetail{at.line, at.column, at.offset})
        .with_input(std::string(file_name) + ":" + std::to_string(at.line) + ":" +
                    std::to_string(at.column));
}

Result<TomlValue> parse_toml(std::string_view text, std::string_view file_name,
                             const Limits& limits) {
    if (text.size() > limits.toml_bytes_max)
        return fail(error_at(file_name, {}, Errc::kLimitExceeded,
                             "the file has " + std::to_string(text.size()) + " bytes, at most " +
                                 std::to_string(limits.toml_bytes_max) + " are allowed"));
    const TomlLines lines(text);
    if (const std::size_t good = utf8_prefix_bytes(text); good != text.size())
        return fail(error_at(file_name, lines.position_of_offset(good), Errc::kTomlSyntax,
                             "the text is not UTF-8"));
    if (const std::size_t deep = TomlDepthScan(text).find_too_deep();
        deep != std::string_view::npos)
        return fail(error_at(file_name, lines.position_of_offset(deep), Errc::kTomlSyntax,
                             "more than " + std::to_string(kTomlDepthMax) + " levels of nesting"));
    try {
        if (text.starts_with(kTomlByteOrderMark)) text.remove_prefix(kTomlByteOrderMark.size());
        const toml::parse_result parsed = toml::parse(text);
        if (!parsed) {
            const toml::parse_error& error = parsed.error();
            return fail(error_at(file_name, position_of(lines, error.source()), Errc::kTomlSyntax,
                                 printable(error.description(), 300)));
        }
        return TomlCopy(lines).copy(parsed.table());
    } catch (const std::logic_error& exception) {
        return fail(error_at(file_name, {}, Errc::kTomlSyntax, printable(exception.what(), 300)));
    } catch (const std::runtime_error& exception) {
        return fail(error_at(file_name, {}, Errc::kTomlSyntax, printable(exception.what(), 300)));
    }
}

}  // namespace catalog::package
