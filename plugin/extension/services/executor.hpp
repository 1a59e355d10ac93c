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

/// Counts its tasks and the processor time that they took. The destructor waits for all of them and
/// joins the threads of its own; it must not run on one of them.
///
/// Thread safety: any thread.
class InstanceExecutor final : public Executor {
public:
    /// `host` may be null. `threads` is the size of an own pool; a host's executor is used without
    /// one.
    InstanceExecutor(const hmx_svc_executor* host, std::size_t threads);
    ~InstanceExecutor() override;

    /// A host that refuses a task leaves it to a thread of the instance.
    void post(std::function<void()> task) override;
    [[nodiscard]] std::size_t concurrency() const noexcept override { return concurrency_; }

    /// Waits until every task has returned.
    void drain() noexcept;

    [[nodiscard]] std::uint64_t cpu_ns() const noexcept;  ///< Of all tasks that have returned.
    [[nodiscard]] std::size_t own_threads() const noexcept;

private:
    struct Work;
    struct PostedTask;
    class Begun;
    static void run(Work& work, std::function<void()> task) noexcept;
    static void run_posted(void* user) noexcept;
    [[nodiscard]] std::shared_ptr<Executor> own_pool(std::size_t threads);

    const hmx_svc_executor* const host_;
    std::size_t concurrency_ = 1;
    const std::shared_ptr<Work> work_;
    std::atomic<std::size_t> own_threads_{0};
    internal::Mutex mutex_;
    std::shared_ptr<Executor> pool_ CATALOG_GUARDED_BY(mutex_);
};

}  // namespace catalog::extension
