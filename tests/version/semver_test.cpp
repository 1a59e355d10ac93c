#include "catalog/version/semver.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "support/version/generators.hpp"

namespace catalog::version {
namespace {

std::uint64_t refused_version_offset(std::string_view text) {
    const Result<SemVer> version = SemVer::parse(text);
    EXPECT_FALSE(version.has_value()) << text;
    if (version) return ~std::uint64_t{0};
    EXPECT_EQ(version.error().code(), Errc::kVersionSyntax);
    const auto* where = version.error().detail_as<LocationDetail>();
    EXPECT_NE(where, nullptr);
    return where == nullptr ? ~std::uint64_t{0} : where->offset;
}

TEST(SemVer, PartsAreRead) {
    const SemVer version = semver("1.20.300-rc.1.x-y+b-1.005");
    EXPECT_EQ(version.major(), 1u);
    EXPECT_EQ(version.minor(), 20u);
    EXPECT_EQ(version.patch(), 300u);
    EXPECT_EQ(version.prerelease(), "rc.1.x-y");
    EXPECT_EQ(version.build(), "b-1.005");
    EXPECT_TRUE(version.is_prerelease());
}

TEST(SemVer, ReleaseHasNoPrerelease) {
    EXPECT_FALSE(semver("1.2.3+build").is_prerelease());
    EXPECT_EQ(semver("1.2.3+build").build(), "build");
}

// Examples of semver.org's suggested regular expression (regex101.com/r/vkijKf), public domain.
TEST(SemVer, PublishedValidExamplesAreAccepted) {
    for (const char* text : {"0.0.4",
                             "1.2.3",
                             "10.20.30",
                             "1.1.2-prerelease+meta",
                             "1.1.2+meta",
                             "1.1.2+meta-valid",
                             "1.0.0-alpha",
                             "1.0.0-beta",
                             "1.0.0-alpha.beta",
                             "1.0.0-alpha.beta.1",
                             "1.0.0-alpha.1",
                             "1.0.0-alpha0.valid",
                             "1.0.0-alpha.0valid",
                             "1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay",
                             "1.0.0-rc.1+build.1",
                             "2.0.0-rc.1+build.123",
                             "1.2.3-beta",
                             "10.2.3-DEV-SNAPSHOT",
                             "1.2.3-SNAPSHOT-123",
                             "1.0.0",
                             "2.0.0",
                             "1.1.7",
                             "2.0.0+build.1848",
                             "2.0.1-alpha.1227",
                             "1.0.0-alpha+beta",
                             "1.2.3----RC-SNAPSHOT.12.9.1--.12+788",
                             "1.2.3----R-S.12.9.1--.12+meta",
                             "1.2.3----RC-SNAPSHOT.12.9.1--.12",
                             "1.0.0+0.build.1-rc.10000aaa-kk-0.1",
                             "1.0.0-0A.is.legal"}) {
        const Result<SemVer> version = SemVer::parse(text);
        ASSERT_TRUE(version.has_value()) << text;
        EXPECT_EQ(version->to_string(), text);
    }
}

TEST(SemVer, PublishedInvalidExamplesAreRefused) {
    for (const char* text :
         {"1",
          "1.2",
          "1.2.3-0123",
          "1.2.3-0123.0123",
          "1.1.2+.123",
          "+invalid",
          "-invalid",
          "-invalid+invalid",
          "-invalid.01",
          "alpha",
          "alpha.beta",
          "alpha.beta.1",
          "alpha.1",
          "alpha+beta",
          "alpha_beta",
          "alpha.",
          "alpha..",
          "beta",
          "1.0.0-alpha_beta",
          "-alpha.",
          "1.0.0-alpha..",
          "1.0.0-alpha..1",
          "1.0.0-alpha...1",
          "1.0.0-alpha....1",
          "1.0.0-alpha.....1",
          "1.0.0-alpha......1",
          "1.0.0-alpha.......1",
          "01.1.1",
          "1.01.1",
          "1.1.01",
          "1.2.3.DEV",
          "1.2-SNAPSHOT",
          "1.2.31.2.3----RC-SNAPSHOT.12.09.1--..12+788",
          "1.2-RC-SNAPSHOT",
          "-1.0.3-gamma+b7718",
          "+justmeta",
          "9.8.7+meta+meta",
          "9.8.7-whatever+meta+meta",
          "99999999999999999999999.999999999999999999.99999999999999999----RC-SNAPSHOT.12.09.1---"
          "-----------------------------..12"})
        EXPECT_FALSE(SemVer::parse(text).has_value()) << text;
}

TEST(SemVer, RefusalSaysWhere) {
    EXPECT_EQ(refused_version_offset(""), 0u);
    EXPECT_EQ(refused_version_offset("v1.2.3"), 0u);
    EXPECT_EQ(refused_version_offset(" 1.2.3"), 0u);
    EXPECT_EQ(refused_version_offset("1"), 1u);
    EXPECT_EQ(refused_version_offset("1.02.3"), 2u);
    EXPECT_EQ(refused_version_offset("1.2."), 4u);
    EXPECT_EQ(refused_version_offset("1.2.3 "), 5u);
    EXPECT_EQ(refused_version_offset("1.2.3-"), 6u);
    EXPECT_EQ(refused_version_offset("1.2.3-a.01"), 8u);
    EXPECT_EQ(refused_version_offset("1.2.3-a..b"), 8u);
    EXPECT_EQ(refused_version_offset("1.2.3+a_b"), 7u);
    EXPECT_EQ(refused_version_offset(std::string_view("1.2.3\0", 6)), 5u);
    EXPECT_EQ(refused_version_offset("1.2.\xd9\xa3"), 4u);
}

TEST(SemVer, RefusalNamesTheInputAndSaysWhatToDo) {
    const Result<SemVer> version = SemVer::parse("1.02.3");
    ASSERT_FALSE(version.has_value());
    EXPECT_EQ(version.error().input(), "1.02.3");
    EXPECT_EQ(version.error().message(), "not a version: the number has a leading zero at byte 3");
    EXPECT_FALSE(version.error().hint().empty());
}

TEST(SemVer, NumbersReachTwoToThe63MinusOne) {
    EXPECT_EQ(semver("9223372036854775807.0.0").major(), SemVer::kNumberMax);
    EXPECT_EQ(refused_version_offset("9223372036854775808.0.0"), 0u);
    EXPECT_EQ(refused_version_offset("0.18446744073709551616.0"), 2u);
    EXPECT_EQ(refused_version_offset("0.0.99999999999999999999"), 4u);
}

TEST(SemVer, TextIsBounded) {
    const std::string longest = "1.2.3-" + std::string(SemVer::kBytesMax - 6, 'a');
    EXPECT_EQ(semver(longest).to_string(), longest);
    EXPECT_EQ(refused_version_offset(longest + "a"), SemVer::kBytesMax);
    EXPECT_EQ(refused_version_offset(std::string(1 << 20, '1')), SemVer::kBytesMax);
}

TEST(SemVer, PrecedenceFollowsTheExamplesOfTheSpecification) {
    std::vector<SemVer> versions;
    for (const char* text :
         {"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
          "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1"})
        versions.push_back(semver(text));
    for (std::size_t i = 0; i < versions.size(); ++i)
        for (std::size_t j = 0; j < versions.size(); ++j)
            EXPECT_EQ(versions[i] <=> versions[j], i <=> j)
                << versions[i].to_string() << ' ' << versions[j].to_string();
}

TEST(SemVer, NumericIdentifiersOfAnyLengthCompareAsNumbers) {
    EXPECT_LT(semver("1.0.0-99999999999999999999999"), semver("1.0.0-100000000000000000000000"));
    EXPECT_LT(semver("1.0.0-9"), semver("1.0.0-10"));
    EXPECT_LT(semver("1.0.0-99999999999999999999999"), semver("1.0.0--"));
    EXPECT_LT(semver("1.0.0-a10"), semver("1.0.0-a9"));
}

TEST(SemVer, BuildMetadataOrdersButHasNoPrecedence) {
    EXPECT_TRUE(std::is_eq(compare_precedence(semver("1.0.0+a"), semver("1.0.0+b"))));
    EXPECT_LT(semver("1.0.0"), semver("1.0.0+a"));
    EXPECT_LT(semver("1.0.0+a"), semver("1.0.0+b"));
    EXPECT_NE(semver("1.0.0+a"), semver("1.0.0+b"));
    EXPECT_NE(semver("1.0.0-a"), semver("1.0.0+a"));
}

TEST(SemVer, PartsCanBeReplaced) {
    EXPECT_EQ(semver("1.2.3-a+b").with_prerelease("c.1").to_string(), "1.2.3-c.1+b");
    EXPECT_EQ(semver("1.2.3-a+b").with_prerelease("").to_string(), "1.2.3+b");
    EXPECT_EQ(semver("1.2.3-a+b").without_build().to_string(), "1.2.3-a");
    const SemVer version = semver("1.2.3-a.0");
    EXPECT_EQ(version.with_prerelease(version.prerelease().substr(0, 1)).to_string(), "1.2.3-a");
}

TEST(SemVer, CompatibilityIsCargos) {
    EXPECT_TRUE(is_compatible(semver("1.2.3"), semver("1.9.0-a")));
    EXPECT_FALSE(is_compatible(semver("1.2.3"), semver("2.2.3")));
    EXPECT_TRUE(is_compatible(semver("0.2.3"), semver("0.2.9")));
    EXPECT_FALSE(is_compatible(semver("0.2.3"), semver("0.3.3")));
    EXPECT_TRUE(is_compatible(semver("0.0.3-a"), semver("0.0.3")));
    EXPECT_FALSE(is_compatible(semver("0.0.3"), semver("0.0.4")));
}

RC_GTEST_PROP(SemVerProperty, PrintedTextIsReadBackEqual, (const SemVer& version)) {
    const Result<SemVer> again = SemVer::parse(version.to_string());
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == version);
    RC_ASSERT(std::hash<SemVer>()(*again) == std::hash<SemVer>()(version));
}

/// Section 11 of the specification, written as it reads: split, then compare field by field.
int model_compare(const SemVer& a, const SemVer& b) {
    const auto fields = [](std::string_view text) {
        std::vector<std::string> result(1);
        for (const char c : text) c == '.' ? result.emplace_back() : result.back() += c, void();
        return result;
    };
    const auto numbers = [](const SemVer& v) {
        return std::vector<std::uint64_t>{v.major(), v.minor(), v.patch()};
    };
    if (numbers(a) != numbers(b)) return numbers(a) < numbers(b) ? -1 : 1;
    if (a.is_prerelease() != b.is_prerelease()) return a.is_prerelease() ? -1 : 1;
    const auto left = fields(a.prerelease());
    const auto right = fields(b.prerelease());
    for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
        if (left[i] == right[i]) continue;
        const bool left_number = left[i].find_first_not_of("0123456789") == std::string::npos;
        const bool right_number = right[i].find_first_not_of("0123456789") == std::string::npos;
        if (left_number != right_number) return left_number ? -1 : 1;
        if (left_number && left[i].size() != right[i].size())
            return left[i].size() < right[i].size() ? -1 : 1;
        return left[i] < right[i] ? -1 : 1;
    }
    return left.size() == right.size() ? 0 : (left.size() < right.size() ? -1 : 1);
}

