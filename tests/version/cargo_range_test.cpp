// Cargo's requirements. Rules from the Cargo book, "Specifying Dependencies", and the documentation
// of the semver crate (docs.rs/semver: VersionReq, Op, Comparator).

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "range_model.hpp"
#include "support/version/generators.hpp"

namespace catalog::version {
namespace {

struct CargoEquivalence {
    const char* range;
    const char* bounds;
};

TEST(CargoRange, MeansTheBoundsOfTheBook) {
    for (const CargoEquivalence& row : {
             CargoEquivalence{"1.2.3", ">=1.2.3, <2.0.0-0"},
             {"1.2", ">=1.2.0-0, <2.0.0-0"},
             {"1", ">=1.0.0-0, <2.0.0-0"},
             {"0.2.3", ">=0.2.3, <0.3.0-0"},
             {"0.2", ">=0.2.0-0, <0.3.0-0"},
             {"0.0.3", "=0.0.3"},
             {"0.0", "<0.1.0-0"},
             {"0", "<1.0.0-0"},
             {"^1.2.3", ">=1.2.3, <2.0.0-0"},
             {"^0.0.3-beta", ">=0.0.3-beta, <=0.0.3"},
             {"^1.2.*", ">=1.2.0-0, <2.0.0-0"},
             {"~1.2.3", ">=1.2.3, <1.3.0-0"},
             {"~1.2", ">=1.2.0, <1.3.0-0"},
             {"~1", ">=1.0.0, <2.0.0-0"},
             {"~0", ">=0.0.0, <1.0.0-0"},
             {"*", "*"},
             {"1.*", ">=1.0.0, <2.0.0-0"},
             {"1.2.*", ">=1.2.0, <1.3.0-0"},
             {"1.x.X", ">=1.0.0, <2.0.0-0"},
             {"=1.2.3", "=1.2.3"},
             {"=1.2", ">=1.2.0, <1.3.0-0"},
             {"=1", ">=1.0.0, <2.0.0-0"},
             {">1.2.3", ">1.2.3"},
             {">1.2", ">=1.3.0-0"},
             {">1", ">=2.0.0-0"},
             {">=1.2.3", ">=1.2.3"},
             {">=1.2", ">=1.2.0"},
             {"<1.2.3", "<1.2.3"},
             {"<1.2", "<1.2.0-0"},
             {"<1", "<1.0.0-0"},
             {"<=1.2.3", "<=1.2.3"},
             {"<=1.2", "<1.3.0-0"},
             {"<=1", "<2.0.0-0"},
             {">=1.2, <1.5", ">=1.2.0, <1.5.0-0"},
             {"^1.2.3, <1.2.3", "none"},
             {"=1.2.3+build, <=1.2.3+other", "=1.2.3"},
         })
        EXPECT_EQ(req(row.range).set().to_string(), row.bounds) << row.range;
}

TEST(CargoRange, SpacesMayStandWhereCargoAllowsThem) {
    for (const char* text : {" 1.2.3 ", "^ 1.2.3", ">=  1.2.3", "1.2.3 ,<2", " * ", "1.2.3,   <2 ",
                             "= 1.2.*", "1.2.3+b ,<2"})
        EXPECT_TRUE(VersionReq::parse(text, Dialect::kCargo).has_value()) << text;
}

struct CargoRefusal {
    const char* range;
    std::uint64_t offset;
};

TEST(CargoRange, RefusalSaysWhere) {
    for (const CargoRefusal& row : {
             CargoRefusal{"", 0},
             {" ", 1},
             {",", 0},
             {"1.2.3,", 6},
             {"1.2.3, ", 7},
             {"1.2.3,,<2", 6},
             {"1.2.3 <2", 6},
             {">=1.2.3 <2", 8},
             {"1 || 2", 2},
             {"1.0.0 - 2.0.0", 6},
             {"v1.2.3", 0},
             {"==1.2.3", 1},
             {"> =1.2.3", 2},
             {"~>1.2", 1},
             {"^^1", 1},
             {"!1", 0},
             {"1.", 2},
             {"1.2.", 4},
             {".1", 0},
             {"1..2", 2},
             {"1.2.3.4", 5},
             {"01.2.3", 0},
             {"1.02", 2},
             {"1.2.3-", 6},
             {"1.2.3-01", 6},
             {"1.2.3+", 6},
             {"1.2-a", 3},
             {"1-a", 1},
             {"1.2+b", 3},
             {"1.*.3", 4},
             {"1.*-a", 3},
             {"*.1", 1},
             {"*.*", 1},
             {"*, 1", 1},
             {"1, *", 3},
             {">*", 1},
             {"^*", 1},
             {"=x", 1},
             {"\t1", 0},
             {"1\n", 1},
             {"1.2.3\t", 5},
             {"9223372036854775808", 0},
             {"latest", 0},
             {"1.2.3 a", 6},
         }) {
        const Result<VersionReq> parsed = VersionReq::parse(row.range, Dialect::kCargo);
        ASSERT_FALSE(parsed.has_value()) << row.range;
        EXPECT_EQ(parsed.error().code(), Errc::kRequirementSyntax);
        const auto* where = parsed.error().detail_as<LocationDetail>();
        ASSERT_NE(where, nullptr);
        EXPECT_EQ(where->offset, row.offset) << row.range;
    }
}

TEST(CargoRange, ComparatorsAreBounded) {
    std::string text = "<100";
    for (int i = 1; i < 32; ++i) text += ",<" + std::to_string(100 + i);
    EXPECT_TRUE(VersionReq::parse(text, Dialect::kCargo).has_value());
    EXPECT_FALSE(VersionReq::parse(text + ",<200", Dialect::kCargo).has_value());
}

struct CargoMatch {
    const char* range;
    const char* version;
    bool expected;
};

TEST(CargoRange, PrereleasesAreAdmittedOnlyWhereOneIsNamed) {
    for (const CargoMatch& row : {
             CargoMatch{"*", "1.2.3-a", false},
             {"^1.2.3", "1.2.4-a", false},
             {"^1.2.3-a", "1.2.3-a", true},
             {"^1.2.3-a", "1.2.3-b", true},
             {"^1.2.3-b", "1.2.3-a", false},
             {"^1.2.3-a", "1.2.4-a", false},
             {"^1.2.3-a", "1.9.0", true},
             {"^1.2.3-a", "2.0.0-a", false},
             {"~1.2.3-a", "1.2.3-rc", true},
             {"=1.2.3-a", "1.2.3-a", true},
             {"=1.2.3-a", "1.2.3", false},
             {">1.2.3-a", "1.2.3-b", true},
             {">=1.2.3, <2.0.0", "2.0.0-a", false},
             {">=1.2.3, <2.0.0-b", "2.0.0-a", true},
             {">=2.0.0-a, <2.0.0", "2.0.0-rc", true},
             {">=2.0.0-a, <2", "2.0.0-rc", false},
             {"<2.0.0-b, >=1.0.0-a", "1.0.0-c", true},
             {"<2.0.0-b, >=1.0.0-a", "1.5.0-c", false},
             {"^1.2, <=1.2.0-b", "1.2.0-a", true},
             {"^0, <0.0.0-b", "0.0.0-a", true},
         })
        EXPECT_EQ(req(row.range).matches(semver(row.version)), row.expected)
            << row.range << ' ' << row.version;
}

TEST(CargoRange, PartialComparatorsTurnPrereleasesOfTheirOwnNumbersAway) {
    for (const CargoMatch& row : {
             CargoMatch{"~1.2, >=1.2.3-a", "1.2.3-b", false},
             {"1.2.*, >=1.2.3-a", "1.2.3-b", false},
             {"=1.2, >=1.2.3-a", "1.2.3-b", false},
             {">=1.2, >=1.2.3-a", "1.2.3-b", false},
             {">=1.1, >=1.2.3-a", "1.2.3-b", true},
             {"<=1.2, >=1.2.3-a", "1.2.3-b", false},
             {"<=1.3, >=1.2.3-a", "1.2.3-b", true},
             {">=1, >=1.2.3-a", "1.2.3-b", false},
             {"^1.2, >=1.2.3-a", "1.2.3-b", true},
             {"~1.2, >=1.2.3-a", "1.2.4", true},
         })
        EXPECT_EQ(req(row.range).matches(semver(row.version)), row.expected)
            << row.range << ' ' << row.version;
}

TEST(CargoRange, IncludingPrereleasesReadsTheBoundsWidely) {
    const auto included = [](const char* range, const char* version) {
        return req(range).matches(semver(version), PrereleaseRule::kInclude);
    };
    EXPECT_TRUE(included("*", "0.0.0-0"));
    EXPECT_TRUE(included("^1.2", "1.2.0-a"));
    EXPECT_FALSE(included("^1.2.0", "1.2.0-a"));
    EXPECT_TRUE(included("~1.2", "1.2.3-a"));
    EXPECT_FALSE(included("^1.2.3", "2.0.0-a"));
    EXPECT_TRUE(included("<2.0.0", "2.0.0-a"));
    EXPECT_FALSE(included("<2", "2.0.0-a"));
}

TEST(CargoRange, LargestNumbersDoNotOverflow) {
    EXPECT_TRUE(req("^9223372036854775807").matches(semver("9223372036854775807.1.0")));
    EXPECT_FALSE(req(">9223372036854775807").matches(semver("9223372036854775807.1.0")));
}

RC_GTEST_PROP(CargoRangeProperty, MatchesAgreeWithTheModel, ()) {
    static const std::vector<SemVer> grid = version_grid(4);
    const std::string text = *range_text(Dialect::kCargo);
    const VersionReq parsed = req(text);
    const CargoModel model(text);
    RC_ASSERT(model.is_valid());
    for (const SemVer& version : grid) RC_ASSERT(parsed.matches(version) == model.matches(version));
}

RC_GTEST_PROP(CargoRangeProperty, ValidityAgreesWithTheModel, ()) {
    const std::string text = *damaged_range_text(Dialect::kCargo);
    RC_ASSERT(VersionReq::parse(text, Dialect::kCargo).has_value() == CargoModel(text).is_valid());
}

}  // namespace
}  // namespace catalog::version
