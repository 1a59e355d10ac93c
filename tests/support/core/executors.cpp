#include "support/core/executors.hpp"

#include <new>
#include <stdexcept>
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

void FaultyExecutor::post(std::function<void()> task) {
    std::size_t number = 0;
    {
        MutexLock lock(mutex_);
        number = posts_++;
    }
    switch (plan_(number)) {
        case ExecutorFault::kNone:
            return base_->post(std::move(task));
        case ExecutorFault::kRefuse:
            throw std::runtime_error("the executor is shut down");
        case ExecutorFault::kNoMemory:
            throw std::bad_alloc();
        case ExecutorFault::kLose:
            return;
        case ExecutorFault::kHold:
            MutexLock lock(mutex_);
            held_.push_back(std::move(task));
            return;
    }
}

std::size_t FaultyExecutor::release() {
    std::vector<std::function<void()>> held;
    {
        MutexLock lock(mutex_);
        held.swap(held_);
    }
    for (std::size_t i = held.size(); i-- > 0;) base_->post(std::move(held[i]));
    return held.size();
}

std::size_t FaultyExecutor::posts() const {
    MutexLock lock(mutex_);
    return posts_;
}

}  // namespace catalog::fakes
