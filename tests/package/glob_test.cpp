#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/package/project.hpp"

namespace catalog::package {
namespace {

/// The definition, word by word: tries every possibility. `start` says that a component begins at
/// the front of `glob`.
bool model_matches(std::string_view glob, std::string_view path, bool start, bool path_start) {
    if (glob.empty()) return path.empty();
    if (glob.starts_with("**")) {
        std::string_view rest = glob;
        while (rest.starts_with('*')) rest.remove_prefix(1);
        if (start && rest.starts_with('/')) {
            // Any number of whole components, at each of whose ends the rest may begin.
            if (path_start && model_matches(rest.substr(1), path, true, true)) return true;
            for (std::size_t i = 0; i < path.size(); ++i)
                if (path[i] == '/' && model_matches(rest.substr(1), path.substr(i + 1), true, true))
                    return true;
            return false;
        }
        for (std::size_t i = 0; i <= path.size(); ++i)
            if (model_matches(rest, path.substr(i), false,
                              i == 0 ? path_start : path[i - 1] == '/'))
                return true;
        return false;
    }
    if (glob.front() == '*') {
        for (std::size_t i = 0; i <= path.size(); ++i) {
            if (model_matches(glob.substr(1), path.substr(i), false, i == 0 && path_start))
                return true;
            if (i < path.size() && path[i] == '/') break;
        }
        return false;
    }
    if (path.empty()) return false;
    const char c = path.front();
    if (glob.front() == '[') {
        const bool negated = glob.size() > 1 && (glob[1] == '!' || glob[1] == '^');
        const std::size_t first = negated ? 2 : 1;
        const std::size_t close = glob.find(']', first + 1);
        if (close != std::string_view::npos) {
            const std::string_view members = glob.substr(first, close - first);
            bool found = false;
            for (std::size_t i = 0; i < members.size(); ++i) {
                if (i + 2 < members.size() && members[i + 1] == '-') {
                    found = found || (members[i] <= c && c <= members[i + 2]);
                    i += 2;
                } else {
                    found = found || members[i] == c;
                }
            }
            return c != '/' && found != negated &&
                   model_matches(glob.substr(close + 1), path.substr(1), false, false);
        }
    }
    const bool one = glob.front() == '?' ? c != '/' : glob.front() == c;
    return one && model_matches(glob.substr(1), path.substr(1), glob.front() == '/', c == '/');
}

bool model_matches(const std::string& glob, std::string_view path) {
    return model_matches(glob.ends_with('/') ? glob + "**" : glob, path, true, true);
}

/// Every text of at most `bytes_max` bytes over `alphabet`.
std::vector<std::string> all_texts(std::string_view alphabet, std::size_t bytes_max) {
    std::vector<std::string> texts{""};
    std::size_t begin = 0;
    for (std::size_t length = 1; length <= bytes_max; ++length) {
        const std::size_t end = texts.size();
        for (std::size_t i = begin; i < end; ++i)
            for (const char c : alphabet) texts.push_back(texts[i] + c);
        begin = end;
    }
    return texts;
}

TEST(Glob, PlainTextMatchesItselfOnly) {
    EXPECT_TRUE(glob_matches("src/a.cpp", "src/a.cpp"));
    EXPECT_FALSE(glob_matches("src/a.cpp", "src/a.cppx"));
    EXPECT_FALSE(glob_matches("src/a.cpp", "x/src/a.cpp"));
    EXPECT_FALSE(glob_matches("src", "src/a.cpp"));
    EXPECT_FALSE(glob_matches("", "a"));
}

TEST(Glob, AStarStaysWithinAComponent) {
    EXPECT_TRUE(glob_matches("*.md", "README.md"));
    EXPECT_TRUE(glob_matches("*.md", ".md"));
    EXPECT_FALSE(glob_matches("*.md", "docs/README.md"));
    EXPECT_TRUE(glob_matches("docs/*/x", "docs/a/x"));
    EXPECT_FALSE(glob_matches("docs/*/x", "docs/a/b/x"));
    EXPECT_FALSE(glob_matches("docs/*/x", "docs/x"));
}

TEST(Glob, TwoStarsCrossComponents) {
    EXPECT_TRUE(glob_matches("**", "a/b/c"));
    EXPECT_TRUE(glob_matches("**/x", "x"));
    EXPECT_TRUE(glob_matches("**/x", "a/b/x"));
    EXPECT_FALSE(glob_matches("**/x", "ax"));
    EXPECT_TRUE(glob_matches("a/**/b", "a/b"));
    EXPECT_TRUE(glob_matches("a/**/b", "a/x/y/b"));
    EXPECT_FALSE(glob_matches("a/**/b", "a/xb"));
    EXPECT_TRUE(glob_matches("a/**", "a/b"));
    EXPECT_FALSE(glob_matches("a/**", "a"));
    EXPECT_TRUE(glob_matches("a**b", "a/x/b"));
}

TEST(Glob, AFinalSlashMeansEverythingBelow) {
    EXPECT_TRUE(glob_matches("src/", "src/a"));
    EXPECT_TRUE(glob_matches("src/", "src/a/b"));
    EXPECT_FALSE(glob_matches("src/", "src"));
    EXPECT_FALSE(glob_matches("src/", "xsrc/a"));
    EXPECT_TRUE(glob_matches("**/build/", "a/build/x/y"));
}

TEST(Glob, AQuestionMarkIsOneCharacterOfAnyLength) {
    EXPECT_TRUE(glob_matches("?", "a"));
    EXPECT_TRUE(glob_matches("?", "\xc3\xa4"));
    EXPECT_TRUE(glob_matches("?", "\xf0\x9f\x8e\x89"));
    EXPECT_FALSE(glob_matches("?", "ab"));
    EXPECT_FALSE(glob_matches("?", ""));
    EXPECT_FALSE(glob_matches("a?b", "a/b"));
}

TEST(Glob, ClassesHaveRangesNegationAndALeadingBracket) {
    EXPECT_TRUE(glob_matches("[a-c]x", "bx"));
    EXPECT_FALSE(glob_matches("[a-c]x", "dx"));
    EXPECT_TRUE(glob_matches("[!a-c]x", "dx"));
    EXPECT_TRUE(glob_matches("[^a-c]x", "dx"));
    EXPECT_FALSE(glob_matches("[!a-c]x", "ax"));
    EXPECT_TRUE(glob_matches("[]]", "]"));
    EXPECT_TRUE(glob_matches("[!]]", "x"));
    EXPECT_TRUE(glob_matches("[a-]", "-"));
    EXPECT_TRUE(glob_matches("[\xc3\xa0-\xc3\xbf]", "\xc3\xa4"));
    EXPECT_FALSE(glob_matches("a[!x]b", "a/b"));
    EXPECT_TRUE(glob_matches("[*]", "*"));
    EXPECT_FALSE(glob_matches("[*]", "x"));
}

TEST(Glob, AnOpenBracketWithoutItsEndStandsForItself) {
    EXPECT_TRUE(glob_matches("a[b", "a[b"));
    EXPECT_TRUE(glob_matches("[", "["));
    EXPECT_TRUE(glob_matches("[]", "[]"));
    EXPECT_FALSE(glob_matches("[!", "x"));
}

TEST(Glob, BytesThatAreNotUtf8MatchThemselves) {
    EXPECT_TRUE(glob_matches("\xff", "\xff"));
    EXPECT_TRUE(glob_matches("?", "\xff"));
    EXPECT_FALSE(glob_matches("\xff", "\xfe"));
}

TEST(Glob, AgreesWithTheDefinitionOnEverySmallCase) {
    const std::vector<std::string> globs = all_texts("a*?/", 5);
    const std::vector<std::string> paths = all_texts("ab/", 4);
    for (const std::string& glob : globs)
        for (const std::string& path : paths)
            ASSERT_EQ(glob_matches(glob, path), model_matches(glob, path))
                << "glob " << glob << " path " << path;
}

TEST(Glob, AgreesWithTheDefinitionOnRandomCasesWithClasses) {
    std::mt19937_64 random(7);
    const auto text = [&random](std::string_view alphabet, std::size_t bytes_max) {
        std::string out(random() % (bytes_max + 1), ' ');
        for (char& c : out) c = alphabet[random() % alphabet.size()];
        return out;
    };
    for (int i = 0; i < 200'000; ++i) {
        const std::string glob = text("ab*/?[]!-^", 9);
        const std::string path = text("ab/-]", 7);
        ASSERT_EQ(glob_matches(glob, path), model_matches(glob, path))
            << "glob " << glob << " path " << path << " case " << i;
    }
}

TEST(Glob, PathologicalGlobsEnd) {
    // Each of these takes a backtracking matcher longer than the age of the universe.
    std::string stars;
    std::string components;
    for (int i = 0; i < 100; ++i) {
        stars += "*a";
        components += "**/*a*/";
    }
    EXPECT_FALSE(glob_matches(stars + "b", std::string(1024, 'a')));
    EXPECT_TRUE(glob_matches(stars, std::string(1024, 'a')));
    std::string path;
    for (int i = 0; i < 200; ++i) path += "aaaa/";
    EXPECT_FALSE(glob_matches(components + "b", path + "a"));
    EXPECT_TRUE(glob_matches(components + "*a", path + "a"));
}

TEST(Glob, AGlobBeyondTheLimitMatchesNothing) {
    EXPECT_TRUE(glob_matches(std::string(kGlobBytesMax, 'a'), std::string(kGlobBytesMax, 'a')));
    EXPECT_FALSE(glob_matches(std::string(kGlobBytesMax + 1, '*'), "a"));
    EXPECT_TRUE(glob_matches(std::string(kGlobBytesMax - 1, '[') + "/",
                             std::string(kGlobBytesMax - 1, '[') + "/x"));
}

}  // namespace
}  // namespace catalog::package
