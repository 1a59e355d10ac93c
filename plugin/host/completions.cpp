#include "completions.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace catalog::host {

namespace {

/// Places that rest before one is used again.
constexpr std::size_t kRestingPlaces = 256;
constexpr std::size_t kResultBytesMax = std::size_t{1} << 30;

}  // namespace

class Completions::Place {
public:
    enum class State { kFree, kInCall, kAccepted, kRefused, kDone };

    Completions* owner = nullptr;
    State state = State::kFree;
    Brings brings = Brings::kNothing;
    bool inline_allowed = false;
    std::thread::id caller;
    hmx_op op = 0;
    std::optional<hmx_op> reported_op;
    ProgressReport report;
    Completed completed;
};

Completions::Completions(Violations& violations) : violations_(violations) {}
Completions::~Completions() = default;

Completions::Place& Completions::open(Brings brings, bool inline_allowed, ProgressReport progress) {
    const std::lock_guard lock(mutex_);
    Place* place = nullptr;
    if (free_.size() > kRestingPlaces) {
        place = free_.front();
        free_.pop_front();
    } else {
        place = &places_.emplace_back();
        place->owner = this;
    }
    place->state = Place::State::kInCall;
    place->brings = brings;
    place->inline_allowed = inline_allowed;
    place->caller = std::this_thread::get_id();
    place->op = 0;
    place->reported_op.reset();
    place->report = std::move(progress);
    place->completed = {};
    ++pending_;
    return *place;
}

hmx_completion Completions::completion_of(Place& place) noexcept {
    return {&Completions::done, &Completions::progress, &place};
}

void Completions::accepted(Place& place, hmx_op op) {
    const std::lock_guard lock(mutex_);
    place.op = op;
    if (op == 0) violations_.add("R9", "an operation has the id 0");
    if (place.reported_op && *place.reported_op != op)
        violations_.add("R9", "a completion names another operation than its call");
    if (place.state == Place::State::kInCall) place.state = Place::State::kAccepted;
}

void Completions::refused(Place& place) {
    const std::lock_guard lock(mutex_);
    if (place.state == Place::State::kDone)
        violations_.add("R9", "a call completed although it was refused");
    else
        --pending_;
    place.state = Place::State::kRefused;
    free_.push_back(&place);
}

bool Completions::wait_until(Place& place, std::int64_t deadline_ns) {
    std::unique_lock lock(mutex_);
    const std::chrono::steady_clock::time_point end{std::chrono::nanoseconds(deadline_ns)};
    return changed_.wait_until(lock, end, [&] { return place.state == Place::State::kDone; });
}

Completed Completions::take(Place& place) {
    const std::lock_guard lock(mutex_);
    free_.push_back(&place);
    place.report = nullptr;
    return std::exchange(place.completed, {});
}

hmx_op Completions::op_of(const Place& place) noexcept { return place.op; }

std::size_t Completions::pending() const {
    const std::lock_guard lock(mutex_);
    return pending_;
}

void Completions::done(void* user, hmx_op op, hmx_status status, const void* result,
                       const hmx_error* error) {
    auto* place = static_cast<Place*>(user);
    place->owner->complete(*place, op, status, result, error);
}

bool Completions::may_complete(const Place& place) {
    switch (place.state) {
        case Place::State::kInCall:
            if (place.caller == std::this_thread::get_id() && !place.inline_allowed)
                violations_.add("R9", "a completion came before its call had returned");
            return true;
        case Place::State::kAccepted:
            return true;
        case Place::State::kRefused:
            violations_.add("R9", "a call completed although it was refused");
            return false;
        case Place::State::kDone:
        case Place::State::kFree:
            violations_.add("R9", "a call completed more than once");
            return false;
    }
    return false;
}

void Completions::complete(Place& place, hmx_op op, hmx_status status, const void* result,
                           const hmx_error* error) {
    const std::lock_guard lock(mutex_);
    if (!may_complete(place)) return;
    place.reported_op = op;
    if (place.state == Place::State::kAccepted && op != place.op)
        violations_.add("R9", "a completion names another operation than its call");
    place.completed.status = read_status(status, error, violations_);
    if (place.brings == Brings::kBuffer && result != nullptr) {
        const auto* buffer = static_cast<const hmx_buf*>(result);
        if ((buffer->data == nullptr && buffer->size > 0) || buffer->size > kResultBytesMax)
            violations_.add(
                "R5", "a result of " + std::to_string(buffer->size) + " bytes that are not there");
        else if (buffer->size > 0)
            place.completed.data.assign(reinterpret_cast<const char*>(buffer->data), buffer->size);
    }
    place.state = Place::State::kDone;
    --pending_;
    changed_.notify_all();
}

void Completions::progress(void* user, hmx_op, std::uint64_t done, std::uint64_t total,
                           hmx_str phase) {
    auto* place = static_cast<Place*>(user);
    Completions& self = *place->owner;
    ProgressReport report;
    std::string text;
    {
        const std::lock_guard lock(self.mutex_);
        if (place->state != Place::State::kInCall && place->state != Place::State::kAccepted) {
            self.violations_.add("R9", "a call reported progress after its completion");
            return;
        }
        ++place->completed.progress_reports;
        text = from_abi(phase, self.violations_);
        place->completed.last_phase = text;
        report = place->report;
    }
    if (report) report(done, total, text);
}

}  // namespace catalog::host
