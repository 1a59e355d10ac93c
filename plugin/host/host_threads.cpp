#include "host_threads.hpp"

#include <chrono>
#include <utility>

#include "abi_values.hpp"

namespace catalog::host {

TimerThread::TimerThread() : thread_([this] { loop(); }) {}

TimerThread::~TimerThread() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void TimerThread::run_at(std::int64_t at_ns, std::function<void()> function) {
    {
        const std::lock_guard lock(mutex_);
        due_.emplace(at_ns, std::move(function));
    }
    changed_.notify_all();
}

void TimerThread::loop() {
    std::unique_lock lock(mutex_);
    while (!stop_) {
        if (due_.empty()) {
            changed_.wait(lock);
            continue;
        }
        const std::int64_t next = due_.begin()->first;
        if (next > monotonic_ns()) {
            const std::chrono::steady_clock::time_point at{std::chrono::nanoseconds(next)};
            changed_.wait_until(lock, at);
            continue;
        }
        auto function = due_.extract(due_.begin());
        lock.unlock();
        function.mapped()();
        lock.lock();
    }
}

TaskThreads::TaskThreads(std::size_t count) {
    threads_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) threads_.emplace_back([this] { loop(); });
}

TaskThreads::~TaskThreads() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void TaskThreads::run(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
}

void TaskThreads::loop() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stop_ || !tasks_.empty(); });
        if (tasks_.empty()) return;
        const std::function<void()> task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        task();
        lock.lock();
    }
}

}  // namespace catalog::host
