#pragma once
// PackIndex: the chunk index of a store of packs, brought in line with what was committed.

#include <catalog/internal/mutex.hpp>
#include <map>
#include <memory>
#include <set>

#include "catalog/content/storage_backend.hpp"
#include "chunk_index.hpp"
#include "index_page_cache.hpp"
#include "keyed_ids.hpp"
#include "pack_files.hpp"

namespace catalog::content {

/// In an encrypted store its ids are keyed ones and the pages of its runs sealed. Thread safety:
/// any thread.
class PackIndex {
public:
    /// `files` outlives it.
    explicit PackIndex(PackFiles& files);

    /// Returns the id that entries of the index have for a chunk.
    [[nodiscard]] ChunkId id_of(const ChunkId& chunk) const noexcept {
        return keyed_ ? keyed_->of(chunk) : chunk;
    }

    /// Makes the cipher of a new run; null in a store in the clear. Errors: as make_page_cipher.
    [[nodiscard]] Result<std::unique_ptr<PageCipher>> make_cipher(const IndexRunInfo& run) const;

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

    /// Checks all runs, drops those that are damaged and reads the packs that they stood for: what
    /// is left answers for all of them. For who was refused a page of a sealed run. Cost: reads the
    /// whole index. Errors: kIo, kKeyNotFound.
    [[nodiscard]] Result<void> drop_damaged();
    /// See StorageBackend::check_run.
    [[nodiscard]] Result<void> check_run(const RunMark& mark) const;

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
    /// when there is nothing to do, or when a chunk would be forgotten in one of two packs and
    /// `may_forget_copies` is not set. One at a time. Errors: kIo, kStorageFull, kSyncFailed,
    /// kPackInvalid (a damaged index file).
    [[nodiscard]] Result<std::optional<Merge>> merge_when_due(bool may_forget_copies);

private:
    using RunPointer = ChunkIndex::RunPointer;

    struct KnownPack {
        std::uint64_t bytes = 0;   ///< Up to here the index has it.
        RunPointer own;            ///< Its own index, when that is what is used.
        RunId run{};               ///< The index file that stands for it.
        PackMark mark;             ///< The last that was told.
        bool own_damaged = false;  ///< Its own index was found damaged.
    };
    struct KnownRun {
        RunPointer run;
        std::vector<PackId> packs;
    };

    [[nodiscard]] Result<void> apply_runs(const BackendMarks& marks) CATALOG_REQUIRES(mutex_);
    [[nodiscard]] Result<void> apply_pack(const PackMark& mark) CATALOG_REQUIRES(mutex_);
    /// Indexes a pack as if nothing of it were known; after an error all is as it was.
    [[nodiscard]] Result<void> index_again(KnownPack& known, bool own_damaged)
        CATALOG_REQUIRES(mutex_);
    void drop_missing(const BackendMarks& marks) CATALOG_REQUIRES(mutex_);
    void drop_run(const RunPointer& run) CATALOG_REQUIRES(mutex_);
    [[nodiscard]] Result<void> scan_pack_headers(const PackMark& mark, std::uint64_t from)
        CATALOG_REQUIRES(mutex_);
    [[nodiscard]] Result<RunPointer> open_run(std::unique_ptr<io::MappedRegion> region,
                                              const IndexRunInfo& expected) const;
    [[nodiscard]] Result<RunPointer> open_own(const PackMark& mark) const CATALOG_REQUIRES(mutex_);
    [[nodiscard]] Result<RunPointer> open_file(const RunMark& mark) const CATALOG_REQUIRES(mutex_);
    /// Returns its length; 0: a copy would be forgotten that may not be.
    [[nodiscard]] Result<std::uint64_t> write_merged(RunId number, const ChunkIndex& index,
                                                     std::span<const RunPointer> runs,
                                                     bool may_forget_copies) const;

    PackFiles& files_;
    std::unique_ptr<const KeyedIds> keyed_;       ///< Null in a store in the clear.
    std::shared_ptr<IndexPageCache> page_cache_;  ///< The same.
    mutable internal::Mutex mutex_;
    StoreId store_ CATALOG_GUARDED_BY(mutex_){};
    std::shared_ptr<ChunkIndex> index_ CATALOG_GUARDED_BY(mutex_);
    std::map<PackId, KnownPack> packs_ CATALOG_GUARDED_BY(mutex_);
    std::map<RunId, KnownRun> runs_ CATALOG_GUARDED_BY(mutex_);
    RunId last_run_ CATALOG_GUARDED_BY(mutex_){};
    bool merge_waits_ CATALOG_GUARDED_BY(mutex_) = false;  ///< For a pack with copies to go.
};

}  // namespace catalog::content
