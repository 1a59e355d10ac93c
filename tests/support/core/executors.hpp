#pragma once
// Executors without threads, so that a test decides what runs when.

#include <cstddef>
#include <deque>
#include <functional>

#include "catalog/core/executor.hpp"
#include "catalog/internal/mutex.hpp"

namespace catalog::fakes {

/// Keeps tasks until the test runs them. Thread safety: any thread may post; tasks run on the
/// thread that calls `run_one` or `run_all`. Tasks that are left are destroyed without being run:
/// with `concurrency` and never run, it is the executor that is too busy for ever.
class ManualExecutor final : public Executor {
public:
    explicit ManualExecutor(std::size_t concurrency = 1) : concurrency_(concurrency) {}

    void post(std::function<void()> task) override;
    [[nodiscard]] std::size_t concurrency() const noexcept override { return concurrency_; }

    /// Runs the oldest task. Returns false when there is none.
    bool run_one();

    /// Runs tasks, also those that they post, until there is none. Returns how many ran.
    std::size_t run_all();

    [[nodiscard]] std::size_t pending() const;

private:
    const std::size_t concurrency_;
    mutable internal::Mutex mutex_;
    std::deque<std::function<void()>> tasks_ CATALOG_GUARDED_BY(mutex_);
};

/// Runs each task on the posting thread before `post` returns; a task that is posted by a task runs
/// when that one has ended. Breaks the rule that `post` never runs the task inline, so it is only
/// for code that posts without holding a lock. Thread safety: one thread at a time.
class InlineExecutor final : public Executor {
public:
    void post(std::function<void()> task) override;
    [[nodiscard]] std::size_t concurrency() const noexcept override { return 1; }

private:
    std::deque<std::function<void()>> tasks_;
    bool running_ = false;
};

}  // namespace catalog::fakes
