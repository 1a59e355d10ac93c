#pragma once
// What every Executor must do. An implementation runs it with a default-constructible type whose
// `settle` returns when everything that was posted has run:
//
//   struct Mine { Executor& executor(); void settle(); };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, ExecutorContract, Mine);

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <vector>

#include "catalog/core/executor.hpp"
#include "catalog/internal/mutex.hpp"

namespace catalog::fakes {

template <class World>
class ExecutorContract : public ::testing::Test {
protected:
    World world_;
};

TYPED_TEST_SUITE_P(ExecutorContract);

TYPED_TEST_P(ExecutorContract, RunsEveryTaskOnce) {
    std::vector<std::atomic<int>> runs(200);
    for (std::atomic<int>& run : runs) this->world_.executor().post([&run] { ++run; });
    this->world_.settle();
    for (const std::atomic<int>& run : runs) EXPECT_EQ(run, 1);
}

TYPED_TEST_P(ExecutorContract, ATaskMayPost) {
    std::atomic<int> done = 0;
    Executor& executor = this->world_.executor();
    executor.post([&] {
        executor.post([&] {
            executor.post([&] { ++done; });
            ++done;
        });
        ++done;
    });
    this->world_.settle();
    EXPECT_EQ(done, 3);
}

TYPED_TEST_P(ExecutorContract, ATaskThatPostsMayHoldALockThatTheOtherNeeds) {
    std::atomic<int> done = 0;
    internal::Mutex mutex;
    Executor& executor = this->world_.executor();
    executor.post([&] {
        const internal::MutexLock lock(mutex);
        executor.post([&] {
            const internal::MutexLock inner(mutex);
            ++done;
        });
    });
    this->world_.settle();
    EXPECT_EQ(done, 1);
}

TYPED_TEST_P(ExecutorContract, CanRunAtLeastOneTask) {
    EXPECT_GE(this->world_.executor().concurrency(), 1u);
}

TYPED_TEST_P(ExecutorContract, ParallelForNeedsNoMoreThanPost) {
    std::vector<std::atomic<int>> runs(50);
    EXPECT_TRUE(parallel_for(this->world_.executor(), runs.size(), [&](std::size_t i) {
        ++runs[i];
        return Result<void>();
    }));
    for (const std::atomic<int>& run : runs) EXPECT_EQ(run, 1);
    this->world_.settle();
}

REGISTER_TYPED_TEST_SUITE_P(ExecutorContract, RunsEveryTaskOnce, ATaskMayPost,
                            ATaskThatPostsMayHoldALockThatTheOtherNeeds, CanRunAtLeastOneTask,
                            ParallelForNeedsNoMoreThanPost);

}  // namespace catalog::fakes
