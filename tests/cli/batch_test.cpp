#include <gtest/gtest.h>

#include "cli_bed.hpp"

namespace catalog::cli {
namespace {

constexpr const char* kPackages =
    "{\"name\":\"app\",\"version\":\"1.0.0\",\"dependencies\":[{\"name\":\"lib\",\"req\":\"^1\"}]}"
    "\n"
    "{\"name\":\"app\",\"version\":\"2.0.0\",\"dependencies\":[{\"name\":\"lib\",\"req\":\"^2\"}]}"
    "\n"
    "{\"name\":\"lib\",\"version\":\"1.0.0\"}\n{\"name\":\"lib\",\"version\":\"1.4.0\",\"yanked\":"
    "true}\n"
    "{\"name\":\"lib\",\"version\":\"2.1.0-rc.1\"}\n";

std::string member(const json::Value& value, std::string_view name) {
    const json::Value* found = value.find(name);
    return found != nullptr && found->as_string() != nullptr ? *found->as_string() : "";
}

TEST(SolveBatch, AnswersEveryLineWithOneLine) {
    CliBed bed;
    const std::string list = bed.file("packages.jsonl", kPackages);
    const Answer answer = bed.run(
        {"solve", "--packages", list, "--batch", "-"},
        "{\"id\":7,\"require\":[{\"name\":\"app\"}]}\n"
        "not json\n\n"
        "{\"id\":\"b\",\"require\":[{\"name\":\"app\",\"req\":\"^2\"}]}\n"
        "{\"id\":9,\"require\":[{\"name\":\"nobody\"}]}\n"
        "[1]\n"
        "{\"require\":[{\"name\":\"lib\"}],\"locked\":[{\"name\":\"lib\",\"version\":\"1.4.0\"}]}\n"
        "{\"require\":[{\"name\":\"lib\",\"req\":\"2.x\"}],\"dialect\":\"npm\",\"include_"
        "prerelease\":true}\n"
        "{\"policy\":\"odd\",\"require\":[]}");
    EXPECT_EQ(answer.code, 0);
    const std::vector<json::Value> lines = answer.documents();
    ASSERT_EQ(lines.size(), 8u);
    std::vector<std::string> statuses;
    for (const json::Value& line : lines) statuses.push_back(member(line, "status"));
    EXPECT_EQ(statuses, (std::vector<std::string>{"sat", "error", "unsat", "unsat", "error", "sat",
                                                  "sat", "error"}));
    EXPECT_EQ(*lines[0].find("id")->as_int(), 7);
    EXPECT_TRUE(lines[1].find("id")->is_null());
    EXPECT_EQ(lines[0].find("packages")->as_array()->size(), 2u);
    EXPECT_NE(member(lines[2], "explanation").find("lib"), std::string::npos);
    EXPECT_EQ(member(lines[5].find("packages")->as_array()->at(0), "version"), "1.4.0");
    EXPECT_EQ(member(lines[6].find("packages")->as_array()->at(0), "version"), "2.1.0-rc.1");
}

TEST(Solve, AnswersRequirementsOfTheCommandLine) {
    CliBed bed;
    const std::string list = bed.file("packages.jsonl", kPackages);
    EXPECT_EQ(bed.run({"solve", "--packages", list, "--require", "app ^1"}).out,
              "app 1.0.0\nlib 1.0.0\n");
    const Answer unsat = bed.run({"solve", "--packages", list, "--require", "app ^2"});
    EXPECT_EQ(unsat.code, 1);
    EXPECT_TRUE(unsat.out.empty());
    EXPECT_EQ(bed.run({"solve", "--packages", list}).code, 2);
    EXPECT_EQ(
        bed.run({"solve", "--packages", list, "--require", "app ^1", "--solver", "magic"}).code, 3);
    EXPECT_EQ(
        bed.run({"solve", "--packages", list, "--require", "app ^1", "--solver", "graph"}).code, 0);
}

TEST(Solve, TakesTheOptionsOfResolveForRequirementsAndForLinesThatDoNotSay) {
    CliBed bed;
    const std::string list = bed.file("packages.jsonl", kPackages);
    const auto solve = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"solve", "--packages", list});
        return bed.run(more,
                       "{\"require\":[{\"name\":\"lib\",\"req\":\"1.0.0\"}]}\n"
                       "{\"require\":[{\"name\":\"lib\",\"req\":\"^1\"}],\"prefer\":"
                       "\"newest\"}\n");
    };
    const std::string lock = bed.folder / "catalog.lock";
    ASSERT_EQ(bed.run({"init"}).code, 0);
    ASSERT_EQ(bed.run({"import", bed.file("lib.jsonl",
                                          "{\"name\":\"lib\",\"version\":"
                                          "\"1.4.0\"}\n")})
                  .code,
              0);
    ASSERT_EQ(bed.run({"resolve", "lib", "--write-lock", lock}).code, 0);
    EXPECT_EQ(solve({"--require", "lib ^1"}).out, "lib 1.0.0\n");
    EXPECT_EQ(solve({"--require", "lib ^1", "--lock", lock}).out, "lib 1.4.0\n") << "yanked";
    EXPECT_EQ(solve({"--require", "lib ^1", "--policy", "odd"}).code, 3);
    EXPECT_EQ(solve({"--require", "..", "--policy", "single"}).code, 3);
    const auto locked = solve({"--batch", "-", "--lock", lock}).documents();
    ASSERT_EQ(locked.size(), 2u);
    EXPECT_EQ(member(locked[1].find("packages")->as_array()->at(0), "version"), "1.4.0");
    const auto npm = solve({"--batch", "-", "--dialect", "npm"}).documents();
    ASSERT_EQ(npm.size(), 2u);
    EXPECT_EQ(member(npm[0].find("packages")->as_array()->at(0), "version"), "1.0.0");
    EXPECT_EQ(solve({"--batch", "-", "--dialect", "odd"}).code, 3);
}

