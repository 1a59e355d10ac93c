#pragma once
// CheckDecode: decodes and hashes every chunk of a store once, and computes the roots of its
// objects from the same bytes.

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "check_records.hpp"
#include "check_report.hpp"
#include "content_core.hpp"

namespace catalog::content {

/// What a verification has learned of the packs so far.
struct CheckedPacks {
    std::map<PackId, CheckRecords> records;  ///< Of the packs that are looked at.
    DamagedRanges damaged;
    BadChunks bad_chunks;  ///< By StorageBackend::index_id.
};

/// The part of a full verification that needs the bytes.
///
/// Objects of several blocks are taken pack by pack, by the first place that they need, and among
/// these in the order of the chunk that their first one starts from, over however many deltas:
/// versions of one file begin with the same chunk or with what was made from it, so they come one
/// after the other, and what they share, or start deltas from, is still in memory. Then come the
/// chunks that none of these needs. An object of one block has its chunk's name, and is right when
/// that is.
///
/// Memory: kObjectsBytesMax for the objects that are put in order at a time, kChunksBytesMax for
/// chunks; about 5 MiB a thread.
class CheckDecode {
public:
    /// All outlive it. `packs.records` are those to be looked at; damage goes to `report`.
    CheckDecode(const ContentCore& core, const kv::Snapshot& snapshot, CheckedPacks& packs,
                DamageReport& report, PhaseProgress& progress, const CallContext& context);

    /// Looks at all packs of `packs`, in order of their numbers; calls `reached` after each.
    /// Errors: as ContentStorage::verify.
    [[nodiscard]] Result<void> run(const std::function<Result<void>(PackId)>& reached);

private:
    static constexpr std::size_t kObjectsBytesMax = 64u << 20;
    static constexpr std::size_t kChunksBytesMax = 64u << 20;

    class Worker;
    using Place = std::pair<PackId, std::uint64_t>;
    /// An object whose root does not follow from its chunk's name.
    struct Root {
        ContentHash id;
        std::uint64_t size = 0;
        Place row;                      ///< Where what its first chunk was made from lies.
        std::uint64_t first_place = 0;  ///< Lowest offset in the pack that it belongs to.
        std::size_t first_chunk = 0;
        std::size_t chunks = 0;
    };
    /// Objects that need nothing before one pack.
    struct Bucket {
        std::vector<Root> roots;
        std::vector<IndexEntry> chunks;
    };

    [[nodiscard]] Result<void> check_context() const;
    [[nodiscard]] Result<PackId> collect(PackId after);
    [[nodiscard]] Result<void> collect_object(const ContentHash& id, std::string_view value,
                                              PackId after, PackId& end);
    [[nodiscard]] Place row_of(const IndexEntry& chunk) const;
    [[nodiscard]] Result<void> check_roots(Bucket& bucket);
    [[nodiscard]] Result<void> check_rest(PackId pack, CheckRecords& records);
    [[nodiscard]] Result<void> check_again(const Root& root);
    [[nodiscard]] Result<bool> is_gone(PackId pack) const;
    [[nodiscard]] bool mark(const ChunkId& id, const ChunkLocation& location);
    [[nodiscard]] bool is_wrong(const ChunkId& id, const ChunkLocation& location) const;
    void add_damage(const ChunkLocation& location, const std::string& what);

    const ContentCore& core_;
    const kv::Snapshot& snapshot_;
    CheckedPacks& packs_;
    DamageReport& report_;
    PhaseProgress& progress_;
    const CallContext& context_;
    std::shared_ptr<BaseCache> chunks_;
    ReaderPool readers_;
    std::map<PackId, Bucket> buckets_;
    std::size_t bytes_ = 0;  ///< Of `buckets_`.
    internal::Mutex mutex_;
    std::vector<const Root*> doubtful_ CATALOG_GUARDED_BY(mutex_);  ///< To be read again.
};

}  // namespace catalog::content
