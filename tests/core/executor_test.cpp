#include "catalog/core/executor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <latch>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/core/executor_contract.hpp"
#include "support/core/executors.hpp"

namespace catalog {
namespace {

using fakes::InlineExecutor;
using fakes::ManualExecutor;

/// Counts how often each index is run.
class Runs {
public:
    explicit Runs(std::size_t count) : runs_(count) {}

    Result<void> run(std::size_t index) {
        ++runs_[index];
        return {};
    }

    bool each_once() const {
        for (const std::atomic<int>& run : runs_)
            if (run != 1) return false;
        return true;
    }

    int total() const {
        int total = 0;
        for (const std::atomic<int>& run : runs_) total += run;
        return total;
    }

private:
    std::vector<std::atomic<int>> runs_;
};

// ---- parallel_for

TEST(ParallelFor, RunsEveryIndexOnce) {
    const auto pool = make_thread_pool(4);
    for (const std::size_t count : {0u, 1u, 2u, 3u, 4u, 5u, 100u, 10000u}) {
        Runs runs(count);
        EXPECT_TRUE(parallel_for(*pool, count, [&](std::size_t i) { return runs.run(i); }));
        EXPECT_TRUE(runs.each_once()) << count;
    }
}

TEST(ParallelFor, RunsEveryIndexWhereTheExecutorNeverRunsATask) {
    ManualExecutor busy(8);
    Runs runs(100);
    EXPECT_TRUE(parallel_for(busy, 100, [&](std::size_t i) { return runs.run(i); }));
    EXPECT_TRUE(runs.each_once());
}

TEST(ParallelFor, ATaskThatStartsTooLateDoesNothing) {
    ManualExecutor late(8);
    {
        Runs runs(10);
        EXPECT_TRUE(parallel_for(late, 10, [&](std::size_t i) { return runs.run(i); }));
    }
    EXPECT_EQ(late.run_all(), 8u);  // `runs` and the body are gone
}

TEST(ParallelFor, RunsEveryIndexWhereTasksRunInline) {
    InlineExecutor executor;
    Runs runs(100);
    EXPECT_TRUE(parallel_for(executor, 100, [&](std::size_t i) { return runs.run(i); }));
    EXPECT_TRUE(runs.each_once());
}

TEST(ParallelFor, PostsNoMoreTasksThanThereIsWorkFor) {
    ManualExecutor executor(8);
    const auto nothing = [](std::size_t) { return Result<void>(); };
    EXPECT_TRUE(parallel_for(executor, 0, nothing));
    EXPECT_TRUE(parallel_for(executor, 1, nothing));
    EXPECT_EQ(executor.pending(), 0u);
    EXPECT_TRUE(parallel_for(executor, 3, nothing));
    EXPECT_EQ(executor.pending(), 2u);
}

TEST(ParallelFor, UsesTheThreadsOfTheExecutor) {
    const auto pool = make_thread_pool(3);
    // Passes only when four indexes are being run at the same time.
    std::latch all_here(4);
    EXPECT_TRUE(parallel_for(*pool, 4, [&](std::size_t) {
        all_here.arrive_and_wait();
        return Result<void>();
    }));
}

TEST(ParallelFor, StopsHandingOutIndexesAfterAnError) {
    ManualExecutor alone(1);
    Runs runs(100);
    const auto result = parallel_for(alone, 100, [&](std::size_t i) -> Result<void> {
        (void)runs.run(i);
        if (i == 10) return fail(Errc::kIo, "broken at 10");
        return {};
    });
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message(), "broken at 10");
    EXPECT_EQ(runs.total(), 11);
}

TEST(ParallelFor, ReturnsTheErrorOfTheLowestIndex) {
    const auto pool = make_thread_pool(3);
    for (int round = 0; round < 50; ++round) {
        // All four fail, and each only once all have started.
        std::latch all_here(4);
        const auto result = parallel_for(*pool, 4, [&](std::size_t i) -> Result<void> {
            all_here.arrive_and_wait();
            return fail(Errc::kIo, "broken at " + std::to_string(i));
        });
        ASSERT_FALSE(result);
        ASSERT_EQ(result.error().message(), "broken at 0");
    }
}

TEST(ParallelFor, WaitsForWhatIsStillRunningAfterAnError) {
    const auto pool = make_thread_pool(1);
    std::latch both_here(2);
    std::atomic<bool> slow_one_ended = false;
    const auto result = parallel_for(*pool, 2, [&](std::size_t i) -> Result<void> {
        both_here.arrive_and_wait();
        if (i == 0) return fail(Errc::kIo, "broken");
        for (int k = 0; k < 1000; ++k) std::this_thread::yield();
        slow_one_ended = true;
        return {};
    });
    EXPECT_FALSE(result);
    EXPECT_TRUE(slow_one_ended);
}

TEST(ParallelFor, MayBeNested) {
    const auto pool = make_thread_pool(2);
    std::atomic<int> runs = 0;
    EXPECT_TRUE(parallel_for(*pool, 8, [&](std::size_t) {
        return parallel_for(*pool, 8, [&](std::size_t) {
            return parallel_for(*pool, 8, [&](std::size_t) {
                ++runs;
                return Result<void>();
            });
        });
    }));
    EXPECT_EQ(runs, 8 * 8 * 8);
}

TEST(ParallelFor, HandsANestedErrorOut) {
    const auto pool = make_thread_pool(2);
    const auto result = parallel_for(*pool, 8, [&](std::size_t outer) {
        return parallel_for(*pool, 8, [&](std::size_t inner) -> Result<void> {
            if (outer == 3 && inner == 5) return fail(Errc::kIo, "inner");
            return {};
        });
    });
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message(), "inner");
}

