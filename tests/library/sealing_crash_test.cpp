// Power is lost at every file-system call of a seal, a merge and an import:
// every acknowledged package is there, none is half there.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "support/io/crash_test.hpp"
#include "support/io/results.hpp"
#include "support/library/library_bed.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::CrashPoint;
using io::testing::CrashTestOptions;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using FileSystemLink = std::shared_ptr<SimulatedFileSystem>;

constexpr int kSegments = 7;

std::uint64_t from_environment(const char* name, std::uint64_t fallback) {
    const char* text = std::getenv(name);
    return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

std::string name_of(int number) { return "p" + std::to_string(number); }

Result<lifecycle::ImportReport> import_line(AssetLibrary& library, int number) {
    const std::string line = R"({"name":")" + name_of(number) + R"(","version":"1.0.0"})" + "\n";
    return library.import_metadata(content::source_of(as_bytes(line)), true);
}

/// One segment less than a merge takes.
FileSystemLink disk_with_segments() {
    FileSystemLink disk = SimulatedFileSystem::make();
    {
        const auto library = open_library(environment_on(disk));
        for (int number = 0; number < kSegments; ++number) {
            must(import_line(*library, number));
            must(library->seal_index());
        }
    }
    return disk->recover(io::testing::CrashPolicy::kKeepAll);
}

TEST(SealingCrash, LosesNoAcknowledgedPackage) {
    int acknowledged = 0;
    CrashTestOptions options;
    options.random_seeds = from_environment("CATALOG_CRASH_SEEDS", 2);
    options.stride = from_environment("CATALOG_CRASH_STRIDE", 1);
    const auto count = io::testing::for_each_crash(
        disk_with_segments,
        [&](const FileSystemLink& disk) {
            acknowledged = kSegments;
            const auto library = AssetLibrary::open("/library", {}, environment_on(disk, 2));
            if (!library) return;
            if (!import_line(**library, kSegments)) return;
            ++acknowledged;
            const auto sealed = (*library)->seal_index();  // and merged
            if (!sealed) return;
            EXPECT_EQ(sealed->segments_merged, 8u);
            if (import_line(**library, kSegments + 1)) ++acknowledged;
            static_cast<void>((*library)->seal_index());
        },
        [&](const FileSystemLink& disk, const CrashPoint&) {
            const auto library = open_library(environment_on(disk, 3));
            for (const Finding& finding : must(library->verify(true)).findings)
                ADD_FAILURE() << finding.where << ": " << finding.what;
            for (int number = 0; number < acknowledged; ++number)
                EXPECT_TRUE(library->find(name_of(number))) << number;
            must(library->publish(small_draft("next", "1.0.0")));
            must(library->seal_index());
            EXPECT_TRUE(library->find("next"));
            EXPECT_TRUE(must(library->verify(false)).findings.empty());
        },
        options);
    EXPECT_GT(count.points, 20u);
}

TEST(UpkeepCrash, LosesNoAcknowledgedPackage) {
    constexpr int kPublished = 9;
    LibraryOptions upkeep;
    upkeep.upkeep.seal_versions_min = 2;
    upkeep.upkeep.merge_fan_out = 2;
    upkeep.upkeep.in_background = false;
    int acknowledged = 0;
    CrashTestOptions options;
    options.random_seeds = from_environment("CATALOG_CRASH_SEEDS", 1);
    options.stride = from_environment("CATALOG_CRASH_STRIDE", 1);
    const auto count = io::testing::for_each_crash(
        [] {
            const FileSystemLink disk = SimulatedFileSystem::make();
            open_library(environment_on(disk)).reset();
            return disk->recover(io::testing::CrashPolicy::kKeepAll);
        },
        [&](const FileSystemLink& disk) {
            acknowledged = 0;
            const auto library = AssetLibrary::open("/library", upkeep, environment_on(disk, 2));
            for (int number = 0; library && number < kPublished; ++number) {
                if (!import_line(**library, number)) return;
                ++acknowledged;
            }
        },
        [&](const FileSystemLink& disk, const CrashPoint&) {
            const auto library = must(AssetLibrary::open("/library", upkeep, environment_on(disk)));
            for (const Finding& finding : must(library->verify(true)).findings)
                ADD_FAILURE() << finding.where << ": " << finding.what;
            for (int number = 0; number < acknowledged; ++number)
                EXPECT_TRUE(library->find(name_of(number))) << number;
            const auto files = disk->list("/library/segments");
            EXPECT_EQ(files ? files->size() : 0, must(library->stats()).shape.segments);
        },
        options);
    EXPECT_GT(count.points, 20u);
}

constexpr int kImported = 18;
constexpr int kLinesOfCommit = 4;

/// Remembers up to where an import has said that it committed.
class CommittedLines final : public ProgressSink {
public:
    void update(const ProgressUpdate& update) noexcept override {
        if (update.operation == "import") done = static_cast<int>(update.done);
    }
    int done = 0;
};

LibraryOptions import_options() {
    LibraryOptions options;
    options.imports.segment_lines_min = kLinesOfCommit;
    options.imports.commit_versions_max = kLinesOfCommit;
    return options;
}

Result<lifecycle::ImportReport> import_lines(AssetLibrary& library,
                                             const CallContext& context = {}) {
    std::string lines;
    for (int number = 0; number < kImported; ++number)
        lines += R"({"name":"i)" + std::to_string(number) + R"(","version":"1.0.0"})" + "\n";
    return library.import_metadata(content::source_of(as_bytes(lines)), true, context);
}

/// The same library with or without one commit: nothing of another one, and no file of it.
void expect_whole_commits(AssetLibrary& library, const FileSystemLink& disk, int committed) {
    int there = 0;
    while (there < kImported && library.find("i" + std::to_string(there))) ++there;
    EXPECT_EQ(must(library.stats()).packages.versions, static_cast<std::uint64_t>(there));
    EXPECT_GE(there, committed);
    EXPECT_LE(there, std::min(committed + kLinesOfCommit, kImported));
    EXPECT_TRUE(there == kImported || there % kLinesOfCommit == 0) << there;
    const auto files = disk->list("/library/segments");
    const std::size_t segments =
        (static_cast<std::size_t>(there) + kLinesOfCommit - 1) / kLinesOfCommit;
    EXPECT_EQ(files ? files->size() : 0, segments);
}

TEST(ImportCrash, LeavesWholeCommitsAndNoFileOfAnother) {
    CommittedLines committed;
    CrashTestOptions options;
    options.random_seeds = from_environment("CATALOG_CRASH_SEEDS", 2);
    options.stride = from_environment("CATALOG_CRASH_STRIDE", 1);
    const auto count = io::testing::for_each_crash(
        [] {
            const FileSystemLink disk = SimulatedFileSystem::make();
            open_library(environment_on(disk)).reset();
            return disk->recover(io::testing::CrashPolicy::kKeepAll);
        },
        [&](const FileSystemLink& disk) {
            committed.done = 0;
            CallContext context;
            context.progress = &committed;
            const auto library =
                AssetLibrary::open("/library", import_options(), environment_on(disk, 2));
            if (library) static_cast<void>(import_lines(**library, context));
        },
        [&](const FileSystemLink& disk, const CrashPoint&) {
            const auto library =
                must(AssetLibrary::open("/library", import_options(), environment_on(disk, 3)));
            for (const Finding& finding : must(library->verify(true)).findings)
                ADD_FAILURE() << finding.where << ": " << finding.what;
            expect_whole_commits(*library, disk, committed.done);
            const auto again = must(import_lines(*library));
            EXPECT_EQ(again.imported + again.already_there, std::uint64_t{kImported});
            EXPECT_EQ(must(library->stats()).packages.versions, std::uint64_t{kImported});
            EXPECT_TRUE(must(library->verify(false)).findings.empty());
        },
        options);
    EXPECT_GT(count.points, 20u);
}

}  // namespace
}  // namespace catalog::library::testing
