#pragma once
// Operations of a simulated service: each completes once, after a while, on the host's timer
// thread, unless it is cancelled or its deadline comes first.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "abi_values.hpp"
#include "host_threads.hpp"

namespace catalog::host {

/// What an operation ends with. `result` lives as long as the completion runs.
struct ServiceOutcome {
    hmx_status status = HMX_OK;
    const void* result = nullptr;
    std::string message;
    std::uint64_t retry_after_ns = 0;
};

/// Thread safety: safe.
class ServiceOperations {
public:
    explicit ServiceOperations(TimerThread& timer);
    ~ServiceOperations();
    ServiceOperations(const ServiceOperations&) = delete;
    ServiceOperations& operator=(const ServiceOperations&) = delete;

    /// Begins an operation that ends after `delay_ms` with what `end` gives (nullopt: never by
    /// itself). `end` is called right before the completion, on the same thread.
    [[nodiscard]] hmx_op begin(const hmx_call* call, const hmx_completion& completion,
                               std::optional<std::int64_t> delay_ms,
                               std::function<void(const std::function<void(ServiceOutcome)>&)> end);

    /// Ends an operation with HMX_E_CANCELLED unless it has ended. HMX_E_NOT_FOUND for an id that
    /// was never given out.
    [[nodiscard]] hmx_status cancel(hmx_op op);

    /// Drops what is under way, so that no completion is called any more, and returns how much that
    /// was. Waits for one that runs.
    [[nodiscard]] std::size_t drop();

private:
    struct State;
    std::shared_ptr<State> state_;
    TimerThread& timer_;
};

}  // namespace catalog::host
