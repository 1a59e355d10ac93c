#include "read_ahead.hpp"

#include <catalog/internal/mutex.hpp>
#include <exception>
#include <new>
#include <utility>

namespace catalog::content {

using internal::MutexLock;

/// Outlives its owner where the executor comes to it late.
struct ReadAhead::Work {
    explicit Work(std::function<Result<void>()> what) : body(std::move(what)) {}

    enum class State : unsigned char { kWaiting, kRunning, kDone };

    /// Takes the work for oneself; false when it was taken.
    bool take() {
        const MutexLock lock(mutex);
        if (state != State::kWaiting) return false;
        state = State::kRunning;
        return true;
    }
    void run() {
        Result<void> done = fail(Errc::kOutOfMemory, "memory ran out while reading ahead");
        try {
            done = body();
        } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): `done` says it.
        }
        const MutexLock lock(mutex);
        result = std::move(done);
        state = State::kDone;
        ended.notify_all();
    }
    void wait() {
        MutexLock lock(mutex);
        while (state != State::kDone) ended.wait(mutex);
    }

    const std::function<Result<void>()> body;  // Valid for as long as somebody may take it.
    internal::Mutex mutex;
    internal::ConditionVariable ended;
    State state CATALOG_GUARDED_BY(mutex) = State::kWaiting;
    Result<void> result;  // Of what is done.
};

ReadAhead::~ReadAhead() {
    if (work_ && !work_->take()) work_->wait();
}

void ReadAhead::start(std::function<Result<void>()> work) {
    work_ = std::make_shared<Work>(std::move(work));
    if (executor_ == nullptr) return;
    try {
        executor_->post([shared = work_] {
            if (shared->take()) shared->run();
        });
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): `finish` does it.
    }
}

Result<void> ReadAhead::finish() {
    if (!work_) return {};
    const auto work = std::exchange(work_, nullptr);
    if (work->take())
        work->run();
    else
        work->wait();
    return work->result;
}

}  // namespace catalog::content
