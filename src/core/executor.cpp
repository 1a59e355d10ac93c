#include "catalog/core/executor.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <optional>
#include <thread>
#include <vector>

#include "catalog/internal/mutex.hpp"

namespace catalog {

namespace {

using internal::ConditionVariable;
using internal::Mutex;
using internal::MutexLock;

class ThreadPool final : public Executor {
public:
    explicit ThreadPool(std::size_t threads) {
        threads_.reserve(threads);
        for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
    }

    ~ThreadPool() override {
        {
            MutexLock lock(mutex_);
            closing_ = true;
        }
        wake_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }

    void post(std::function<void()> task) override {
        {
            MutexLock lock(mutex_);
            tasks_.push_back(std::move(task));
        }
        wake_.notify_one();
    }

    std::size_t concurrency() const noexcept override { return threads_.size(); }

private:
    void run() {
        while (std::optional<std::function<void()>> task = take()) (*task)();
    }

    std::optional<std::function<void()>> take() {
        MutexLock lock(mutex_);
        while (tasks_.empty() && !closing_) wake_.wait(mutex_);
        if (tasks_.empty()) return std::nullopt;
        std::function<void()> task = std::move(tasks_.front());
        tasks_.pop_front();
        return task;
    }

    Mutex mutex_;
    ConditionVariable wake_;
    std::deque<std::function<void()>> tasks_ CATALOG_GUARDED_BY(mutex_);
    bool closing_ CATALOG_GUARDED_BY(mutex_) = false;
    std::vector<std::thread> threads_;
};

/// State that outlives the caller's frame: a task that was queued may start after parallel_for has
/// returned.
struct Loop {
    Loop(std::size_t n, const std::function<Result<void>(std::size_t)>& b) : count(n), body(&b) {}

    const std::size_t count;
    const std::function<Result<void>(std::size_t)>* const
        body;  // valid while an index below `count` is being run
    std::atomic<std::size_t> next{0};
    Mutex mutex;
    ConditionVariable idle;
    std::size_t running CATALOG_GUARDED_BY(mutex) = 0;
    bool closed CATALOG_GUARDED_BY(mutex) = false;
    std::size_t failed_index CATALOG_GUARDED_BY(mutex) = 0;
    std::optional<Error> error CATALOG_GUARDED_BY(mutex);

    bool enter() {
        MutexLock lock(mutex);
        if (closed) return false;
        ++running;
        return true;
    }

    void leave() {
        MutexLock lock(mutex);
        if (--running == 0) idle.notify_all();
    }

    void work() {
        if (!enter()) return;
        for (;;) {
            const std::size_t index = next.fetch_add(1, std::memory_order_relaxed);
            if (index >= count) break;
            if (Result<void> result = (*body)(index); !result) {
                next.store(count, std::memory_order_relaxed);
                MutexLock lock(mutex);
                if (!error || index < failed_index) {
                    error = result.error();
                    failed_index = index;
                }
            }
        }
        leave();
    }

    Result<void> finish() {
        MutexLock lock(mutex);
        closed = true;
        while (running != 0) idle.wait(mutex);
        if (error) return fail(*error);
        return {};
    }
};

}  // namespace

std::shared_ptr<Executor> make_thread_pool(std::size_t threads) {
    if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
    return std::make_shared<ThreadPool>(threads);
}

Result<void> parallel_for(Executor& executor, std::size_t count,
                          const std::function<Result<void>(std::size_t)>& body) {
    const auto loop = std::make_shared<Loop>(count, body);
    const std::size_t helpers = count > 1 ? std::min(executor.concurrency(), count - 1) : 0;
    for (std::size_t i = 0; i < helpers; ++i) executor.post([loop] { loop->work(); });
    loop->work();
    return loop->finish();
}

}  // namespace catalog