TEST(Solve, NamesTheLineOfABadPackageList) {
    CliBed bed;
    const std::string list =
        bed.file("packages.jsonl", std::string(kPackages) + "{\"name\":\"x\"}\n");
    const Answer answer = bed.run({"solve", "--packages", list, "--require", "app ^1"});
    EXPECT_EQ(answer.code, 3);
    EXPECT_NE(answer.error.find("packages.jsonl:6"), std::string::npos);
    EXPECT_EQ(bed.run({"solve", "--packages", list, "--require", "app ^1", "--keep-going"}).code,
              0);
}

TEST(SemverBatch, AnswersEveryOperation) {
    CliBed bed;
    const Answer answer =
        bed.run({"semver", "--batch", "-"},
                "{\"op\":\"parse\",\"a\":\"1.2.3-rc.1+b\"}\n{\"op\":\"compare\",\"a\":\"1.0.0\","
                "\"b\":\"1.0.0-a\"}\n"
                "{\"op\":\"match\",\"version\":\"1.2.3\",\"req\":\"^1\"}\n"
                "{\"op\":\"match\",\"version\":\"1.2.3\",\"req\":\"1.2.4\",\"dialect\":\"npm\"}\n"
                "{\"op\":\"sort\",\"versions\":[\"2.0.0\",\"1.0.0\",\"1.0.0-a\"]}\n"
                "{\"op\":\"range\",\"req\":\"^1.2\"}\n{\"op\":\"parse\",\"a\":\"1.2\"}\nnonsense\n{"
                "\"op\":\"dance\"}\n");
    EXPECT_EQ(answer.code, 0);
    EXPECT_EQ(answer.out.substr(0, answer.out.find("{\"error")),
              "{\"ok\":true,\"result\":{\"build\":\"b\",\"major\":1,\"minor\":2,\"patch\":3,"
              "\"prerelease\":\"rc.1\",\"version\":\"1.2.3-rc.1+b\"}}\n"
              "{\"ok\":true,\"result\":1}\n{\"ok\":true,\"result\":true}\n{\"ok\":true,\"result\":"
              "false}\n"
              "{\"ok\":true,\"result\":[\"1.0.0-a\",\"1.0.0\",\"2.0.0\"]}\n{\"ok\":true,\"result\":"
              "\">=1.2.0-0, <2.0.0-0\"}\n");
    const auto lines = answer.documents();
    ASSERT_EQ(lines.size(), 9u);
    for (std::size_t i = 6; i < 9; ++i) EXPECT_FALSE(*lines[i].find("ok")->as_bool());
}

}  // namespace
}  // namespace catalog::cli
