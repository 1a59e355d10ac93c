#pragma once
// PackIndex: the chunk index of a store of packs, brought in line with what was committed.

#include <catalog/internal/mutex.hpp>
#include <map>
#include <memory>
#include <set>

#include "catalog/content/storage_backend.hpp"
#include "chunk_index.hpp"
#include "pack_files.hpp"

namespace catalog::content {

/// Thread safety: any thread.
class PackIndex {
public:
    /// `files` outlives it.
    explicit PackIndex(PackFiles& files) : files_(files) {}

    /// Adds what was committed since the last call, drops what is no longer. Packs without an index
    /// of their own, or whose index cannot be used, are read; a pack that is missing has no chunks.
    /// Errors: kIo, kAccessDenied.
    [[nodiscard]] Result<void> apply(const StoreId& store, const BackendMarks& marks);

    /// Forgets all that was not committed, and the rest: the next `apply` begins anew.
    void reset();

    /// Returns the index; null before the first `apply`.
    [[nodiscard]] std::shared_ptr<ChunkIndex> index() const;

    /// Says that a pack begins: its entries are inserted by the caller.
    [[nodiscard]] Result<void> begin_pack(PackId pack);
    /// Says that what the mark covers is in the index; of a sealed pack with an index of its own,
    /// opens that one and drops its entries from memory. Errors: kPackInvalid, kIo.
    [[nodiscard]] Result<void> pack_grew(const PackMark& mark);

    /// Says that a pack is no longer there: its entries count no more.
    void retire(PackId pack);

    /// Forgets index files that stand for removed packs alone, and returns them: the next commit is
    /// to drop them.
    [[nodiscard]] std::vector<RunId> take_dead_runs();

    /// A merge that is to be committed.
    struct Merge {
        std::vector<ChunkIndex::RunPointer> merged;
        RunMark mark;
        std::vector<RunId> removed;
    };
    /// Merges index files when there are too many, writing a new one, and uses it at once; nothing
    /// when there is nothing to do. One at a time. Errors: kIo, kStorageFull, kSyncFailed,
    /// kPackInvalid (a damaged index file).
    [[nodiscard]] Result<std::optional<Merge>> merge_when_due();

private:
    using RunPointer = ChunkIndex::RunPointer;

    struct KnownPack {
        std::uint64_t bytes = 0;  ///< Up to here the index has it.
        RunPointer own;           ///< Its own index, when that is what is used.
        RunId run{};              ///< The index file that stands for it.
    };
    struct KnownRun {
        RunPointer run;
        std::vector<PackId> packs;
    };

    [[nodiscard]] Result<void> apply_runs(const BackendMarks& marks) CATALOG_REQUIRES(mutex_);
    [[nodiscard]] Result<void> apply_pack(const PackMark& mark) CATALOG_REQUIRES(mutex_);
    void drop_missing(const BackendMarks& marks) CATALOG_REQUIRES(mutex_);
    void drop_run(const RunPointer& run) CATALOG_REQUIRES(mutex_);
    [[nodiscard]] Result<void> scan_pack_headers(const PackMark& mark, std::uint64_t from)
        CATALOG_REQUIRES(mutex_);
    [[nodiscard]] Result<RunPointer> open_own(const PackMark& mark) const CATALOG_REQUIRES(mutex_);
    [[nodiscard]] Result<RunPointer> open_file(const RunMark& mark) const CATALOG_REQUIRES(mutex_);
    [[nodiscard]] Result<std::uint64_t> write_merged(RunId number, const ChunkIndex& index,
                                                     std::span<const RunPointer> runs) const;

    PackFiles& files_;
    mutable internal::Mutex mutex_;
    StoreId store_ CATALOG_GUARDED_BY(mutex_){};
    std::shared_ptr<ChunkIndex> index_ CATALOG_GUARDED_BY(mutex_);
    std::map<PackId, KnownPack> packs_ CATALOG_GUARDED_BY(mutex_);
    std::map<RunId, KnownRun> runs_ CATALOG_GUARDED_BY(mutex_);
    RunId last_run_ CATALOG_GUARDED_BY(mutex_){};
};

}  // namespace catalog::content
