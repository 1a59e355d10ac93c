// What every command answers with --json, byte for byte: docs/cli.md says that it is stable.

#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "cli_bed.hpp"
#include "support/core/golden.hpp"

namespace catalog::cli {
namespace {

std::string golden_file(const std::string& name) {
    return std::string(CATALOG_GOLDEN_DIR) + "/cli/" + name;
}

/// Replaces what differs from run to run or from one version of a library to the next: the bed's
/// folder, times, random ids and keys, what hangs on them, what zstd and RocksDB make of bytes, and
/// how much work a resolution was.
std::string normalised(std::string text, const std::string& folder) {
    for (std::size_t at = 0; (at = text.find(folder, at)) != std::string::npos;)
        text.replace(at, folder.size(), "DIR");
    static const std::pair<std::regex, const char*> kRules[] = {
        {std::regex(R"re("([a-z]+_us)":\d+)re"), R"("$1":0)"},
        {std::regex("ed25519:[0-9a-f]{16}"), "ed25519:KEY"},
        {std::regex(R"re("id":"[0-9a-f-]{32,36}")re"), R"("id":"LIBRARY")"},
        {std::regex(
             R"re("(database_bytes|index_bytes|payload_bytes|stored_bytes|unreferenced_bytes)":\d+)re"),
         R"("$1":0)"},
        {std::regex(R"re("(decisions|conflicts|propagations)":\d+)re"), R"("$1":0)"},
        {std::regex(R"re("sha256":"[0-9a-f]{64}")re"), R"("sha256":"DIGEST")"},
        {std::regex(R"re("build_id":"[0-9a-f]+")re"), R"("build_id":"ID")"},
    };
    for (const auto& [pattern, with] : kRules) text = std::regex_replace(text, pattern, with);
    return text;
}

/// Runs commands and writes down what they answered.
class Transcript {
public:
    void run(std::vector<std::string> arguments) {
        text_ += "$";
        for (const std::string& argument : arguments) text_ += " " + argument;
        arguments.insert(arguments.begin(), "--json");
        const Answer answer = bed.run(arguments);
        text_ += "\n" + answer.out + answer.error + "exit " + std::to_string(answer.code) + "\n";
    }
    [[nodiscard]] std::string text() const {
        std::string text = text_;
        const std::string sources = golden_file("");
        for (std::size_t at = 0; (at = text.find(sources, at)) != std::string::npos;)
            text.erase(at, sources.size());
        return normalised(std::move(text), bed.folder / "");
    }

    CliBed bed;

private:
    std::string text_;
};

TEST(JsonAnswers, AreAsTheGoldenFileSays) {
    Transcript told;
    const std::string kit = told.bed.folder / "kit";
    const std::string prefix = told.bed.folder / "prefix";
    const std::string lock = told.bed.folder / "catalog.lock";
    told.run({"init"});
    told.run({"info"});
    told.run({"new", "kit", kit, "--package-version", "1.0.0"});
    told.bed.file("kit/hello.txt", "hello\n");
    told.run({"check", kit});
    told.run({"publish", kit});
    told.run({"publish", kit});
    told.run({"import", golden_file("packages.jsonl")});
    told.run({"list", "--all-versions"});
    told.run({"list", "--limit", "2"});
    told.run({"search", "tool"});
    told.run({"search", "zebra"});
    told.run({"search", "app OR lib", "--limit", "1"});
    told.run({"search", "app OR", "license:MIT"});
    told.run({"search", "type:application", "--all-versions", "--limit", "1", "--facet", "license",
              "--facet", "type"});
    told.run({"suggest", "lbi"});
    told.run({"suggest", "zebra"});
    told.run({"deps", "lib", "--reverse", "--transitive"});
    told.run({"deps", "lib", "--reverse", "--transitive", "--limit", "1"});
    told.run({"show", "kit", "--files"});
    told.run({"show", "every@0.3.0-rc.1+build.7"});
    told.run({"deps", "every@0.3.0-rc.1+build.7"});
    told.run({"deps", "lib", "--reverse"});
    told.run({"resolve", "app@^1", "--write-lock", lock});
    told.run({"resolve", "app@^1", "lib@^2"});
    told.run({"resolve", "app@^1", "lib@^2", "--policy", "per-major"});
    told.run({"why-not", "app@^1", "lib@^2"});
    told.run({"why-not", "kit"});
    told.run({"why-not", "lib@^2", "--for", "app@^1"});
    told.run({"why", "lib", "--for", "app@^1"});
    told.run({"matrix", "app", "lib"});
    told.run({"install", "kit", "--prefix", prefix});
    told.run({"install", "app", "--prefix", prefix});
    told.run({"why", "kit", "--prefix", prefix});
    told.run({"verify", "--prefix", prefix});
    told.run({"update", "--prefix", prefix});
    told.run({"uninstall", "kit", "--prefix", prefix});
    told.run({"rollback", "--prefix", prefix});
    told.run({"history", "--prefix", prefix});
    for (const char* change : {"yank", "unyank", "deprecate", "restore", "archive"})
        told.run(std::string(change).starts_with("un") || std::string(change) == "restore"
                     ? std::vector<std::string>{change, "kit@1.0.0"}
                     : std::vector<std::string>{change, "kit@1.0.0", "--reason", "why not"});
    told.run({"store", "put", told.bed.file("data", "0123456789")});
    const std::string object =
        "sha256:c94380bf582e2c5e7be8f0e5adce4cbe2eaa619f9ba620fa8cf5246e15145feb";
    told.run({"store", "get", object, told.bed.folder / "copy"});
    told.run({"store", "get", object, told.bed.folder / "copy"});
    told.run({"store", "cat", object});
    told.run({"store", "ls"});
    told.run({"store", "stat"});
    std::filesystem::create_directory(told.bed.folder / "unpacked");
    told.bed.file("unpacked/package.json",
                  R"({"name":"small","version":"2.0.0","dependencies":{"lib":"^1.0.0"}})");
    told.bed.file("unpacked/index.js", "module.exports = 2;\n");
    told.run({"import-npm", told.bed.folder / "unpacked"});
    told.run({"stats"});
    told.run({"verify"});
    told.run({"verify", "--deep"});
    told.run({"repair"});
    // What goes wrong.
    told.run({"show", "nobody"});
    told.run({"show", "kit@^9"});
    told.run({"show", "kit@"});
    told.run({"abandon", "kit@1.0.0"});
    told.run({"history", "--prefix", told.bed.folder / "nothing"});
    told.run({"cat", "kit@1.0.0", "nowhere"});
    told.run({"check", told.bed.folder / "nowhere"});
    told.run({"import", told.bed.folder / "nowhere.jsonl"});
    told.run({"resolve", "app", "--policy", "odd"});
    told.run({"resolve"});
    told.run({"frob"});
    golden::expect("cli/answers.txt", told.text());
}

TEST(SolveBatch, AnswersAsTheGoldenFileSays) {
    CliBed bed;
    const Answer answer = bed.run({"solve", "--packages", golden_file("packages.jsonl"), "--batch",
                                   golden_file("solve.queries.jsonl")});
    EXPECT_EQ(answer.code, 0) << answer.error;
    golden::expect("cli/solve.answers.jsonl", normalised(answer.out, bed.folder / ""));
}

TEST(SemverBatch, AnswersAsTheGoldenFileSays) {
    CliBed bed;
    const Answer answer = bed.run({"semver", "--batch", golden_file("semver.queries.jsonl")});
    EXPECT_EQ(answer.code, 0) << answer.error;
    golden::expect("cli/semver.answers.jsonl", answer.out);
}

}  // namespace
}  // namespace catalog::cli
