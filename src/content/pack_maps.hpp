#pragma once
// PackMaps: packs in memory, so that raw chunks are given without a copy.

#include <catalog/internal/mutex.hpp>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "catalog/content/storage_backend.hpp"
#include "pack_files.hpp"

namespace catalog::content {

/// Maps packs as a whole when a chunk of theirs is asked for, keeps the ones used last, and
/// remembers for each which chunks were found right. Thread safety: any thread.
class PackMaps {
public:
    /// `files` outlives it. Of packs that nobody holds chunks of, `mapped_max` stay mapped.
    PackMaps(PackFiles& files, std::uint32_t mapped_max);

    /// See StorageBackend::map_chunk. A pack that cannot be mapped, for lack of addresses for
    /// example, gives nothing.
    [[nodiscard]] Result<std::optional<MappedChunk>> chunk(const ChunkLocation& location);

    /// See StorageBackend::map_chunks.
    [[nodiscard]] std::vector<std::optional<MappedChunk>> chunks(
        std::span<const ChunkLocation> locations);

    /// Says that the pack was committed up to there: chunks before it may be looked at unasked.
    void committed(const PackMark& mark);
    /// Says so of all packs there are, and lets go of others.
    void keep(const std::vector<PackMark>& marks);

    /// Lets go of a pack; its mapping goes with the last chunk that somebody holds.
    void drop(PackId pack);
    /// Lets go of all, and of what was said to be committed.
    void forget();

private:
    class Mapping;
    struct Entry {
        std::shared_ptr<Mapping> mapping;
        std::uint64_t committed = 0;  ///< Bytes, as far as known.
        std::uint64_t used = 0;
    };

    /// A mapping that reaches `end`, and up to where its chunks are known to be committed.
    struct Covering {
        std::shared_ptr<Mapping> mapping;
        std::uint64_t committed = 0;
    };
    /// A record that begins there, of any codec.
    struct Located {
        Covering covering;  ///< Without a mapping: the pack cannot be mapped.
        RecordHeader header;
    };
    [[nodiscard]] Result<Located> locate(const ChunkLocation& location);
    [[nodiscard]] Result<Covering> covering(PackId pack, std::uint64_t end);
    [[nodiscard]] Result<std::shared_ptr<Mapping>> map(PackId pack) const;
    void make_room() CATALOG_REQUIRES(mutex_);

    PackFiles& files_;
    const std::size_t mapped_max_;
    internal::Mutex mutex_;
    std::map<PackId, Entry> packs_ CATALOG_GUARDED_BY(mutex_);
    std::size_t mapped_ CATALOG_GUARDED_BY(mutex_) = 0;
    std::uint64_t uses_ CATALOG_GUARDED_BY(mutex_) = 0;
};

}  // namespace catalog::content
