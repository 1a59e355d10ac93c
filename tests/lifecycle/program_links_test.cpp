// Links to programs in the node_modules layout.

#include <gtest/gtest.h>

#include <map>

#include "npm_package_json.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/library/library_bed.hpp"

namespace catalog::lifecycle {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using library::testing::environment_on;
using library::testing::open_library;
using library::testing::small_draft;
using library::testing::SmallFile;
using Links = std::map<std::string, std::string>;

constexpr const char* kPrefix = "/prefix";

/// A library, and what stands in a prefix that it installs into.
struct LinkBed {
    std::shared_ptr<SimulatedFileSystem> fs = SimulatedFileSystem::make();
    std::unique_ptr<library::AssetLibrary> library = open_library(environment_on(fs));

    /// Publishes a package as an import from npm gives it.
    void publish(std::string_view name, std::string_view version, const std::string& bin,
                 const std::vector<std::string>& needs = {},
                 const std::vector<SmallFile>& more = {}) const {
        std::vector<SmallFile> files{{"package.json", "{\"bin\":" + bin + "}"},
                                     {"cli.js", "run\n", true},
                                     {"lib.js", "x\n"}};
        files.insert(files.end(), more.begin(), more.end());
        PackageDraft draft = small_draft(name, version, files, needs);
        draft.metadata.binaries = {"cli.js"};
        must(library->publish(draft));
    }

    void install(const std::vector<std::string>& requests,
                 Layout layout = Layout::kNodeModules) const {
        InstallOptions options;
        options.layout = layout;
        must(library->install(kPrefix, requests, options));
        EXPECT_TRUE(must(library->verify_prefix(kPrefix)).empty());
    }

    /// Returns path -> target of every link in a `.bin` of the current generation.
    [[nodiscard]] Links links() const {
        Links links;
        std::vector<std::string> pending{""};
        const auto root = must(fs->open_directory("/prefix/current"));
        while (!pending.empty()) {
            const std::string folder = pending.back();
            pending.pop_back();
            for (const io::DirectoryEntry& entry : must(root->list(folder))) {
                const std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
                if (entry.kind == io::FileKind::kDirectory) pending.push_back(path);
                if (entry.kind == io::FileKind::kSymlink)
                    links.emplace(path, must(root->read_symlink(path)));
            }
        }
        return links;
    }

