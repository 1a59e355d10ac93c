#pragma once
// Collection: what a running collection of garbage knows of chunks and packs. Writers tell it what
// they need while it goes on; see content_collect.cpp for the order of things.

#include <catalog/internal/mutex.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_set>
#include <vector>

#include "catalog/content/storage_backend.hpp"
#include "live_chunks.hpp"

namespace catalog::content {

/// Knows chunks by their StorageBackend::index_id, whose first bytes its prefixes are. Thread
/// safety: any thread.
class Collection {
public:
    /// Needed chunks of one pack.
    struct PackCount {
        std::uint64_t chunks = 0;
        std::uint64_t bytes = 0;  ///< Of their records.
    };

    /// Says that somebody needs the chunk, which stands in `pack`. False: it is about to go from
    /// there and was not needed when that was decided; it has to be stored again.
    [[nodiscard]] bool keep(const ChunkId& id, PackId pack);

    /// Tells whether a chunk of a pack that this collection condemned is copied before that goes.
    [[nodiscard]] bool copies(const ChunkId& id, PackId pack) const;

    /// Says that somebody needs the object, so that its record stays; of its chunks `keep` is told.
    void keep_object(const ContentHash& id);
    [[nodiscard]] bool keeps_object(const ContentHash& id) const;

    /// Loads the index; what was kept before counts. `growing` are the packs that may still get
    /// records: of these, those that come later are all needed. Memory: 16 bytes a chunk, 24 more
    /// for a delta. Errors: as StorageBackend::for_each_copy, kIo.
    [[nodiscard]] Result<void> load(StorageBackend& backend, std::set<PackId> growing);

    /// Says that a chunk is needed, and with a delta its base. False: it was not there when the
    /// index was loaded.
    bool mark(ChunkPrefix chunk);

    [[nodiscard]] PackCount count(PackId pack) const;
    /// Returns how many chunks nobody needs, copies counted.
    [[nodiscard]] std::uint64_t dead() const;

    /// Tells whether a delta in a pack that is still there starts from a chunk of this one.
    [[nodiscard]] bool is_started_from(PackId pack);

    /// Tells whether a delta in another pack that is still there starts from the chunk.
    [[nodiscard]] bool is_base_elsewhere(const ChunkId& id, PackId pack);

    /// Decides that a pack goes: from now on nothing in it becomes needed. Bases of deltas that
    /// stand elsewhere are, whether anybody needs these deltas or not: a chunk that can be found
    /// can be read. Returns what is left to copy. Tells `backend` in the same step, so that nobody
    /// sees the pack condemned in one and not in the other; null: a dry run, nobody is told.
    PackCount condemn(PackId pack, StorageBackend* backend);
    /// Says that a condemned pack stays, to `backend` too, or is gone.
    void pardon(PackId pack, StorageBackend* backend);
    void removed(PackId pack);

    /// Tells whether a record of a condemned pack is to be copied, and notes that it was seen.
    [[nodiscard]] bool take(const ChunkId& id, PackId pack);
    /// Returns how many needed chunks of a pack `take` has seen.
    [[nodiscard]] std::uint64_t taken(PackId pack) const;

private:
    struct Delta {
        ChunkPrefix chunk = 0;
        ChunkPrefix base = 0;
        PackId pack{};
    };
    struct DeltaPlace;

    [[nodiscard]] Result<std::vector<DeltaPlace>> load_chunks(StorageBackend& backend);
    void mark_locked(ChunkPrefix chunk) CATALOG_REQUIRES(mutex_);
    [[nodiscard]] bool is_needed_in(ChunkPrefix chunk, PackId pack) const CATALOG_REQUIRES(mutex_);
    void index_bases() CATALOG_REQUIRES(mutex_);

    mutable internal::Mutex mutex_;
    bool loaded_ CATALOG_GUARDED_BY(mutex_) = false;
    const StorageBackend* backend_ CATALOG_GUARDED_BY(mutex_) = nullptr;  ///< Once it is loaded.
    std::vector<ChunkPrefix> kept_early_ CATALOG_GUARDED_BY(mutex_);      ///< Before it was loaded.
    LiveChunks chunks_ CATALOG_GUARDED_BY(mutex_);
    std::uint64_t live_ CATALOG_GUARDED_BY(mutex_) = 0;
    std::map<PackId, PackCount> counts_ CATALOG_GUARDED_BY(mutex_);
    std::map<PackId, std::uint64_t> taken_ CATALOG_GUARDED_BY(mutex_);
    std::unordered_set<ContentHash> objects_ CATALOG_GUARDED_BY(mutex_);
    std::vector<Delta> deltas_ CATALOG_GUARDED_BY(mutex_);  ///< By chunk.
    /// By pack of the base: which deltas start from a chunk in it.
    std::map<PackId, std::vector<std::uint32_t>> starts_ CATALOG_GUARDED_BY(mutex_);
    bool bases_indexed_ CATALOG_GUARDED_BY(mutex_) = false;
    std::vector<std::uint32_t> by_base_ CATALOG_GUARDED_BY(mutex_);  ///< Deltas; empty: not asked.
    std::set<PackId> growing_ CATALOG_GUARDED_BY(mutex_);
    std::set<PackId> condemned_ CATALOG_GUARDED_BY(mutex_);
    std::set<PackId> removed_ CATALOG_GUARDED_BY(mutex_);
};

/// Where writers look for chunks that they are going to need: what it gives stays, or is copied.
/// Whoever stores a delta looks for its base here as well, right before it is encoded, wherever
/// the base's bytes come from. Thread safety: any thread.
class ChunkKeeper {
public:
    /// `backend` outlives it.
    explicit ChunkKeeper(StorageBackend& backend) : backend_(backend) {}

    /// Returns where the chunk is; nullopt: it is not there, or about to go: append it. Errors: as
    /// StorageBackend::find.
    [[nodiscard]] Result<std::optional<IndexEntry>> find(const ChunkId& id) const;

    /// Says that the record of an object is needed from now on.
    void keep_object(const ContentHash& id) const;
    /// Tells whether that was said since the collection under way began.
    [[nodiscard]] bool keeps_object(const ContentHash& id) const;

    /// From now on tells `collection` what is needed. False: there is one already.
    [[nodiscard]] bool begin(std::shared_ptr<Collection> collection);
    void end();
    [[nodiscard]] bool is_collecting() const { return current() != nullptr; }

private:
    [[nodiscard]] std::shared_ptr<Collection> current() const;

    StorageBackend& backend_;
    mutable internal::Mutex mutex_;
    std::shared_ptr<Collection> collection_ CATALOG_GUARDED_BY(mutex_);
};

}  // namespace catalog::content
