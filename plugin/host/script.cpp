#include "script.hpp"

#include <algorithm>
#include <istream>
#include <memory>
#include <utility>

namespace catalog::host {

namespace {

constexpr std::size_t kLineBytesMax = std::size_t{1} << 20;
constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// One part of a pointer without its escapes.
std::string pointer_part(std::string_view part) {
    std::string out;
    for (std::size_t i = 0; i < part.size(); ++i) {
        const bool escaped = part[i] == '~' && i + 1 < part.size();
        if (escaped && part[i + 1] == '1')
            out += '/';
        else if (escaped && part[i + 1] == '0')
            out += '~';
        else
            out += part[i];
        if (escaped) ++i;
    }
    return out;
}

}  // namespace

LineSource lines_of(std::istream& stream, std::string name) {
    auto number = std::make_shared<std::size_t>(0);
    return [&stream, name = std::move(name), number]() -> Result<std::optional<ScriptLine>> {
        std::string line;
        while (std::getline(stream, line)) {
            const std::string where = name + ":" + std::to_string(++*number);
            if (line.size() > kLineBytesMax)
                return fail(Error(Errc::kLimitExceeded, "a line of more than 1 MiB",
                                  LimitDetail{"script_line_bytes_max", kLineBytesMax, line.size()})
                                .with_input(where));
            const std::string_view text = trimmed(line);
            if (text.empty() || text.starts_with('#')) continue;
            return ScriptLine{std::string(text), where};
        }
        if (stream.bad()) return fail(Error(Errc::kIo, "cannot be read").with_input(name));
        return std::optional<ScriptLine>();
    };
}

LineSource lines_of(std::vector<std::string> lines) {
    auto rest = std::make_shared<std::pair<std::vector<std::string>, std::size_t>>(std::move(lines),
                                                                                   std::size_t{0});
    return [rest]() -> Result<std::optional<ScriptLine>> {
        auto& [given, at] = *rest;
        while (at < given.size()) {
            const std::string_view text = trimmed(given[at]);
            const std::string where = "argument " + std::to_string(++at);
            if (text.empty() || text.starts_with('#')) continue;
            return ScriptLine{std::string(text), where};
        }
        return std::optional<ScriptLine>();
    };
}

Result<std::string> substitute(std::string_view text, const Variables& variables) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t dollar = std::min(text.find('$', at), text.size());
        out += text.substr(at, dollar - at);
        const std::string_view rest = text.substr(dollar);
        if (rest.starts_with("$${")) {
            out += "${";
            at = dollar + 3;
        } else if (rest.starts_with("${")) {
            const std::size_t end = rest.find('}');
            if (end == std::string_view::npos)
                return fail(Errc::kInvalidArgument, "a variable without closing brace");
            const std::string_view name = rest.substr(2, end - 2);
            const auto found = variables.find(name);
            if (found == variables.end())
                return fail(Errc::kInvalidArgument, "there is no variable " + std::string(name));
            out += found->second;
            at = dollar + end + 1;
        } else {
            out += rest.substr(0, 1);
            at = dollar + 1;
        }
    }
    return out;
}

Result<std::optional<std::string>> WordReader::next() {
    text_ = trimmed(text_);
    if (text_.empty()) return std::optional<std::string>();
    const char first = text_.front();
    if (first == '\'' || first == '"') {
        const std::size_t end = text_.find(first, 1);
        if (end == std::string_view::npos)
            return fail(Errc::kInvalidArgument, "a quotation that does not end");
        std::string word(text_.substr(1, end - 1));
        text_.remove_prefix(end + 1);
        return std::optional(std::move(word));
    }
    const std::size_t end = std::min(text_.find_first_of(kBlanks), text_.size());
    std::string word(text_.substr(0, end));
    text_.remove_prefix(end);
    return std::optional(std::move(word));
}

std::string_view WordReader::rest() { return trimmed(std::exchange(text_, {})); }

const json::Value* at_pointer(const json::Value& value, std::string_view pointer) {
    const json::Value* at = &value;
    if (pointer.empty() || pointer == "/") return at;
    if (!pointer.starts_with('/')) return nullptr;
    while (!pointer.empty() && at != nullptr) {
        pointer.remove_prefix(1);
        const std::size_t end = std::min(pointer.find('/'), pointer.size());
        const std::string part = pointer_part(pointer.substr(0, end));
        pointer.remove_prefix(end);
        if (const json::Array* array = at->as_array(); array != nullptr) {
            const bool digits =
                !part.empty() && part.size() < 10 &&
                std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
            const std::size_t index = digits ? std::stoul(part) : array->size();
            at = index < array->size() ? &(*array)[index] : nullptr;
        } else {
            at = at->find(part);
        }
    }
    return at;
}

}  // namespace catalog::host
