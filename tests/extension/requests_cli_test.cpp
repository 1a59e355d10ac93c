// The same question over JSON and on the command line has the same answer.

#include <gtest/gtest.h>

#include <filesystem>

#include "../cli/cli_bed.hpp"
#include "requests_bed.hpp"

namespace catalog::extension::testing {
namespace {

/// One library in a folder, asked both ways.
class BothWays {
public:
    BothWays() {
        cli_.file("list.jsonl",
                  R"({"name":"base","version":"1.0.0","description":"a base"})"
                  "\n"
                  R"({"name":"base","version":"2.0.0","description":"a base"})"
                  "\n"
                  R"({"name":"app","version":"1.0.0","dependencies":[{"name":"base","req":"^1"}]})"
                  "\n"
                  R"({"name":"late","version":"1.0.0","dependencies":[{"name":"base","req":"^2"}]})"
                  "\n");
        std::filesystem::create_directory(cli_.folder / "project");
        cli_.file("project/catalog.toml",
                  "[package]\nname = \"kit\"\nversion = \"1.2.3\"\nkeywords = [\"base\"]\n");
        cli_.file("project/readme.txt", "hello\n");
        run({"init"});
        run({"import", cli_.folder / "list.jsonl"});
        run({"publish", cli_.folder / "project"});
        library_ = must(library::AssetLibrary::open(cli_.folder / "library"));
        settings_.granted = std::uint64_t{1} << HMX_CAP_FILESYSTEM_ACCESS;
    }

    json::Object run(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "--json");
        const cli::Answer answer = cli_.run(arguments);
        return *answer.documents().at(0).as_object();
    }

    Result<json::Object> request(std::string_view name, const json::Object& params) const {
        return Requests(*library_, settings_).call(*Requests::find(name), params, CallContext());
    }

    std::string path(const std::string& name) { return cli_.folder / name; }

private:
    cli::CliBed cli_;
    std::unique_ptr<library::AssetLibrary> library_;
    RequestSettings settings_;
};

/// Times differ from run to run.
json::Object without_times(json::Object object) {
    object.erase("stats");
    return object;
}

TEST(RequestsAndCli, LookingAnswersAlike) {
    BothWays both;
    EXPECT_EQ(text_of(must(both.request("list_packages", {}))), text_of(both.run({"list"})));
    EXPECT_EQ(text_of(must(both.request(
                  "list_packages", {{"all_versions", true}, {"name_prefix", "b"}, {"limit", 1}}))),
              text_of(both.run({"list", "b", "--all-versions", "--limit", "1"})));
    EXPECT_EQ(text_of(must(both.request("search_packages", {{"words", "base"}}))),
              text_of(both.run({"search", "base"})));
    EXPECT_EQ(
        text_of(must(both.request(
            "search_packages", {{"words", "base OR kit"}, {"limit", 1}, {"facets", "license"}}))),
        text_of(both.run({"search", "base", "OR", "kit", "--limit", "1", "--facet", "license"})));
    EXPECT_EQ(text_of(must(both.request("search_packages", {{"words", "bsae"}}))),
              text_of(both.run({"search", "bsae"})));
    EXPECT_EQ(text_of(must(both.request("suggest", {{"name", "bsae"}}))),
              text_of(both.run({"suggest", "bsae"})));
    EXPECT_EQ(text_of(must(both.request("dependents", {{"name", "base"}, {"transitive", true}}))),
              text_of(both.run({"deps", "base", "--reverse", "--transitive"})));
    EXPECT_EQ(text_of(must(both.request("get_package", {{"id", "kit"}, {"files", true}}))),
              text_of(both.run({"show", "kit", "--files"})));
    EXPECT_EQ(text_of(must(both.request("get_package", {{"id", "base@^1"}}))),
              text_of(both.run({"show", "base@^1"})));
    EXPECT_EQ(text_of(must(both.request("deps", {{"id", "app"}}))),
              text_of(both.run({"deps", "app"})));
    EXPECT_EQ(text_of(must(both.request("dependents", {{"name", "base"}}))),
              text_of(both.run({"deps", "base", "--reverse"})));
    EXPECT_EQ(text_of(must(both.request("info", {}))), text_of(both.run({"info"})));
}

TEST(RequestsAndCli, ResolvingAnswersAlike) {
    BothWays both;
    EXPECT_EQ(text_of(without_times(must(both.request("resolve", {{"requests", "app"}})))),
              text_of(without_times(both.run({"resolve", "app"}))));
    const json::Object unsat{{"requests", json::Array{"app", "late"}}};
    EXPECT_EQ(text_of(must(both.request("explain", unsat))),
              text_of(both.run({"why-not", "app", "late"})));
    json::Object failure = failure_data(both.request("resolve", unsat).error());
    failure.erase("roots");
    failure.erase("steps");
    EXPECT_EQ(text_of(failure), text_of(both.run({"resolve", "app", "late"}).at("error")));
}

TEST(RequestsAndCli, InstallingAnswersAlikeBesideWhatHostsAdd) {
    BothWays both;
    const json::Object wanted = both.run({"install", "kit", "--prefix", both.path("one")});
    json::Object answer = must(
        both.request("install_package", {{"package_id", "kit"}, {"prefix", both.path("two")}}));
    EXPECT_EQ(member(answer, "package_id"), R"("kit@1.2.3")");
    for (const char* added : {"package_id", "install_path", "time_us"}) answer.erase(added);
    EXPECT_EQ(text_of(answer), text_of(wanted));
    EXPECT_EQ(text_of(must(both.request("verify_prefix", {{"prefix", both.path("one")}}))),
              text_of(both.run({"verify", "--prefix", both.path("two")})));
    EXPECT_EQ(text_of(must(both.request("history", {{"prefix", both.path("one")}}))),
              text_of(both.run({"history", "--prefix", both.path("one")})));
}

TEST(RequestsAndCli, CareAnswersAlike) {
    BothWays both;
    for (const bool deep : {false, true})
        EXPECT_EQ(text_of(must(both.request("verify_library", {{"deep", deep}}))),
                  text_of(deep ? both.run({"verify", "--deep"}) : both.run({"verify"})));
    json::Object stats = must(both.request("stats", {}));
    json::Object wanted = both.run({"stats"});
    // A reader counts the database's files a moment later.
    stats.erase("database_bytes");
    wanted.erase("database_bytes");
    EXPECT_EQ(text_of(stats), text_of(wanted));
}

TEST(RequestsAndCli, PublishingAnswersAlikeBesideWhatHostsAdd) {
    BothWays both;
    json::Object answer =
        must(both.request("publish_package", {{"path", both.path("project")}, {"dry_run", true}}));
    for (const char* added : {"package_id", "version", "distribution_hash"}) answer.erase(added);
    EXPECT_EQ(text_of(answer), text_of(both.run({"check", both.path("project")})));
}

}  // namespace
}  // namespace catalog::extension::testing
