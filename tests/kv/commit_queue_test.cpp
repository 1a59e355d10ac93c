#include "catalog/kv/commit_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <catalog/internal/mutex.hpp>
#include <latch>
#include <thread>
#include <vector>

#include "support/kv/faulty_key_value_store.hpp"
#include "support/kv/store_model.hpp"

namespace catalog::kv {
namespace {

using testing::FaultyKeyValueStore;
using testing::found;

constexpr Family kLog{0};
constexpr Family kCounter{1};

std::string leaf_key(std::uint64_t position) {
    std::string key;
    append_be(key, position);
    return key;
}

Commit put(std::string key, std::string value) {
    Commit commit;
    commit.batch.put(kLog, std::move(key), std::move(value));
    return commit;
}

/// Appends `text` at the next free position of a log, which it reports through `position`.
Commit append_leaf(std::string text, std::uint64_t& position) {
    Commit commit;
    commit.prepare = [text = std::move(text), &position](const CommitView& view,
                                                         WriteBatch& batch) -> Result<void> {
        auto stored = view.get(kCounter, "next");
        if (!stored) return fail(stored.error());
        position = *stored ? load_be<std::uint64_t>((*stored)->data()) : 0;
        batch.put(kLog, leaf_key(position), text);
        batch.put(kCounter, "next", leaf_key(position + 1));
        return {};
    };
    return commit;
}

/// A gate that holds the store's first write until the test has queued what it wants to queue.
class Gate {
public:
    void wait() {
        internal::MutexLock lock(mutex_);
        reached_ = true;
        changed_.notify_all();
        while (!open_) changed_.wait(mutex_);
    }
    void wait_until_reached() {
        internal::MutexLock lock(mutex_);
        while (!reached_) changed_.wait(mutex_);
    }
    void open() {
        internal::MutexLock lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }

private:
    internal::Mutex mutex_;
    internal::ConditionVariable changed_;
    bool reached_ = false;
    bool open_ = false;
};

/// A queue whose first commit is held in the store while `followers` others wait behind it.
class HeldQueue {
public:
    HeldQueue() {
        store.on_write([this] { gate.wait(); });
        threads_.emplace_back([this] { first = queue.submit(put("held", "")); });
        gate.wait_until_reached();
    }
    ~HeldQueue() { release(); }

    /// Submits from a new thread and returns when the commit is in the queue.
    void add(Commit commit, Result<void>& result) {
        const std::uint64_t before = queue.stats().waiting;
        threads_.emplace_back([this, &result, moved = std::move(commit)]() mutable {
            result = queue.submit(std::move(moved));
        });
        while (queue.stats().waiting == before) std::this_thread::yield();
    }
    void release() {
        gate.open();
        for (std::thread& thread : threads_) thread.join();
        threads_.clear();
    }

