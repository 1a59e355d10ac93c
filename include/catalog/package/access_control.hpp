#pragma once
// AccessControl: who may do what with which packages. Deny overrides allow; no rule means no.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"
#include "catalog/json/value.hpp"

namespace catalog::package {

/// What can be asked for. Values are stored by name.
enum class Verb : std::uint8_t { kList, kRead, kInstall, kPublish, kYank, kExecute, kSign, kAdmin };

[[nodiscard]] std::string_view verb_name(Verb verb) noexcept;
[[nodiscard]] Result<Verb> parse_verb(std::string_view text);  ///< Errors: kInvalidArgument.

/// One rule: allows or denies verbs on packages to principals.
struct AccessRule {
    bool allow = false;
    std::string principal;    ///< A principal's id, or "*" for everybody.
    std::vector<Verb> verbs;  ///< Empty: all.
    std::string package;      ///< Glob over package names, "*" crosses slashes; empty: the library
                              ///< itself and every package.
    friend bool operator==(const AccessRule&, const AccessRule&) = default;
};

/// An ordered set of rules. A value type; immutable use from any thread.
class AccessControl {
public:
    /// The embedded default: "owner" may do everything, everybody may list and read.
    AccessControl();
    explicit AccessControl(std::vector<AccessRule> rules);

    /// Decides. `package` is empty for the library itself. Errors: kPermissionDenied with
    /// SecurityDetail{"access", package}, the message naming principal, verb and deciding rule.
    /// Cost: linear in the rules.
    [[nodiscard]] Result<void> check(const Principal& principal, Verb verb,
                                     std::string_view package) const;

    [[nodiscard]] const std::vector<AccessRule>& rules() const noexcept { return rules_; }

    /// Errors: kJsonType, kInvalidArgument (unknown member or verb).
    [[nodiscard]] static Result<AccessControl> from_json(const json::Value& value);
    [[nodiscard]] json::Value to_json() const;

private:
    std::vector<AccessRule> rules_;
};

}  // namespace catalog::package