    [[nodiscard]] std::string text_at(const std::string& path) const {
        return must(io::read_file(*fs, "/prefix/current/" + path, 1000));
    }
};

TEST(ProgramLinks, NamesAreThoseOfPackageJson) {
    const auto names = [](const std::string& text) {
        return read_npm_programs(text, "@scope/kit", {});
    };
    EXPECT_EQ(names(R"({"bin":"./cli.js"})"), (Links{{"kit", "cli.js"}}));
    EXPECT_EQ(
        names(R"({"bin":{"a":"x//y.js","../b":"./z","c\\d:e":"w","..":"v","":"u","f/":"t"}})"),
        (Links{{"a", "x/y.js"}, {"b", "z"}, {"e", "w"}}));
    EXPECT_EQ(names(R"({"bin":{"a":1}})"), Links{});
    EXPECT_EQ(names(R"({"bin":7})"), Links{});
    EXPECT_EQ(names("{}"), Links{});
    EXPECT_EQ(names("no JSON"), Links{});
}

TEST(ProgramLinks, StandBesideThePackagesAndLeadToTheirFiles) {
    const LinkBed bed;
    bed.publish("@scope/kit", "1.0.0", R"("cli.js")");
    bed.publish("tool", "1.0.0", R"({"tool":"cli.js","tool-two":"./cli.js"})");
    bed.install({"@scope/kit", "tool"});
    EXPECT_EQ(bed.links(), (Links{{"node_modules/.bin/kit", "../@scope/kit/cli.js"},
                                  {"node_modules/.bin/tool", "../tool/cli.js"},
                                  {"node_modules/.bin/tool-two", "../tool/cli.js"}}));
    EXPECT_EQ(bed.text_at("node_modules/.bin/kit"), "run\n");
    EXPECT_EQ(must(bed.fs->info("/prefix/current/node_modules/@scope/kit/cli.js")).mode, 0755u);
}

TEST(ProgramLinks, ANestedCopysStandInItsOwnFolder) {
    const LinkBed bed;
    bed.publish("tool", "1.0.0", R"("cli.js")");
    bed.publish("tool", "2.0.0", R"("cli.js")");
    bed.publish("app", "1.0.0", R"("cli.js")", {"tool ^1"});
    bed.install({"tool@^2", "app"});
    EXPECT_EQ(bed.links(), (Links{{"node_modules/.bin/app", "../app/cli.js"},
                                  {"node_modules/.bin/tool", "../tool/cli.js"},
                                  {"node_modules/app/node_modules/.bin/tool", "../tool/cli.js"}}));
}

TEST(ProgramLinks, ARootsProgramWinsElseTheFirstNames) {
    const LinkBed bed;
    bed.publish("aaa", "1.0.0", R"({"run":"cli.js","help":"cli.js"})");
    bed.publish("bbb", "1.0.0", R"({"help":"cli.js"})");
    bed.publish("zzz", "1.0.0", R"({"run":"cli.js"})", {"aaa ^1", "bbb ^1"});
    bed.install({"zzz"});
    EXPECT_EQ(bed.links(), (Links{{"node_modules/.bin/help", "../aaa/cli.js"},
                                  {"node_modules/.bin/run", "../zzz/cli.js"}}));
}

TEST(ProgramLinks, OnlyExecutableFilesOfThePackageGetThem) {
    const LinkBed bed;
    bed.publish("kit", "1.0.0",
                R"({"out":"../../etc/passwd","lib":"lib.js","gone":"gone.js","kit":"cli.js"})");
    bed.install({"kit"});
    EXPECT_EQ(bed.links(), (Links{{"node_modules/.bin/kit", "../kit/cli.js"}}));
}

TEST(ProgramLinks, WithoutPackageJsonAProgramIsCalledAsItsFile) {
    const LinkBed bed;
    PackageDraft draft = small_draft("tensor", "1.0.0", {{"bin/tensor", "run\n", true}});
    draft.metadata.binaries = {"bin/tensor"};
    must(bed.library->publish(draft));
    bed.install({"tensor"});
    EXPECT_EQ(bed.links(), (Links{{"node_modules/.bin/tensor", "../tensor/bin/tensor"}}));
}

TEST(ProgramLinks, WhatAPackageCarriesItselfStays) {
    const LinkBed bed;
    bed.publish("tool", "1.0.0", R"("cli.js")");
    bed.publish("tool", "2.0.0", R"("cli.js")");
    bed.publish("app", "1.0.0", R"({"app":"cli.js"})", {"tool ^1"},
                {{"node_modules/.bin/tool", "own\n", true}});
    bed.install({"tool@^2", "app"});
    EXPECT_EQ(bed.links(), (Links{{"node_modules/.bin/app", "../app/cli.js"},
                                  {"node_modules/.bin/tool", "../tool/cli.js"}}));
    EXPECT_EQ(bed.text_at("node_modules/app/node_modules/.bin/tool"), "own\n");
}

TEST(ProgramLinks, OtherLayoutsHaveNone) {
    const LinkBed bed;
    bed.publish("kit", "1.0.0", R"("cli.js")");
    bed.install({"kit"}, Layout::kIsolated);
    EXPECT_EQ(bed.links(), Links{});
}

TEST(ProgramLinks, GoAndComeWithTheirGeneration) {
    const LinkBed bed;
    bed.publish("kit", "1.0.0", R"({"old":"cli.js"})");
    bed.publish("kit", "1.1.0", R"({"new":"cli.js"})");
    bed.install({"kit@=1.0.0"});
    bed.install({"kit@^1"});
    must(bed.library->update(kPrefix, {}));
    EXPECT_EQ(bed.links(), (Links{{"node_modules/.bin/new", "../kit/cli.js"}}));
    must(bed.library->rollback(kPrefix, 1));
    EXPECT_EQ(bed.links(), (Links{{"node_modules/.bin/old", "../kit/cli.js"}}));
    must(bed.library->uninstall(kPrefix, {"kit"}));
    EXPECT_EQ(bed.links(), Links{});
}

TEST(ProgramLinks, AreVerifiedWithThePrefix) {
    const LinkBed bed;
    bed.publish("kit", "1.0.0", R"({"a":"cli.js","b":"cli.js"})");
    bed.install({"kit"});
    const std::string folder = "/prefix/.catalog/generations/1/node_modules/.bin/";
    must(bed.fs->remove_file(folder + "a"));
    must(bed.fs->remove_file(folder + "b"));
    must(bed.fs->make_symlink("/etc/passwd", folder + "b"));
    must(bed.fs->make_symlink("../kit/cli.js", folder + "c"));
    const auto damages = must(bed.library->verify_prefix(kPrefix));
    ASSERT_EQ(damages.size(), 3u);
    EXPECT_EQ(damages[0].what, "missing");
    EXPECT_EQ(damages[0].package, "kit@1.0.0");
    EXPECT_EQ(damages[1].what, "changed");
    EXPECT_EQ(damages[2].what, "extra");
}

}  // namespace
}  // namespace catalog::lifecycle
