#include <algorithm>
#include <catalog/internal/try.hpp>

#include "content_core.hpp"
#include "live_chunks.hpp"
#include "live_objects.hpp"

namespace catalog::content {

Result<StorageStats> count_content(const ContentCore& core) {
    const auto snapshot = core.options.store->snapshot();
    CATALOG_TRY(const LiveObjects needed,
                LiveObjects::find(core, *snapshot, [] { return Result<void>(); }));
    LiveChunks live;
    CATALOG_TRY_VOID(core.backend->for_each([&](const IndexEntry& entry) -> Result<void> {
        live.add(entry);
        return {};
    }));
    live.sort();

    std::uint64_t needed_bytes = 0;
    StorageStats stats;
    CATALOG_TRY_VOID(for_each_object(
        core, *snapshot, [&](const ContentHash& id, std::string_view value) -> Result<void> {
            if (!needed.contains(id)) return {};
            CATALOG_TRY(const ObjectRecord record, decode_object(id, value));
            ++stats.objects;
            stats.object_bytes += record.size;
            for (const ChunkRef& chunk : record.chunks)
                for (LiveChunks::Chunk& found :
                     live.find(prefix_of(core.backend->index_id(chunk.id)))) {
                    if (found.live != 0) continue;
                    found.live = 1;
                    ++stats.chunks;
                    stats.chunk_bytes += chunk.bytes;
                    stats.payload_bytes += found.stored_bytes;
                    if (found.delta != 0) {
                        ++stats.delta_chunks;
                        stats.delta_bytes += chunk.bytes;
                        stats.delta_stored_bytes += found.stored_bytes;
                    }
                    if (found.dictionary != 0) {
                        ++stats.dictionary_chunks;
                        stats.dictionary_bytes += chunk.bytes;
                        stats.dictionary_stored_bytes += found.stored_bytes;
                    }
                    needed_bytes += core.backend->bytes_of(found.stored_bytes);
                }
            return {};
        }));

    CATALOG_TRY(const BackendStats packs, core.backend->stats());
    stats.packs = packs.packs;
    stats.stored_bytes = packs.bytes;
    stats.index_bytes = packs.index_bytes;
    needed_bytes += packs.packs * kPackHeaderBytes + packs.index_bytes + packs.dictionary_bytes;
    stats.unreferenced_bytes = packs.bytes - std::min(packs.bytes, needed_bytes);
    return stats;
}

}  // namespace catalog::content
