#include "collection.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>

namespace catalog::content {

using internal::MutexLock;

namespace {

// How often a chunk is looked for that is there, and neither kept nor copied.
constexpr int kLooksMax = 4;

}  // namespace

struct Collection::DeltaPlace {
    ChunkPrefix chunk = 0;
    ChunkLocation location;
};

bool Collection::keep(const ChunkId& id, PackId pack) {
    const ChunkPrefix prefix = prefix_of(id);
    const MutexLock lock(mutex_);
    if (!loaded_) {
        kept_early_.push_back(prefix);
        return true;
    }
    if (condemned_.contains(pack)) return is_needed_in(prefix, pack);
    mark_locked(prefix);
    return true;
}

void Collection::keep_object(const ContentHash& id) {
    const MutexLock lock(mutex_);
    objects_.insert(id);
}

bool Collection::keeps_object(const ContentHash& id) const {
    const MutexLock lock(mutex_);
    return objects_.contains(id);
}

bool Collection::copies(const ChunkId& id, PackId pack) const {
    const MutexLock lock(mutex_);
    return condemned_.contains(pack) && is_needed_in(prefix_of(id), pack);
}

// What came after the index was loaded is not in it, and needed.
bool Collection::is_needed_in(ChunkPrefix chunk, PackId pack) const {
    if (removed_.contains(pack)) return false;
    for (const LiveChunks::Chunk& copy : chunks_.find(chunk))
        if (copy.pack == pack) return copy.live != 0;
    return growing_.contains(pack);
}

Result<std::vector<Collection::DeltaPlace>> Collection::load_chunks(StorageBackend& backend) {
    LiveChunks chunks;
    std::vector<DeltaPlace> places;
    CATALOG_TRY_VOID(backend.for_each_copy([&](const IndexEntry& entry) -> Result<void> {
        chunks.add(entry);
        if (entry.codec == Codec::kDelta) places.push_back({prefix_of(entry.id), entry.location});
        return {};
    }));
    chunks.sort();
    const MutexLock lock(mutex_);
    chunks_ = std::move(chunks);
    backend_ = &backend;
    return places;
}

Result<void> Collection::load(StorageBackend& backend, std::set<PackId> growing) {
    CATALOG_TRY(std::vector<DeltaPlace> places, load_chunks(backend));
    std::ranges::sort(places, {}, [](const DeltaPlace& place) {
        return std::tuple(place.location.pack, place.location.offset);
    });
    std::vector<Delta> deltas;
    deltas.reserve(places.size());
    for (const DeltaPlace& place : places) {
        const auto base = backend.base_of(place.location);
        if (base) {
            deltas.push_back(
                {place.chunk, prefix_of(backend.index_id(*base)), place.location.pack});
        } else if (base.error().code() != Errc::kContentCorrupted) {
            return fail(base.error());
        }
        // One whose record is damaged cannot be read, with or without its base.
    }
    std::ranges::sort(deltas, {}, &Delta::chunk);
    const MutexLock lock(mutex_);
    deltas_ = std::move(deltas);
    growing_ = std::move(growing);
    loaded_ = true;
    for (const ChunkPrefix prefix : std::exchange(kept_early_, {})) mark_locked(prefix);
    return {};
}

bool Collection::mark(ChunkPrefix chunk) {
    const MutexLock lock(mutex_);
    mark_locked(chunk);
    return !chunks_.find(chunk).empty();
}

// What a condemned pack holds is settled.
void Collection::mark_locked(ChunkPrefix chunk) {
    std::vector<ChunkPrefix> left;
    for (;;) {
        bool delta = false;
        for (LiveChunks::Chunk& copy : chunks_.find(chunk)) {
            if (copy.live != 0 || condemned_.contains(copy.pack)) continue;
            copy.live = 1;
            ++live_;
            PackCount& count = counts_[copy.pack];
            ++count.chunks;
            count.bytes += backend_->bytes_of(copy.stored_bytes);
            delta = delta || copy.delta != 0;
        }
        if (delta)
            for (const Delta& each : std::ranges::equal_range(deltas_, chunk, {}, &Delta::chunk))
                left.push_back(each.base);
        if (left.empty()) return;
        chunk = left.back();
        left.pop_back();
    }
}

Collection::PackCount Collection::count(PackId pack) const {
    const MutexLock lock(mutex_);
    const auto found = counts_.find(pack);
    return found == counts_.end() ? PackCount{} : found->second;
}

std::uint64_t Collection::dead() const {
    const MutexLock lock(mutex_);
    return chunks_.all().size() - live_;
}

void Collection::index_bases() {
    if (std::exchange(bases_indexed_, true)) return;
    for (std::uint32_t i = 0; i < deltas_.size(); ++i)
        for (const LiveChunks::Chunk& base : chunks_.find(deltas_[i].base))
            starts_[base.pack].push_back(i);
}

bool Collection::is_started_from(PackId pack) {
    const MutexLock lock(mutex_);
    index_bases();
    const auto starts = starts_.find(pack);
    if (starts == starts_.end()) return false;
    const std::span<const Delta> deltas = deltas_;
    return std::ranges::any_of(
        starts->second, [deltas, pack, removed = &removed_](std::uint32_t i) {
            return deltas[i].pack != pack && !removed->contains(deltas[i].pack);
        });
}

bool Collection::is_base_elsewhere(const ChunkId& id, PackId pack) {
    const MutexLock lock(mutex_);
    const std::span<const Delta> deltas = deltas_;
    const auto base_of = [deltas](std::uint32_t i) { return deltas[i].base; };
    if (by_base_.size() != deltas.size()) {
        by_base_.resize(deltas.size());
        std::iota(by_base_.begin(), by_base_.end(), std::uint32_t{0});
        std::ranges::sort(by_base_, {}, base_of);
    }
    return std::ranges::any_of(std::ranges::equal_range(by_base_, prefix_of(id), {}, base_of),
                               [deltas, pack, removed = &removed_](std::uint32_t i) {
                                   return deltas[i].pack != pack &&
                                          !removed->contains(deltas[i].pack);
                               });
}

Collection::PackCount Collection::condemn(PackId pack, StorageBackend* backend) {
    const MutexLock lock(mutex_);
    if (backend != nullptr) backend->condemn(pack);
    index_bases();
    for (const std::uint32_t i : std::exchange(starts_[pack], {})) {
        const Delta& delta = deltas_[i];
        if (delta.pack != pack && !removed_.contains(delta.pack)) mark_locked(delta.base);
    }
    condemned_.insert(pack);
    const auto found = counts_.find(pack);
    return found == counts_.end() ? PackCount{} : found->second;
}

void Collection::pardon(PackId pack, StorageBackend* backend) {
    const MutexLock lock(mutex_);
    condemned_.erase(pack);
    if (backend != nullptr) backend->pardon(pack);
}

void Collection::removed(PackId pack) {
    const MutexLock lock(mutex_);
    removed_.insert(pack);
}

bool Collection::take(const ChunkId& id, PackId pack) {
    const MutexLock lock(mutex_);
    for (LiveChunks::Chunk& copy : chunks_.find(prefix_of(id))) {
        if (copy.pack != pack) continue;
        if (copy.live == 0) return false;
        if (copy.copied == 0) ++taken_[pack];
        copy.copied = 1;
        return true;
    }
    return growing_.contains(pack);
}

std::uint64_t Collection::taken(PackId pack) const {
    const MutexLock lock(mutex_);
    const auto found = taken_.find(pack);
    return found == taken_.end() ? 0 : found->second;
}

std::shared_ptr<Collection> ChunkKeeper::current() const {
    const MutexLock lock(mutex_);
    return collection_;
}

Result<std::optional<IndexEntry>> ChunkKeeper::find(const ChunkId& id) const {
    const auto collection = current();
    if (!collection) return backend_.find_kept(id);
    const ChunkId indexed = backend_.index_id(id);
    // Between two looks a pack may be condemned, copied and removed, or pardoned: each time around
    // took one of these, and a collection condemns a pack twice at most.
    for (int look = 0; look < kLooksMax; ++look) {
        CATALOG_TRY(auto kept, backend_.find_kept(id));
        if (kept && collection->keep(indexed, kept->location.pack)) return kept;
        // In a pack that goes it still counts when it is going to be copied.
        CATALOG_TRY(auto found, backend_.find(id));
        if (!found) return std::nullopt;
        if (collection->copies(indexed, found->location.pack)) return found;
    }
    return std::nullopt;
}

void ChunkKeeper::keep_object(const ContentHash& id) const {
    if (const auto collection = current()) collection->keep_object(id);
}

bool ChunkKeeper::keeps_object(const ContentHash& id) const {
    const auto collection = current();
    return collection && collection->keeps_object(id);
}

bool ChunkKeeper::begin(std::shared_ptr<Collection> collection) {
    const MutexLock lock(mutex_);
    if (collection_) return false;
    collection_ = std::move(collection);
    return true;
}

void ChunkKeeper::end() {
    const MutexLock lock(mutex_);
    collection_.reset();
}

}  // namespace catalog::content
