#include "operations.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace catalog::extension {

using internal::MutexLock;

void Operation::update(const ProgressUpdate& update) noexcept {
    if (!completion_ || completion_->progress == nullptr) return;
    if (completed_.load(std::memory_order_acquire)) return;
    completion_->progress(completion_->user, id_, update.done, update.total, to_abi(update.phase));
}

void Operation::complete(hmx_status status, const void* result, const hmx_error* error) noexcept {
    if (completed_.exchange(true, std::memory_order_acq_rel) || !completion_) return;
    completing_.store(std::this_thread::get_id(), std::memory_order_release);
    completion_->done(completion_->user, id_, status, result, error);
    completing_.store(std::thread::id(), std::memory_order_release);
}

void Operation::complete(const Outcome& outcome, const void* result) noexcept {
    if (outcome) {
        complete(HMX_OK, result, nullptr);
        return;
    }
    hmx_error error{};
    error.struct_size = sizeof(error);
    const hmx_status status = report(&error, outcome.error());
    complete(status, result, &error);
}

std::shared_ptr<Operation> Operations::begin(std::optional<hmx_completion> completion) {
    return add(completion, false);
}

std::shared_ptr<Operation> Operations::begin_control(std::optional<hmx_completion> completion) {
    return add(completion, true);
}

std::shared_ptr<Operation> Operations::add(std::optional<hmx_completion> completion, bool control) {
    MutexLock lock(mutex_);
    if (!control && limited_ >= active_max_) return nullptr;
    auto operation = std::make_shared<Operation>(next_, completion, control);
    table_.emplace(next_, operation);
    ++next_;
    if (!control) ++limited_;
    return operation;
}

void Operations::end(const Operation& operation) noexcept {
    MutexLock lock(mutex_);
    if (table_.erase(operation.id()) != 0 && !operation.control()) --limited_;
    // Under the lock: whoever waits may free this table as soon as it has the lock.
    fewer_.notify_all();
}

hmx_status Operations::cancel(hmx_op id) {
    std::shared_ptr<Operation> operation;
    {
        MutexLock lock(mutex_);
        if (id == 0 || id >= next_) return HMX_E_NOT_FOUND;
        const auto found = table_.find(id);
        if (found == table_.end()) return HMX_OK;
        operation = found->second;
    }
    operation->request_stop();
    return HMX_OK;
}

void Operations::cancel_all() {
    std::vector<std::shared_ptr<Operation>> operations;
    {
        MutexLock lock(mutex_);
        operations.reserve(table_.size());
        for (const auto& [id, operation] : table_) operations.push_back(operation);
    }
    for (const auto& operation : operations) operation->request_stop();
}

void Operations::drain(std::size_t kept) noexcept {
    MutexLock lock(mutex_);
    while (table_.size() > kept) fewer_.wait(mutex_);
}

std::size_t Operations::active() const noexcept {
    MutexLock lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(table_.begin(), table_.end(),
                      [](const auto& entry) { return !entry.second->completed(); }));
}

bool Operations::completes_here() const {
    MutexLock lock(mutex_);
    return std::any_of(table_.begin(), table_.end(),
                       [](const auto& entry) { return entry.second->completes_here(); });
}

}  // namespace catalog::extension
