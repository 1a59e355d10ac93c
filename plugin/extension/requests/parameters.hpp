#pragma once
// Parameters of a request: described once in the table of methods, checked once when a request
// comes in, read without further errors by its handler.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/json/value.hpp"

namespace catalog::extension {

enum class ParameterKind : std::uint8_t {
    kText,     ///< Text of `least` to `most` bytes.
    kTexts,    ///< `least` to `most` texts that are not empty, or one text for a list of one.
    kFlag,     ///< true or false.
    kNumber,   ///< A whole number, `least` to `most`.
    kChoice,   ///< One of the texts in `choices`.
    kPath,     ///< An absolute path without `.` and `..`.
    kPaths,    ///< `least` to `most` of them, or one.
    kObject,   ///< An object; its handler reads it.
    kObjects,  ///< Up to `most` objects; the handler reads them.
    kFixed,    ///< Nothing but `choices`, a JSON literal: `help` says why.
    kNested,   ///< An object whose members stand for members of the request itself.
};

/// Longest path, bytes.
inline constexpr std::size_t kPathBytesMax = 4096;
/// Longest text where nothing else is said, and longest text in a list, bytes.
inline constexpr std::size_t kTextBytesMax = 4096;
/// Most elements of a list where nothing else is said.
inline constexpr std::size_t kElementsMax = 4096;

/// One parameter of a method. null stands for absent everywhere.
// NOLINTBEGIN(readability-redundant-member-init): g++ lets designated initialisers leave out only
// what has an initialiser of its own
struct Parameter {
    std::string_view name;
    /// Other names, those of the host's contract, separated by spaces.
    std::string_view aliases = {};
    ParameterKind kind = ParameterKind::kText;
    bool required = false;
    std::uint64_t least = 0;
    std::uint64_t most = 0;
    std::string_view choices = {};  ///< Separated by spaces.
    std::string_view help = {};     ///< One line; for kFixed one sentence without a full stop.
};
// NOLINTEND(readability-redundant-member-init)

/// The parameters of one request, checked. Borrows them: they must outlive it.
class Arguments {
public:
    /// Checks `params` against the description. Errors, each naming the member as input
    /// ("params.limit", where `where` is "params"): kInvalidArgument (unknown, missing, given twice
    /// under two names, out of range, no choice), kJsonType, kLimitExceeded (LimitDetail),
    /// kUnsupported (kFixed), kPathUnsafe.
    [[nodiscard]] static Result<Arguments> read(std::span<const Parameter> parameters,
                                                const json::Object& params,
                                                const std::string& where = "params");

    [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }
    /// Returns a kPath parameter without slashes at its end.
    [[nodiscard]] std::string path(std::string_view name) const;
    /// Returns a kText or kChoice parameter.
    [[nodiscard]] std::string text(std::string_view name, std::string_view fallback = {}) const;
    [[nodiscard]] bool flag(std::string_view name) const;  ///< false when absent.
    [[nodiscard]] std::uint64_t number(std::string_view name, std::uint64_t fallback) const;
    /// Returns a kTexts or kPaths parameter, empty when it is absent.
    [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
    /// Returns a kObject parameter, null when it is absent.
    [[nodiscard]] const json::Object* object(std::string_view name) const;
    /// Returns a kObjects parameter, empty when it is absent.
    [[nodiscard]] std::vector<const json::Object*> objects(std::string_view name) const;
    /// Returns every path that the request names, without slashes at their ends.
    [[nodiscard]] const std::vector<std::string>& paths() const noexcept { return paths_; }

private:
    Result<void> take(std::span<const Parameter> parameters, const json::Object& members,
                      const std::string& where, bool nested);

    std::map<std::string_view, const json::Value*> values_;  ///< By the parameter's own name.
    std::vector<std::string> paths_;
};

/// Splits at spaces and calls `each` with every word; false from it ends the walk.
void for_each_word(std::string_view words, const std::function<bool(std::string_view)>& each);

/// Tells whether `word` is one of the words.
[[nodiscard]] bool has_word(std::string_view words, std::string_view word);

}  // namespace catalog::extension
