#pragma once
// Where heavy work runs: an injected executor, by default a pool of threads.

#include <cstddef>
#include <functional>
#include <memory>

#include "catalog/core/result.hpp"

namespace catalog {

/// Runs tasks. Thread safety: `post` may be called from any thread, also from inside a task.
class Executor {
public:
    virtual ~Executor() = default;

    /// Queues `task` to run once, on a thread of the executor, in any order. The task must not
    /// throw. Never blocks, never runs it inline. An executor that cannot take the task throws
    /// (std::bad_alloc, or any std::exception) and never runs it.
    virtual void post(std::function<void()> task) = 0;

    /// Returns how many tasks can run at the same time, at least 1.
    [[nodiscard]] virtual std::size_t concurrency() const noexcept = 0;
};

/// Makes a pool of `threads` threads (0: as many as the machine has), or of as many as it can
/// start. Its destructor runs what is queued and joins; where one of its own tasks destroys it,
/// that thread ends by itself as soon as the task has returned and the queue is empty. A pool that
/// could start no thread at all runs its tasks in its destructor.
[[nodiscard]] std::shared_ptr<Executor> make_thread_pool(std::size_t threads = 0);

/// The same, but null where it could start no thread at all: for whoever must not wait for tasks
/// that never run.
[[nodiscard]] std::shared_ptr<Executor> try_make_thread_pool(std::size_t threads = 0);

/// Runs `body(0) ... body(count - 1)` on the calling thread and on `executor`, and returns when all
/// have ended.
///
/// The caller takes part, so an executor that is saturated, refuses tasks, or loses one that has
/// not begun costs only time: the rest of the threads does the work. The first error stops the
/// handing out of further indexes and is returned; of several errors the one with the lowest index
/// wins. What `body` throws is an error of its index: kOutOfMemory for std::bad_alloc, else
/// kInternal.
[[nodiscard]] Result<void> parallel_for(Executor& executor, std::size_t count,
                                        const std::function<Result<void>(std::size_t)>& body);

}  // namespace catalog