TEST(ParallelFor, SeveralCallersShareAPool) {
    const auto pool = make_thread_pool(2);
    std::vector<std::jthread> callers;
    std::atomic<int> good = 0;
    for (int caller = 0; caller < 4; ++caller) {
        callers.emplace_back([&] {
            for (int round = 0; round < 50; ++round) {
                Runs runs(37);
                const auto done =
                    parallel_for(*pool, 37, [&](std::size_t i) { return runs.run(i); });
                if (done && runs.each_once()) ++good;
            }
        });
    }
    callers.clear();
    EXPECT_EQ(good, 4 * 50);
}

// ---- parallel_for on executors that break

using fakes::ExecutorFault;
using fakes::FaultyExecutor;

constexpr ExecutorFault kFaults[] = {ExecutorFault::kNone, ExecutorFault::kRefuse,
                                     ExecutorFault::kNoMemory, ExecutorFault::kLose,
                                     ExecutorFault::kHold};

TEST(ParallelFor, RunsEveryIndexOnceWhateverBefallsItsHelpers) {
    // Every combination of what can befall three helpers.
    for (const ExecutorFault first : kFaults)
        for (const ExecutorFault second : kFaults)
            for (const ExecutorFault third : kFaults) {
                const ExecutorFault plan[] = {first, second, third};
                FaultyExecutor executor(make_thread_pool(3),
                                        [&plan](std::size_t n) { return plan[n % 3]; });
                Runs runs(100);
                ASSERT_TRUE(
                    parallel_for(executor, 100, [&](std::size_t i) { return runs.run(i); }));
                ASSERT_TRUE(runs.each_once());
                executor.release();  // too late: they must find nothing to do
            }
}

TEST(ParallelFor, AsksAnExecutorThatRefusesOnce) {
    FaultyExecutor executor(make_thread_pool(3),
                            [](std::size_t) { return ExecutorFault::kRefuse; });
    Runs runs(100);
    EXPECT_TRUE(parallel_for(executor, 100, [&](std::size_t i) { return runs.run(i); }));
    EXPECT_EQ(executor.posts(), 1u);
}

TEST(ParallelFor, HandsOutAnErrorWhereHelpersAreLost) {
    for (const ExecutorFault fault : kFaults) {
        FaultyExecutor executor(make_thread_pool(2), [fault](std::size_t) { return fault; });
        const auto result = parallel_for(executor, 100, [](std::size_t i) -> Result<void> {
            if (i == 50) return fail(Errc::kIo, "broken at 50");
            return {};
        });
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().message(), "broken at 50");
    }
}

