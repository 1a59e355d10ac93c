#include "services/executor.hpp"

#include <ctime>

#include <algorithm>
#include <utility>

namespace catalog::extension {

using internal::MutexLock;

/// What tasks share. Each task holds it, so that the last steps of one need no executor.
struct InstanceExecutor::Work {
    void begin() {
        MutexLock lock(mutex);
        ++tasks;
    }
    void end() noexcept {
        MutexLock lock(mutex);
        if (--tasks == 0) idle.notify_all();
    }
    void wait() noexcept {
        MutexLock lock(mutex);
        while (tasks != 0) idle.wait(mutex);
    }

    internal::Mutex mutex;
    internal::ConditionVariable idle;
    std::uint64_t tasks CATALOG_GUARDED_BY(mutex) = 0;
    std::atomic<std::uint64_t> cpu_ns{0};
};

/// Counts a task from before it is posted; a post that fails takes it back.
class InstanceExecutor::Begun {
public:
    explicit Begun(Work& work) : work_(&work) { work.begin(); }
    Begun(const Begun&) = delete;
    Begun& operator=(const Begun&) = delete;
    ~Begun() {
        if (work_ != nullptr) work_->end();
    }
    void taken_over() noexcept { work_ = nullptr; }

private:
    Work* work_;
};

struct InstanceExecutor::PostedTask {
    std::shared_ptr<Work> work;
    std::function<void()> task;
};

namespace {

std::uint64_t thread_cpu_ns() noexcept {
    timespec now{};
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0) return 0;
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

InstanceExecutor::InstanceExecutor() : work_(std::make_shared<Work>()) {}

InstanceExecutor::~InstanceExecutor() { close(); }

bool InstanceExecutor::open(const hmx_svc_executor* host, std::size_t threads) {
    host_ = host;
    if (host_ != nullptr) {
        concurrency_ = std::max<std::size_t>(1, host_->concurrency);
        return true;
    }
    const std::shared_ptr<Executor> pool = own_pool(threads);
    if (pool == nullptr) return false;
    concurrency_ = pool->concurrency();
    return true;
}

std::shared_ptr<Executor> InstanceExecutor::own_pool(std::size_t threads) {
    MutexLock lock(mutex_);
    if (pool_ == nullptr) {
        pool_ = try_make_thread_pool(threads);
        own_threads_.store(pool_ == nullptr ? 0 : pool_->concurrency(), std::memory_order_relaxed);
    }
    return pool_;
}

bool InstanceExecutor::post_to_host(std::function<void()>& task) {
    auto posted = std::make_unique<PostedTask>(PostedTask{work_, std::move(task)});
    if (host_->post(host_->ctx, &run_posted, posted.get(), 0) == HMX_OK) {
        static_cast<void>(posted.release());
        return true;
    }
    task = std::move(posted->task);
    return false;
}

bool InstanceExecutor::post_to_pool(std::function<void()>& task) {
    const std::shared_ptr<Executor> pool = own_pool(1);
    if (pool == nullptr) return false;
    pool->post([work = work_, task = std::move(task)]() mutable { run(*work, std::move(task)); });
    return true;
}

bool InstanceExecutor::try_post(std::function<void()>& task) {
    Begun begun(*work_);
    if (!(host_ != nullptr ? post_to_host(task) : post_to_pool(task))) return false;
    begun.taken_over();
    return true;
}

bool InstanceExecutor::post_elsewhere(std::function<void()>& task) {
    Begun begun(*work_);
    if ((host_ == nullptr || !post_to_host(task)) && !post_to_pool(task)) return false;
    begun.taken_over();
    return true;
}

void InstanceExecutor::post(std::function<void()> task) {
    if (post_elsewhere(task)) return;
    work_->begin();
    run(*work_, std::move(task));
}

void InstanceExecutor::run(Work& work, std::function<void()> task) noexcept {
    const std::uint64_t before = thread_cpu_ns();
    task();
    // What the task holds goes first: whoever waits for the last task may take the rest away.
    task = nullptr;
    work.cpu_ns.fetch_add(thread_cpu_ns() - before, std::memory_order_relaxed);
    work.end();
}

void InstanceExecutor::run_posted(void* user) noexcept {
    std::unique_ptr<PostedTask> posted(static_cast<PostedTask*>(user));
    const std::shared_ptr<Work> work = std::move(posted->work);
    std::function<void()> task = std::move(posted->task);
    posted.reset();
    run(*work, std::move(task));
}

void InstanceExecutor::close() noexcept {
    std::shared_ptr<Executor> pool;
    {
        MutexLock lock(mutex_);
        pool = std::move(pool_);
        own_threads_.store(0, std::memory_order_relaxed);
    }
    // A pool runs what is queued before it ends, also one that could start no thread.
    pool.reset();
    work_->wait();
}

std::uint64_t InstanceExecutor::cpu_ns() const noexcept {
    return work_->cpu_ns.load(std::memory_order_relaxed);
}

}  // namespace catalog::extension