    FaultyKeyValueStore store{make_memory_store(2)};
    CommitQueue queue{store};
    Gate gate;
    Result<void> first;

private:
    std::vector<std::thread> threads_;
};

TEST(CommitQueue, MakesABatchVisible) {
    const auto store = make_memory_store(2);
    CommitQueue queue(*store);
    ASSERT_TRUE(queue.submit(put("key", "value")));
    EXPECT_EQ(found(store->get(kLog, "key")), "value");
    EXPECT_EQ(queue.stats().commits, 1u);
    EXPECT_EQ(queue.stats().groups, 1u);
}

TEST(CommitQueue, PrepareSeesTheStoreAndAddsToTheBatch) {
    const auto store = make_memory_store(2);
    CommitQueue queue(*store);
    std::uint64_t position = 99;
    ASSERT_TRUE(queue.submit(append_leaf("first", position)));
    EXPECT_EQ(position, 0u);
    ASSERT_TRUE(queue.submit(append_leaf("second", position)));
    EXPECT_EQ(position, 1u);
    EXPECT_EQ(found(store->get(kLog, leaf_key(1))), "second");
}

TEST(CommitQueue, ARefusedCommitWritesNothingAndTheNextOneDoes) {
    FaultyKeyValueStore store(make_memory_store(2));
    CommitQueue queue(store);
    Commit refused = put("key", "value");
    refused.prepare = [](const CommitView&, WriteBatch&) -> Result<void> {
        return fail(Errc::kCommitConflict, "the id is taken");
    };
    bool applied = false;
    refused.applied = [&applied] { applied = true; };
    EXPECT_EQ(queue.submit(std::move(refused)).error().code(), Errc::kCommitConflict);
    EXPECT_EQ(store.writes(), 0u);
    EXPECT_FALSE(applied);
    EXPECT_EQ(queue.stats().refused, 1u);
    EXPECT_TRUE(queue.submit(put("key", "other")));
}

TEST(CommitQueue, WaitingCommitsShareOneWrite) {
    HeldQueue held;
    std::vector<Result<void>> results(5);
    for (std::size_t i = 0; i < results.size(); ++i)
        held.add(put("k" + std::to_string(i), "v"), results[i]);
    held.release();
    for (const auto& result : results) EXPECT_TRUE(result);
    EXPECT_EQ(held.queue.stats().commits, 6u);
    EXPECT_EQ(held.queue.stats().groups, 2u);
    EXPECT_EQ(held.store.writes(), 2u);
}

TEST(CommitQueue, AGroupStopsAtItsByteBound) {
    HeldQueue held;
    std::vector<Result<void>> results(4);
    for (std::size_t i = 0; i < results.size(); ++i)
        held.add(put("k" + std::to_string(i), std::string(kGroupBytesMax / 2 - 8, 'v')),
                 results[i]);
    held.release();
    for (const auto& result : results) EXPECT_TRUE(result);
    EXPECT_EQ(held.queue.stats().groups, 3u);  // the held one, then two and two
}

TEST(CommitQueue, ACommitLargerThanTheBoundStandsAlone) {
    HeldQueue held;
    std::vector<Result<void>> results(3);
    held.add(put("a", "v"), results[0]);
    held.add(put("b", std::string(kGroupBytesMax + 1, 'v')), results[1]);
    held.add(put("c", "v"), results[2]);
    held.release();
    for (const auto& result : results) EXPECT_TRUE(result);
    EXPECT_EQ(held.queue.stats().groups, 4u);
}

TEST(CommitQueue, PrepareSeesEarlierCommitsOfItsGroup) {
    HeldQueue held;
    std::vector<std::uint64_t> positions(3, 99);
    std::vector<Result<void>> results(3);
    for (std::size_t i = 0; i < 3; ++i)
        held.add(append_leaf(std::to_string(i), positions[i]), results[i]);
    held.release();
    EXPECT_EQ(held.queue.stats().groups, 2u);
    EXPECT_EQ(positions, (std::vector<std::uint64_t>{0, 1, 2}));
    EXPECT_EQ(found(held.store.get(kLog, leaf_key(2))), "2");
}

TEST(CommitQueue, PrepareSeesRemovalsOfItsGroup) {
    HeldQueue held;
    std::vector<Result<void>> results(2);
    Commit removal;
    removal.batch.put(kLog, "key", "value");
    removal.batch.remove(kLog, "key");
    held.add(std::move(removal), results[0]);
    Commit looks;
    std::optional<std::string> seen = "not looked";
    looks.prepare = [&seen](const CommitView& view, WriteBatch&) -> Result<void> {
        seen = found(view.get(kLog, "key"));
        return {};
    };
    held.add(std::move(looks), results[1]);
    held.release();
    EXPECT_EQ(seen, std::nullopt);
}

TEST(CommitQueue, ARefusedCommitLeavesNoTraceInItsGroup) {
    HeldQueue held;
    std::vector<std::uint64_t> positions(3, 99);
    std::vector<Result<void>> results(3);
    held.add(append_leaf("a", positions[0]), results[0]);
    Commit refused = append_leaf("b", positions[1]);
    refused.prepare = [inner = std::move(refused.prepare)](const CommitView& view,
                                                           WriteBatch& batch) -> Result<void> {
        if (auto prepared = inner(view, batch); !prepared) return prepared;
        return fail(Errc::kCommitConflict, "changed its mind");
    };
    held.add(std::move(refused), results[1]);
    held.add(append_leaf("c", positions[2]), results[2]);
    held.release();
    EXPECT_TRUE(results[0]);
    ASSERT_FALSE(results[1]);
    EXPECT_EQ(results[1].error().code(), Errc::kCommitConflict);
    EXPECT_TRUE(results[2]);
    EXPECT_EQ(positions[2], 1u);
    EXPECT_EQ(found(held.store.get(kLog, leaf_key(1))), "c");
}

TEST(CommitQueue, GroupHooksRunOnceAGroupInTheirOrderAndMayAddChanges) {
    HeldQueue held;
    std::vector<std::string> calls;
    held.queue.add_group_hook([&calls](WriteBatch& batch) -> Result<void> {
        calls.push_back("first of " + std::to_string(batch.changes().size()));
        batch.put(kCounter, "mark", std::to_string(calls.size()));
        return {};
    });
    held.queue.add_group_hook([&calls](WriteBatch& batch) -> Result<void> {
        calls.push_back("second of " + std::to_string(batch.changes().size()));
        return {};
    });
    std::vector<Result<void>> results(2);
    held.add(put("a", "1"), results[0]);
    held.add(put("b", "1"), results[1]);
    held.release();
    EXPECT_EQ(calls, (std::vector<std::string>{"first of 2", "second of 3"}));
    EXPECT_EQ(found(held.store.get(kCounter, "mark")), "1");
}

TEST(CommitQueue, AFailingHookFailsItsGroupOnly) {
    FaultyKeyValueStore store(make_memory_store(2));
    CommitQueue queue(store);
    bool failing = true;
    queue.add_group_hook([&failing](WriteBatch&) -> Result<void> {
        if (failing) return fail(Errc::kSyncFailed, "the pack could not be synced");
        return {};
    });
    bool applied = false;
    Commit commit = put("key", "value");
    commit.applied = [&applied] { applied = true; };
    EXPECT_EQ(queue.submit(std::move(commit)).error().code(), Errc::kSyncFailed);
    EXPECT_FALSE(applied);
    EXPECT_EQ(store.writes(), 0u);
    failing = false;
    EXPECT_TRUE(queue.submit(put("key", "value")));
}

TEST(CommitQueue, AFailedWriteStopsTheQueueForGood) {
    FaultyKeyValueStore store(make_memory_store(2));
    CommitQueue queue(store);
    store.fail_write(1);
    bool applied = false;
    Commit commit = put("key", "value");
    commit.applied = [&applied] { applied = true; };
    EXPECT_EQ(queue.submit(std::move(commit)).error().code(), Errc::kCommitFailed);
    EXPECT_FALSE(applied);
    store.fail_write(0);
    const auto later = queue.submit(put("key", "value"));
    ASSERT_FALSE(later);
    EXPECT_EQ(later.error().code(), Errc::kCommitFailed);
    ASSERT_NE(later.error().cause(), nullptr);
    EXPECT_EQ(later.error().cause()->message(), "injected failure of a write");
    EXPECT_EQ(store.writes(), 0u);
}

TEST(CommitQueue, AFailedWriteFailsThoseWhoWait) {
    HeldQueue held;
    held.store.fail_write(1);
    std::vector<Result<void>> results(2);
    held.add(put("a", std::string(kGroupBytesMax, 'v')), results[0]);
    held.add(put("b", std::string(kGroupBytesMax, 'v')), results[1]);
    held.release();
    ASSERT_FALSE(held.first);
    for (const auto& result : results) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code(), Errc::kCommitFailed);
    }
    EXPECT_EQ(held.store.writes(), 0u);
}