TEST(ParallelFor, WhatABodyThrowsIsAnErrorOnEveryThread) {
    const auto pool = make_thread_pool(2);
    for (std::size_t thrower = 0; thrower < 3; ++thrower) {
        // Three indexes at the same time: at least two of them run on threads of the pool.
        std::latch all_here(3);
        const auto result = parallel_for(*pool, 3, [&](std::size_t i) -> Result<void> {
            all_here.arrive_and_wait();
            if (i == thrower) throw std::bad_alloc();
            return {};
        });
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code(), Errc::kOutOfMemory);
    }
    const auto other = parallel_for(
        *pool, 1, [](std::size_t) -> Result<void> { throw std::runtime_error("odd"); });
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code(), Errc::kInternal);
    EXPECT_NE(other.error().message().find("odd"), std::string::npos);
}

TEST(FaultyExecutor, DoesWhatThePlanSays) {
    const auto base = std::make_shared<ManualExecutor>(4);
    FaultyExecutor executor(base,
                            [](std::size_t n) { return kFaults[std::min<std::size_t>(n, 4)]; });
    std::string ran;
    executor.post([&] { ran += '0'; });
    EXPECT_THROW(executor.post([&] { ran += '1'; }), std::runtime_error);
    EXPECT_THROW(executor.post([&] { ran += '2'; }), std::bad_alloc);
    for (const char c : {'3', '4', '5', '6'}) executor.post([&ran, c] { ran += c; });
    base->run_all();
    EXPECT_EQ(ran, "0");
    EXPECT_EQ(executor.release(), 3u);
    base->run_all();
    EXPECT_EQ(ran, "0654");
    EXPECT_EQ(executor.posts(), 7u);
    EXPECT_EQ(executor.concurrency(), 4u);
}

// ---- The pool

TEST(ThreadPool, HasAsManyThreadsAsItWasAskedFor) {
    EXPECT_EQ(make_thread_pool(3)->concurrency(), 3u);
    EXPECT_GE(make_thread_pool()->concurrency(), 1u);
}

TEST(ThreadPool, ItsDestructorRunsWhatIsQueued) {
    std::atomic<int> ran = 0;
    {
        const auto pool = make_thread_pool(1);
        for (int i = 0; i < 100; ++i) pool->post([&] { ++ran; });
    }
    EXPECT_EQ(ran, 100);
}

TEST(ThreadPool, MayBeDestroyedByOneOfItsOwnTasks) {
    // The latch is shared because the thread that destroys the pool is not joined.
    const auto ended = std::make_shared<std::latch>(2);
    const auto released = std::make_shared<std::latch>(1);
    const auto gone = std::make_shared<std::atomic<bool>>(false);
    auto owner = std::make_shared<std::shared_ptr<Executor>>(make_thread_pool(2));
    const std::weak_ptr<Executor> pool = *owner;
    Executor& executor = **owner;
    executor.post([ended, released, gone, owner, pool] {
        released->wait();
        owner->reset();
        *gone = pool.expired();
        ended->count_down();
    });
    executor.post([ended] { ended->count_down(); });
    owner.reset();
    released->count_down();
    ended->wait();
    EXPECT_TRUE(*gone);
}

TEST(ThreadPool, RunsTasksOnOtherThreads) {
    const auto caller = std::this_thread::get_id();
    std::atomic<bool> elsewhere = false;
    {
        const auto pool = make_thread_pool(1);
        pool->post([&] { elsewhere = std::this_thread::get_id() != caller; });
    }
    EXPECT_TRUE(elsewhere);
}

}  // namespace

namespace fakes {
namespace {

struct ThreadPoolWorld {
    Executor& executor() { return *pool_; }
    /// A pool that is destroyed has run everything.
    void settle() { pool_.reset(); }

    std::shared_ptr<Executor> pool_ = make_thread_pool(3);
};

INSTANTIATE_TYPED_TEST_SUITE_P(Pool, ExecutorContract, ThreadPoolWorld);

}  // namespace
}  // namespace fakes
}  // namespace catalog
