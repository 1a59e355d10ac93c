#include "support/core/executors.hpp"

#include <utility>

namespace catalog::fakes {

using internal::MutexLock;

void ManualExecutor::post(std::function<void()> task) {
    MutexLock lock(mutex_);
    tasks_.push_back(std::move(task));
}

bool ManualExecutor::run_one() {
    std::function<void()> task;
    {
        MutexLock lock(mutex_);
        if (tasks_.empty()) return false;
        task = std::move(tasks_.front());
        tasks_.pop_front();
    }
    task();
    return true;
}

std::size_t ManualExecutor::run_all() {
    std::size_t ran = 0;
    while (run_one()) ++ran;
    return ran;
}

std::size_t ManualExecutor::pending() const {
    MutexLock lock(mutex_);
    return tasks_.size();
}

void InlineExecutor::post(std::function<void()> task) {
    tasks_.push_back(std::move(task));
    if (running_) return;
    running_ = true;
    while (!tasks_.empty()) {
        std::function<void()> next = std::move(tasks_.front());
        tasks_.pop_front();
        next();
    }
    running_ = false;
}

}  // namespace catalog::fakes
