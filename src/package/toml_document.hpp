#pragma once
// A TOML document as a tree of our own in which everything knows where it stands. The parser behind
// it is seen by toml_document.cpp alone. Never installed.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"

namespace catalog::package {

/// Levels of tables, arrays and dotted keys; the parser and the destructors of its tree recurse.
inline constexpr std::uint32_t kTomlDepthMax = 32;

/// Where something begins.
struct TomlPosition {
    std::uint64_t line = 1;    ///< 1-based.
    std::uint64_t column = 1;  ///< 1-based, in bytes.
    std::uint64_t offset = 0;
};

struct TomlEntry;
struct TomlValue;
using TomlArray = std::vector<TomlValue>;
using TomlTable = std::vector<TomlEntry>;  ///< In the order of the text.

struct TomlValue {
    TomlPosition at;
    /// monostate: a date or time, which nothing of ours uses.
    std::variant<std::monostate, std::string, std::int64_t, double, bool, TomlArray, TomlTable>
        data;

    template <class T>
    [[nodiscard]] const T* as() const noexcept {
        return std::get_if<T>(&data);
    }
    /// Returns "a string", "a table" and so on.
    [[nodiscard]] std::string_view type_name() const noexcept;
};

struct TomlEntry {
    std::string key;
    TomlPosition at;  ///< Of the key.
    TomlValue value;
};

/// Returns the entry of that key, or null.
[[nodiscard]] const TomlEntry* find_entry(const TomlTable& table, std::string_view key) noexcept;

/// Makes an error about a place: LocationDetail, and "FILE:LINE:COLUMN" as input.
[[nodiscard]] Error error_at(std::string_view file_name, const TomlPosition& at, Errc code,
                             std::string message);

/// Reads a document. The result is a table. Errors: kTomlSyntax, kLimitExceeded.
[[nodiscard]] Result<TomlValue> parse_toml(std::string_view text, std::string_view file_name,
                                           const Limits& limits);

}  // namespace catalog::package
