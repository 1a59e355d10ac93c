#pragma once
// ReadAhead: one piece of work done meanwhile.

#include <functional>
#include <memory>

#include "catalog/core/executor.hpp"

namespace catalog::content {

/// Runs work on an executor while its owner does something else. An executor that has no thread
/// free costs time alone: what has not begun when it is needed is done by whoever needs it. Thread
/// safety: one thread at a time.
class ReadAhead {
public:
    /// `executor` outlives it; null: all is done in `finish`.
    explicit ReadAhead(Executor* executor) : executor_(executor) {}
    /// Waits for what runs; what has not begun never does.
    ~ReadAhead();
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;

    /// Begins `work`, which throws nothing but std::bad_alloc, an error of its own: kOutOfMemory.
    /// Call it when nothing is begun.
    void start(std::function<Result<void>()> work);

    /// Waits for what was begun, or does it, and returns its result.
    [[nodiscard]] Result<void> finish();

private:
    struct Work;

    Executor* const executor_;
    std::shared_ptr<Work> work_;
};

}  // namespace catalog::content
