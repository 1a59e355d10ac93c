#include "live_universe.hpp"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "catalog/index/index_provider.hpp"
#include "catalog/internal/try.hpp"

namespace catalog::library {

namespace {

bool is_interruption(const Error& error) {
    return errc_category(error.code()) == ErrorCategory::kInterrupted;
}

/// Archived versions are not in a universe, and a lock may name one: its package then counts as
/// changed for this request.
Result<void> add_locked_away(const index::PackageIndex& index, const resolve::Request& request,
                             const resolve::FrozenUniverse& universe,
                             std::vector<std::string>& names,
                             std::vector<std::string>& virtual_names) {
    if (request.locked.empty()) return {};
    resolve::UniverseProvider frozen(universe);
    for (const resolve::Locked& lock : request.locked) {
        if (!lock.source_id.empty()) continue;
        const auto is_it = [&](const version::SemVer& version) {
            return compare_precedence(version, lock.version) == 0;
        };
        CATALOG_TRY(const std::vector<resolve::Candidate> listed, frozen.versions(lock.name));
        if (std::ranges::any_of(listed, is_it, &resolve::Candidate::version)) continue;
        const Result<PackageName> name = PackageName::parse(lock.name);
        if (!name) continue;
        CATALOG_TRY(const std::vector<index::IndexEntry> entries, index.versions(*name));
        const auto entry = std::ranges::find_if(entries, is_it, &index::IndexEntry::version);
        if (entry == entries.end() || entry->state != package::PackageState::kArchived) continue;
        names.push_back(lock.name);
        CATALOG_TRY(const package::Manifest manifest, index.manifest(entry->digest));
        for (const package::Provide& provide : manifest.metadata.provides)
            virtual_names.push_back(provide.name.str());
    }
    return {};
}

}  // namespace

void LiveUniverse::warn(std::string_view message, const Error& error) const {
    const std::string text = error.to_string();
    const LogField field{"error", text};
    place_.log->write({LogLevel::kWarning, "library", message, {&field, 1}});
}

void LiveUniverse::Gate::set_busy(bool now) {
    const internal::MutexLock lock(mutex);
    busy = now;
    idle.notify_all();
}

LiveUniverse::LiveUniverse(UniversePlace place) : place_(std::move(place)) {
    const internal::MutexLock lock(gate_->mutex);
    gate_->owner = this;
}

LiveUniverse::~LiveUniverse() {
    {
        const internal::MutexLock lock(mutex_);
        stop_.request_stop();
    }
    const internal::MutexLock lock(gate_->mutex);
    gate_->owner = nullptr;
    while (gate_->busy) gate_->idle.wait(gate_->mutex);
}

Result<LiveUniverse::KnownLink> LiveUniverse::extend(const index::PackageIndex& index,
                                                     const KnownLink& known) {
    CATALOG_TRY(const std::optional<index::IndexDelta> delta,
                index.changes_since(known->to, kChangesMax));
    if (!delta || delta->to.sequence - known->base.sequence > kChangesMax) return KnownLink();
    if (delta->to == known->to) return known;
    return std::make_shared<const Known>(
        Known{known->base, delta->to, known->changes.with(delta->names, delta->virtual_names),
              known->epoch});
}

Result<LiveUniverse::KnownLink> LiveUniverse::from(const index::PackageIndex& index,
                                                   const FrozenIndex& frozen, std::uint64_t epoch) {
    return extend(index, std::make_shared<const Known>(
                             Known{frozen.state, frozen.state,
                                   resolve::UniverseChanges(frozen.universe, {}, {}), epoch}));
}

Result<LiveUniverse::KnownLink> LiveUniverse::load(const index::PackageIndex& index) {
    if (!place_.on_disk) return KnownLink();
    const std::uint64_t epoch = this->epoch();
    Result<FrozenIndex> frozen = open_universe(*place_.fs, place_.path, place_.id);
    if (frozen) return from(index, *frozen, epoch);
    if (frozen.error().code() != Errc::kFileNotFound)
        warn("a frozen universe cannot be used and is made anew", frozen.error());
    return KnownLink();
}

Result<std::shared_ptr<const index::PackageIndex>> LiveUniverse::moment() const {
    return index::PackageIndex(*place_.store, place_.families, place_.segments).fixed();
}

LiveUniverse::KnownLink LiveUniverse::current() {
    const internal::MutexLock lock(mutex_);
    return known_;
}

std::uint64_t LiveUniverse::epoch() {
    const internal::MutexLock lock(mutex_);
    return epoch_;
}

void LiveUniverse::remember(const KnownLink& known) {
    const internal::MutexLock lock(mutex_);
    if (known->epoch != epoch_) return;
    // A later universe is better than an earlier one with everything that changed since.
    if (known_ == nullptr || known_->base.sequence < known->base.sequence ||
        (known_->base.sequence == known->base.sequence &&
         known_->to.sequence <= known->to.sequence))
        known_ = known;
}

bool LiveUniverse::is_outgrown(const Known& known) const {
    const std::uint64_t names_max = std::max(
        place_.changed_names_max, known.changes.base().version_count() / kVersionsForOneChange);
    return known.changes.count() > names_max ||
           known.to.sequence - known.base.sequence > kChangesForOneName * names_max;
}

Result<LiveUniverse::KnownLink> LiveUniverse::find_known(const index::PackageIndex& index,
                                                         KnownLink known) {
    CATALOG_TRY(const index::IndexState state, index.state());
    // What another thread made or loaded meanwhile may be of use where the first is not; what
    // changed up to a moment is forgotten only after a universe of that moment is current.
    for (KnownLink last; known != nullptr && known != last; known = current()) {
        last = known;
        if (known->to == state) return known;
        CATALOG_TRY(KnownLink next,
                    known->to.sequence < state.sequence
                        ? extend(index, known)
                        : from(index, {known->changes.base(), known->base}, known->epoch));
        if (next == nullptr) continue;
        remember(next);
        return next;
    }
    return KnownLink();
}

Result<LiveUniverse::KnownLink> LiveUniverse::known_for(const index::PackageIndex& index,
                                                        KnownLink known, Maker maker,
                                                        const CallContext& context) {
    CATALOG_TRY(known, find_known(index, std::move(known)));
    if (known == nullptr) {
        CATALOG_TRY(const index::PackageIndex::Counts counts, index.counts());
        if (counts.versions < place_.versions_min) return KnownLink();
        const internal::MutexLock lock(loading_);
        CATALOG_TRY(known, find_known(index, current()));
        if (known == nullptr) {
            CATALOG_TRY(known, load(index));
            if (known != nullptr) remember(known);
        }
    }
    if (known != nullptr && !is_outgrown(*known)) return known;
    CATALOG_TRY(const KnownLink made, renew(index, known, maker, context));
    return made != nullptr ? made : known;
}

Result<LiveUniverse::KnownLink> LiveUniverse::renew(const index::PackageIndex& index,
                                                    const KnownLink& known, Maker maker,
                                                    const CallContext& context) {
    CATALOG_TRY(const index::IndexState state, index.state());
    if (maker == Maker::kNobody || !begin_making(state)) return KnownLink();
    if (maker == Maker::kExecutor) {
        make_later();
        return KnownLink();
    }
    gate_->set_busy(true);
    Result<KnownLink> made = make(index, known, context);
    end_making(made, state);
    gate_->set_busy(false);
    if (!made && is_interruption(made.error())) return made;
    return made ? *made : KnownLink();
}

Result<Bytes> LiveUniverse::freeze(const index::PackageIndex& index, const KnownLink& known,
                                   const CallContext& context) const {
    const index::FreezeProgress progress = [&](std::uint64_t done, std::uint64_t total) {
        context.report({"resolve", "freeze", "packages", done, total});
        return context.check(*place_.clock);
    };
    if (known != nullptr) {
        Result<Bytes> merged = index.refreeze(known->changes, progress, kUniverseFileHeaderBytes);
        if (merged || is_interruption(merged.error())) return merged;
        warn("a frozen universe cannot be read and is made from nothing", merged.error());
    }
    return index.freeze(progress, kUniverseFileHeaderBytes);
}

Result<LiveUniverse::KnownLink> LiveUniverse::make(const index::PackageIndex& index,
                                                   const KnownLink& known,
                                                   const CallContext& context) {
    const std::uint64_t epoch = this->epoch();
    CATALOG_TRY(const index::IndexState state, index.state());
    CATALOG_TRY(Bytes bytes, freeze(index, known, context));
    const Result<void> written =
        place_.on_disk ? write_universe(*place_.fs, place_.path, place_.id, state, bytes)
                       : Result<void>();
    KnownLink made;
    if (written && place_.on_disk) {
        Bytes().swap(bytes);
        if (const Result<FrozenIndex> frozen = open_universe(*place_.fs, place_.path, place_.id);
            frozen && frozen->state == state) {
            CATALOG_TRY(made, from(index, *frozen, epoch));
            // First this: who does not find the changes any more finds the universe instead.
            remember(made);
            forget_changes(state);
            return made;
        }
        // Somebody else has written one meanwhile, of another state: any that fits will do.
        CATALOG_TRY(made, load(index));
    } else {
        if (!written)
            warn("a frozen universe cannot be written and is kept in memory", written.error());
        const auto owner = std::make_shared<const Bytes>(std::move(bytes));
        CATALOG_TRY(resolve::FrozenUniverse universe,
                    resolve::FrozenUniverse::open(
                        ByteView(*owner).subspan(kUniverseFileHeaderBytes), owner));
        CATALOG_TRY(made, from(index, FrozenIndex{std::move(universe), state}, epoch));
    }
    if (made != nullptr) remember(made);
    return made;
}

bool LiveUniverse::begin_making(const index::IndexState& state) {
    const internal::MutexLock lock(mutex_);
    if (making_) return false;
    if (unfit_ && state.sequence < unfit_->sequence + place_.changed_names_max) return false;
    making_ = true;
    return true;
}

void LiveUniverse::end_making(const Result<KnownLink>& made, const index::IndexState& state) {
    if (!made && !is_interruption(made.error())) warn("packages cannot be frozen", made.error());
    const internal::MutexLock lock(mutex_);
    making_ = false;
    if (!made && !is_interruption(made.error())) unfit_ = state;
}

void LiveUniverse::make_later() {
    try {
        place_.executor->post([gate = gate_] {
            LiveUniverse* owner = nullptr;
            {
                const internal::MutexLock lock(gate->mutex);
                owner = gate->owner;
                if (owner == nullptr) return;
                gate->busy = true;
            }
            owner->run_posted();
            gate->set_busy(false);
        });
    } catch (const std::exception& exception) {
        warn("packages cannot be frozen now", Error(Errc::kInternal, exception.what()));
        const internal::MutexLock lock(mutex_);
        making_ = false;
    }
}

void LiveUniverse::run_posted() {
    CallContext context;
    {
        const internal::MutexLock lock(mutex_);
        context.stop = stop_.get_token();
    }
    KnownLink known = current();
    const auto taken = moment();
    if (!taken) return end_making(fail(taken.error()), index::IndexState{});
    const index::PackageIndex& index = **taken;
    const Result<index::IndexState> state = index.state();
    if (!state) {
        end_making(fail(state.error()), index::IndexState{});
        return;
    }
    const auto work = [&]() -> Result<KnownLink> {
        CATALOG_TRY(known, find_known(index, std::move(known)));
        return make(index, known, context);
    };
    end_making(work(), *state);
}

void LiveUniverse::forget_changes(const index::IndexState& state) const {
    if (place_.queue == nullptr) return;
    const index::PackageIndex live(*place_.store, place_.families, place_.segments);
    for (;;) {
        kv::Commit commit;
        const Result<std::uint64_t> forgotten = live.stage_forget(commit.batch, state);
        if (!forgotten || *forgotten == 0) return;
        // Notes that stay are in nobody's way.
        if (!place_.queue->submit(std::move(commit))) return;
    }
}

Result<resolve::Solution> LiveUniverse::resolve(resolve::Resolver& resolver,
                                                const resolve::Request& request,
                                                const CallContext& context) {
    KnownLink before = current();
    CATALOG_TRY(const auto taken, moment());
    const index::PackageIndex& index = *taken;
    index::IndexProvider fresh(index, request.locked);
    const Maker maker = place_.executor == nullptr ? Maker::kCaller : Maker::kExecutor;
    Result<KnownLink> known = known_for(index, std::move(before), maker, context);
    if (!known && is_interruption(known.error())) return fail(known.error());
    if (!known || *known == nullptr) return resolver.resolve(request, fresh, context);
    const resolve::UniverseChanges& changed = (*known)->changes;
    std::vector<std::string> names;
    std::vector<std::string> virtual_names;
    CATALOG_TRY_VOID(add_locked_away(index, request, changed.base(), names, virtual_names));
    resolve::OverlayProvider overlay(names.empty() ? changed : changed.with(names, virtual_names),
                                     fresh);
    Result<resolve::Solution> solution = resolver.resolve(request, overlay, context);
    if (solution || solution.error().code() != Errc::kUniverseInvalid) return solution;
    warn("a frozen universe cannot be read", solution.error());
    if (const Result<bool> dropped = drop(); !dropped)
        warn("a frozen universe cannot be removed", dropped.error());
    return resolver.resolve(request, fresh, context);
}

Result<void> LiveUniverse::prepare(const CallContext& context) {
    KnownLink before = current();
    const auto taken = moment();
    if (!taken) return {};
    const index::PackageIndex& index = **taken;
    const Result<KnownLink> known = known_for(index, std::move(before), Maker::kCaller, context);
    if (!known && is_interruption(known.error())) return fail(known.error());
    return {};
}

FrozenStats LiveUniverse::stats() {
    FrozenStats stats;
    {
        const internal::MutexLock lock(mutex_);
        stats.making = making_;
    }
    KnownLink before = current();
    const auto taken = moment();
    if (!taken) return stats;
    const index::PackageIndex& index = **taken;
    const Result<KnownLink> known = known_for(index, std::move(before), Maker::kNobody, {});
    if (!known || *known == nullptr) return stats;
    stats.versions = (*known)->changes.base().version_count();
    stats.bytes = (*known)->changes.base().bytes();
    stats.changed = (*known)->changes.count();
    return stats;
}

std::optional<std::string> LiveUniverse::check() const {
    const Result<FrozenIndex> frozen = open_universe(*place_.fs, place_.path, place_.id);
    if (frozen || frozen.error().code() == Errc::kFileNotFound) return std::nullopt;
    return frozen.error().to_string();
}

Result<bool> LiveUniverse::drop() {
    {
        const internal::MutexLock lock(mutex_);
        stop_.request_stop();
    }
    {
        const internal::MutexLock lock(gate_->mutex);
        while (gate_->busy) gate_->idle.wait(gate_->mutex);
    }
    {
        const internal::MutexLock lock(mutex_);
        stop_ = std::stop_source();
        known_ = nullptr;
        ++epoch_;
        unfit_.reset();
    }
    return remove_universe(*place_.fs, place_.path);
}

}  // namespace catalog::library
