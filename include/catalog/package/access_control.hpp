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

/// What can be asked for. Values are stored by name: "list", "read", "install", ...
enum class Verb : std::uint8_t { kList, kRead, kInstall, kPublish, kYank, kExecute, kSign, kAdmin };

[[nodiscard]] std::string_view verb_name(Verb verb) noexcept;
[[nodiscard]] Result<Verb> parse_verb(std::string_view text);  ///< Errors: kInvalidArgument.

/// One rule: allows or denies verbs on packages to principals.
struct AccessRule {
    bool allow = false;
    std::string principal;    ///< A principal's id, or "*" for everybody.
    std::vector<Verb> verbs;  ///< Empty: all.
    std::string package;      ///< Glob over package names: `*` any text, slashes included, `?` one
                              ///< character. Empty: every package and the library itself, to which
                              ///< no other pattern applies.
    friend bool operator==(const AccessRule&, const AccessRule&) = default;
};

/// An ordered set of rules. A request is allowed when some rule that applies allows it and none
/// denies it. A value type; immutable use from any thread.
class AccessControl {
public:
    /// Most rules that `from_json` reads.
    static constexpr std::size_t kRulesMax = 4096;

    /// The embedded default: "owner" may do everything, everybody may list and read.
    AccessControl();
    explicit AccessControl(std::vector<AccessRule> rules);

    /// Decides. `package` is empty for the library itself. Errors: kPermissionDenied with
    /// SecurityDetail{"access", package}, the message naming principal, verb and the first rule
    /// that denies (rules count from 1), or that none allows. Cost: linear in the rules.
    [[nodiscard]] Result<void> check(const Principal& principal, Verb verb,
                                     std::string_view package) const;

    [[nodiscard]] const std::vector<AccessRule>& rules() const noexcept { return rules_; }

    /// Reads
    /// `{"rules":[{"effect":"allow"|"deny","principal":"..","verbs":["read"],"package":".."}]}`;
    /// `verbs` and `package` may be absent. Errors: kJsonType, kInvalidArgument (unknown member,
    /// effect or verb, empty principal, empty list of verbs), kLimitExceeded (kRulesMax).
    [[nodiscard]] static Result<AccessControl> from_json(const json::Value& value);
    /// Returns what `from_json` reads back to equal rules.
    [[nodiscard]] json::Value to_json() const;

private:
    std::vector<AccessRule> rules_;
};

}  // namespace catalog::package
