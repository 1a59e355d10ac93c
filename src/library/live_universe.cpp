#include "live_universe.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "catalog/index/index_provider.hpp"
#include "catalog/internal/try.hpp"
#include "moment_store.hpp"

namespace catalog::library {

namespace {

bool is_interruption(const Error& error) {
    return errc_category(error.code()) == ErrorCategory::kInterrupted;
}

void merge_into(std::vector<std::string>& names, const std::vector<std::string>& more) {
    std::vector<std::string> merged;
    merged.reserve(names.size() + more.size());
    std::ranges::set_union(names, more, std::back_inserter(merged));
    names = std::move(merged);
}

/// Archived versions are not in a universe, and a lock may name one: its package then counts as
/// changed for this request.
Result<void> add_locked_away(const index::PackageIndex& index, const resolve::Request& request,
                             const resolve::FrozenUniverse& universe,
                             std::vector<std::string>& names,
                             std::vector<std::string>& virtual_names) {
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

Result<LiveUniverse::KnownLink> LiveUniverse::extend(const index::PackageIndex& index,
                                                     const KnownLink& known) {
    CATALOG_TRY(const std::optional<index::IndexDelta> delta,
                index.changes_since(known->to, kChangesMax));
    if (!delta || delta->to.sequence - known->base.sequence > kChangesMax) return KnownLink();
    if (delta->to == known->to) return known;
    auto next = std::make_shared<Known>(*known);
    next->to = delta->to;
    merge_into(next->names, delta->names);
    merge_into(next->virtual_names, delta->virtual_names);
    if (next->names.size() > kChangedNamesMax) return KnownLink();
    next->changes = std::make_shared<resolve::UniverseChanges>(known->changes->base(), next->names,
                                                               next->virtual_names);
    return KnownLink(std::move(next));
}

Result<LiveUniverse::KnownLink> LiveUniverse::from(const index::PackageIndex& index,
                                                   const FrozenIndex& frozen) {
    auto known = std::make_shared<Known>();
    known->base = frozen.state;
    known->to = frozen.state;
    known->changes = std::make_shared<resolve::UniverseChanges>(
        frozen.universe, std::vector<std::string>(), std::vector<std::string>());
    return extend(index, known);
}

Result<LiveUniverse::KnownLink> LiveUniverse::load(const index::PackageIndex& index) {
    Result<FrozenIndex> frozen = open_universe(*place_.fs, place_.path, place_.id);
    if (frozen) return from(index, *frozen);
    if (frozen.error().code() != Errc::kFileNotFound)
        warn("a frozen universe cannot be used and is made anew", frozen.error());
    return KnownLink();
}

Result<LiveUniverse::KnownLink> LiveUniverse::make(const index::PackageIndex& index,
                                                   const CallContext& context) {
    CATALOG_TRY(const index::IndexState state, index.state());
    Result<Bytes> bytes = index.freeze([&](std::uint64_t done, std::uint64_t total) {
        context.report({"resolve", "freeze", "packages", done, total});
        return context.check(*place_.clock);
    });
    if (!bytes) return fail(bytes.error());
    const Result<void> written = write_universe(*place_.fs, place_.path, place_.id, state, *bytes);
    if (written) {
        bytes->clear();
        bytes->shrink_to_fit();
        if (const Result<FrozenIndex> frozen = open_universe(*place_.fs, place_.path, place_.id);
            frozen && frozen->state == state) {
            forget_changes(state);
            return from(index, *frozen);
        }
        // Somebody else has written one meanwhile, of another state: any that fits will do.
        return load(index);
    }
    warn("a frozen universe cannot be written and is kept in memory", written.error());
    const auto owner = std::make_shared<const Bytes>(*std::move(bytes));
    CATALOG_TRY(resolve::FrozenUniverse universe,
                resolve::FrozenUniverse::open(ByteView(*owner), owner));
    return from(index, FrozenIndex{std::move(universe), state});
}

void LiveUniverse::forget_changes(const index::IndexState& state) const {
    if (place_.queue == nullptr) return;
    const index::PackageIndex live(*place_.store, place_.families);
    for (;;) {
        kv::Commit commit;
        const Result<std::uint64_t> forgotten = live.stage_forget(commit.batch, state);
        if (!forgotten || *forgotten == 0) return;
        // Notes that stay are in nobody's way.
        if (!place_.queue->submit(std::move(commit))) return;
    }
}

Result<LiveUniverse::KnownLink> LiveUniverse::known_for(const index::PackageIndex& index,
                                                        const CallContext& context) {
    CATALOG_TRY(const index::IndexState state, index.state());
    KnownLink known;
    {
        const internal::MutexLock lock(mutex_);
        known = known_;
        if (unfit_ == state) return KnownLink();
    }
    if (known != nullptr) {
        if (known->to == state) return known;
        // Another thread looked at a later moment already.
        if (known->to.sequence >= state.sequence)
            return from(index, {known->changes->base(), known->base});
        CATALOG_TRY(known, extend(index, known));
    }
    if (known == nullptr) {
        CATALOG_TRY(const index::PackageIndex::Counts counts, index.counts());
        if (counts.versions < place_.versions_min) return KnownLink();
        {
            const internal::MutexLock lock(mutex_);
            if (making_) return KnownLink();
            making_ = true;
        }
        Result<KnownLink> made = load(index);
        if (made && *made == nullptr) made = make(index, context);
        const internal::MutexLock lock(mutex_);
        making_ = false;
        if (!made) {
            if (is_interruption(made.error())) return made;
            warn("packages cannot be frozen and are read one by one", made.error());
            unfit_ = state;
            return KnownLink();
        }
        known = *std::move(made);
        if (known == nullptr) return known;
    }
    const internal::MutexLock lock(mutex_);
    if (known_ == nullptr || known_->to.sequence <= known->to.sequence) known_ = known;
    return known;
}

Result<resolve::Solution> LiveUniverse::resolve(resolve::Resolver& resolver,
                                                const resolve::Request& request,
                                                const CallContext& context) {
    MomentStore moment(place_.store->snapshot());
    const index::PackageIndex index(moment, place_.families);
    index::IndexProvider fresh(index, request.locked);
    Result<KnownLink> known = known_for(index, context);
    if (!known && is_interruption(known.error())) return fail(known.error());
    if (!known || *known == nullptr) return resolver.resolve(request, fresh, context);
    std::vector<std::string> names = (*known)->names;
    std::vector<std::string> virtual_names = (*known)->virtual_names;
    const std::size_t before = names.size();
    CATALOG_TRY_VOID(
        add_locked_away(index, request, (*known)->changes->base(), names, virtual_names));
    const resolve::UniverseChanges changes =
        names.size() == before
            ? *(*known)->changes
            : resolve::UniverseChanges((*known)->changes->base(), names, virtual_names);
    resolve::OverlayProvider overlay(changes, fresh);
    Result<resolve::Solution> solution = resolver.resolve(request, overlay, context);
    if (solution || solution.error().code() != Errc::kUniverseInvalid) return solution;
    warn("a frozen universe cannot be read", solution.error());
    if (const Result<bool> dropped = drop(); !dropped)
        warn("a frozen universe cannot be removed", dropped.error());
    return resolver.resolve(request, fresh, context);
}

Result<void> LiveUniverse::prepare(const CallContext& context) {
    MomentStore moment(place_.store->snapshot());
    const index::PackageIndex index(moment, place_.families);
    const Result<KnownLink> known = known_for(index, context);
    if (!known && is_interruption(known.error())) return fail(known.error());
    return {};
}

std::optional<std::string> LiveUniverse::check() const {
    const Result<FrozenIndex> frozen = open_universe(*place_.fs, place_.path, place_.id);
    if (frozen || frozen.error().code() == Errc::kFileNotFound) return std::nullopt;
    return frozen.error().to_string();
}

Result<bool> LiveUniverse::drop() {
    {
        const internal::MutexLock lock(mutex_);
        known_ = nullptr;
    }
    return remove_universe(*place_.fs, place_.path);
}

}  // namespace catalog::library
