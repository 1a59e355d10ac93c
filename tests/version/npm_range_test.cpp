// npm's ranges. Rules from the README of node-semver 7, "Ranges".

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "range_model.hpp"
#include "support/version/generators.hpp"

namespace catalog::version {
namespace {

VersionReq npm(std::string_view text) { return req(text, Dialect::kNpm); }

struct NpmEquivalence {
    const char* range;
    const char* bounds;
};

TEST(NpmRange, MeansTheBoundsOfTheReadme) {
    for (const NpmEquivalence& row : {
             NpmEquivalence{"1.2.3 - 2.3.4", ">=1.2.3, <=2.3.4"},
             {"1.2 - 2.3.4", ">=1.2.0, <=2.3.4"},
             {"1.2.3 - 2.3", ">=1.2.3, <2.4.0-0"},
             {"1.2.3 - 2", ">=1.2.3, <3.0.0-0"},
             {"*", "*"},
             {"", "*"},
             {"  ", "*"},
             {"||", "*"},
             {">=0.0.0", "*"},
             {"1.x", ">=1.0.0, <2.0.0-0"},
             {"1.x.x", ">=1.0.0, <2.0.0-0"},
             {"1.2.x", ">=1.2.0, <1.3.0-0"},
             {"1", ">=1.0.0, <2.0.0-0"},
             {"1.2", ">=1.2.0, <1.3.0-0"},
             {"~1.2.3", ">=1.2.3, <1.3.0-0"},
             {"~1.2", ">=1.2.0, <1.3.0-0"},
             {"~>1", ">=1.0.0, <2.0.0-0"},
             {"~0.2.3", ">=0.2.3, <0.3.0-0"},
             {"~1.2.3-beta.2", ">=1.2.3-beta.2, <1.3.0-0"},
             {"^1.2.3", ">=1.2.3, <2.0.0-0"},
             {"^0.2.3", ">=0.2.3, <0.3.0-0"},
             {"^0.0.3", "=0.0.3"},
             {"^0.0.3-beta", ">=0.0.3-beta, <=0.0.3"},
             {"^1.2.x", ">=1.2.0, <2.0.0-0"},
             {"^0.0.x", "<0.1.0-0"},
             {"^0.0", "<0.1.0-0"},
             {"^1.x", ">=1.0.0, <2.0.0-0"},
             {"^0.x", "<1.0.0-0"},
             {">1", ">=2.0.0"},
             {">1.2", ">=1.3.0"},
             {"<=1.2", "<1.3.0-0"},
             {"<1.2", "<1.2.0-0"},
             {">=1.2.7 <1.3.0", ">=1.2.7, <1.3.0"},
             {"1.2.7 || >=1.2.9 <2.0.0", "=1.2.7 || >=1.2.9, <2.0.0"},
             {"<1.0.0 || >=2.0.0", "<1.0.0 || >=2.0.0"},
             {"<*", "none"},
             {">x", "none"},
             {">2 <1", "none"},
             {"<=1.2.3 <1.2.3", "<1.2.3"},
             {"<1.2.3 <=1.2.3", "<1.2.3"},
             {">1.2.3 >=1.2.3", ">1.2.3"},
             {">=1.2.3 >1.2.3", ">1.2.3"},
             {"v1.2.3", "=1.2.3"},
             {"=1.2.3", "=1.2.3"},
             {"= v1.2.3", "=1.2.3"},
             {"1.2.3+build", "=1.2.3"},
             {">= 1.2.3", ">=1.2.3"},
             {"1.2.3*", "=1.2.3"},
         })
        EXPECT_EQ(npm(row.range).set().to_string(), row.bounds) << row.range;
}

struct NpmRefusal {
    const char* range;
    std::uint64_t offset;
};

TEST(NpmRange, RefusalSaysWhere) {
    for (const NpmRefusal& row : {
             NpmRefusal{"blerg", 0},
             {"1.2.3 foo", 6},
             {"1.2.3.4", 5},
             {"1.2.3,<2", 5},
             {"|", 0},
             {"1|2", 1},
             {"01.2.3", 0},
             {">=01.02.03", 2},
             {"1.2.3-01", 6},
             {"1.2.3-", 6},
             {"1.2-a", 3},
             {"1.2.3 -2", 6},
             {"1.2.3- 2", 6},
             {"1.2.3 - ", 6},
             {"1 - 2 - 3", 2},
             {"~", 1},
             {">", 1},
             {"1.2.3 >", 7},
             {"==1.2.3", 2},
             {"1.2*", 3},
             {"*1.2.3", 1},
             {"~1.2.3*", 6},
             {"> = 1.2.3", 3},
             {"<<1", 1},
             {"^~1", 1},
             {"1.x.3", 0},
             {"x.1", 0},
             {"1.2.3 || a", 9},
             {"1.2.3+b || a", 11},
             {"1.2.3+b a", 8},
             {"9007199254740992", 0},
             {"^9007199254740991", 1},
             {"1.2.3+", 5},
             {"1.2.3++b", 5},
             {"!1", 0},
             {"v 1.2.3", 1},
             {"1.2.3\xc2\xa0", 5},
         }) {
        const Result<VersionReq> parsed = VersionReq::parse(row.range, Dialect::kNpm);
        ASSERT_FALSE(parsed.has_value()) << row.range;
        EXPECT_EQ(parsed.error().code(), Errc::kRequirementSyntax);
        const auto* where = parsed.error().detail_as<LocationDetail>();
        ASSERT_NE(where, nullptr);
        EXPECT_EQ(where->offset, row.offset) << row.range << ": " << parsed.error().message();
    }
}

struct NpmMatch {
    const char* range;
    const char* version;
    bool expected;
};

TEST(NpmRange, PrereleasesAreAdmittedOnlyWhereTheAlternativeNamesOne) {
    for (const NpmMatch& row : {
             NpmMatch{">1.2.3-alpha.3", "1.2.3-alpha.7", true},
             {">1.2.3-alpha.3", "3.4.5-alpha.9", false},
             {">1.2.3-alpha.3", "3.4.5", true},
             {"^1.2.3-beta.2", "1.2.3-beta.4", true},
             {"^1.2.3-beta.2", "1.2.4-beta.2", false},
             {"^0.0.3-beta", "0.0.3-pr.2", true},
             {"*", "1.2.3-a", false},
             {"<2.0.0", "2.0.0-a", false},
             {"<2.0.0-b", "2.0.0-a", true},
             {"1.2.3-a || *", "1.2.3-a", false},
             {"1.2.3-a || 2", "1.2.3-a", true},
             {">=1.2.3-a || 2.0.0", "2.0.0-b", false},
             {">=0.0.0 <=0.0.0-b", "0.0.0-a", true},
         })
        EXPECT_EQ(npm(row.range).matches(semver(row.version)), row.expected)
            << row.range << ' ' << row.version;
}

TEST(NpmRange, IncludingPrereleasesReadsTheBoundsWidely) {
    for (const NpmMatch& row : {
             NpmMatch{"*", "0.0.0-0", true},
             {">=0.0.0", "0.0.0-a", false},
             {"1.x", "1.0.0-a", true},
             {"1.x", "2.0.0-a", false},
             {"~1.2", "1.2.0-a", true},
             {"^1.2.3", "1.3.0-a", true},
             {"^1.2.3", "1.2.3-a", false},
             {"^1.2.3", "2.0.0-a", false},
             {"1.0.0 - 2.0.0", "1.0.0-a", true},
             {"1.0.0 - 2.0.0", "2.0.0-a", true},
             {"1.0.0 - 2.0.0-b", "2.0.0-c", false},
             {">1.2", "1.3.0-a", true},
             {"<1.2", "1.2.0-a", false},
             {"<1.2.0", "1.2.0-a", true},
         })
        EXPECT_EQ(npm(row.range).matches(semver(row.version), PrereleaseRule::kInclude),
                  row.expected)
            << row.range << ' ' << row.version;
}

TEST(NpmRange, HugeInputIsBounded) {
    std::string text = "1";
    while (text.size() + 3 <= VersionReq::kBytesMax) text += "||1";
    EXPECT_EQ(npm(text).set().to_string(), ">=1.0.0, <2.0.0-0");
    EXPECT_TRUE(npm(std::string(VersionReq::kBytesMax, '|')).set().is_all());
    EXPECT_FALSE(VersionReq::parse(std::string(VersionReq::kBytesMax + 1, ' '), Dialect::kNpm));
    EXPECT_FALSE(VersionReq::parse(std::string(1 << 20, '~'), Dialect::kNpm));
    EXPECT_FALSE(VersionReq::parse("1.2.3-" + std::string(SemVer::kBytesMax, 'a'), Dialect::kNpm));
}

RC_GTEST_PROP(NpmRangeProperty, MatchesAgreeWithTheModel, ()) {
    static const std::vector<SemVer> grid = version_grid(4);
    const std::string text = *range_text(Dialect::kNpm);
    const VersionReq parsed = npm(text);
    const NpmModel model(text, false);
    const NpmModel including(text, true);
    for (const SemVer& version : grid) {
        RC_ASSERT(parsed.matches(version) == model.matches(version));
        RC_ASSERT(parsed.matches(version, PrereleaseRule::kInclude) == including.matches(version));
    }
}

}  // namespace
}  // namespace catalog::version
