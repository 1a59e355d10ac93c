#include "catalog/core/ids.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <unordered_set>

namespace catalog {
namespace {

using namespace std::string_view_literals;

// ---- PackageName

TEST(PackageName, AcceptsEveryNameOfTheRule) {
    for (const std::string_view text : {"a",
                                        "A",
                                        "0",
                                        "-",
                                        "_",
                                        "~",
                                        "+",
                                        ":",
                                        "acme/tensor-kit",
                                        "@babel/core",
                                        "@a/b/c",
                                        "a/b/c/d",
                                        "lib.so.6",
                                        ".hidden",
                                        "trailing.",
                                        "a.b",
                                        "a/.b",
                                        "x~y:z+w",
                                        "gtk+-3.0",
                                        "Foo/bar",
                                        "--",
                                        "1.2.3",
                                        "node_modules",
                                        "a/b."}) {
        const Result<PackageName> name = PackageName::parse(text);
        ASSERT_TRUE(name) << text << ": " << name.error().to_string();
        EXPECT_EQ(name->str(), text);
        EXPECT_EQ(name->view(), text);
    }
}

struct RefusedName {
    std::string_view text;
    std::string_view message;
};

constexpr RefusedName kRefusedNames[] = {
    {"", "invalid package name: it is empty"},
    {" ", "invalid package name: byte 1 is not allowed"},
    {"a b", "invalid package name: byte 2 is not allowed"},
    {"a\tb", "invalid package name: byte 2 is not allowed"},
    {"a\nb", "invalid package name: byte 2 is not allowed"},
    {"a\0b"sv, "invalid package name: byte 2 is not allowed"},
    {"a\\b", "invalid package name: byte 2 is not allowed"},
    {"a@b", "invalid package name: byte 2 is not allowed"},
    {"@@a/b", "invalid package name: byte 2 is not allowed"},
    {"@a/@b", "invalid package name: byte 4 is not allowed"},
    {"a%2f", "invalid package name: byte 2 is not allowed"},
    {"a*", "invalid package name: byte 2 is not allowed"},
    {"a?b", "invalid package name: byte 2 is not allowed"},
    {"a\"b", "invalid package name: byte 2 is not allowed"},
    {"a$b", "invalid package name: byte 2 is not allowed"},
    {"a\x7f", "invalid package name: byte 2 is not allowed"},
    {"caf\xc3\xa9", "invalid package name: byte 4 is not allowed"},
    {"\xd0\xb0", "invalid package name: byte 1 is not allowed"},
    {"..", "invalid package name: it contains \"..\""},
    {"a/..", "invalid package name: it contains \"..\""},
    {"../a", "invalid package name: it contains \"..\""},
    {"a..b", "invalid package name: it contains \"..\""},
    {".", "invalid package name: a segment is \".\""},
    {"a/./b", "invalid package name: a segment is \".\""},
    {"./a", "invalid package name: a segment is \".\""},
    {"@./a", "invalid package name: a segment is \".\""},
    {"/", "invalid package name: a segment between slashes is empty"},
    {"/a", "invalid package name: a segment between slashes is empty"},
    {"a/", "invalid package name: a segment between slashes is empty"},
    {"a//b", "invalid package name: a segment between slashes is empty"},
    {"@/a", "invalid package name: a segment between slashes is empty"},
    {"@a/", "invalid package name: a segment between slashes is empty"},
    {"@", "invalid package name: a scope needs a name after a slash"},
    {"@a", "invalid package name: a scope needs a name after a slash"}};

TEST(PackageName, RefusesEverythingElseAndSaysWhy) {
    for (const RefusedName& refused : kRefusedNames) {
        const Result<PackageName> name = PackageName::parse(refused.text);
        ASSERT_FALSE(name) << refused.text;
        EXPECT_EQ(name.error().code(), Errc::kInvalidName) << refused.text;
        EXPECT_EQ(name.error().message(), refused.message) << refused.text;
        EXPECT_EQ(name.error().input(), refused.text);
        EXPECT_FALSE(name.error().hint().empty());
    }
}

TEST(PackageName, HasAtMost214Bytes) {
    EXPECT_TRUE(PackageName::parse(std::string(214, 'a')));
    const auto refused = PackageName::parse(std::string(215, 'a'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(),
              "invalid package name: it has 215 bytes, at most 214 are allowed");
    EXPECT_LE(refused.error().input().size(), 100u);
}

/// The rule as a sentence: allowed bytes, "@" in front only and with a slash behind its scope, no
/// "..", no segment that is empty or ".".
bool obeys_the_rule(std::string text) {
    if (text.empty() || text.size() > 214) return false;
    if (text.find("..") != std::string::npos) return false;
    if (text[0] == '@') {
        text.erase(0, 1);
        if (text.find('/') == std::string::npos) return false;
    }
    const std::string padded = "/" + text + "/";
    if (padded.find("//") != std::string::npos || padded.find("/./") != std::string::npos)
        return false;
    return text.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
               "._-+/~:") == std::string::npos;
}

TEST(PackageName, AgreesWithTheRuleForEveryShortTextOfTellingBytes) {
    constexpr std::string_view kBytes = "a.@/ Z9";
    std::size_t accepted = 0;
    for (std::size_t length = 0; length <= 6; ++length) {
        std::string text(length, kBytes[0]);
        for (std::size_t number = 0;; ++number) {
            std::size_t rest = number;
            for (char& c : text) {
                c = kBytes[rest % kBytes.size()];
                rest /= kBytes.size();
            }
            if (rest != 0) break;
            const bool ok = PackageName::parse(text).has_value();
            ASSERT_EQ(ok, obeys_the_rule(text)) << text;
            accepted += ok ? 1 : 0;
            if (length == 0) break;
        }
    }
    EXPECT_GT(accepted, 1000u);
}

TEST(PackageName, ComparesByteByByte) {
    const auto name = [](std::string_view text) { return PackageName::parse(text).value(); };
    EXPECT_EQ(name("a/b"), name("a/b"));
    EXPECT_NE(name("A"), name("a"));
    EXPECT_LT(name("A"), name("a"));
    EXPECT_LT(name("a"), name("a/b"));
    EXPECT_LT(name("a-b"), name("a/b"));
    EXPECT_EQ((std::unordered_set<PackageName>{name("a"), name("b"), name("a")}).size(), 2u);
}

// ---- PackageId

TEST(PackageId, SplitsAtTheLastAt) {
    const PackageId plain = PackageId::parse("acme/tensor-kit@1.2.3").value();
    EXPECT_EQ(plain.name().str(), "acme/tensor-kit");
    EXPECT_EQ(plain.version(), "1.2.3");
    EXPECT_EQ(plain.to_string(), "acme/tensor-kit@1.2.3");
    const PackageId scoped = PackageId::parse("@babel/core@7.0.0-rc.1+build.5").value();
    EXPECT_EQ(scoped.name().str(), "@babel/core");
    EXPECT_EQ(scoped.version(), "7.0.0-rc.1+build.5");
}

TEST(PackageId, RefusesWhatIsNoId) {
    constexpr struct {
        std::string_view text;
        Errc code;
    } kCases[] = {
        {"", Errc::kVersionSyntax},           {"a", Errc::kVersionSyntax},
        {"@a/b", Errc::kVersionSyntax},       {"a@", Errc::kVersionSyntax},
        {"@1.0.0", Errc::kVersionSyntax},     {"a@1.0 0", Errc::kVersionSyntax},
        {"a@^1.0.0", Errc::kVersionSyntax},   {"a@1.0.0\n", Errc::kVersionSyntax},
        {"a@\xc3\xa9", Errc::kVersionSyntax}, {"a/@1.0.0", Errc::kInvalidName},
        {"a b@1.0.0", Errc::kInvalidName},    {"a@1.0.0@2.0.0", Errc::kInvalidName},
        {"@@1.0.0", Errc::kInvalidName},
    };
    for (const auto& c : kCases) {
        const auto id = PackageId::parse(c.text);
        ASSERT_FALSE(id) << c.text;
        EXPECT_EQ(errc_name(id.error().code()), errc_name(c.code)) << c.text;
    }
}

TEST(PackageId, TheVersionHasAtMost256Bytes) {
    const PackageName name = PackageName::parse("a").value();
    EXPECT_TRUE(PackageId::make(name, std::string(256, '1')));
    EXPECT_EQ(PackageId::make(name, std::string(257, '1')).error().code(), Errc::kVersionSyntax);
    EXPECT_EQ(PackageId::make(name, "").error().code(), Errc::kVersionSyntax);
}

TEST(PackageId, ReadsBackWhatItPrints) {
    constexpr std::uint32_t kSeed = 7;
    std::mt19937 random(kSeed);
    const auto pick = [&](std::string_view from) { return from[random() % from.size()]; };
    int ids = 0;
    for (int round = 0; round < 5000; ++round) {
        std::string name = random() % 3 == 0 ? "@" : "";
        for (std::size_t n = random() % 10 + 1; n > 0; --n) name.push_back(pick("abz09._-+/~:"));
        std::string version;
        for (std::size_t n = random() % 10 + 1; n > 0; --n) version.push_back(pick("0123.-+ab"));
        const auto parsed = PackageName::parse(name);
        if (!parsed) continue;
        ++ids;
        const PackageId id = PackageId::make(*parsed, version).value();
        ASSERT_EQ(PackageId::parse(id.to_string()).value(), id)
            << id.to_string() << ", seed " << kSeed;
    }
    EXPECT_GT(ids, 1000);
}

TEST(PackageId, OrdersByNameThenByTheTextOfTheVersion) {
    const auto id = [](std::string_view text) { return PackageId::parse(text).value(); };
    EXPECT_LT(id("a@2.0.0"), id("b@1.0.0"));
    EXPECT_LT(id("a@10.0.0"), id("a@2.0.0"));
    EXPECT_NE(id("a@1.0.0"), id("a@1.0.0+x"));
    EXPECT_EQ((std::unordered_set<PackageId>{id("a@1.0.0"), id("a@1.0.0"), id("a@1.0.1")}).size(),
              2u);
}

// ---- LibraryId

TEST(LibraryId, HasATextOf32Digits) {
    const std::string text = "000102030405060708090a0b0c0d0eff";
    const Result<LibraryId> id = LibraryId::parse(text);
    ASSERT_TRUE(id);
    EXPECT_EQ(id->to_string(), text);
    EXPECT_EQ(LibraryId().to_string(), std::string(32, '0'));
    EXPECT_NE(*id, LibraryId());
}

TEST(LibraryId, RefusesEveryOtherText) {
    for (const std::string& text : {std::string(), std::string(31, '0'), std::string(33, '0'),
                                    std::string(34, '0'), std::string(32, 'g')}) {
        const auto id = LibraryId::parse(text);
        ASSERT_FALSE(id) << text;
        EXPECT_EQ(id.error().code(), Errc::kInvalidArgument);
    }
}

}  // namespace
}  // namespace catalog
