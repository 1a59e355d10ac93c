#pragma once
// Asynchronous calls of a host's service, waited for on the calling thread.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "boundary.hpp"
#include "catalog/abi/extension.h"
#include "catalog/core/call_context.hpp"
#include "catalog/core/clock.hpp"

namespace catalog::extension {

/// How a call of the host ended.
struct HostAnswer {
    hmx_status status = HMX_E_UNKNOWN;
    std::string message;  ///< The host's, cut to what hmx_error holds; may be empty.
};

/// Returns an error for an answer that is not HMX_OK. `what` is who failed, "the host's register of
/// assets"; `fallback` stands for every status that says nothing about the request.
[[nodiscard]] Error host_error(std::string_view what, const HostAnswer& answer, Errc fallback);

/// Makes calls of one service.
///
/// What a host calls back is a slot, which lives as long as this object and is used again only
/// after 64 others were: a host that completes twice, against rule R9, finds a slot that no longer
/// waits and is ignored.
///
/// Thread safety: any thread. Lifetime: no call is under way when it is destroyed.
class HostCalls {
public:
    explicit HostCalls(std::shared_ptr<const Clock> clock);
    ~HostCalls();
    HostCalls(const HostCalls&) = delete;
    HostCalls& operator=(const HostCalls&) = delete;

    /// Starts the call. Its arguments are borrowed for the duration of `start` (rule R5).
    using Start = std::function<hmx_status(const hmx_call& call, const hmx_completion& completion,
                                           hmx_op* op)>;
    /// Cancels it; called without a lock.
    using Cancel = std::function<void(hmx_op op)>;
    /// Copies the result of a call that succeeded, on the thread that completes it; what is not
    /// copied is lost. Returns the status to end with.
    using Read = std::function<HostAnswer(const void* result)>;

    /// Makes one call and returns when it has completed. When the context is stopped or its
    /// deadline passes the call is cancelled, and its completion is still waited for, because
    /// until then the host may use what it was given; rule R9 says that it comes. A real outcome
    /// that wins against the cancellation is returned. Blocking. Errors: kCancelled,
    /// kDeadlineExceeded.
    [[nodiscard]] Result<HostAnswer> run(const CallContext& context, const Start& start,
                                         const Cancel& cancel, const Read& read);

private:
    struct Slot;
    static void done(void* user, hmx_op op, hmx_status status, const void* result,
                     const hmx_error* error) noexcept;
    [[nodiscard]] Slot& take_slot();
    void give_back(Slot& slot) noexcept;
    /// Waits for the completion; returns why it was cancelled, if it was.
    enum class Interrupted : std::uint8_t { kNo, kStopped, kDeadline };
    [[nodiscard]] Interrupted wait(Slot& slot, hmx_op op, const CallContext& context,
                                   const Cancel& cancel);

    const std::shared_ptr<const Clock> clock_;
    std::mutex mutex_;  // of both lists
    std::vector<std::unique_ptr<Slot>> slots_;
    std::deque<Slot*> free_;
};

}  // namespace catalog::extension
