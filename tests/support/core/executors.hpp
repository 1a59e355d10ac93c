#pragma once
// Executors without threads, so that a test decides what runs when, and one that breaks.

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

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

/// What befalls one task of a FaultyExecutor.
enum class ExecutorFault {
    kNone,
    kRefuse,    ///< `post` throws std::runtime_error, as an executor that is shut down does.
    kNoMemory,  ///< `post` throws std::bad_alloc.
    kLose,      ///< Accepted and never run: the worker is gone before it begins.
    kHold,      ///< Accepted and kept until `release`, which hands on the youngest first.
};

/// Gives tasks to another executor, but does to the nth (0-based) what `plan(n)` says.
///
/// Thread safety: any thread, which `plan` must bear too. Held tasks that are left are destroyed
/// without being run.
class FaultyExecutor final : public Executor {
public:
    using Plan = std::function<ExecutorFault(std::size_t)>;

    FaultyExecutor(std::shared_ptr<Executor> base, Plan plan)
        : base_(std::move(base)), plan_(std::move(plan)) {}

    void post(std::function<void()> task) override;
    [[nodiscard]] std::size_t concurrency() const noexcept override { return base_->concurrency(); }

    /// Hands on what is held, the youngest first. Returns how many tasks that were.
    std::size_t release();

    [[nodiscard]] std::size_t posts() const;  ///< Tasks that came, refused ones included.

private:
    const std::shared_ptr<Executor> base_;
    const Plan plan_;
    mutable internal::Mutex mutex_;
    std::size_t posts_ CATALOG_GUARDED_BY(mutex_) = 0;
    std::vector<std::function<void()>> held_ CATALOG_GUARDED_BY(mutex_);
};

}  // namespace catalog::fakes
