#include "live_chunks.hpp"

#include <algorithm>

namespace catalog::content {

ChunkPrefix prefix_of(const ChunkId& id) noexcept {
    return load_be<ChunkPrefix>(reinterpret_cast<const char*>(id.digest.data()));
}

void LiveChunks::add(const IndexEntry& entry) {
    Chunk chunk;
    chunk.prefix = prefix_of(entry.id);
    chunk.pack = entry.location.pack;
    chunk.stored_bytes = entry.location.stored_bytes & 0xff'ffff;
    chunk.delta = entry.codec == Codec::kDelta ? 1 : 0;
    chunk.dictionary = entry.codec == Codec::kZstdDictionary ? 1 : 0;
    chunks_.push_back(chunk);
}

void LiveChunks::sort() { std::ranges::sort(chunks_, {}, &Chunk::prefix); }

std::span<LiveChunks::Chunk> LiveChunks::find(ChunkPrefix prefix) noexcept {
    const auto found = std::ranges::equal_range(chunks_, prefix, {}, &Chunk::prefix);
    return {found.begin(), found.end()};
}

std::span<const LiveChunks::Chunk> LiveChunks::find(ChunkPrefix prefix) const noexcept {
    const auto found = std::ranges::equal_range(chunks_, prefix, {}, &Chunk::prefix);
    return {found.begin(), found.end()};
}

}  // namespace catalog::content