TEST(CommitQueue, ABatchThatTheStoreRefusesDoesNotStopTheQueue) {
    const auto store = make_memory_store(1);
    CommitQueue queue(*store);
    Commit commit;
    commit.batch.put(Family{7}, "key", "value");
    EXPECT_EQ(queue.submit(std::move(commit)).error().code(), Errc::kInvalidArgument);
    EXPECT_TRUE(queue.submit(put("key", "value")));
}

TEST(CommitQueue, AReadErrorInPrepareRefusesTheCommit) {
    FaultyKeyValueStore store(make_memory_store(2));
    CommitQueue queue(store);
    std::uint64_t position = 0;
    store.fail_get(1);
    EXPECT_EQ(queue.submit(append_leaf("a", position)).error().code(), Errc::kDatabaseIo);
    EXPECT_TRUE(queue.submit(append_leaf("a", position)));
}

TEST(CommitQueue, WhatAHookThrowsIsAnError) {
    const auto store = make_memory_store(2);
    CommitQueue queue(*store);
    Commit commit;
    commit.prepare = [](const CommitView&, WriteBatch&) -> Result<void> {
        throw std::runtime_error("surprise");
    };
    const auto submitted = queue.submit(std::move(commit));
    ASSERT_FALSE(submitted);
    EXPECT_EQ(submitted.error().code(), Errc::kInternal);
    EXPECT_EQ(submitted.error().message(), "prepare hook threw: surprise");
    EXPECT_TRUE(queue.submit(put("key", "value")));
}

