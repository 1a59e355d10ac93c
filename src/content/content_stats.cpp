#include <algorithm>
#include <catalog/internal/try.hpp>

#include "content_core.hpp"

namespace catalog::content {
namespace {

// Which chunks of the index some object needs. Chunks are known by the first eight bytes of their
// digests; two that share them would count as one.
class LiveChunks {
public:
    Result<void> load(StorageBackend& backend) {
        CATALOG_TRY_VOID(backend.for_each([&](const IndexEntry& entry) -> Result<void> {
            chunks_.push_back({prefix_of(entry.id), entry.location.stored_bytes,
                               entry.location.plain_bytes, false});
            return {};
        }));
        std::sort(chunks_.begin(), chunks_.end(),
                  [](const Chunk& a, const Chunk& b) { return a.prefix < b.prefix; });
        return {};
    }

    void mark(const ChunkId& id) {
        const std::uint64_t prefix = prefix_of(id);
        const auto found =
            std::lower_bound(chunks_.begin(), chunks_.end(), prefix,
                             [](const Chunk& chunk, std::uint64_t p) { return chunk.prefix < p; });
        if (found != chunks_.end() && found->prefix == prefix) found->live = true;
    }

    template <class Each>
    void for_each_live(const Each& each) const {
        for (const Chunk& chunk : chunks_)
            if (chunk.live) each(chunk.stored_bytes, chunk.plain_bytes);
    }

private:
    struct Chunk {
        std::uint64_t prefix = 0;
        std::uint32_t stored_bytes = 0;
        std::uint32_t plain_bytes = 0;
        bool live = false;
    };
    static std::uint64_t prefix_of(const ChunkId& id) {
        return load_be<std::uint64_t>(reinterpret_cast<const char*>(id.digest.data()));
    }

    std::vector<Chunk> chunks_;
};

}  // namespace

Result<StorageStats> count_content(const ContentCore& core) {
    const auto snapshot = core.options.store->snapshot();
    LiveChunks live;
    CATALOG_TRY_VOID(live.load(*core.backend));

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
    live.for_each_live([&](std::uint32_t stored_bytes, std::uint32_t plain_bytes) {
        ++stats.chunks;
        stats.chunk_bytes += plain_bytes;
        needed_bytes += record_bytes(stored_bytes);
    });

    CATALOG_TRY(const BackendStats packs, core.backend->stats());
    stats.packs = packs.packs;
    stats.stored_bytes = packs.bytes;
    needed_bytes += packs.packs * kPackHeaderBytes + packs.index_bytes;
    stats.unreferenced_bytes = packs.bytes - std::min(packs.bytes, needed_bytes);
    return stats;
}

}  // namespace catalog::content
