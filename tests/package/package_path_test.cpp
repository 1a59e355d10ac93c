#include <gtest/gtest.h>

#include "catalog/package/file_table.hpp"
#include "results.hpp"

namespace catalog::package {
namespace {

std::optional<Errc> path_code(std::string_view path) {
    return code_of(check_package_path(path, Limits{}));
}

std::optional<Errc> link_code(std::string_view path, std::string_view target) {
    return code_of(check_link_target(path, target, Limits{}));
}

TEST(PackagePath, OrdinaryPathsAreAccepted) {
    for (const char* path :
         {"a", "a/b/c", ".hidden", "a..b", "...", "x y", "\xc3\xa4/\xf0\x9f\x8e\x89", "a/.catalog",
          ".catalogue", "catalog.toml", "~", "a:b", "-"})
        EXPECT_EQ(path_code(path), std::nullopt) << path;
}

TEST(PackagePath, WhatCouldLeaveThePackageIsRefused) {
    for (const char* path : {"", "/", "/a", "..", "../a", "a/..", "a/../b", ".", "./a", "a/./b",
                             "a/.", "a//b", "a/", "//", ".catalog", ".catalog/generations/1"})
        EXPECT_EQ(path_code(path), Errc::kPathUnsafe) << path;
}

TEST(PackagePath, WhatConfusesPeopleAndToolsIsRefused) {
    for (const std::string_view path :
         {std::string_view("a\0b", 3), std::string_view("a\nb"), std::string_view("a\x1b[2J"),
          std::string_view("\x7f"), std::string_view("a\xc2\x85"), std::string_view("a\\b"),
          std::string_view("\xff"), std::string_view("a\xc3"), std::string_view("\xc0\xaf"),
          std::string_view("\xed\xa0\x80")})
        EXPECT_EQ(path_code(path), Errc::kPathUnsafe) << path;
    EXPECT_EQ(path_code("a\xc2\xa0z"), std::nullopt) << "U+00A0 is the first after the controls";
}

TEST(PackagePath, LimitsCountToTheByte) {
    const Limits limits;
    std::string component(limits.path_component_bytes_max, 'a');
    EXPECT_EQ(path_code(component), std::nullopt);
    const auto refused = check_package_path(component + "a", limits);
    ASSERT_EQ(code_of(refused), Errc::kLimitExceeded);
    ASSERT_NE(refused.error().detail_as<LimitDetail>(), nullptr);
    EXPECT_EQ(refused.error().detail_as<LimitDetail>()->limit, "path_component_bytes_max");

    std::string deep = "a";
    for (std::uint32_t i = 1; i < limits.path_depth_max; ++i) deep += "/a";
    EXPECT_EQ(path_code(deep), std::nullopt);
    EXPECT_EQ(path_code(deep + "/a"), Errc::kLimitExceeded);

    std::string longest = component + "/" + component + "/" + component + "/" + component + "/";
    longest.resize(limits.path_bytes_max, 'b');
    longest.back() = 'b';
    EXPECT_EQ(path_code(std::string(limits.path_bytes_max + 1, 'a')), Errc::kLimitExceeded);
}

TEST(PackagePath, AHostilePathCannotSpeakThroughTheMessage) {
    const auto refused = check_package_path("a\x1b[2J\n", Limits{});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message().find('\x1b'), std::string_view::npos);
    EXPECT_EQ(refused.error().message().find('\n'), std::string_view::npos);
}

TEST(LinkTarget, TargetsInsideThePackageAreAccepted) {
    EXPECT_EQ(link_code("a", "b"), std::nullopt);
    EXPECT_EQ(link_code("a/b", "../c"), std::nullopt);
    EXPECT_EQ(link_code("a/b", ".."), std::nullopt) << "the package's own folder";
    EXPECT_EQ(link_code("a/b/c", "../../d/./e//f/"), std::nullopt);
    EXPECT_EQ(link_code("a/b", "x/../../c"), std::nullopt);
    EXPECT_EQ(link_code("a", "."), std::nullopt);
    EXPECT_EQ(link_code("lib/libx.so", "libx.so.1"), std::nullopt);
}

TEST(LinkTarget, TargetsOutsideThePackageAreRefused) {
    for (const auto& [path, target] : {std::pair("a", ".."),
                                       {"a", "../b"},
                                       {"a/b", "../../c"},
                                       {"a/b", "x/../../../c"},
                                       {"a", "/etc/passwd"},
                                       {"a", "//"},
                                       {"a", "b/../.."},
                                       {"a/b", ".././.."},
                                       {"a", ".catalog"},
                                       {"a/b", "../.catalog/x"}})
        EXPECT_EQ(link_code(path, target), Errc::kLinkRefused) << path << " -> " << target;
}

TEST(LinkTarget, OddTargetsAreRefused) {
    for (const std::string_view target :
         {std::string_view(""), std::string_view("a\0b", 3), std::string_view("a\nb"),
          std::string_view("\xff"), std::string_view("a\\b")})
        EXPECT_EQ(link_code("a", target), Errc::kLinkRefused) << target;
    EXPECT_EQ(link_code("a", std::string(Limits{}.path_bytes_max, 'x')), std::nullopt);
    EXPECT_EQ(link_code("a", std::string(Limits{}.path_bytes_max + 1, 'x')), Errc::kLinkRefused);
}

}  // namespace
}  // namespace catalog::package