TEST(CommitQueue, StopsWhenADurableCommitCannotBeShownInMemory) {
    const auto store = make_memory_store(2);
    CommitQueue queue(*store);
    Commit commit = put("key", "value");
    commit.applied = [] { throw std::runtime_error("surprise"); };
    EXPECT_EQ(queue.submit(std::move(commit)).error().code(), Errc::kCommitFailed);
    EXPECT_EQ(found(store->get(kLog, "key")), "value");
    EXPECT_EQ(queue.submit(put("key", "other")).error().code(), Errc::kCommitFailed);
}

TEST(CommitQueue, AHookThatSubmitsIsToldSo) {
    const auto store = make_memory_store(2);
    CommitQueue queue(*store);
    Result<void> inner;
    Commit commit = put("key", "value");
    commit.applied = [&] {
        inner = queue.submit(put("nested", "value"));
        queue.close();
    };
    EXPECT_TRUE(queue.submit(std::move(commit)));
    ASSERT_FALSE(inner);
    EXPECT_EQ(inner.error().code(), Errc::kFailedPrecondition);
    EXPECT_EQ(queue.submit(put("key", "late")).error().code(), Errc::kCommitQueueClosed);
}

TEST(CommitQueue, CloseWaitsForCommitsUnderWayAndRefusesNewOnes) {
    HeldQueue held;
    Result<void> waiting;
    held.add(put("waiting", "value"), waiting);
    bool visible_after_close = false;
    std::thread closer([&] {
        held.queue.close();
        visible_after_close = held.store.get(kLog, "waiting")->has_value();
    });
    held.release();
    closer.join();
    EXPECT_TRUE(visible_after_close);
    EXPECT_TRUE(held.first);
    EXPECT_TRUE(waiting);
    EXPECT_EQ(held.queue.submit(put("key", "late")).error().code(), Errc::kCommitQueueClosed);
}

TEST(CommitQueue, AssignsPositionsWithoutGapsAcrossThreads) {
    constexpr std::size_t kThreads = 8;
    constexpr std::size_t kCommits = 200;
    const auto store = make_memory_store(2);
    CommitQueue queue(*store);
    std::vector<std::uint64_t> shown;  // guarded by the queue: `applied` runs alone
    std::atomic<std::uint64_t> out_of_order = 0;
    std::latch start(kThreads);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            start.arrive_and_wait();
            std::uint64_t last = 0;
            for (std::size_t i = 0; i < kCommits; ++i) {
                std::uint64_t position = 0;
                Commit commit = append_leaf(std::to_string(t) + "/" + std::to_string(i), position);
                commit.applied = [&shown, &position] { shown.push_back(position); };
                if (!queue.submit(std::move(commit)) || (i > 0 && position <= last)) ++out_of_order;
                last = position;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(out_of_order, 0u);
    ASSERT_EQ(shown.size(), kThreads * kCommits);
    for (std::size_t i = 0; i < shown.size(); ++i) ASSERT_EQ(shown[i], i);
    EXPECT_EQ(testing::read_store(*store, 2).family(kLog).size(), kThreads * kCommits);
    EXPECT_EQ(queue.stats().commits, kThreads * kCommits);
    EXPECT_LE(queue.stats().groups, queue.stats().commits);
}

TEST(CommitQueue, AFailureUnderLoadLosesNoAcknowledgedCommit) {
    constexpr std::size_t kThreads = 8;
    FaultyKeyValueStore store(make_memory_store(2));
    CommitQueue queue(store);
    store.fail_write(40);
    std::atomic<std::uint64_t> acknowledged = 0;
    std::atomic<std::uint64_t> other_errors = 0;
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&] {
            for (;;) {
                std::uint64_t position = 0;
                const auto submitted = queue.submit(append_leaf("leaf", position));
                if (!submitted) {
                    if (submitted.error().code() != Errc::kCommitFailed) ++other_errors;
                    return;
                }
                ++acknowledged;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(other_errors, 0u);
    EXPECT_EQ(testing::read_store(store, 2).family(kLog).size(), acknowledged);
    EXPECT_EQ(queue.stats().commits, acknowledged);
    EXPECT_EQ(queue.stats().groups, 39u);
}

}  // namespace
}  // namespace catalog::kv
