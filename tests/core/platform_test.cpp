#include "catalog/core/platform.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "catalog/core/dependency_kind.hpp"

namespace catalog {
namespace {

Platform platform(std::string_view text) { return Platform::parse(text).value(); }

bool matches(std::string_view predicate, std::string_view machine) {
    return PlatformPredicate::parse(predicate).value().matches(platform(machine));
}

TEST(Platform, ReadsTwoOrThreeWords) {
    EXPECT_EQ(platform("linux-x86_64"), (Platform{"linux", "x86_64", ""}));
    EXPECT_EQ(platform("linux-aarch64-musl"), (Platform{"linux", "aarch64", "musl"}));
    EXPECT_EQ(platform("linux-aarch64-musl").to_string(), "linux-aarch64-musl");
    EXPECT_EQ(platform("darwin-arm64").to_string(), "darwin-arm64");
}

TEST(Platform, RefusesEverythingElse) {
    for (const std::string_view text :
         {"", "linux", "-", "linux-", "-x86_64", "linux-x86_64-", "linux-x86_64-gnu-2", "Linux-x86",
          "linux-*", "linux x86", "linux-x86,linux-arm", "linux-\xc3\xa9"}) {
        const auto read = Platform::parse(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code(), Errc::kInvalidArgument);
        EXPECT_EQ(read.error().input(), text);
    }
    EXPECT_FALSE(Platform::parse("linux-" + std::string(33, 'a')));
    EXPECT_TRUE(Platform::parse("linux-" + std::string(32, 'a')));
}

TEST(Platform, TheCurrentOneCanBeReadBack) {
    const Platform current = Platform::current();
    EXPECT_EQ(platform(current.to_string()), current);
}

TEST(PlatformPredicate, TheEmptyListHoldsEverywhere) {
    EXPECT_TRUE(matches("", "linux-x86_64"));
    EXPECT_TRUE(PlatformPredicate().is_everywhere());
    EXPECT_TRUE(PlatformPredicate::parse("").value().is_everywhere());
    EXPECT_FALSE(PlatformPredicate::parse("*-*").value().is_everywhere());
}

TEST(PlatformPredicate, ComparesPartByPart) {
    EXPECT_TRUE(matches("linux-x86_64", "linux-x86_64"));
    EXPECT_TRUE(matches("linux-x86_64", "linux-x86_64-gnu"));
    EXPECT_FALSE(matches("linux-x86_64-musl", "linux-x86_64-gnu"));
    EXPECT_FALSE(matches("linux-x86_64-musl", "linux-x86_64"));
    EXPECT_FALSE(matches("linux-x86_64", "linux-aarch64"));
    EXPECT_FALSE(matches("darwin-x86_64", "linux-x86_64"));
}

TEST(PlatformPredicate, AStarHoldsForEveryWord) {
    EXPECT_TRUE(matches("*-x86_64", "linux-x86_64"));
    EXPECT_TRUE(matches("linux-*", "linux-riscv64"));
    EXPECT_TRUE(matches("*-*", "a-b-c"));
    EXPECT_TRUE(matches("*-*-*", "a-b"));
    EXPECT_FALSE(matches("linux-*", "darwin-x86_64"));
}

TEST(PlatformPredicate, OneOfTheListIsEnough) {
    EXPECT_TRUE(matches("linux-x86_64, darwin-arm64", "darwin-arm64"));
    EXPECT_TRUE(matches("linux-x86_64,darwin-arm64", "linux-x86_64"));
    EXPECT_FALSE(matches("linux-x86_64,darwin-arm64", "linux-arm64"));
}

TEST(PlatformPredicate, PrintsItsPatternsInOrder) {
    const auto predicate = PlatformPredicate::parse(" linux-* ,darwin-arm64").value();
    EXPECT_EQ(predicate.to_string(), "linux-*,darwin-arm64");
    EXPECT_EQ(PlatformPredicate::parse(predicate.to_string()).value(), predicate);
    EXPECT_EQ(PlatformPredicate().to_string(), "");
}

TEST(PlatformPredicate, RefusesAListWithABadPatternAndNamesIt) {
    for (const std::string_view text :
         {",", "linux-x86_64,,darwin-arm64", "linux", "linux-x86_64,x", "linux-x86_64 darwin-arm64",
          "**-x", "!linux-x86_64"})
        EXPECT_FALSE(PlatformPredicate::parse(text)) << text;
    EXPECT_EQ(PlatformPredicate::parse("linux-x86_64,Bad").error().input(), "Bad");
}

TEST(DependencyKind, NamesReadBack) {
    for (const DependencyKind kind :
         {DependencyKind::kRequired, DependencyKind::kOptional, DependencyKind::kDevelopment,
          DependencyKind::kBuild, DependencyKind::kPeer})
        EXPECT_EQ(parse_dependency_kind(dependency_kind_name(kind)).value(), kind);
    EXPECT_EQ(dependency_kind_name(DependencyKind::kDevelopment), "development");
    EXPECT_EQ(parse_dependency_kind("dev").value(), DependencyKind::kDevelopment);
    EXPECT_EQ(dependency_kind_name(static_cast<DependencyKind>(77)), "unknown");
}

TEST(DependencyKind, NumbersAreStoredAndFixed) {
    EXPECT_EQ(static_cast<int>(DependencyKind::kRequired), 0);
    EXPECT_EQ(static_cast<int>(DependencyKind::kOptional), 1);
    EXPECT_EQ(static_cast<int>(DependencyKind::kDevelopment), 2);
    EXPECT_EQ(static_cast<int>(DependencyKind::kBuild), 3);
    EXPECT_EQ(static_cast<int>(DependencyKind::kPeer), 4);
}

TEST(DependencyKind, RefusesOtherWords) {
    for (const std::string_view text : {"", "Required", "runtime", "required "}) {
        const auto kind = parse_dependency_kind(text);
        ASSERT_FALSE(kind) << text;
        EXPECT_EQ(kind.error().code(), Errc::kInvalidArgument);
    }
}

}  // namespace
}  // namespace catalog
