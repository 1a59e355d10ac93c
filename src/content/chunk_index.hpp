#pragma once
// ChunkIndex: where every chunk of a store is: a table in memory for packs that still grow, sealed
// runs for the rest.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "catalog/core/result.hpp"
#include "index_run.hpp"

namespace catalog::content {

struct ChunkIndexStats {
    std::uint64_t unsealed = 0;        ///< Entries in memory.
    std::uint64_t unsealed_bytes = 0;  ///< Memory that they take.
    std::uint64_t runs = 0;
    std::uint64_t run_entries = 0;  ///< Of all runs, dead and repeated ones included.
    std::uint64_t run_bytes = 0;
    std::uint64_t packs = 0;  ///< That are live.
};

/// Returns how many of the newest runs to merge now, given the entries of all, newest first: 0
/// while there are few. The merged run is much smaller than the next one, or is the only one.
[[nodiscard]] std::size_t runs_to_merge(std::span<const std::uint64_t> entries);

/// Chunk id -> location, for all live packs. An entry counts while its pack is live; of several
/// entries of one id those in memory come first, then those of newer runs, and one whose pack is
/// not live lets an older one through. All copies of a chunk are the same bytes, so which one is
/// found is a matter of speed alone.
///
/// What is durable is the owner's matter: this class commits nothing. The owner names the packs
/// that count (`add_pack`), gives the runs that were committed (`add_run`, from oldest to newest)
/// and scans the committed tail of packs without a run into `insert`.
///
/// Thread safety: any thread. Readers hold a shared lock for a probe of the table in memory, never
/// while they read runs; a change waits for no reader of a run. A reader may be given a location
/// in a pack that is retired while it looks: who follows it and finds no pack asks again.
class ChunkIndex {
public:
    using RunPointer = std::shared_ptr<const IndexRun>;

    /// `store` seeds the table's hash, so that nobody outside can prepare ids that collide there.
    explicit ChunkIndex(const StoreId& store);
    ~ChunkIndex();
    ChunkIndex(const ChunkIndex&) = delete;
    ChunkIndex& operator=(const ChunkIndex&) = delete;

    /// Returns where the chunk is, or nullopt. Errors: those of IndexRun::find.
    [[nodiscard]] Result<std::optional<IndexEntry>> find(const ChunkId& id) const;

    /// The same, but passes over packs that are condemned.
    [[nodiscard]] Result<std::optional<IndexEntry>> find_kept(const ChunkId& id) const;

    /// Looks up all ids against one state of the index; `found` is as long as `ids` and is
    /// overwritten. Errors: as find.
    [[nodiscard]] Result<void> find_many(std::span<const ChunkId> ids,
                                         std::span<std::optional<IndexEntry>> found) const;

    /// Makes entries of the pack count. Errors: kLimitExceeded (number above 2^26).
    [[nodiscard]] Result<void> add_pack(PackId pack);
    /// Makes them count no longer, and drops those in memory. Unknown packs are fine.
    void retire_pack(PackId pack);
    [[nodiscard]] bool is_live(PackId pack) const;

    /// Lets `find_kept` pass over a pack, until it is pardoned or retired.
    void condemn_pack(PackId pack);
    void pardon_pack(PackId pack);

    /// Adds an entry in memory; several packs may hold one id, of one pack the lowest offset stays.
    /// Errors: kInvalidArgument (as check_index_entry), kFailedPrecondition (the pack is not live).
    [[nodiscard]] Result<void> insert(const IndexEntry& entry);
    /// Drops the entries in memory of `pack` at `offset` and beyond: what a failed sync lost.
    void drop_from(PackId pack, std::uint64_t offset);
    /// Returns the entries in memory of `pack` in order of ids, one an id: what its footer holds.
    [[nodiscard]] std::vector<IndexEntry> unsealed(PackId pack) const;

    /// Adds a run, newest of all.
    void add_run(RunPointer run);
    /// Adds the run of a pack that was sealed, newest of all, and drops the entries in memory of
    /// that pack, in one step: a reader sees the ones or the other.
    void seal_pack(PackId pack, RunPointer run);
    /// Puts `merged` (null: nothing was left) in the place of `runs`, which are neighbours in the
    /// order of `runs()`. Errors: kFailedPrecondition (they are not there or no neighbours);
    /// nothing is changed.
    [[nodiscard]] Result<void> replace_runs(std::span<const RunPointer> runs, RunPointer merged);
    /// Returns the runs, newest first.
    [[nodiscard]] std::vector<RunPointer> runs() const;

    /// Returns the runs to merge now, newest first; none while there are few. One merge at a time:
    /// call it again after replace_runs. With it at most kRunsMax runs are left, and an entry is
    /// written again a logarithmic number of times.
    [[nodiscard]] std::vector<RunPointer> choose_merge() const;
    static constexpr std::size_t kRunsMax = 5;

    /// Returns what a merge keeps: entries of packs that are live now.
    [[nodiscard]] KeepEntry keep_live() const;

    /// Calls `each` with every entry that counts, each id once, in order of ids, as the index is
    /// now; until it returns an error. Memory: a copy of the entries in memory, 4 KiB a run.
    /// Errors: what `each` returned, those of IndexCursor::next.
    [[nodiscard]] Result<void> for_each(
        const std::function<Result<void>(const IndexEntry&)>& each) const;

    /// The same with every entry of packs that are live: several of an id are possible.
    [[nodiscard]] Result<void> for_each_copy(
        const std::function<Result<void>(const IndexEntry&)>& each) const;

    [[nodiscard]] ChunkIndexStats stats() const;

private:
    class State;
    enum class Copies : std::uint8_t { kOneAnId, kAll };
    [[nodiscard]] Result<void> walk(
        Copies copies, const std::function<Result<void>(const IndexEntry&)>& each) const;
    template <class Accepts>
    [[nodiscard]] Result<std::optional<IndexEntry>> find_in(const ChunkId& id,
                                                            const Accepts& accepts) const;
    std::unique_ptr<State> state_;
};

}  // namespace catalog::content
