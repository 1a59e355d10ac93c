// Paths as text.

#include <gtest/gtest.h>

#include <vector>

#include "catalog/io/file_system.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::io {
namespace {

using testing::code_of;

TEST(JoinPath, PutsOneSlashBetween) {
    EXPECT_EQ(join_path("a", "b"), "a/b");
    EXPECT_EQ(join_path("a/", "b"), "a/b");
    EXPECT_EQ(join_path("a//", "/b"), "a/b");
    EXPECT_EQ(join_path("/", "b"), "/b");
    EXPECT_EQ(join_path("//", "b"), "/b");
    EXPECT_EQ(join_path("", "b"), "b");
    EXPECT_EQ(join_path("a", ""), "a/");
    EXPECT_EQ(join_path("a/b", "c/d"), "a/b/c/d");
}

TEST(ParentPath, IsEverythingBeforeTheLastName) {
    EXPECT_EQ(parent_path("a/b"), "a");
    EXPECT_EQ(parent_path("a/b/"), "a");
    EXPECT_EQ(parent_path("a//b"), "a");
    EXPECT_EQ(parent_path("/a/b/c"), "/a/b");
    EXPECT_EQ(parent_path("/a"), "/");
    EXPECT_EQ(parent_path("//a"), "/");
    EXPECT_EQ(parent_path("/"), "/");
    EXPECT_EQ(parent_path("a"), ".");
    EXPECT_EQ(parent_path(""), ".");
}

TEST(ParentPath, UndoesJoinPath) {
    for (const char* head : {"a", "/a", "a/b", "/", "."})
        EXPECT_EQ(parent_path(join_path(head, "name")), head);
}

TEST(CheckRelativePath, AcceptsPlainNames) {
    for (const std::string path : {"a", "a/b", "...", "..a", "a..", ".hidden", "a/.b/..c",
                                   "with space", "\\", "C:", "~", "a\nb", "\xff", "-rf", "*"})
        EXPECT_TRUE(check_relative_path(path)) << path;
    EXPECT_TRUE(check_relative_path(std::string(255, 'n')));
    std::string longest(4095, 'd');
    for (std::size_t i = 200; i < longest.size(); i += 201) longest[i] = '/';
    EXPECT_TRUE(check_relative_path(longest));
}

TEST(CheckRelativePath, RefusesTheRestWithItsReason) {
    const std::pair<std::string, std::string> cases[] = {
        {"", "empty"},
        {"/", "absolute"},
        {"/a", "absolute"},
        {"a//b", "empty component"},
        {"a/", "empty component"},
        {".", "`.` or `..`"},
        {"..", "`.` or `..`"},
        {"a/..", "`.` or `..`"},
        {"a/../b", "`.` or `..`"},
        {"./a", "`.` or `..`"},
        {std::string("a\0b", 3), "zero byte"},
        {std::string(256, 'n'), "255 bytes"},
        {"a/" + std::string(4094, 'n'), "4095 bytes"},
    };
    for (const auto& [path, reason] : cases) {
        const auto result = check_relative_path(path);
        ASSERT_EQ(code_of(result), Errc::kPathUnsafe) << path;
        EXPECT_NE(result.error().message().find(reason), std::string_view::npos)
            << path << ": " << result.error().message();
        EXPECT_EQ(result.error().input(), path);
        EXPECT_FALSE(result.error().hint().empty());
    }
}

// An independent statement of the rule: all components, cut at every slash, are plain names.
bool is_plain(const std::string& path) {
    std::vector<std::string> parts(1);
    for (const char c : path) {
        if (c == '/') {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    for (const std::string& part : parts)
        if (part.empty() || part == "." || part == "..") return false;
    return true;
}

TEST(CheckRelativePath, AgreesWithTheRuleOnAllShortPaths) {
    constexpr char kAlphabet[] = {'/', '.', 'a'};
    std::vector<std::string> level{""};
    for (int length = 0; length <= 8; ++length) {
        std::vector<std::string> next;
        for (const std::string& path : level) {
            EXPECT_EQ(check_relative_path(path).has_value(), is_plain(path)) << path;
            for (const char c : kAlphabet) next.push_back(path + c);
        }
        level = std::move(next);
    }
}

TEST(TemporaryName, IsWhatDurableWritesUse) {
    for (const char* name : {"a.tmp-0", "a.tmp-999", "a.b.tmp-17", ".x.tmp-1", "a.tmp-1.tmp-2"})
        EXPECT_TRUE(is_temporary_name(name)) << name;
    for (const char* name : {"", "a", ".tmp-0", "a.tmp-", "a.tmp-x", "a.tmp-1x", "a.tmp-1000",
                             "a.tmp-01", "a.tmp--1", "a.tmp-+1", "a.tmp-1.txt", "a.tmp"})
        EXPECT_FALSE(is_temporary_name(name)) << name;
}

}  // namespace
}  // namespace catalog::io
