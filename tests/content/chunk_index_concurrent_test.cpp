// Readers of the chunk index while entries come, move into runs, are merged, and packs go.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "chunk_index.hpp"
#include "index_page_cache.hpp"
#include "support/content/index_samples.hpp"

namespace catalog::content {
namespace {

using io::testing::must;
using io::testing::SeededRandom;
using testing::append_to;
using testing::EntryMap;
using testing::make_run;
using testing::open_run;
using testing::random_id;
using testing::sample_info;

constexpr std::size_t kPackEntries = 400;
constexpr std::size_t kPacks = 30;

IndexEntry entry_number(const std::vector<ChunkId>& ids, std::size_t number) {
    const auto pack = static_cast<std::uint32_t>(number / kPackEntries + 1);
    return {ids[number], {PackId{pack}, 8 * number, 1, 1}, Codec::kRaw};
}

void seal_and_merge(ChunkIndex& index, PackId pack) {
    EntryMap entries;
    for (const IndexEntry& entry : index.unsealed(pack)) entries.emplace(entry.id, entry);
    index.seal_pack(pack, make_run(entries));
    for (auto chosen = index.choose_merge(); !chosen.empty(); chosen = index.choose_merge()) {
        std::vector<const IndexRun*> runs;
        runs.reserve(chosen.size());
        for (const auto& run : chosen) runs.push_back(run.get());
        std::string bytes;
        IndexRunBuilder builder(sample_info(), append_to(bytes));
        must(merge_runs(runs, index.keep_live(), builder));
        must(builder.finish());
        must(index.replace_runs(chosen, must(open_run(std::move(bytes)))));
    }
}

TEST(ChunkIndexConcurrent, ReadersFindWhatWasInsertedWhereverItMoves) {
    SeededRandom random(1);
    std::vector<ChunkId> ids(kPackEntries * kPacks);
    for (ChunkId& id : ids) id = random_id(random);
    ChunkIndex index({});
    std::atomic<std::size_t> inserted{0};
    std::atomic<std::uint64_t> wrong{0};
    std::atomic<std::uint64_t> asked{0};

    const auto read = [&](std::uint64_t seed) {
        SeededRandom mine(seed);
        std::vector<ChunkId> batch(32);
        std::vector<std::optional<IndexEntry>> found(batch.size());
        for (std::size_t known = 0; known < ids.size();) {
            known = inserted.load(std::memory_order_acquire);
            if (known == 0) continue;
            std::vector<std::size_t> numbers;
            for (ChunkId& id : batch) {
                numbers.push_back(mine.below(known));
                id = ids[numbers.back()];
            }
            const auto many = index.find_many(batch, found);
            for (std::size_t i = 0; i < batch.size(); ++i) {
                const IndexEntry expected = entry_number(ids, numbers[i]);
                if (!many || found[i] != expected) ++wrong;
                const auto one = index.find(batch[i]);
                if (!one || *one != expected) ++wrong;
            }
            std::uint64_t walked = 0;
            if (mine.chance(2)) {
                const auto walk = index.for_each([&walked](const IndexEntry&) -> Result<void> {
                    ++walked;
                    return {};
                });
                if (!walk || walked < known) ++wrong;
            }
            asked += batch.size();
        }
    };
    std::vector<std::thread> readers;
    for (std::uint64_t seed = 10; seed < 13; ++seed) readers.emplace_back(read, seed);
    for (std::size_t number = 0; number < ids.size(); ++number) {
        const IndexEntry entry = entry_number(ids, number);
        if (number % kPackEntries == 0) must(index.add_pack(entry.location.pack));
        must(index.insert(entry));
        inserted.store(number + 1, std::memory_order_release);
        if ((number + 1) % kPackEntries == 0) seal_and_merge(index, entry.location.pack);
    }
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(wrong.load(), 0u);
    EXPECT_GT(asked.load(), 0u);
    EXPECT_LE(index.stats().runs, ChunkIndex::kRunsMax);
}

TEST(IndexPageCacheConcurrent, ReadersOfSealedRunsShareAPageCache) {
    SeededRandom random(3);
    testing::ToyPageCipher cipher(1);
    const auto cache = std::make_shared<IndexPageCache>(1);
    std::vector<EntryMap> contents(3);
    std::vector<std::shared_ptr<const IndexRun>> runs;
    for (EntryMap& entries : contents) {
        for (std::uint64_t i = 0; i < 4000; ++i) {
            const ChunkId id = random_id(random);
            entries.emplace(id, IndexEntry{id, {PackId{1}, 8 * i, 1, 1}, Codec::kRaw});
        }
        runs.push_back(must(open_run(testing::run_bytes(entries, &cipher), &cipher, cache)));
    }
    std::atomic<std::uint64_t> wrong{0};
    const auto read = [&](std::size_t first) {
        for (std::size_t i = 0; i < contents.size(); ++i) {
            const std::size_t run = (first + i) % contents.size();
            std::size_t number = 0;
            for (const auto& [id, entry] : contents[run]) {
                if (number++ % 16 != first) continue;
                const auto found = runs[run]->find(id);
                const auto absent = runs[(run + 1) % runs.size()]->find(id);
                if (!found || *found != entry || !absent || *absent) ++wrong;
            }
        }
    };
    std::vector<std::thread> readers;
    readers.reserve(3);
    for (std::size_t first = 0; first < 3; ++first) readers.emplace_back(read, first);
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(wrong.load(), 0u);
}

TEST(ChunkIndexConcurrent, WritersOfSeveralPacksLoseNothing) {
    SeededRandom random(2);
    constexpr std::size_t kWriters = 4;
    constexpr std::size_t kEach = 1500;
    std::vector<ChunkId> ids(kWriters * kEach);
    for (ChunkId& id : ids) id = random_id(random);
    ChunkIndex index({});
    const auto location = [](std::size_t writer, std::size_t i) {
        return ChunkLocation{PackId{static_cast<std::uint32_t>(writer + 1)}, 8 * i, 1, 1};
    };
    std::vector<std::thread> writers;
    writers.reserve(kWriters);
    for (std::size_t writer = 0; writer < kWriters; ++writer)
        writers.emplace_back([&, writer] {
            must(index.add_pack(PackId{static_cast<std::uint32_t>(writer + 1)}));
            for (std::size_t i = 0; i < kEach; ++i)
                must(index.insert({ids[writer * kEach + i], location(writer, i), Codec::kRaw}));
            if (writer % 2 == 1)
                seal_and_merge(index, PackId{static_cast<std::uint32_t>(writer + 1)});
        });
    for (std::thread& writer : writers) writer.join();
    for (std::size_t number = 0; number < ids.size(); ++number) {
        const auto found = must(index.find(ids[number]));
        const IndexEntry expected{ids[number], location(number / kEach, number % kEach),
                                  Codec::kRaw};
        ASSERT_EQ(found, expected);
    }
    for (std::uint32_t pack = 1; pack <= kWriters; ++pack) index.retire_pack(PackId{pack});
    for (const ChunkId& id : ids) ASSERT_EQ(must(index.find(id)), std::nullopt);
}

}  // namespace
}  // namespace catalog::content
