#pragma once
// Threads of the host: one that does things at a time, and several that run tasks of extensions.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace catalog::host {

/// Runs functions at times of CLOCK_MONOTONIC on one thread. Thread safety: safe.
class TimerThread {
public:
    TimerThread();
    ~TimerThread();
    TimerThread(const TimerThread&) = delete;
    TimerThread& operator=(const TimerThread&) = delete;

    /// Runs `function` once, not before `at_ns`. It must not throw.
    void run_at(std::int64_t at_ns, std::function<void()> function);

private:
    void loop();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::multimap<std::int64_t, std::function<void()>> due_;
    bool stop_ = false;
    std::thread thread_;
};

/// Runs tasks in the order in which they come. Thread safety: safe.
class TaskThreads {
public:
    explicit TaskThreads(std::size_t count);
    ~TaskThreads();
    TaskThreads(const TaskThreads&) = delete;
    TaskThreads& operator=(const TaskThreads&) = delete;

    void run(std::function<void()> task);
    [[nodiscard]] std::size_t count() const noexcept { return threads_.size(); }

private:
    void loop();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> tasks_;
    bool stop_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace catalog::host
