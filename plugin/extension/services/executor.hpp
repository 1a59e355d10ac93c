#pragma once
// Where an instance's work runs: on the host's executor when it offers one, else on a pool of its
// own.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "catalog/abi/services.h"
#include "catalog/core/executor.hpp"
#include "catalog/internal/mutex.hpp"

namespace catalog::extension {

/// Counts its tasks and the processor time that they took. It starts no thread before `open`.
///
/// Thread safety: any thread, after `open`.
class InstanceExecutor final : public Executor {
public:
    InstanceExecutor();
    ~InstanceExecutor() override;

    /// Chooses where tasks run: on `host`, or, where that is null, on an own pool of `threads`.
    /// False where that pool could start no thread; nothing is open then.
    [[nodiscard]] bool open(const hmx_svc_executor* host, std::size_t threads);

    /// A host that refuses a task leaves it to a thread of the instance; where the machine has none
    /// to give, it runs on the calling thread, because a task that never runs is waited for.
    void post(std::function<void()> task) override;
    /// The same, but false, with the task unharmed, when the host refuses it, or when there is no
    /// host and no thread.
    [[nodiscard]] bool try_post(std::function<void()>& task);
    /// As `post`, but false, with the task unharmed, where only the calling thread is left.
    [[nodiscard]] bool post_elsewhere(std::function<void()>& task);
    [[nodiscard]] std::size_t concurrency() const noexcept override {
        return concurrency_.load(std::memory_order_relaxed);
    }

    /// Waits until every task has returned, and ends the threads of its own. Not on one of them.
    void close() noexcept;

    [[nodiscard]] std::uint64_t cpu_ns() const noexcept;  ///< Of all tasks that have returned.
    [[nodiscard]] std::size_t own_threads() const noexcept {
        return own_threads_.load(std::memory_order_relaxed);
    }

private:
    struct Work;
    struct PostedTask;
    class Begun;
    static void run(Work& work, std::function<void()> task) noexcept;
    static void run_posted(void* user) noexcept;
    /// Gives the task to the host; false and the task unharmed when it refuses.
    [[nodiscard]] bool post_to_host(std::function<void()>& task);
    /// Gives the task to the own pool; false and the task unharmed when there can be none.
    [[nodiscard]] bool post_to_pool(std::function<void()>& task);
    /// Returns the own pool, made when it is first asked for; null where no thread could be
    /// started.
    [[nodiscard]] std::shared_ptr<Executor> own_pool(std::size_t threads);

    const hmx_svc_executor* host_ = nullptr;
    std::atomic<std::size_t> concurrency_{1};
    const std::shared_ptr<Work> work_;
    std::atomic<std::size_t> own_threads_{0};
    internal::Mutex mutex_;
    std::shared_ptr<Executor> pool_ CATALOG_GUARDED_BY(mutex_);
};

}  // namespace catalog::extension
