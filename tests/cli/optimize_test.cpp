// --optimize: which of the answers is given, and what is said of one that is not shown to be the
// best.

#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "catalog/json/write.hpp"
#include "cli_bed.hpp"
#include "resolution_options.hpp"
#include "solve_batch.hpp"
#include "support/core/golden.hpp"
#include "support/resolve/hard_world.hpp"

namespace catalog::cli {
namespace {

std::string optimize_file(const std::string& name) {
    return std::string(CATALOG_GOLDEN_DIR) + "/cli/" + name;
}

/// Work and times differ from one version of the engine to the next.
std::string without_stats(const std::string& text) {
    static const std::regex kStats(R"re("stats":\{[^}]*\})re");
    return std::regex_replace(text, kStats, R"("stats":{})");
}

void publish_needing(CliBed& bed, const std::string& name, const std::string& version,
                     const std::string& needs) {
    const std::string folder = name + "-" + version;
    std::filesystem::create_directory(bed.folder / folder);
    bed.file(folder + "/catalog.toml", "[package]\nname = \"" + name + "\"\nversion = \"" +
                                           version + "\"\n[dependencies]\n" + needs);
    const Answer answer = bed.run({"publish", bed.folder / folder});
    ASSERT_EQ(answer.code, 0) << answer.error;
}

/// A prefix with tool 1.0.0 over mid 1.0.0, and newer ones of both.
void install_tool(CliBed& bed) {
    ASSERT_EQ(bed.run({"init"}).code, 0);
    publish_needing(bed, "mid", "1.0.0", "");
    publish_needing(bed, "tool", "1.0.0", "mid = \"*\"\n");
    ASSERT_EQ(bed.run({"install", "tool", "--prefix", bed.folder / "prefix"}).code, 0);
    publish_needing(bed, "mid", "2.0.0", "");
    publish_needing(bed, "tool", "1.1.0", "mid = \"*\"\n");
    publish_needing(bed, "tool", "2.0.0", "mid = \"^2\"\n");
    publish_needing(bed, "app", "1.0.0", "mid = \"*\"\n");
    publish_needing(bed, "app", "2.0.0", "mid = \"^2\"\n");
}

std::string added_by(CliBed& bed, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "--json");
    arguments.insert(arguments.end(), {"--prefix", bed.folder / "prefix", "--dry-run"});
    const Answer answer = bed.run(arguments);
    EXPECT_EQ(answer.code, 0) << answer.out;
    const json::Value document = answer.documents().at(0);
    EXPECT_TRUE(*document.find("proven")->as_bool());
    return json::write_canonical(*document.find("added"));
}

TEST(Optimize, BatchLinesAreAnsweredAsTheGoldenFileSays) {
    CliBed bed;
    const Answer answer = bed.run({"solve", "--packages", optimize_file("optimize.jsonl"),
                                   "--batch", optimize_file("optimize.queries.jsonl")});
    EXPECT_EQ(answer.code, 0) << answer.error;
    golden::expect("cli/optimize.answers.jsonl", without_stats(answer.out));
}

TEST(Optimize, ResolvingIsAnsweredAsTheGoldenFileSays) {
    CliBed bed;
    const std::string lock = bed.folder / "catalog.lock";
    ASSERT_EQ(bed.run({"init"}).code, 0);
    ASSERT_EQ(bed.run({"import", optimize_file("optimize.jsonl")}).code, 0);
    ASSERT_EQ(bed.run({"resolve", "mid@^1", "--write-lock", lock}).code, 0);
    std::string told;
    const auto tell = [&](const std::vector<std::string>& request) {
        for (const char* optimize : {"roots", "all", "changes", "first"}) {
            std::vector<std::string> arguments{"resolve"};
            arguments.insert(arguments.end(), request.begin(), request.end());
            arguments.insert(arguments.end(), {"--optimize", optimize});
            told += "$";
            for (const std::string& argument : arguments)
                told += " " + (argument == lock ? "catalog.lock" : argument);
            const Answer people = bed.run(arguments);
            arguments.insert(arguments.begin(), "--json");
            const Answer answer = bed.run(arguments);
            told += "\n" + people.out + people.error + without_stats(answer.out) + answer.error +
                    "exit " + std::to_string(answer.code) + "\n";
        }
    };
    tell({"app"});
    tell({"tool", "--lock", lock});
    tell({"app", "--solver", "graph"});
    golden::expect("cli/optimize.txt", told);
}

TEST(Optimize, HoldsForLinesOfABatchThatDoNotSay) {
    CliBed bed;
    const auto zed = [&](const std::string& line) {
        const Answer answer = bed.run({"solve", "--packages", optimize_file("optimize.jsonl"),
                                       "--batch", "-", "--optimize", "all"},
                                      line);
        const json::Value document = answer.documents().at(0);
        return *document.find("packages")->as_array()->at(2).find("version")->as_string();
    };
    EXPECT_EQ(zed(R"({"require":[{"name":"app"}]})"), "1.0.0");
    EXPECT_EQ(zed(R"({"require":[{"name":"app"}],"optimize":"roots"})"), "2.0.0");
}

TEST(Optimize, AnUnknownChoiceIsAMistakeInTheCommandLine) {
    CliBed bed;
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"resolve", "app"},
          {"why-not", "app"},
          {"solve", "--packages", "-", "--require", "app"},
          {"install", "app", "--prefix", "p"},
          {"update", "--prefix", "p"}}) {
        std::vector<std::string> arguments = command;
        arguments.insert(arguments.end(), {"--optimize", "odd"});
        const Answer answer = bed.run(arguments);
        EXPECT_EQ(answer.code, 2) << command.front();
        EXPECT_EQ(answer.error,
                  "catalog: --optimize: odd not in {roots,all,changes,first}\n"
                  "hint: see: catalog " +
                      command.front() + " --help\n");
    }
    EXPECT_EQ(bed.run({"uninstall", "app", "--prefix", "p", "--optimize", "all"}).code, 2);
}

