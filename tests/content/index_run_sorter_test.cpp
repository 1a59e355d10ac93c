#include "index_run_sorter.hpp"

#include <gtest/gtest.h>

#include "support/content/index_samples.hpp"
#include "support/io/faulty_file_system.hpp"
#include "support/io/temporary_folder.hpp"

namespace catalog::content {
namespace {

using io::testing::code_of;
using io::testing::Fault;
using io::testing::FaultyFileSystem;
using io::testing::must;
using io::testing::SeededRandom;
using io::testing::TemporaryFolder;
using testing::append_to;
using testing::crowded_id;
using testing::entry_of;
using testing::EntryMap;
using testing::random_id;
using testing::run_bytes;
using testing::sample_info;
using testing::ToyPageCipher;

std::vector<IndexEntry> shuffled_entries(std::size_t count, std::uint64_t seed) {
    SeededRandom random(seed);
    std::vector<ChunkId> world(1 + count / 2);
    for (ChunkId& id : world) id = random.chance(50) ? random_id(random) : crowded_id(random);
    std::vector<IndexEntry> entries;
    entries.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        entries.push_back(entry_of(world[random.below(world.size())],
                                   PackId{1 + static_cast<std::uint32_t>(random.below(3))},
                                   random));
    return entries;
}

EntryMap expected_of(const std::vector<IndexEntry>& entries) {
    EntryMap map;
    for (const IndexEntry& entry : entries) {
        const auto [at, added] = map.emplace(entry.id, entry);
        const ChunkLocation& there = at->second.location;
        const ChunkLocation& here = entry.location;
        if (here.pack > there.pack || (here.pack == there.pack && here.offset < there.offset))
            at->second = entry;
    }
    return map;
}

std::string sorted_run(IndexRunSorter& sorter, const std::vector<IndexEntry>& entries) {
    for (const IndexEntry& entry : entries) must(sorter.add(entry));
    std::string bytes;
    IndexRunBuilder builder(sample_info(), append_to(bytes));
    must(sorter.finish(builder));
    must(builder.finish());
    return bytes;
}

TEST(IndexRunSorter, GivesEachIdOnceHoweverManyFilesItTakes) {
    const TemporaryFolder folder;
    const auto fs = io::make_posix_file_system();
    std::uint64_t seed = 0;
    for (const std::size_t count : {0, 1, 84, 85, 86, 1000, 5000})
        for (const std::size_t width : {2, 3, 16}) {
            SCOPED_TRACE(std::to_string(count) + " entries, " + std::to_string(width) + " files");
            IndexRunSorterOptions options;
            options.memory_bytes = 4096;
            options.merge_width = width;
            if (seed % 2 == 0)
                options.make_cipher =
                    [](const IndexRunInfo& info) -> Result<std::unique_ptr<PageCipher>> {
                    return std::make_unique<ToyPageCipher>(info.number);
                };
            const auto entries = shuffled_entries(count, ++seed);
            IndexRunSorter sorter(*fs, folder.path(), options);
            EXPECT_EQ(sorted_run(sorter, entries), run_bytes(expected_of(entries)));
            EXPECT_TRUE(must(fs->list(folder.path())).empty());
            // It is as new.
            EXPECT_EQ(sorted_run(sorter, entries), run_bytes(expected_of(entries)));
        }
}

TEST(IndexRunSorter, RemovesItsFilesWhenItIsGivenUp) {
    const TemporaryFolder folder;
    const auto fs = io::make_posix_file_system();
    IndexRunSorterOptions options;
    options.memory_bytes = 4096;
    {
        IndexRunSorter sorter(*fs, folder.path(), options);
        for (const IndexEntry& entry : shuffled_entries(1000, 1)) must(sorter.add(entry));
        const auto files = must(fs->list(folder.path()));
        EXPECT_FALSE(files.empty());
        for (const auto& file : files) EXPECT_TRUE(io::is_temporary_name(file.name)) << file.name;
    }
    EXPECT_TRUE(must(fs->list(folder.path())).empty());
}

TEST(IndexRunSorter, RefusesWhatCannotBeStoredAndGoesOn) {
    const TemporaryFolder folder;
    const auto fs = io::make_posix_file_system();
    IndexRunSorter sorter(*fs, folder.path());
    IndexEntry bad = shuffled_entries(1, 1).front();
    bad.location.offset = 4;
    EXPECT_EQ(code_of(sorter.add(bad)), Errc::kInvalidArgument);
    const auto entries = shuffled_entries(10, 2);
    EXPECT_EQ(sorted_run(sorter, entries), run_bytes(expected_of(entries)));
}

TEST(IndexRunSorter, SaysSoWhenAnyCallFailsAndLeavesNothingUnnamed) {
    const auto entries = shuffled_entries(1200, 3);
    const std::string expected = run_bytes(expected_of(entries));
    IndexRunSorterOptions options;
    options.memory_bytes = 4096;
    options.merge_width = 3;
    int failures = 0;
    bool reached = true;
    for (std::uint64_t call = 1; reached; ++call) {
        const TemporaryFolder folder;
        FaultyFileSystem fs(io::make_posix_file_system());
        fs.fail_nth(call, Fault{Errc::kStorageFull});
        {
            IndexRunSorter sorter(fs, folder.path(), options);
            Result<void> result;
            for (const IndexEntry& entry : entries) {
                result = sorter.add(entry);
                if (!result) break;
            }
            std::string bytes;
            IndexRunBuilder builder(sample_info(), append_to(bytes));
            if (result) result = sorter.finish(builder);
            if (result) {
                must(builder.finish());
                EXPECT_EQ(bytes, expected);
            } else {
                ++failures;
                EXPECT_EQ(code_of(result), Errc::kStorageFull);
                EXPECT_EQ(code_of(sorter.add(entries[0])), Errc::kFailedPrecondition);
                EXPECT_EQ(code_of(sorter.finish(builder)), Errc::kFailedPrecondition);
            }
            reached = fs.calls() >= call;
        }
        fs.clear_faults();
        for (const auto& file : must(fs.list(folder.path())))
            EXPECT_TRUE(io::is_temporary_name(file.name)) << file.name;
    }
    EXPECT_GT(failures, 30);
}

}  // namespace
}  // namespace catalog::content
