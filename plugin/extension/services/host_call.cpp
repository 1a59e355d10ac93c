#include "services/host_call.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <stop_token>
#include <utility>

#include "call.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/internal/try.hpp"
#include "status_code.hpp"

namespace catalog::extension {

namespace {

constexpr std::size_t kSlotsAtRest = 64;

std::string message_of(const hmx_error* error) {
    hmx_error given{};
    if (error == nullptr || !read_struct(error, given)) return {};
    // A host that forgot the terminator has said at most all of it.
    const std::size_t size = ::strnlen(given.message, sizeof(given.message));
    const std::string_view text(given.message, size);
    return std::string(text.substr(0, utf8_prefix_bytes(text)));
}

/// Tells whether a status speaks of the request. Every other speaks of the service itself, which
/// the caller's fallback names better: a host's damaged register is no damage to the library.
bool speaks_of_request(hmx_status status) noexcept {
    constexpr auto kStatuses = std::to_array<hmx_status>(
        {HMX_E_INVALID_ARGUMENT, HMX_E_NOT_FOUND, HMX_E_ALREADY_EXISTS, HMX_E_UNSUPPORTED,
         HMX_E_CAPABILITY_DENIED, HMX_E_QUOTA_EXCEEDED, HMX_E_TOO_LARGE, HMX_E_AGAIN, HMX_E_BUSY,
         HMX_E_CANCELLED, HMX_E_DEADLINE_EXCEEDED, HMX_E_OUT_OF_MEMORY, HMX_E_NETWORK});
    return std::ranges::find(kStatuses, status) != kStatuses.end();
}

}  // namespace

Error host_error(std::string_view what, const HostAnswer& answer, Errc fallback) {
    std::string text(what);
    text += " answered " + std::string(status_name(answer.status));
    if (!answer.message.empty()) text += ": " + answer.message;
    const Errc code =
        speaks_of_request(answer.status) ? nearest_code(answer.status, fallback) : fallback;
    return Error(code, std::move(text));
}

struct HostCalls::Slot {
    enum class State : std::uint8_t { kAtRest, kWaiting, kCompleting, kDone };

    std::mutex mutex;
    std::condition_variable_any changed;
    State state = State::kAtRest;
    hmx_op op = 0;  ///< 0 until the host has told.
    const Read* read = nullptr;
    HostAnswer answer;
};

HostCalls::HostCalls(std::shared_ptr<const Clock> clock) : clock_(std::move(clock)) {}

HostCalls::~HostCalls() = default;

HostCalls::Slot& HostCalls::take_slot() {
    const std::lock_guard lock(mutex_);
    if (free_.size() <= kSlotsAtRest) {
        slots_.push_back(std::make_unique<Slot>());
        return *slots_.back();
    }
    Slot& slot = *free_.front();
    free_.pop_front();
    return slot;
}

void HostCalls::give_back(Slot& slot) noexcept {
    {
        const std::lock_guard lock(slot.mutex);
        slot.state = Slot::State::kAtRest;
        slot.op = 0;
        slot.read = nullptr;
        slot.answer = {};
    }
    const std::lock_guard lock(mutex_);
    try {
        free_.push_back(&slot);
    } catch (const std::bad_alloc&) {
        return;  // the slot rests until the end, which is safe
    }
}

void HostCalls::done(void* user, hmx_op op, hmx_status status, const void* result,
                     const hmx_error* error) noexcept {
    Slot& slot = *static_cast<Slot*>(user);
    {
        const std::lock_guard lock(slot.mutex);
        // A second completion, or one of a call whose slot was used again.
        if (slot.state != Slot::State::kWaiting || (slot.op != 0 && slot.op != op)) return;
        slot.state = Slot::State::kCompleting;
    }
    HostAnswer answer{status, {}};
    try {
        if (status == HMX_OK)
            answer = (*slot.read)(result);
        else
            answer.message = message_of(error);
    } catch (...) {
        answer.status = HMX_E_OUT_OF_MEMORY;  // copying is all that was done
    }
    const std::lock_guard lock(slot.mutex);
    slot.answer = std::move(answer);
    slot.state = Slot::State::kDone;
    slot.changed.notify_all();
}

HostCalls::Interrupted HostCalls::wait(Slot& slot, hmx_op op, const CallContext& context,
                                       const Cancel& cancel) {
    auto interrupted = Interrupted::kNo;
    const std::stop_callback wake(context.stop, [&slot] {
        const std::lock_guard lock(slot.mutex);
        slot.changed.notify_all();
    });
    std::unique_lock lock(slot.mutex);
    if (slot.state == Slot::State::kWaiting) slot.op = op;
    while (slot.state != Slot::State::kDone) {
        if (interrupted != Interrupted::kNo) {
            slot.changed.wait(lock);
            continue;
        }
        std::chrono::nanoseconds left = std::chrono::nanoseconds::max();
        if (context.deadline) left = *context.deadline - clock_->now_monotonic();
        if (context.stop.stop_requested()) interrupted = Interrupted::kStopped;
        if (left <= std::chrono::nanoseconds(0)) interrupted = Interrupted::kDeadline;
        if (interrupted != Interrupted::kNo) {
            lock.unlock();
            cancel(op);
            lock.lock();
        } else if (context.deadline) {
            slot.changed.wait_for(lock, left);
        } else {
            slot.changed.wait(lock);
        }
    }
    return interrupted;
}

Result<HostAnswer> HostCalls::run(const CallContext& context, const Start& start,
                                  const Cancel& cancel, const Read& read) {
    CATALOG_TRY_VOID(context.check(*clock_));
    hmx_call call{};
    call.struct_size = sizeof(call);
    call.flags = HMX_CALL_INLINE_OK;
    call.principal = to_abi(context.principal.id);
    if (context.deadline) {
        // The host counts on its own clock, whatever clock was injected here.
        const std::int64_t left = (*context.deadline - clock_->now_monotonic()).count();
        call.deadline = monotonic_now_ns() + std::max<std::int64_t>(left, 1);
    }
    Slot& slot = take_slot();
    {
        const std::lock_guard lock(slot.mutex);
        slot.read = &read;
        slot.state = Slot::State::kWaiting;
    }
    const hmx_completion completion{&HostCalls::done, nullptr, &slot};
    hmx_op op = 0;
    const hmx_status started = start(call, completion, &op);
    if (started != HMX_OK) {
        give_back(slot);
        return HostAnswer{started, {}};
    }
    const Interrupted interrupted = wait(slot, op, context, cancel);
    HostAnswer answer = std::move(slot.answer);
    give_back(slot);
    if (interrupted != Interrupted::kNo && answer.status == HMX_E_CANCELLED)
        return fail(interrupted == Interrupted::kStopped
                        ? Error(Errc::kCancelled, "the call was cancelled")
                        : Error(Errc::kDeadlineExceeded, "the call's deadline has passed"));
    return answer;
}

}  // namespace catalog::extension
