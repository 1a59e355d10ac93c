// A library seals and merges its index by itself, and nobody notices but the disk.

#include <gtest/gtest.h>

#include "catalog/core/bytes.hpp"
#include "support/core/executors.hpp"
#include "support/core/recording_sinks.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/library/library_bed.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::FileOperation;
using io::testing::must;
using io::testing::SimulatedFileSystem;

constexpr std::uint64_t kSealed = 4;

struct UpkeepBed {
    explicit UpkeepBed(bool in_background = true) {
        environment.executor = executor;
        environment.log_sink = log;
        options.create_if_missing = true;
        options.upkeep.seal_versions_min = kSealed;
        options.upkeep.merge_fan_out = 2;
        options.upkeep.in_background = in_background;
        open();
    }

    void open() {
        library.reset();
        library = must(AssetLibrary::open("/library", options, environment));
        executor->run_all();  // what others have it do
    }
    void publish(int count) {
        for (; count > 0; --count)
            must(library->publish(small_draft("p" + std::to_string(published++), "1.0.0")));
    }
    [[nodiscard]] index::IndexShape shape() const { return must(library->stats()).shape; }
    void expect_sound() const {
        for (const Finding& finding : must(library->verify(true)).findings)
            ADD_FAILURE() << finding.where << ": " << finding.what;
        EXPECT_EQ(must(library->stats()).packages.versions, static_cast<std::uint64_t>(published));
        for (int number = 0; number < published; ++number)
            EXPECT_TRUE(library->find("p" + std::to_string(number))) << number;
    }

    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();
    std::shared_ptr<fakes::ManualExecutor> executor = std::make_shared<fakes::ManualExecutor>();
    std::shared_ptr<fakes::RecordingLogSink> log =
        std::make_shared<fakes::RecordingLogSink>(LogLevel::kWarning);
    Environment environment = environment_on(disk);
    LibraryOptions options;
    std::unique_ptr<AssetLibrary> library;
    int published = 0;
};

TEST(IndexUpkeep, SealsOnTheExecutorWhatIsMuch) {
    UpkeepBed bed;
    bed.publish(3);
    bed.executor->run_all();
    EXPECT_EQ(bed.shape().sealed_versions, 0u);
    bed.publish(2);
    EXPECT_EQ(bed.shape().sealed_versions, 0u) << "the publisher does not do it";
    bed.executor->run_all();
    EXPECT_EQ(bed.shape().sealed_versions, kSealed);
    EXPECT_EQ(bed.shape().delta_versions, 1u);
    EXPECT_EQ(bed.shape().segments, 1u);
    bed.expect_sound();
}

TEST(IndexUpkeep, MergesSegmentsInTiers) {
    UpkeepBed bed;
    for (int round = 0; round < 32; ++round) {
        bed.publish(1);
        bed.executor->run_all();
        // Of each size, a power of two, there is less than what a merge takes.
        EXPECT_LE(bed.shape().segments, 4u);
        EXPECT_LT(bed.shape().delta_versions, kSealed);
    }
    EXPECT_EQ(bed.shape().segments, 1u);
    EXPECT_EQ(bed.shape().sealed_versions, 32u);
    EXPECT_LE(must(bed.disk->list("/library/segments")).size(), 3u)
        << "files that were merged go with the next merge";
    bed.expect_sound();
    bed.open();
    EXPECT_EQ(must(bed.disk->list("/library/segments")).size(), 1u);
    bed.expect_sound();
}

TEST(IndexUpkeep, DoesItInTheCallWhereThereIsNoLater) {
    UpkeepBed bed(false);
    for (int round = 0; round < 6; ++round) {
        bed.publish(1);
        bed.open();
    }
    EXPECT_EQ(bed.shape().sealed_versions, kSealed);
    bed.expect_sound();
}

TEST(IndexUpkeep, EndsWithItsLibrary) {
    UpkeepBed bed;
    bed.publish(5);
    EXPECT_GE(bed.executor->pending(), 1u);
    bed.library.reset();
    bed.executor->run_all();
    bed.open();
    EXPECT_EQ(bed.shape().sealed_versions, 0u);
    bed.publish(1);
    bed.executor->run_all();
    EXPECT_EQ(bed.shape().sealed_versions, kSealed) << "looked at by the first that publishes";
    bed.expect_sound();
}

TEST(IndexUpkeep, IsLeftOutWhereItIsNotWanted) {
    UpkeepBed bed;
    bed.options.upkeep.seal_versions_min = 0;
    bed.open();
    bed.publish(9);
    bed.executor->run_all();
    EXPECT_EQ(bed.shape().delta_versions, 9u);
}

TEST(IndexUpkeep, HarmsNoPublisherWhereTheDiskFails) {
    UpkeepBed bed;
    bed.disk->fail_always(FileOperation::kAny, "/segments", Errc::kStorageFull);
    bed.publish(5);
    bed.executor->run_all();
    EXPECT_EQ(bed.shape().sealed_versions, 0u);
    EXPECT_EQ(bed.log->count(LogLevel::kWarning, "the index cannot be sealed"), 1u);
    bed.publish(1);
    bed.executor->run_all();
    EXPECT_EQ(bed.log->count(LogLevel::kWarning), 1u) << "it is not tried again at once";
    bed.disk->clear_faults();
    bed.publish(4);
    bed.executor->run_all();
    EXPECT_GE(bed.shape().sealed_versions, 2 * kSealed);
    EXPECT_EQ(bed.log->count(LogLevel::kWarning), 1u) << bed.log->text();
    bed.expect_sound();
}

TEST(IndexUpkeep, EveryFailingCallLeavesTheLibraryWhole) {
    for (std::uint64_t call = 1; call < 2'000; ++call) {
        UpkeepBed bed;
        bed.publish(7);
        const std::uint64_t before = bed.disk->mutations();
        bed.disk->fail_nth(before + call, Errc::kIo);
        bed.executor->run_all();
        const bool all_ran = bed.disk->mutations() < before + call;
        bed.disk->clear_faults();
        bed.open();
        bed.expect_sound();
        bed.publish(5);
        bed.executor->run_all();
        EXPECT_GE(bed.shape().sealed_versions, 2 * kSealed);
        bed.expect_sound();
        if (all_ran) return;
    }
    ADD_FAILURE() << "a seal took more calls than this test expects";
}

TEST(IndexUpkeep, MergesWhatAnImportLeaves) {
    UpkeepBed bed;
    bed.options.imports.segment_lines_min = 4;
    bed.options.imports.commit_versions_max = 4;
    bed.open();
    std::string lines;
    for (; bed.published < 16; ++bed.published)
        lines += R"({"name":"p)" + std::to_string(bed.published) + R"(","version":"1.0.0"})" + "\n";
    must(bed.library->import_metadata(content::source_of(as_bytes(lines)), true));
    EXPECT_EQ(bed.shape().segments, 4u);
    bed.executor->run_all();
    EXPECT_EQ(bed.shape().segments, 1u);
    bed.expect_sound();
}

TEST(IndexUpkeep, LeavesEncryptedLibrariesAlone) {
    UpkeepBed bed;
    bed.library.reset();
    must(bed.disk->remove_tree("/library"));
    content::PassphraseCost cost;
    cost.memory_kib = 8;
    cost.passes = 1;
    bed.options.key = content::Passphrase{"correct horse", cost};
    bed.open();
    bed.publish(5);
    bed.executor->run_all();
    EXPECT_EQ(bed.shape().delta_versions, 5u);
}

}  // namespace
}  // namespace catalog::library::testing
