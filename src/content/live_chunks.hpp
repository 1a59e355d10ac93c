#pragma once
// LiveChunks: which chunks of a store are needed, 16 bytes a chunk.

#include <cstdint>
#include <span>
#include <vector>

#include "catalog/content/storage_backend.hpp"

namespace catalog::content {

/// A chunk as this table and its users know it: the first eight bytes of its digest, as a
/// big-endian number. Two chunks that share them count as one, and live when either does.
using ChunkPrefix = std::uint64_t;
[[nodiscard]] ChunkPrefix prefix_of(const ChunkId& id) noexcept;

/// Thread safety: as a vector.
class LiveChunks {
public:
    /// One copy of a chunk.
    struct Chunk {
        ChunkPrefix prefix = 0;
        PackId pack{};
        std::uint32_t stored_bytes : 24 = 0;
        std::uint32_t live : 1 = 0;        ///< Some object needs it.
        std::uint32_t copied : 1 = 0;      ///< Its record was seen by a copy of its pack.
        std::uint32_t delta : 1 = 0;       ///< Its codec is kDelta.
        std::uint32_t dictionary : 1 = 0;  ///< Its codec is kZstdDictionary.
    };
    static_assert(sizeof(Chunk) == 16);

    void reserve(std::size_t chunks) { chunks_.reserve(chunks); }
    void add(const IndexEntry& entry);
    /// Call once, after the last `add` and before anything below.
    void sort();

    /// Returns the copies of a chunk.
    [[nodiscard]] std::span<Chunk> find(ChunkPrefix prefix) noexcept;
    [[nodiscard]] std::span<const Chunk> find(ChunkPrefix prefix) const noexcept;
    [[nodiscard]] std::span<const Chunk> all() const noexcept { return chunks_; }

private:
    std::vector<Chunk> chunks_;
};

}  // namespace catalog::content
