#include <algorithm>
#include <catalog/internal/try.hpp>

#include "content_core.hpp"

namespace catalog::content {
namespace {

// Which chunks of the index some object needs: a bit a chunk. Chunks are known by the first eight
// bytes of their digests, which sort as the index does; two that share them would count as one.
class LiveChunks {
public:
    Result<void> load(kv::Iterator& chunks) {
        for (chunks.seek({}); chunks.valid(); chunks.next()) {
            CATALOG_TRY(const ChunkId id, decode_hash_key(chunks.key()));
            prefixes_.push_back(prefix_of(id));
        }
        live_.resize(prefixes_.size());
        return chunks.status();
    }

    void mark(const ChunkId& id) {
        const std::uint64_t prefix = prefix_of(id);
        const auto found = std::lower_bound(prefixes_.begin(), prefixes_.end(), prefix);
        if (found != prefixes_.end() && *found == prefix)
            live_[static_cast<std::size_t>(found - prefixes_.begin())] = true;
    }

    [[nodiscard]] bool is_live(std::size_t ordinal) const { return live_[ordinal]; }

private:
    static std::uint64_t prefix_of(const ChunkId& id) {
        return load_be<std::uint64_t>(reinterpret_cast<const char*>(id.digest.data()));
    }

    std::vector<std::uint64_t> prefixes_;
    std::vector<bool> live_;
};

}  // namespace

Result<StorageStats> count_content(const ContentCore& core) {
    const auto snapshot = core.options.store->snapshot();
    const auto chunks = snapshot->iterate(core.options.families.chunks);
    LiveChunks live;
    CATALOG_TRY_VOID(live.load(*chunks));

    StorageStats stats;
    CATALOG_TRY_VOID(for_each_object(
        core, *snapshot, [&](const ContentHash& id, std::string_view value) -> Result<void> {
            CATALOG_TRY(const ObjectRecord record, decode_object(id, value));
            ++stats.objects;
            stats.object_bytes += record.size;
            for (const ChunkRef& chunk : record.chunks) live.mark(chunk.id);
            return {};
        }));

    std::uint64_t needed_bytes = 0;
    std::size_t ordinal = 0;
    for (chunks->seek({}); chunks->valid(); chunks->next(), ++ordinal) {
        if (!live.is_live(ordinal)) continue;
        CATALOG_TRY(const ChunkLocation location, decode_location(chunks->value()));
        ++stats.chunks;
        stats.chunk_bytes += location.plain_bytes;
        needed_bytes += record_bytes(location.stored_bytes);
    }
    CATALOG_TRY_VOID(chunks->status());

    CATALOG_TRY(const BackendStats packs, core.backend->stats());
    stats.packs = packs.packs;
    stats.stored_bytes = packs.bytes;
    needed_bytes += packs.packs * kPackHeaderBytes;
    stats.unreferenced_bytes = packs.bytes - std::min(packs.bytes, needed_bytes);
    return stats;
}

}  // namespace catalog::content
