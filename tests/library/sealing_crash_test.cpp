// Power is lost at every file-system call of a seal and a merge, and of a publication between them:
// every acknowledged package is there, none is half there.

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace catalog::library::testing
