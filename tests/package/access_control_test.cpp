#include "catalog/package/access_control.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "catalog/json/read.hpp"
#include "results.hpp"

namespace catalog::package {
namespace {

constexpr Verb kAllVerbs[] = {Verb::kList, Verb::kRead,    Verb::kInstall, Verb::kPublish,
                              Verb::kYank, Verb::kExecute, Verb::kSign,    Verb::kAdmin};

bool allowed(const AccessControl& access, std::string principal, Verb verb,
             std::string_view package) {
    return access.check(Principal{std::move(principal)}, verb, package).has_value();
}

/// Globs of names by trying every possibility.
bool model_glob(std::string_view glob, std::string_view text) {
    if (glob.empty()) return text.empty();
    if (glob.front() == '*') {
        for (std::size_t i = 0; i <= text.size(); ++i)
            if (model_glob(glob.substr(1), text.substr(i))) return true;
        return false;
    }
    return !text.empty() && (glob.front() == '?' || glob.front() == text.front()) &&
           model_glob(glob.substr(1), text.substr(1));
}

/// The rules as the header words them: first all denials, then any permission.
bool model_allows(const std::vector<AccessRule>& rules, const std::string& principal, Verb verb,
                  std::string_view package) {
    const auto covers = [&](const AccessRule& rule) {
        bool verb_covered = rule.verbs.empty();
        for (const Verb v : rule.verbs) verb_covered = verb_covered || v == verb;
        const bool package_covered =
            rule.package.empty() || (!package.empty() && model_glob(rule.package, package));
        return (rule.principal == "*" || rule.principal == principal) && verb_covered &&
               package_covered;
    };
    for (const AccessRule& rule : rules)
        if (!rule.allow && covers(rule)) return false;
    for (const AccessRule& rule : rules)
        if (rule.allow && covers(rule)) return true;
    return false;
}

std::vector<AccessRule> random_rules(std::mt19937_64& random) {
    static constexpr const char* kPrincipals[] = {"*", "owner", "ada", "bob"};
    static constexpr const char* kPackages[] = {"",  "*",       "a",    "acme/*", "*blas",
                                                "?", "a*/?las", "@x/*", "**",     "acme/blas"};
    std::vector<AccessRule> rules(random() % 6);
    for (AccessRule& rule : rules) {
        rule.allow = random() % 3 != 0;
        rule.principal = kPrincipals[random() % 4];
        rule.package = kPackages[random() % 10];
        for (std::size_t i = random() % 3; i > 0; --i)
            rule.verbs.push_back(kAllVerbs[random() % 8]);
    }
    return rules;
}

Result<AccessControl> read_rules(std::string_view text) {
    return AccessControl::from_json(must(json::read(text)));
}

TEST(AccessControl, ByDefaultTheOwnerMayDoEverything) {
    const AccessControl access;
    for (const Verb verb : kAllVerbs) {
        EXPECT_TRUE(allowed(access, "owner", verb, "acme/blas")) << verb_name(verb);
        EXPECT_TRUE(allowed(access, "owner", verb, "")) << verb_name(verb);
    }
}

TEST(AccessControl, ByDefaultEverybodyMayListAndReadAndNothingElse) {
    const AccessControl access;
    for (const Verb verb : kAllVerbs)
        for (const char* package : {"", "acme/blas"})
            EXPECT_EQ(allowed(access, "guest", verb, package),
                      verb == Verb::kList || verb == Verb::kRead)
                << verb_name(verb);
}

TEST(AccessControl, NoRuleMeansNo) {
    const AccessControl nothing(std::vector<AccessRule>{});
    EXPECT_FALSE(allowed(nothing, "owner", Verb::kRead, "a"));
}

TEST(AccessControl, ADenialOverridesPermissionsBeforeAndAfterIt) {
    const AccessRule allow{true, "*", {}, ""};
    const AccessRule deny{false, "bob", {Verb::kPublish}, "acme/*"};
    for (const AccessControl& access :
         {AccessControl({allow, deny}), AccessControl({deny, allow})}) {
        EXPECT_FALSE(allowed(access, "bob", Verb::kPublish, "acme/blas"));
        EXPECT_TRUE(allowed(access, "bob", Verb::kPublish, "other/blas"));
        EXPECT_TRUE(allowed(access, "bob", Verb::kRead, "acme/blas"));
        EXPECT_TRUE(allowed(access, "ada", Verb::kPublish, "acme/blas"));
    }
}

TEST(AccessControl, APatternForPackagesSaysNothingOfTheLibrary) {
    const AccessControl access({{true, "*", {}, "*"}});
    EXPECT_TRUE(allowed(access, "ada", Verb::kAdmin, "any/thing"));
    EXPECT_FALSE(allowed(access, "ada", Verb::kAdmin, ""));
}

TEST(AccessControl, ARefusalNamesPrincipalVerbPackageAndRule) {
    const AccessControl access({{true, "*", {}, ""}, {false, "bob", {Verb::kYank}, "acme/*"}});
    const auto refused = access.check(Principal{"bob"}, Verb::kYank, "acme/blas");
    ASSERT_EQ(code_of(refused), Errc::kPermissionDenied);
    EXPECT_EQ(refused.error().message(),
              "principal \"bob\" may not yank package \"acme/blas\": rule 2 denies it");
    const auto* detail = refused.error().detail_as<SecurityDetail>();
    ASSERT_NE(detail, nullptr);
    EXPECT_EQ(detail->check, "access");
    EXPECT_EQ(detail->subject, "acme/blas");
    EXPECT_EQ(text_of(AccessControl().check(Principal{"eve\n"}, Verb::kAdmin, "")),
              "principal \"eve\\x0a\" may not admin in this library: no rule allows it");
}

TEST(AccessControl, AgreesWithTheNaiveModel) {
    static constexpr const char* kPrincipals[] = {"owner", "ada", "bob", "*", ""};
    static constexpr const char* kPackages[] = {"", "a", "acme/blas", "@x/y", "blas", "acme/"};
    std::mt19937_64 random(3);
    for (int round = 0; round < 4000; ++round) {
        const std::vector<AccessRule> rules = random_rules(random);
        const AccessControl access(rules);
        for (const char* principal : kPrincipals)
            for (const char* package : kPackages)
                for (const Verb verb : kAllVerbs)
                    ASSERT_EQ(allowed(access, principal, verb, package),
                              model_allows(rules, principal, verb, package))
                        << "round " << round << " " << principal << " " << verb_name(verb) << " "
                        << package;
    }
}

TEST(AccessControl, RulesReadBackFromJson) {
    std::mt19937_64 random(4);
    for (int round = 0; round < 500; ++round) {
        const AccessControl access(random_rules(random));
        EXPECT_EQ(must(AccessControl::from_json(access.to_json())).rules(), access.rules());
    }
    EXPECT_EQ(must(AccessControl::from_json(AccessControl().to_json())).rules(),
              AccessControl().rules());
}

TEST(AccessControl, JsonHasTheDocumentedForm) {
    const auto access = must(read_rules(
        R"({"rules":[{"effect":"deny","principal":"bob","verbs":["publish","yank"],"package":"acme/*"},
                     {"effect":"allow","principal":"*"}]})"));
    const std::vector<AccessRule> wanted{{false, "bob", {Verb::kPublish, Verb::kYank}, "acme/*"},
                                         {true, "*", {}, ""}};
    EXPECT_EQ(access.rules(), wanted);
}

TEST(AccessControl, WhatIsNotUnderstoodIsRefused) {
    EXPECT_EQ(code_of(read_rules(R"([])")), Errc::kJsonType);
    EXPECT_EQ(code_of(read_rules(R"({})")), Errc::kJsonType);
    EXPECT_EQ(code_of(read_rules(R"({"rules":{}})")), Errc::kJsonType);
    EXPECT_EQ(code_of(read_rules(R"({"rules":[],"x":1})")), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(read_rules(R"({"rules":[1]})")), Errc::kJsonType);
    EXPECT_EQ(code_of(read_rules(R"({"rules":[{"effect":"allow"}]})")), Errc::kJsonType);
    EXPECT_EQ(code_of(read_rules(R"({"rules":[{"principal":"a"}]})")), Errc::kJsonType);
    EXPECT_EQ(code_of(read_rules(R"({"rules":[{"effect":"Allow","principal":"a"}]})")),
              Errc::kInvalidArgument);
    EXPECT_EQ(code_of(read_rules(R"({"rules":[{"effect":"allow","principal":""}]})")),
              Errc::kInvalidArgument);
    EXPECT_EQ(
        code_of(read_rules(R"({"rules":[{"effect":"allow","principal":"a","verb":["read"]}]})")),
        Errc::kInvalidArgument);
    EXPECT_EQ(
        code_of(read_rules(R"({"rules":[{"effect":"allow","principal":"a","verbs":["fly"]}]})")),
        Errc::kInvalidArgument);
    EXPECT_EQ(code_of(read_rules(R"({"rules":[{"effect":"allow","principal":"a","verbs":[1]}]})")),
              Errc::kJsonType);
    EXPECT_EQ(code_of(read_rules(R"({"rules":[{"effect":"allow","principal":"a","verbs":[]}]})")),
              Errc::kInvalidArgument)
        << "no verbs must not mean all verbs";
    std::string many = R"({"rules":[)";
    for (std::size_t i = 0; i <= AccessControl::kRulesMax; ++i)
        many += std::string(i == 0 ? "" : ",") + R"({"effect":"allow","principal":"a"})";
    EXPECT_EQ(code_of(read_rules(many + "]}")), Errc::kLimitExceeded);
}

TEST(AccessControl, EveryVerbHasANameThatReadsBack) {
    for (const Verb verb : kAllVerbs) EXPECT_EQ(must(parse_verb(verb_name(verb))), verb);
    EXPECT_EQ(code_of(parse_verb("Read")), Errc::kInvalidArgument);
}

TEST(AccessControl, APathologicalPatternEnds) {
    std::string pattern;
    for (int i = 0; i < 60; ++i) pattern += "*a";
    const AccessControl access({{true, "*", {}, pattern + "b"}});
    EXPECT_FALSE(allowed(access, "ada", Verb::kRead, std::string(214, 'a')));
}

}  // namespace
}  // namespace catalog::package
