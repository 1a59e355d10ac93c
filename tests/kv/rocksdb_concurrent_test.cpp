// Threads on one RocksDB store and its followers.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "catalog/kv/commit_queue.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/kv/rocksdb_stores.hpp"
#include "support/kv/store_model.hpp"
#include "support/kv/thread_sanitizer.hpp"

namespace catalog::kv {
namespace {

using io::testing::must;
using io::testing::SimulatedFileSystem;
using testing::found;
using testing::must_open;
using testing::small_follower;
using testing::small_store;

constexpr std::uint32_t kFamilies = 3;

WriteBatch number_everywhere(std::uint64_t number) {
    WriteBatch batch;
    for (std::uint32_t i = 0; i < kFamilies; ++i) {
        batch.put(Family{i}, "number", std::to_string(number));
        batch.put(Family{i}, "key" + std::to_string(number % 20), std::string(3000, 'x'));
    }
    return batch;
}

/// Tells whether all families of a moment hold the same number, and not an older one than before.
bool consistent(const KeyValueStore& store, std::uint64_t& last) {
    const auto moment = store.snapshot();
    const auto first = found(moment->get(Family{0}, "number"));
    for (std::uint32_t i = 1; i < kFamilies; ++i)
        if (found(moment->get(Family{i}, "number")) != first) return false;
    const std::uint64_t number = first ? std::stoull(*first) : 0;
    if (number < last) return false;
    last = number;
    return true;
}

TEST(RocksDbConcurrent, ReadersSeeWholeBatchesWhileOneWrites) {
    const auto fs = SimulatedFileSystem::make();
    const auto store = must_open(fs, "/db", small_store(kFamilies));
    std::atomic<bool> done = false;
    std::atomic<std::uint64_t> torn = 0;
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i)
        readers.emplace_back([&] {
            std::uint64_t last = 0;
            while (!done)
                if (!consistent(*store, last)) ++torn;
        });
    for (std::uint64_t number = 1; number <= 400; ++number)
        must(store->write(number_everywhere(number), Durability::kSync));
    done = true;
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(torn, 0u);
    EXPECT_EQ(found(store->get(Family{2}, "number")), "400");
}

TEST(RocksDbConcurrent, AFollowerSharedByThreadsSeesWholeBatches) {
    const auto fs = SimulatedFileSystem::make();
    const auto store = must_open(fs, "/db", small_store(kFamilies));
    const auto follower = must_open(fs, "/db", small_follower(kFamilies));
    std::atomic<bool> done = false;
    std::atomic<std::uint64_t> torn = 0;
    std::atomic<std::uint64_t> failed = 0;
    std::vector<std::thread> readers;
    for (int i = 0; i < 2; ++i)
        readers.emplace_back([&] {
            std::uint64_t last = 0;
            while (!done) {
                if (!follower->refresh()) ++failed;
                if (!consistent(*follower, last)) ++torn;
            }
        });
    for (std::uint64_t number = 1; number <= 400; ++number)
        must(store->write(number_everywhere(number), Durability::kSync));
    done = true;
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(torn, 0u);
    EXPECT_EQ(failed, 0u);
    must(follower->refresh());
    EXPECT_EQ(found(follower->get(Family{2}, "number")), "400");
}

TEST(RocksDbConcurrent, CommitsOfManyThreadsShareSyncs) {
    constexpr std::size_t kThreads = 8;
    constexpr std::size_t kCommits = 50;
    const auto fs = SimulatedFileSystem::make();
    const auto store = must_open(fs, "/db", small_store(kFamilies));
    CommitQueue queue(*store);
    std::atomic<std::uint64_t> failed = 0;
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t)
        threads.emplace_back([&, t] {
            for (std::size_t i = 0; i < kCommits; ++i) {
                Commit commit;
                commit.batch.put(Family{1}, std::to_string(t) + "/" + std::to_string(i), "x");
                if (!queue.submit(std::move(commit))) ++failed;
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(failed, 0u);
    EXPECT_EQ(queue.stats().commits, kThreads * kCommits);
    EXPECT_EQ(testing::read_store(*store, kFamilies).family(Family{1}).size(), kThreads * kCommits);
}

}  // namespace
}  // namespace catalog::kv
