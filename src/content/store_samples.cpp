#include "store_samples.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <limits>
#include <utility>

#include "live_chunks.hpp"

namespace catalog::content {
namespace {

// Ids are as good as random, so those below a bound are a fair choice: as many bytes as wanted.
ChunkPrefix bound_for(std::uint64_t wanted, std::uint64_t all) {
    constexpr auto kEnd = std::numeric_limits<ChunkPrefix>::max();
    if (all <= wanted) return kEnd;
    return kEnd / all * wanted;
}

}  // namespace

Result<std::vector<Bytes>> sample_chunks(const ContentCore& core, std::size_t chunk_bytes_max,
                                         std::uint64_t all_bytes_min, const CallContext& context) {
    const auto is_candidate = [&](const IndexEntry& entry) {
        return entry.codec != Codec::kDelta && entry.location.plain_bytes <= chunk_bytes_max;
    };
    std::uint64_t all_bytes = 0;
    CATALOG_TRY_VOID(core.backend->for_each([&](const IndexEntry& entry) -> Result<void> {
        if (is_candidate(entry)) all_bytes += entry.location.plain_bytes;
        return {};
    }));
    std::vector<Bytes> samples;
    if (all_bytes < all_bytes_min) return samples;
    const ChunkPrefix bound = bound_for(kRepackSampleBytes, all_bytes);
    std::vector<std::pair<ChunkPrefix, ChunkLocation>> chosen;
    CATALOG_TRY_VOID(core.backend->for_each([&](const IndexEntry& entry) -> Result<void> {
        if (is_candidate(entry) && prefix_of(entry.id) <= bound)
            chosen.emplace_back(prefix_of(entry.id), entry.location);
        return {};
    }));
    std::ranges::sort(chosen, {}, [](const auto& each) { return each.first; });
    ChunkDecoder decoder(*core.backend);
    for (const auto& [prefix, location] : chosen) {
        CATALOG_TRY_VOID(context.check(*core.options.clock));
        const auto loaded = decoder.load_at(location);
        if (loaded) samples.push_back(*loaded->chunk.plain);
    }
    return samples;
}

}  // namespace catalog::content
