#pragma once
// The command language: lines of words. docs/host.md describes it.

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/json/value.hpp"

namespace catalog::host {

/// One line of a script, and where it stands.
struct ScriptLine {
    std::string text;
    std::string where;  ///< "FILE:LINE", for messages.
};

/// Gives the next line that is neither blank nor a comment; nullopt at the end. Errors: kIo,
/// kLimitExceeded (a line above 1 MiB).
using LineSource = std::function<Result<std::optional<ScriptLine>>()>;

/// Lines of a stream, which must outlive the source.
[[nodiscard]] LineSource lines_of(std::istream& stream, std::string name);
/// Lines given one by one, as "argument N".
[[nodiscard]] LineSource lines_of(std::vector<std::string> lines);

using Variables = std::map<std::string, std::string, std::less<>>;

/// Replaces `${NAME}`; `$${` stands for `${`. Errors: kInvalidArgument (no such variable, no end).
[[nodiscard]] Result<std::string> substitute(std::string_view text, const Variables& variables);

/// Takes words from a line. A word ends at white space; one that begins with ' or " ends at the
/// next one of these, without escapes.
class WordReader {
public:
    explicit WordReader(std::string_view text) : text_(text) {}

    /// Returns the next word; nullopt at the end. Errors: kInvalidArgument (a quotation that does
    /// not end).
    [[nodiscard]] Result<std::optional<std::string>> next();
    /// Returns everything that is left, without white space around it.
    [[nodiscard]] std::string_view rest();

private:
    std::string_view text_;
};

/// Finds the value at a JSON pointer (RFC 6901). Null when there is none.
[[nodiscard]] const json::Value* at_pointer(const json::Value& value, std::string_view pointer);

}  // namespace catalog::host