rc::Gen<SemVer> close_version() { return rc::gen::oneOf(small_version(), any_version()); }

RC_GTEST_PROP(SemVerProperty, PrecedenceAgreesWithTheSpecificationFieldByField, ()) {
    const SemVer a = *close_version();
    const SemVer b = *close_version();
    const int expected = model_compare(a, b);
    RC_ASSERT((compare_precedence(a, b) < 0) == (expected < 0));
    RC_ASSERT((compare_precedence(a, b) > 0) == (expected > 0));
}

RC_GTEST_PROP(SemVerProperty, OrderIsTotal, ()) {
    const SemVer a = *close_version();
    const SemVer b = *close_version();
    const SemVer c = *close_version();
    RC_ASSERT(std::is_eq(a <=> a));
    RC_ASSERT((a < b) == (b > a));
    RC_ASSERT(std::is_eq(a <=> b) == (a == b));
    if (a <= b && b <= c) RC_ASSERT(a <= c);
    // Order refines precedence.
    if (compare_precedence(a, b) < 0) RC_ASSERT(a < b);
}

RC_GTEST_PROP(SemVerProperty, ParseTakesAnyBytesAndPrintsWhatItTook, (const std::string& text)) {
    if (const Result<SemVer> version = SemVer::parse(text)) RC_ASSERT(version->to_string() == text);
}

}  // namespace
}  // namespace catalog::version
