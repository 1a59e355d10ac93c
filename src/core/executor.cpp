#include "catalog/core/executor.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "catalog/internal/mutex.hpp"

namespace catalog {

namespace {

using internal::ConditionVariable;
using internal::Mutex;
using internal::MutexLock;

/// Queue of a pool. Held by each of its threads, so that it outlives a pool that is destroyed by
/// one of its own tasks.
struct Queue {
    void push(std::function<void()> task) {
        {
            MutexLock lock(mutex);
            tasks.push_back(std::move(task));
        }
        wake.notify_one();
    }

    void close() {
        {
            MutexLock lock(mutex);
            closing = true;
        }
        wake.notify_all();
    }

    /// Runs tasks until the queue is closed and empty.
    void run() {
        while (std::optional<std::function<void()>> task = take()) (*task)();
    }

    std::optional<std::function<void()>> take() {
        MutexLock lock(mutex);
        while (tasks.empty() && !closing) wake.wait(mutex);
        if (tasks.empty()) return std::nullopt;
        std::function<void()> task = std::move(tasks.front());
        tasks.pop_front();
        return task;
    }

    Mutex mutex;
    ConditionVariable wake;
    std::deque<std::function<void()>> tasks CATALOG_GUARDED_BY(mutex);
    bool closing CATALOG_GUARDED_BY(mutex) = false;
};

class ThreadPool final : public Executor {
public:
    explicit ThreadPool(std::size_t threads) {
        threads_.reserve(threads);
        while (threads_.size() < threads && start_thread()) {
        }
    }

    ~ThreadPool() override {
        queue_->close();
        for (std::thread& thread : threads_) {
            if (thread.get_id() == std::this_thread::get_id())
                thread.detach();  // it cannot wait for itself; it ends when its task returns
            else
                thread.join();
        }
        if (threads_.empty()) queue_->run();
    }

    void post(std::function<void()> task) override { queue_->push(std::move(task)); }

    std::size_t concurrency() const noexcept override {
        return std::max<std::size_t>(1, threads_.size());
    }

    [[nodiscard]] bool has_threads() const noexcept { return !threads_.empty(); }

private:
    /// Returns false where the machine has no thread to give: the pool is then smaller than asked.
    bool start_thread() {
        try {
            threads_.emplace_back([queue = queue_] { queue->run(); });
            return true;
        } catch (const std::system_error&) {
            return false;
        }
    }

    std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();
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
    std::size_t failed_index CATALOG_GUARDED_BY(mutex) = 0;
    std::optional<Error> error CATALOG_GUARDED_BY(mutex);

    void enter() {
        MutexLock lock(mutex);
        ++running;
    }

    void leave() {
        MutexLock lock(mutex);
        if (--running == 0) idle.notify_all();
    }

    void work() {
        enter();
        for (;;) {
            const std::size_t index = next.fetch_add(1, std::memory_order_relaxed);
            if (index >= count) break;
            if (Result<void> result = run_body(index); !result) {
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

    /// An exception that left a thread of the pool would end the process; one that left the caller
    /// would take `body` away from the others.
    Result<void> run_body(std::size_t index) const {
        try {
            return (*body)(index);
        } catch (const std::bad_alloc&) {
            return fail(Errc::kOutOfMemory, "memory ran out in a parallel task");
        } catch (const std::exception& thrown) {
            return fail(Errc::kInternal, std::string("a parallel task threw: ") + thrown.what());
        } catch (...) {
            return fail(Errc::kInternal, "a parallel task threw");
        }
    }

    Result<void> finish() {
        MutexLock lock(mutex);
        while (running != 0) idle.wait(mutex);
        if (error) return fail(*error);
        return {};
    }
};

/// Returns false where the executor takes no further task: fewer helpers do, but leaving
/// parallel_for would take `body` away from those that run already.
bool try_post(Executor& executor, const std::shared_ptr<Loop>& loop) {
    try {
        executor.post([loop] { loop->work(); });
        return true;
    } catch (...) {
        return false;
    }
}

std::shared_ptr<ThreadPool> make_pool(std::size_t threads) {
    if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
    return std::make_shared<ThreadPool>(threads);
}

}  // namespace

std::shared_ptr<Executor> make_thread_pool(std::size_t threads) { return make_pool(threads); }

std::shared_ptr<Executor> try_make_thread_pool(std::size_t threads) {
    std::shared_ptr<ThreadPool> pool = make_pool(threads);
    if (!pool->has_threads()) return nullptr;
    return pool;
}

Result<void> parallel_for(Executor& executor, std::size_t count,
                          const std::function<Result<void>(std::size_t)>& body) {
    const auto loop = std::make_shared<Loop>(count, body);
    const std::size_t helpers = count > 1 ? std::min(executor.concurrency(), count - 1) : 0;
    std::size_t posted = 0;
    while (posted < helpers && try_post(executor, loop)) ++posted;
    loop->work();
    return loop->finish();
}

}  // namespace catalog
