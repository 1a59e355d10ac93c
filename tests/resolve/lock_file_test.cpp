#include "catalog/resolve/lock_file.hpp"

#include <gtest/gtest.h>

#include "catalog/resolve/sat_resolver.hpp"
#include "support/core/golden.hpp"
#include "support/resolve/agreement.hpp"

namespace catalog::resolve {
namespace {

using testing::ask;
using testing::Repo;
using testing::ver;

const std::string kDigest =
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

LockFile sample() {
    LockFile file;
    file.roots = {"app ^1", "tip git+https://example.org/tip#main"};
    file.packages.push_back(
        {"tip", ver("1.0.0"), "git+https://example.org/tip#main", "", {}, {}, {}});
    file.packages.push_back(
        {"lib", ver("2.0.0-rc.1+build.5"), "", "", {"fast", "default"}, {}, {}});
    file.packages.push_back(
        {"app", ver("1.2.0"), "", kDigest, {}, {"tip@1.0.0", "lib@2.0.0-rc.1+build.5"}, {}});
    return file;
}

TEST(LockFile, HasTheFormOfItsPage) { golden::expect("resolve/sample.lock", sample().encode()); }

TEST(LockFile, ReadsBackWhatItWrote) {
    const auto read = LockFile::decode(sample().encode());
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(read->roots, sample().roots);
    ASSERT_EQ(read->packages.size(), 3u);
    EXPECT_EQ(read->packages[0].name, "app");
    EXPECT_EQ(read->packages[0].digest, kDigest);
    EXPECT_EQ(read->packages[0].dependencies,
              (std::vector<std::string>{"lib@2.0.0-rc.1+build.5", "tip@1.0.0"}));
    EXPECT_EQ(read->packages[1].features, (std::vector<std::string>{"default", "fast"}));
    EXPECT_EQ(read->packages[1].version, ver("2.0.0-rc.1+build.5"));
    EXPECT_EQ(read->packages[2].source_id, "git+https://example.org/tip#main");
    EXPECT_EQ(read->encode(), sample().encode());
}

TEST(LockFile, OfASolutionRepeatsIt) {
    Repo repo(R"(
        app 1.0.0 ; needs lib * [fast]
        lib 1.0.0 ; feature fast =
        lib 2.0.0 ; feature fast =
    )");
    Request request = ask("app *, lib ^1");
    SatResolver resolver;
    const auto solution = resolver.resolve(request, repo.provider(), CallContext());
    ASSERT_TRUE(solution) << solution.error().to_string();
    const LockFile file = LockFile::from(request, *solution);
    EXPECT_EQ(file.roots, (std::vector<std::string>{"app *", "lib ^1"}));
    const auto read = LockFile::decode(file.encode());
    ASSERT_TRUE(read) << read.error().to_string();

    Request later = ask("app *");
    EXPECT_EQ(testing::answer(repo, later), "app 1.0.0, lib 2.0.0 +fast");
    later.locked = read->locked();
    EXPECT_EQ(testing::answer(repo, later), "app 1.0.0, lib 1.0.0 +fast");
}

TEST(LockFile, EqualSolutionsGiveEqualBytes) {
    LockFile shuffled = sample();
    std::swap(shuffled.packages[0], shuffled.packages[2]);
    std::swap(shuffled.packages[1].features[0], shuffled.packages[1].features[1]);
    EXPECT_EQ(shuffled.encode(), sample().encode());
}

struct Refused {
    const char* text;
    std::uint64_t line;
    const char* part;  ///< Of the message.
};

class LockFileRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(LockFileRefuses, WithALineAndAColumn) {
    const auto read = LockFile::decode(GetParam().text);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code(), Errc::kLockFileInvalid);
    const auto* place = read.error().detail_as<LocationDetail>();
    ASSERT_NE(place, nullptr);
    EXPECT_EQ(place->line, GetParam().line) << read.error().message();
    EXPECT_GT(place->column, 0u);
    EXPECT_NE(read.error().message().find(GetParam().part), std::string_view::npos)
        << read.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Texts, LockFileRefuses,
    ::testing::Values(
        Refused{"", 1, "not a JSON document"},
        Refused{"{\n\"format\": \"catalog-lock\",\n oops", 3, "not a JSON document"},
        Refused{"[]", 1, "not an object"}, Refused{"{}", 1, "\"format\" is missing"},
        Refused{R"({"format":"other","version":1,"packages":[]})", 1, "\"format\" is not"},
        Refused{R"({"format":"catalog-lock","packages":[]})", 1, "\"version\" is missing"},
        Refused{R"({"format":"catalog-lock","version":2,"packages":[]})", 1, "version 2"},
        Refused{R"({"format":"catalog-lock","version":1})", 1, "\"packages\" is missing"},
        Refused{R"({"format":"catalog-lock","version":1,"packages":[],"roots":[1]})", 1,
                "\"roots\""},
        Refused{"{\"format\":\"catalog-lock\",\"version\":1,\"packages\":[\n"
                "{\"name\":\"a\",\"version\":\"1.0.0\"},\n"
                "{\"name\":\"b\",\"version\":\"1.0\"}]}",
                3, "not a semantic version"},
        Refused{"{\"format\":\"catalog-lock\",\"version\":1,\"packages\":[\n"
                "{\"name\":\"a\",\n\"note\":{\"version\":1},\n \"version\":\"one\"}]}",
                4, "not a semantic version (line 4, column 2)"},
        Refused{"{\n<<<<<<< ours\n\"version\":1\n=======\n\"version\":2\n>>>>>>> theirs\n}", 2,
                "a merge was left unfinished (line 2, column 1)"},
        Refused{"{\"format\":\"catalog-lock\",\"version\":1,\"packages\":[\n"
                "{\"name\":\"a\",\"version\":\"1.0.0\"},\n"
                "{\"name\":\"a\",\"version\":\"1.0.0\"}]}",
                3, "twice"},
        Refused{"{\"format\":\"catalog-lock\",\"version\":1,\"packages\":[\n\n"
                "{\"name\":\"a\",\"version\":\"1.0.0\",\"dependencies\":[\"b@1.0.0\"]}]}",
                3, "is not in the file"},
        Refused{"{\"format\":\"catalog-lock\",\"version\":1,\"packages\":[\n7]}", 2,
                "not an object"},
        Refused{"{\"format\":\"catalog-lock\",\"version\":1,\"packages\":[\n"
                "{\"name\":\"a..b\",\"version\":\"1.0.0\"}]}",
                2, "not a package name"},
        Refused{"{\"format\":\"catalog-lock\",\"version\":1,\"packages\":[\n"
                "{\"name\":\"a\",\"version\":\"1.0.0\",\"digest\":\"md5:00\"}]}",
                2, "not a digest"}));

TEST(LockFile, SurvivesEditingByHand) {
    const char* edited =
        "\xef\xbb\xbf{ \"version\": 1, \"//\": [\"pinned for the demo\", 7],\r\n"
        "  \"format\": \"catalog-lock\", \"roots\": [\"b *\"],\n"
        "  \"packages\": [\n"
        "    {\"version\": \"1.0.0\", \"name\": \"b\", \"// why\": \"the last that\\tworks\",\n"
        "     \"dependencies\": [\"c@1.0.0\", \"a@1.0.0\", \"a@1.0.0\"]},\n"
        "    {\"name\": \"c\", \"version\": \"1.0.0\", \"features\": [\"y\", \"x\"]},\n"
        "    {\"name\": \"a\", \"version\": \"1.0.0\"}]}";
    const auto read = LockFile::decode(edited);
    ASSERT_TRUE(read) << read.error().to_string();
    ASSERT_EQ(read->packages.size(), 3u);
    EXPECT_EQ(read->packages[0].name, "a");
    EXPECT_EQ(read->packages[1].dependencies, (std::vector<std::string>{"a@1.0.0", "c@1.0.0"}));
    EXPECT_EQ(read->packages[2].features, (std::vector<std::string>{"x", "y"}));
    const std::string written = read->encode();
    EXPECT_NE(written.find("pinned for the demo"), std::string::npos) << written;
    EXPECT_NE(written.find("the last that\\tworks"), std::string::npos) << written;
    EXPECT_EQ(LockFile::decode(written)->encode(), written);
}

TEST(LockFile, CommentsMoveToTheNextOne) {
    LockFile older = sample();
    older.other["//"] = "\"keep me\"";
    older.packages[1].other["// lib"] = "{\"by\":\"Ada\"}";
    LockFile newer = sample();
    newer.packages[1].version = ver("2.1.0");
    newer.packages[2].dependencies = {"lib@2.1.0", "tip@1.0.0"};
    newer.keep_other(older);
    const auto read = LockFile::decode(newer.encode());
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(read->other.count("//"), 1u);
    EXPECT_EQ(read->packages[1].other.count("// lib"), 1u);
    EXPECT_TRUE(read->packages[0].other.empty());
}

}  // namespace
}  // namespace catalog::resolve
