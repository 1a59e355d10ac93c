#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>

#include "cli_bed.hpp"

namespace catalog::cli {
namespace {

const std::vector<std::string>& commands() {
    static const std::vector<std::string> kCommands{
        "init",    "info",    "stats",      "verify",    "repair",     "new",       "check",
        "publish", "import",  "import-npm", "yank",      "unyank",     "deprecate", "restore",
        "archive", "search",  "list",       "show",      "deps",       "cat",       "resolve",
        "why",     "why-not", "install",    "uninstall", "update",     "rollback",  "history",
        "store",   "solve",   "semver",     "plugin",    "completion", "abandon",   "matrix",
        "keys",    "suggest"};
    return kCommands;
}

TEST(Commands, AllExplainThemselves) {
    CliBed bed;
    const std::string help = bed.run({"--help"}).out;
    for (const std::string& command : commands()) {
        EXPECT_NE(help.find("\n  " + command + " "), std::string::npos) << command;
        const Answer answer = bed.run({command, "--help"});
        EXPECT_EQ(answer.code, 0) << command;
        EXPECT_NE(answer.out.find("Exit codes:"), std::string::npos) << command;
    }
}

TEST(Commands, StandInThePageWithEveryOption) {
    CliBed bed;
    std::ifstream file(std::string(CATALOG_SOURCE_DIR) + "/docs/cli.md");
    const std::string page{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const std::string help =
        bed.run({"--help-all"}).out + bed.run({"store", "cat", "--help"}).out +
        bed.run({"store", "collect", "--help"}).out + bed.run({"store", "export", "--help"}).out +
        bed.run({"store", "ls", "--help"}).out + bed.run({"store", "repack", "--help"}).out +
        bed.run({"store", "check", "--help"}).out + bed.run({"store", "repair", "--help"}).out +
        bed.run({"keys", "add", "--help"}).out + bed.run({"keys", "rotate", "--help"}).out;
    const std::regex option("--[a-z][a-z-]+");
    for (std::sregex_iterator at(help.begin(), help.end(), option), end; at != end; ++at)
        EXPECT_NE(page.find(at->str()), std::string::npos) << at->str();
    for (std::sregex_iterator at(page.begin(), page.end(), option), end; at != end; ++at)
        EXPECT_NE(help.find(at->str()), std::string::npos) << at->str();
    for (const std::string& command : commands())
        EXPECT_NE(page.find("`" + command), std::string::npos) << command;
}

TEST(Commands, FailInOneJsonDocument) {
    CliBed bed;
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--json", "stats"},
                                                      {"--json", "show", "x"},
                                                      {"--json", "frob"},
                                                      {"show", "--json"}}) {
        const Answer answer = bed.run(arguments);
        EXPECT_NE(answer.code, 0);
        const auto documents = answer.documents();
        ASSERT_EQ(documents.size(), 1u) << answer.out;
        const json::Object& error = *documents[0].find("error")->as_object();
        EXPECT_EQ(error.size(), 4u);
        EXPECT_TRUE(answer.error.empty()) << answer.error;
    }
    EXPECT_EQ(bed.run({"stats"}).code, 4);
    EXPECT_EQ(bed.run({"frob"}).code, 2);
}

TEST(Commands, SayWhatIsWrongWithACommandLine) {
    CliBed bed;
    const struct {
        std::vector<std::string> arguments;
        std::string first_line;
        std::string hint;
    } mistakes[] = {
        {{"frob"}, "catalog: frob: unknown command", "see: catalog --help"},
        {{"--frob"}, "catalog: --frob: unknown option", "see: catalog --help"},
        {{"store", "frob"}, "catalog: frob: unknown command", "see: catalog store --help"},
        {{"store"}, "catalog: a command is missing", "see: catalog store --help"},
        {{"show"}, "catalog: missing: package", "see: catalog show --help"},
        {{"why", "x"}, "catalog: missing: --prefix", "see: catalog why --help"},
        {{"store", "get"}, "catalog: missing: id", "see: catalog store get --help"},
    };
    for (const auto& mistake : mistakes) {
        const Answer answer = bed.run(mistake.arguments);
        EXPECT_EQ(answer.code, 2);
        EXPECT_EQ(answer.error, mistake.first_line + "\nhint: " + mistake.hint + "\n");
    }
}

TEST(Commands, NameThemselvesInTheirHelp) {
    CliBed bed;
    EXPECT_NE(bed.run({"solve", "--help"}).out.find("Usage: catalog solve "), std::string::npos);
    EXPECT_NE(bed.run({"store", "put", "--help"}).out.find("Usage: catalog store put "),
              std::string::npos);
    EXPECT_NE(bed.run({"show", "--help"}).out.find("--lock-wait"), std::string::npos);
}

/// A library with `kit@1.0.0`, which needs nothing.
void publish_kit(CliBed& bed) {
    ASSERT_EQ(bed.run({"init"}).code, 0);
    ASSERT_EQ(bed.run({"new", "kit", bed.folder / "kit", "--package-version", "1.0.0"}).code, 0);
    bed.file("kit/hello.txt", "hello\n");
    const Answer published = bed.run({"publish", bed.folder / "kit"});
    ASSERT_EQ(published.code, 0) << published.error;
}

TEST(Commands, PublishLookInstallAndVerify) {
    CliBed bed;
    publish_kit(bed);
    EXPECT_EQ(bed.run({"cat", "kit@1.0.0", "hello.txt"}).out, "hello\n");
    EXPECT_NE(bed.run({"show", "kit", "--files"}).out.find("hello.txt"), std::string::npos);
    EXPECT_NE(bed.run({"list"}).out.find("kit"), std::string::npos);
    EXPECT_EQ(bed.run({"search", "kit"}).code, 0);
    EXPECT_EQ(bed.run({"search", "zebra"}).code, 1);
    EXPECT_NE(bed.run({"search", "kti"}).error.find("is it kit"), std::string::npos);
    EXPECT_EQ(bed.run({"search", "kit -hello", "name:k"}).code, 0);
    EXPECT_EQ(bed.run({"search", "--", "kit", "-kit"}).code, 1);
    EXPECT_EQ(bed.run({"search", "kit", "OR"}).code, 3);
    EXPECT_EQ(bed.run({"search", "kit license:MIT", "--license", "MIT"}).code, 3);
    EXPECT_EQ(bed.run({"search", "kit", "--facet", "size"}).code, 3);
    EXPECT_TRUE(std::regex_search(bed.run({"search", "kit", "--facet", "type"}).out,
                                  std::regex("1 in all\ntype +hits\nlibrary +1\n")));
    EXPECT_EQ(bed.run({"suggest", "kti"}).out, "kit\n");
    EXPECT_EQ(bed.run({"suggest", "kit"}).code, 1);
    EXPECT_EQ(bed.run({"check", bed.folder / "kit", "--json"})
                  .documents()[0]
                  .find("digest")
                  ->as_string()
                  ->substr(0, 7),
              "sha256:");
    const std::string prefix = bed.folder / "prefix";
    EXPECT_EQ(bed.run({"install", "kit", "--prefix", prefix}).code, 0);
    EXPECT_TRUE(std::filesystem::exists(prefix + "/current/pkgs/kit/1.0.0/hello.txt"));
    EXPECT_EQ(bed.run({"verify", "--prefix", prefix}).code, 0);
    EXPECT_NE(bed.run({"why", "kit", "--prefix", prefix}).out.find("asked for by you"),
              std::string::npos);
    EXPECT_NE(bed.run({"history", "--prefix", prefix}).out.find("1 *"), std::string::npos);
    std::filesystem::resize_file(prefix + "/current/pkgs/kit/1.0.0/hello.txt", 2);
    const Answer damaged = bed.run({"verify", "--prefix", prefix});
    EXPECT_EQ(damaged.code, 1);
    EXPECT_NE(damaged.out.find("changed"), std::string::npos);
    EXPECT_EQ(bed.run({"uninstall", "kit", "--prefix", prefix}).code, 0);
    EXPECT_EQ(bed.run({"rollback", "--prefix", prefix}).code, 1) << "generation 1 is damaged";
    EXPECT_EQ(bed.run({"verify", "--deep"}).code, 0);
    EXPECT_EQ(bed.run({"repair"}).out, "nothing had to be repaired\n");
}

TEST(Commands, NameThePackagesThatAFlippedBitHurtsAndGoOnWithoutThem) {
    CliBed bed;
    publish_kit(bed);
    ASSERT_EQ(bed.run({"new", "tool", bed.folder / "tool", "--package-version", "2.0.0"}).code, 0);
    ASSERT_EQ(bed.run({"publish", bed.folder / "tool"}).code, 0);
    bool flipped = false;
    for (const auto& entry : std::filesystem::directory_iterator(bed.folder / "library/db")) {
        std::fstream file(entry.path(), std::ios::binary | std::ios::in | std::ios::out);
        const std::string bytes{std::istreambuf_iterator<char>(file),
                                std::istreambuf_iterator<char>()};
        const std::size_t at = bytes.find(R"("name":"tool")");
        if (at == std::string::npos) continue;
        file.seekp(static_cast<std::streamoff>(at));
        file.put(static_cast<char>(bytes[at] ^ 1));
        flipped = true;
    }
    ASSERT_TRUE(flipped);
    EXPECT_EQ(bed.run({"show", "tool"}).code, 4);
    const Answer verified = bed.run({"verify", "--deep"});
    EXPECT_EQ(verified.code, 1) << verified.error;
    EXPECT_NE(verified.out.find("hurts tool@2.0.0"), std::string::npos) << verified.out;
    EXPECT_EQ(verified.out.find("hurts kit@1.0.0"), std::string::npos) << verified.out;
    const Answer repaired = bed.run({"repair"});
    EXPECT_EQ(repaired.code, 1) << repaired.error;
    EXPECT_NE(repaired.out.find("hurts tool@2.0.0"), std::string::npos) << repaired.out;
    EXPECT_NE(bed.run({"verify", "--deep"}).out.find("1 package, "), std::string::npos);
    EXPECT_EQ(bed.run({"cat", "kit@1.0.0", "hello.txt"}).out, "hello\n");
    EXPECT_EQ(bed.run({"publish", bed.folder / "tool"}).code, 0);
}

TEST(Commands, WriteALockFileAndFollowIt) {
    CliBed bed;
    publish_kit(bed);
    const std::string lock = bed.folder / "catalog.lock";
    ASSERT_EQ(bed.run({"resolve", "kit", "--write-lock", lock}).code, 0);
    ASSERT_EQ(bed.run({"yank", "kit@1.0.0", "--reason", "broken"}).code, 0);
    EXPECT_EQ(bed.run({"resolve", "kit"}).code, 1);
    EXPECT_EQ(bed.run({"resolve", "kit", "--lock", lock}).code, 0);
    EXPECT_EQ(bed.run({"resolve", "kit", "--lock", bed.file("bad.lock", "{")}).code, 3);
    EXPECT_EQ(bed.run({"unyank", "kit@1.0.0"}).code, 0);
    EXPECT_EQ(bed.run({"resolve", "kit"}).code, 0);
}

TEST(Commands, DrawWhatAPackageNeeds) {
    CliBed bed;
    publish_kit(bed);
    const std::string dot = bed.run({"deps", "kit", "--dot"}).out;
    EXPECT_TRUE(dot.starts_with("digraph")) << dot;
    EXPECT_NE(dot.find("\"kit@1.0.0\""), std::string::npos);
    const std::string svg = bed.run({"deps", "kit", "--svg"}).out;
    EXPECT_TRUE(svg.starts_with("<svg"));
    EXPECT_NE(svg.find("kit@1.0.0"), std::string::npos);
}

TEST(Store, ReturnsWhatWasPutAndPartsOfIt) {
    CliBed bed;
    ASSERT_EQ(bed.run({"init"}).code, 0);
    const std::string path = bed.file("data", "0123456789");
    const std::string id =
        *bed.run({"--json", "store", "put", path}).documents()[0].find("id")->as_string();
    EXPECT_EQ(bed.run({"store", "cat", id}).out, "0123456789");
    EXPECT_EQ(bed.run({"store", "cat", id, "--range", "2-4"}).out, "234");
    EXPECT_EQ(bed.run({"store", "cat", id, "--range", "7-"}).out, "789");
    EXPECT_EQ(bed.run({"store", "cat", id, "--range=-2"}).out, "89");
    EXPECT_EQ(bed.run({"store", "cat", id, "--range", "4-2"}).code, 3);
    EXPECT_EQ(bed.run({"store", "get", id, bed.folder / "copy"}).code, 0);
    EXPECT_EQ(std::filesystem::file_size(bed.folder / "copy"), 10u);
    EXPECT_EQ(bed.run({"store", "get", id, bed.folder / "copy"}).code, 3);
    EXPECT_EQ(bed.run({"store", "cat", "sha256:00"}).code, 3);
}

TEST(Store, PutsAFolderAsATreeAndGivesItBack) {
    CliBed bed;
    ASSERT_EQ(bed.run({"init"}).code, 0);
    std::filesystem::create_directories(bed.folder / "tree/deep");
    std::filesystem::create_directories(bed.folder / "tree/none");
    bed.file("tree/a.txt", "one");
    bed.file("tree/deep/b.txt", "two");
    std::filesystem::create_symlink("a.txt", bed.folder / "tree/link");
    const auto put = bed.run({"--json", "store", "put", bed.folder / "tree"}).documents();
    ASSERT_EQ(put.size(), 1u);
    EXPECT_EQ(*put[0].find("files")->as_int(), 2);
    const std::string id = *put[0].find("id")->as_string();
    EXPECT_EQ(bed.run({"store", "cat", id + "/deep/b.txt"}).out, "two");
    EXPECT_EQ(bed.run({"store", "cat", id + "/deep"}).code, 3);
    EXPECT_EQ(bed.run({"store", "cat", id + "/deep/c"}).code, 3);
    EXPECT_EQ(bed.run({"store", "cat", id + "/"}).out, bed.run({"store", "cat", id}).out);
    EXPECT_NE(bed.run({"store", "stat", id}).out.find("tree of 4 entries, 6 B"), std::string::npos);
    const auto stat = bed.run({"--json", "store", "stat", id}).documents();
    EXPECT_EQ(*stat[0].find("tree_bytes")->as_int(), 6);
    EXPECT_EQ(bed.run({"store", "stat", id + "/a.txt"}).code, 0);
    const auto paths = bed.run({"--json", "store", "ls", id}).documents();
    ASSERT_EQ(paths.size(), 4u);
    EXPECT_EQ(*paths[2].find("target")->as_string(), "a.txt");
    const auto trees = bed.run({"--json", "store", "ls"}).documents();
    ASSERT_EQ(trees.size(), 1u);
    EXPECT_EQ(*trees[0].find("id")->as_string(), id);
    EXPECT_EQ(bed.run({"--json", "store", "ls", "--all"}).documents().size(), 3u);
    EXPECT_EQ(bed.run({"store", "export", id, bed.folder / "out"}).code, 0);
    EXPECT_TRUE(std::filesystem::is_directory(bed.folder / "out/none"));
    EXPECT_EQ(std::filesystem::read_symlink(bed.folder / "out/link"), "a.txt");
    EXPECT_EQ(std::filesystem::file_size(bed.folder / "out/deep/b.txt"), 3u);
    EXPECT_EQ(bed.run({"store", "export", id, bed.folder / "out"}).code, 3);
    EXPECT_EQ(bed.run({"store", "export", id + "/a.txt", bed.folder / "one"}).code, 0);
    // The same again adds nothing; what was put before something that cannot be stays.
    const auto again = bed.run({"--json", "store", "put", bed.folder / "tree"}).documents();
    EXPECT_EQ(*again[0].find("id")->as_string(), id);
    const Answer broken = bed.run({"store", "put", bed.folder / "tree", bed.folder / "nowhere"});
    EXPECT_EQ(broken.code, 3);
    EXPECT_EQ(bed.run({"store", "rm", id}).code, 0);
    EXPECT_EQ(bed.run({"store", "rm", id}).code, 1);
    EXPECT_TRUE(bed.run({"store", "ls"}).out.empty());
    EXPECT_NE(bed.run({"store", "stat"}).out.find("equal chunks once"), std::string::npos);
}

TEST(Store, ExportsLinksOfFilesThatItKeeps) {
    CliBed bed;
    ASSERT_EQ(bed.run({"init"}).code, 0);
    std::filesystem::create_directories(bed.folder / "tree");
    bed.file("tree/a.txt", "one");
    bed.file("tree/b.txt", "two");
    const auto put = bed.run({"--json", "store", "put", bed.folder / "tree"}).documents();
    const std::string id = *put[0].find("id")->as_string();
    const auto first =
        bed.run({"--json", "store", "export", "--link", id, bed.folder / "one"}).documents();
    ASSERT_EQ(first.size(), 1u);
    EXPECT_EQ(*first[0].find("shared")->as_int(), 2);
    EXPECT_EQ(*first[0].find("cached")->as_int(), 2);
    const Answer second = bed.run({"store", "export", "--link", id, bed.folder / "two"});
    EXPECT_EQ(second.out, "2 files, 6 B; 2 linked, 0 copied, 0 new in the cache\n");
    EXPECT_EQ(std::filesystem::hard_link_count(bed.folder / "two/a.txt"), 3u);
    EXPECT_EQ(bed.run({"store", "export", "--link", id + "/a.txt", bed.folder / "a"}).code, 0);
    EXPECT_EQ(std::filesystem::hard_link_count(bed.folder / "a"), 4u);
    EXPECT_EQ(bed.run({"store", "export", "--link", "--clone", id, bed.folder / "x"}).code, 2);
    EXPECT_EQ(bed.run({"store", "export", "--clone", id, bed.folder / "clones"}).code, 0);
    const Answer bounded =
        bed.run({"store", "export", "--link", "--cache-max", "4", id, bed.folder / "three"});
    EXPECT_EQ(bounded.code, 0);

    const auto kept = bed.run({"--json", "store", "stat"}).documents();
    EXPECT_EQ(*kept[0].find("kept_files")->as_int(), 2);
    EXPECT_EQ(*kept[0].find("kept_unlinked_bytes")->as_int(), 0);
    EXPECT_NE(bed.run({"store", "stat"}).out.find("kept for exports: 2 files"), std::string::npos);
    for (const char* tree : {"one", "two", "three", "a"})
        std::filesystem::remove_all(bed.folder / tree);
    EXPECT_NE(bed.run({"store", "collect", "--dry-run"}).out.find("kept files"), std::string::npos);
    const auto collected = bed.run({"--json", "store", "collect"}).documents();
    EXPECT_EQ(*collected[0].find("kept_files_removed")->as_int(), 2);
    EXPECT_EQ(bed.run({"store", "stat"}).out.find("kept for exports"), std::string::npos);
}

TEST(Store, CollectsNothingThatIsNeeded) {
    CliBed bed;
    ASSERT_EQ(bed.run({"init"}).code, 0);
    const std::string path = bed.file("data", "0123456789");
    const std::string id =
        *bed.run({"--json", "store", "put", path}).documents()[0].find("id")->as_string();
    const auto foretold = bed.run({"--json", "store", "collect", "--dry-run"}).documents();
    const auto done = bed.run({"--json", "store", "collect"}).documents();
    ASSERT_EQ(done.size(), 1u);
    EXPECT_EQ(*done[0].find("objects_removed")->as_int(), 0);
    EXPECT_EQ(*foretold[0].find("objects_removed")->as_int(), 0);
    EXPECT_EQ(bed.run({"store", "cat", id}).out, "0123456789");
    EXPECT_NE(bed.run({"store", "collect"}).out.find("freed"), std::string::npos);
    EXPECT_EQ(bed.run({"store", "collect", "--live-share", "2"}).code, 2);
}

TEST(Store, RepacksAndSaysWhatIsLeft) {
    CliBed bed;
    ASSERT_EQ(bed.run({"init"}).code, 0);
    const std::string path = bed.file("data", "0123456789");
    const std::string id =
        *bed.run({"--json", "store", "put", path}).documents()[0].find("id")->as_string();
    const auto done = bed.run({"--json", "store", "repack", "--level", "12"}).documents();
    ASSERT_EQ(done.size(), 1u);
    EXPECT_EQ(*done[0].find("level")->as_int(), 12);
    EXPECT_EQ(*done[0].find("packs_rewritten")->as_int(), 1);
    EXPECT_EQ(*done[0].find("packs_left")->as_int(), 0);
    EXPECT_EQ(bed.run({"store", "cat", id}).out, "0123456789");
    EXPECT_NE(bed.run({"store", "repack"}).out.find("written again"), std::string::npos);
    EXPECT_EQ(bed.run({"store", "repack", "--level", "20"}).code, 2);
}

TEST(Completion, KnowsEveryCommand) {
    CliBed bed;
    for (const std::string shell : {"bash", "zsh", "fish"}) {
        const Answer answer = bed.run({"completion", shell});
        EXPECT_EQ(answer.code, 0);
        for (const std::string& command : commands())
            EXPECT_NE(answer.out.find(command), std::string::npos) << shell << " " << command;
    }
    EXPECT_EQ(bed.run({"completion", "tcsh"}).code, 2);
}

}  // namespace
}  // namespace catalog::cli
