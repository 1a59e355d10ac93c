#include "index_upkeep.hpp"

#include <algorithm>
#include <exception>
#include <string>

#include "catalog/internal/try.hpp"

namespace catalog::library {

namespace {

// Of one seal: its commit removes about 25 records a version, and publishers wait for that.
constexpr std::uint64_t kSealedAtOnceMax = 4'096;

bool is_interruption(const Error& error) {
    return error.code() == Errc::kCancelled || error.code() == Errc::kDeadlineExceeded;
}

}  // namespace

IndexUpkeep::IndexUpkeep(const UpkeepPlace& place) : place_(place) {
    const internal::MutexLock lock(gate_->mutex);
    gate_->owner = this;
}

IndexUpkeep::~IndexUpkeep() {
    stop_.request_stop();
    const internal::MutexLock lock(gate_->mutex);
    gate_->owner = nullptr;
    while (gate_->running > 0) gate_->idle.wait(gate_->mutex);
}

IndexUpkeep* IndexUpkeep::Gate::enter() {
    const internal::MutexLock lock(mutex);
    if (owner == nullptr) return nullptr;
    if (paused > 0) {
        owner->until_look_.store(0, std::memory_order_relaxed);
        owner->working_.store(false);
        return nullptr;
    }
    ++running;
    return owner;
}

void IndexUpkeep::Gate::leave() {
    const internal::MutexLock lock(mutex);
    // The task that this one has posted may be running already.
    if (--running == 0) idle.notify_all();
}

IndexUpkeep::Pause IndexUpkeep::pause() {
    const internal::MutexLock lock(gate_->mutex);
    ++gate_->paused;
    while (gate_->running > 0) gate_->idle.wait(gate_->mutex);
    return Pause(gate_);
}

IndexUpkeep::Pause::~Pause() {
    if (gate_ == nullptr) return;
    const internal::MutexLock lock(gate_->mutex);
    --gate_->paused;
}

void IndexUpkeep::note_added(std::uint64_t versions, const CallContext& context) {
    const auto added = static_cast<std::int64_t>(versions);
    if (until_look_.fetch_sub(added, std::memory_order_relaxed) > added) return;
    // The versions are there whatever becomes of this.
    static_cast<void>(look(context));
}

Result<bool> IndexUpkeep::delta_is_due() {
    CATALOG_TRY(const index::IndexShape shape, place_.index->shape());
    const auto limit = static_cast<std::int64_t>(place_.options.seal_versions_min);
    const auto delta = static_cast<std::int64_t>(shape.delta_versions);
    // Never fewer than a share of the limit: what no segment holds stays in the delta for good.
    until_look_.store(std::max(limit - delta, limit / 8 + 1), std::memory_order_relaxed);
    return delta >= limit;
}

Result<bool> IndexUpkeep::step(const CallContext& context) {
    const auto progress_of = [&](std::string_view phase) {
        return [this, phase, &context](std::uint64_t done, std::uint64_t total) {
            context.report({"seal", phase, "packages", done, total});
            return context.check(*place_.clock);
        };
    };
    CATALOG_TRY(const bool due, delta_is_due());
    if (due) {
        index::SealOptions options;
        options.versions_max =
            std::clamp<std::uint64_t>(place_.options.seal_versions_min, 1, kSealedAtOnceMax);
        CATALOG_TRY(
            const index::SealReport sealed,
            place_.index->seal(*place_.queue, *place_.random, options, progress_of("seal")));
        if (sealed.versions > 0) return true;
    }
    index::IndexMergeOptions options;
    options.fan_out = place_.options.merge_fan_out;
    options.memory_bytes_max = place_.options.merge_memory_bytes_max;
    CATALOG_TRY(const index::SealReport merged,
                place_.index->merge(*place_.queue, options, progress_of("merge")));
    return merged.merged > 0;
}

Result<void> IndexUpkeep::look(const CallContext& context) {
    if (working_.exchange(true)) return {};
    if (place_.executor != nullptr) {
        post();
        return {};
    }
    if (gate_->enter() == nullptr) return {};
    Result<bool> stepped = true;
    while (stepped && *stepped) stepped = step(context);
    working_.store(false);
    gate_->leave();
    if (stepped) return {};
    note_failure(stepped.error());
    return is_interruption(stepped.error()) ? Result<void>(fail(stepped.error())) : Result<void>();
}

void IndexUpkeep::post() {
    try {
        place_.executor->post([gate = gate_] {
            IndexUpkeep* owner = gate->enter();
            if (owner == nullptr) return;
            owner->run_posted();
            gate->leave();
        });
    } catch (const std::exception& exception) {
        working_.store(false);
        note_failure(Error(Errc::kInternal, exception.what()));
    }
}

void IndexUpkeep::run_posted() {
    CallContext context;
    context.stop = stop_.get_token();
    const Result<bool> stepped = step(context);
    // A task that does a little and posts the next one lets others have the executor between them.
    if (stepped && *stepped) {
        post();
        return;
    }
    working_.store(false);
    if (!stepped) note_failure(stepped.error());
}

void IndexUpkeep::note_failure(const Error& error) {
    until_look_.store(static_cast<std::int64_t>(place_.options.seal_versions_min),
                      std::memory_order_relaxed);
    // Somebody who asked for it seals, merges or imports.
    if (is_interruption(error) || error.code() == Errc::kBusy) return;
    const std::string text = error.to_string();
    const LogField field{"error", text};
    place_.log->write({LogLevel::kWarning, "library", "the index cannot be sealed", {&field, 1}});
}

}  // namespace catalog::library
