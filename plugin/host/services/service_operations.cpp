#include "service_operations.hpp"

#include <cstdio>
#include <utility>

namespace catalog::host {

namespace {

using EndFunction = std::function<void(const std::function<void(ServiceOutcome)>&)>;

void call_completion(const hmx_completion& completion, hmx_op op, const ServiceOutcome& outcome) {
    if (outcome.status == HMX_OK) {
        completion.done(completion.user, op, HMX_OK, outcome.result, nullptr);
        return;
    }
    hmx_error error{};
    error.struct_size = sizeof error;
    error.code = outcome.status;
    error.retry_after_ns = outcome.retry_after_ns;
    if (outcome.retry_after_ns != 0) error.flags = HMX_ERR_RETRYABLE;
    std::snprintf(error.message, sizeof error.message, "%s", outcome.message.c_str());
    completion.done(completion.user, op, outcome.status, nullptr, &error);
}

}  // namespace

/// Shared with what waits in the timer, which may outlive the service.
struct ServiceOperations::State {
    struct Operation {
        hmx_completion completion{};
        EndFunction end;
    };

    std::mutex mutex;
    std::condition_variable idle;
    std::map<hmx_op, Operation> under_way;
    hmx_op last_op = 0;
    std::size_t running = 0;

    /// Takes an operation out and completes it; nothing when it has ended before.
    void finish(hmx_op op, const std::optional<ServiceOutcome>& instead) {
        Operation operation;
        {
            const std::lock_guard lock(mutex);
            const auto found = under_way.find(op);
            if (found == under_way.end()) return;
            operation = std::move(found->second);
            under_way.erase(found);
            ++running;
        }
        // No lock is held while the extension is called: it may begin the next operation there.
        if (instead)
            call_completion(operation.completion, op, *instead);
        else
            operation.end([&](const ServiceOutcome& outcome) {
                call_completion(operation.completion, op, outcome);
            });
        const std::lock_guard lock(mutex);
        --running;
        idle.notify_all();
    }
};

ServiceOperations::ServiceOperations(TimerThread& timer)
    : state_(std::make_shared<State>()), timer_(timer) {}

ServiceOperations::~ServiceOperations() { static_cast<void>(drop()); }

hmx_op ServiceOperations::begin(const hmx_call* call, const hmx_completion& completion,
                                std::optional<std::int64_t> delay_ms, EndFunction end) {
    hmx_op op = 0;
    {
        const std::lock_guard lock(state_->mutex);
        op = ++state_->last_op;
        state_->under_way[op] = {completion, std::move(end)};
    }
    const std::int64_t now = monotonic_ns();
    const std::int64_t deadline = call != nullptr && HMX_HAS(call, deadline) ? call->deadline : 0;
    const std::int64_t at = delay_ms ? now + *delay_ms * 1'000'000 : 0;
    if (deadline != 0 && (!delay_ms || deadline < at))
        timer_.run_at(deadline, [state = state_, op] {
            state->finish(
                op, ServiceOutcome{HMX_E_DEADLINE_EXCEEDED, nullptr, "the deadline came first", 0});
        });
    else if (delay_ms)
        timer_.run_at(at, [state = state_, op] { state->finish(op, std::nullopt); });
    return op;
}

hmx_status ServiceOperations::cancel(hmx_op op) {
    {
        const std::lock_guard lock(state_->mutex);
        if (op == 0 || op > state_->last_op) return HMX_E_NOT_FOUND;
        if (!state_->under_way.contains(op)) return HMX_OK;
    }
    timer_.run_at(monotonic_ns(), [state = state_, op] {
        state->finish(op, ServiceOutcome{HMX_E_CANCELLED, nullptr, "cancelled", 0});
    });
    return HMX_OK;
}

std::size_t ServiceOperations::drop() {
    std::unique_lock lock(state_->mutex);
    const std::size_t count = state_->under_way.size();
    state_->under_way.clear();
    state_->idle.wait(lock, [this] { return state_->running == 0; });
    return count;
}

}  // namespace catalog::host