TEST(Optimize, AnInstallationCanKeepWhatIsThere) {
    CliBed bed;
    install_tool(bed);
    EXPECT_EQ(added_by(bed, {"install", "app"}), R"(["app@2.0.0","mid@2.0.0"])");
    EXPECT_EQ(added_by(bed, {"install", "app", "--optimize", "changes"}), R"(["app@1.0.0"])");
}

TEST(Optimize, AnUpdateCanKeepWhatItDoesNotName) {
    CliBed bed;
    install_tool(bed);
    EXPECT_EQ(added_by(bed, {"update", "tool"}), R"(["mid@2.0.0","tool@2.0.0"])");
    EXPECT_EQ(added_by(bed, {"update", "tool", "--optimize", "changes"}), R"(["tool@1.1.0"])");
    EXPECT_EQ(added_by(bed, {"update", "--optimize", "all"}), R"(["mid@2.0.0","tool@2.0.0"])");
    const Answer everything =
        bed.run({"update", "--optimize", "changes", "--prefix", bed.folder / "prefix"});
    EXPECT_EQ(everything.code, 3);
    EXPECT_NE(everything.error.find("hint: name the packages to update"), std::string::npos)
        << everything.error;
}

/// Raises the budget until the answer is proven; returns how many were not.
int unproven_before_proven(resolve::testing::World& world, const std::string& optimize) {
    json::Array required;
    json::Array locked;
    for (const resolve::Root& root : world.request.roots) {
        required.emplace_back(json::Object{{"name", root.target.name}});
        // What was chosen before: the oldest of every second package.
        if (required.size() % 2 == 1)
            locked.emplace_back(json::Object{{"name", root.target.name}, {"version", "1.0.0"}});
    }
    const json::Value line(json::Object{
        {"require", std::move(required)}, {"locked", std::move(locked)}, {"optimize", optimize}});
    int unproven = 0;
    for (std::uint64_t conflicts = 1; conflicts < 10'000; conflicts += 1 + conflicts / 32) {
        SolveDefaults defaults;
        defaults.request.conflicts_max = conflicts;
        SolveAnswerer answerer(world.repo.provider(), library::Solver::kSat, defaults,
                               make_system_clock(), CallContext());
        const json::Object answer = answerer.answer(line);
        if (*answer.at("status").as_string() == "error") continue;
        EXPECT_EQ(*answer.at("status").as_string(), "sat");
        if (*answer.at("proven").as_bool()) return unproven;
        ++unproven;
    }
    ADD_FAILURE() << "no budget was enough";
    return unproven;
}

TEST(Optimize, ALineWhoseBudgetRanOutSaysThatItIsNotProven) {
    int unproven = 0;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        resolve::testing::World world = resolve::testing::make_hard_world({16, 6, 4, 0.6}, seed);
        unproven += unproven_before_proven(world, "all");
        unproven += unproven_before_proven(world, "changes");
    }
    EXPECT_GT(unproven, 0);
}

TEST(Optimize, RemarksOnAnAnswerThatIsNotProven) {
    const auto remark_of = [](bool proven, bool quiet) {
        std::istringstream in;
        std::ostringstream out;
        std::ostringstream error;
        Streams streams{in, out, error};
        Session session(streams, {});
        session.options.quiet = quiet;
        note_unproven(session, proven);
        EXPECT_TRUE(out.str().empty());
        return error.str();
    };
    EXPECT_EQ(remark_of(false, false),
              "remark: the answer is valid, but not shown to be the best (--optimize)\n");
    EXPECT_EQ(remark_of(false, true), "");
    EXPECT_EQ(remark_of(true, false), "");
}

}  // namespace
}  // namespace catalog::cli
