#include "catalog/package/access_control.hpp"

#include <algorithm>
#include <array>

#include "catalog/internal/try.hpp"
#include "quote.hpp"

namespace catalog::package {

namespace {

struct VerbName {
    Verb verb;
    std::string_view name;
};

constexpr std::array<VerbName, 8> kVerbNames{{{Verb::kList, "list"},
                                              {Verb::kRead, "read"},
                                              {Verb::kInstall, "install"},
                                              {Verb::kPublish, "publish"},
                                              {Verb::kYank, "yank"},
                                              {Verb::kExecute, "execute"},
                                              {Verb::kSign, "sign"},
                                              {Verb::kAdmin, "admin"}}};

/// `*` is any text and `?` one byte. Going back to the last `*` is enough, because an earlier one
/// could only leave less text to the rest of the pattern.
bool name_matches(std::string_view pattern, std::string_view name) noexcept {
    std::size_t p = 0;
    std::size_t n = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_name = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_name = n;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
            ++p;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++star_name;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool applies(const AccessRule& rule, const Principal& principal, Verb verb,
             std::string_view package) {
    if (rule.principal != "*" && rule.principal != principal.id) return false;
    if (!rule.verbs.empty() && std::ranges::find(rule.verbs, verb) == rule.verbs.end())
        return false;
    if (rule.package.empty()) return true;
    return !package.empty() && name_matches(rule.package, package);
}

Error refused(const Principal& principal, Verb verb, std::string_view package,
              const std::string& reason) {
    const std::string subject = package.empty() ? "in this library" : "package " + quoted(package);
    return Error(Errc::kPermissionDenied,
                 "principal " + quoted(principal.id) + " may not " + std::string(verb_name(verb)) +
                     " " + subject + ": " + reason,
                 SecurityDetail{"access", std::string(package)});
}

Error rule_error(Errc code, std::size_t number, const std::string& reason) {
    return Error(code, "access rule " + std::to_string(number) + ": " + reason);
}

Result<AccessRule> rule_from_json(const json::Value& value, std::size_t number) {
    const json::Object* object = value.as_object();
    if (object == nullptr)
        return fail(rule_error(Errc::kJsonType, number,
                               "must be an object, not a " + std::string(value.type_name())));
    for (const auto& [name, member] : *object)
        if (name != "effect" && name != "principal" && name != "verbs" && name != "package")
            return fail(
                rule_error(Errc::kInvalidArgument, number, "unknown member " + quoted(name)));

    const std::string where = "access rule " + std::to_string(number);
    AccessRule rule;
    CATALOG_TRY(const std::string effect, json::require_string(*object, "effect", where));
    if (effect != "allow" && effect != "deny")
        return fail(rule_error(Errc::kInvalidArgument, number,
                               "effect must be \"allow\" or \"deny\", not " + quoted(effect)));
    rule.allow = effect == "allow";
    CATALOG_TRY(rule.principal, json::require_string(*object, "principal", where));
    if (rule.principal.empty())
        return fail(rule_error(Errc::kInvalidArgument, number, "the principal is empty"));
    CATALOG_TRY(rule.package, json::optional_string(*object, "package", where));
    CATALOG_TRY(const auto verbs, json::optional_strings(*object, "verbs", where));
    // "Nothing" must not be read as "everything".
    if (const json::Value* given = value.find("verbs");
        given != nullptr && given->as_array() != nullptr && verbs.empty())
        return fail(rule_error(Errc::kInvalidArgument, number,
                               "the list of verbs is empty; leave it out for all verbs"));
    for (const std::string& text : verbs) {
        const Result<Verb> verb = parse_verb(text);
        if (!verb)
            return fail(rule_error(verb.error().code(), number, "unknown verb " + quoted(text)));
        rule.verbs.push_back(*verb);
    }
    return rule;
}

}  // namespace

std::string_view verb_name(Verb verb) noexcept {
    for (const VerbName& row : kVerbNames)
        if (row.verb == verb) return row.name;
    return "unknown";
}

Result<Verb> parse_verb(std::string_view text) {
    for (const VerbName& row : kVerbNames)
        if (row.name == text) return row.verb;
    return fail(Error(Errc::kInvalidArgument, "unknown verb")
                    .with_input(std::string(text.substr(0, 100)))
                    .with_hint("use list, read, install, publish, yank, execute, sign or admin"));
}

AccessControl::AccessControl()
    : rules_{AccessRule{true, "owner", {}, ""},
             AccessRule{true, "*", {Verb::kList, Verb::kRead}, ""}} {}

AccessControl::AccessControl(std::vector<AccessRule> rules) : rules_(std::move(rules)) {}

Result<void> AccessControl::check(const Principal& principal, Verb verb,
                                  std::string_view package) const {
    bool allowed = false;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        if (!applies(rules_[i], principal, verb, package)) continue;
        if (!rules_[i].allow)
            return fail(
                refused(principal, verb, package, "rule " + std::to_string(i + 1) + " denies it"));
        allowed = true;
    }
    if (!allowed) return fail(refused(principal, verb, package, "no rule allows it"));
    return {};
}

Result<AccessControl> AccessControl::from_json(const json::Value& value) {
    const json::Object* object = value.as_object();
    if (object == nullptr)
        return fail(Errc::kJsonType, "access rules must be an object with the member \"rules\"");
    for (const auto& [name, member] : *object)
        if (name != "rules")
            return fail(Errc::kInvalidArgument, "access rules: unknown member " + quoted(name));
    const json::Value* list = value.find("rules");
    if (list == nullptr || list->as_array() == nullptr)
        return fail(Errc::kJsonType, "access rules: member \"rules\" must be an array");
    if (list->as_array()->size() > kRulesMax)
        return fail(Errc::kLimitExceeded, "too many access rules",
                    LimitDetail{"access_rules_max", kRulesMax, list->as_array()->size()});

    std::vector<AccessRule> rules;
    rules.reserve(list->as_array()->size());
    for (const json::Value& element : *list->as_array()) {
        CATALOG_TRY(AccessRule rule, rule_from_json(element, rules.size() + 1));
        rules.push_back(std::move(rule));
    }
    return AccessControl(std::move(rules));
}

json::Value AccessControl::to_json() const {
    json::Array list;
    list.reserve(rules_.size());
    for (const AccessRule& rule : rules_) {
        json::Object object;
        object["effect"] = rule.allow ? "allow" : "deny";
        object["principal"] = rule.principal;
        if (!rule.verbs.empty()) {
            json::Array verbs;
            for (const Verb verb : rule.verbs) verbs.emplace_back(verb_name(verb));
            object["verbs"] = std::move(verbs);
        }
        if (!rule.package.empty()) object["package"] = rule.package;
        list.emplace_back(std::move(object));
    }
    json::Object root;
    root["rules"] = std::move(list);
    return root;
}

}  // namespace catalog::package
