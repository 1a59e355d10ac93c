#pragma once
// BaseCache: chunks that were the base of a delta lately, or may soon be.

#include <catalog/internal/mutex.hpp>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>

#include "catalog/content/pack_format.hpp"
#include "catalog/core/bytes.hpp"
#include "verified_sources.hpp"

namespace catalog::content {

/// The bytes of a chunk, whose payload matched its checksum. Their digest is not checked: what is
/// decoded with them is.
struct BaseChunk {
    std::shared_ptr<const Bytes> plain;
    std::uint32_t alone_bytes = 0;  ///< EncodedChunk::alone_bytes.
    std::uint32_t depth = 0;        ///< Deltas that were undone to get it.
    IdRule id_rule = IdRule::kLeaf;
    SourceMark source = SourceMark::kNone;
};

/// Of several equal-length rows of reads that go through versions of one package, most ask for the
/// same bases; the least recently used go first. Thread safety: any thread.
class BaseCache {
public:
    explicit BaseCache(std::size_t bytes_max);

    [[nodiscard]] std::optional<BaseChunk> find(const ChunkId& id);
    /// A chunk longer than all that is allowed is not kept.
    void add(const ChunkId& id, BaseChunk base);
    /// Returns a buffer for a chunk of that length: as a rule one that held another chunk, which
    /// spares the machine from making fresh pages for each. Its size is unspecified.
    [[nodiscard]] std::shared_ptr<Bytes> buffer(std::size_t bytes);

private:
    struct Entry {
        ChunkId id;
        BaseChunk base;
    };
    class Spares;

    const std::size_t bytes_max_;
    internal::Mutex mutex_;
    std::list<Entry> recent_ CATALOG_GUARDED_BY(mutex_);  ///< Most recently used first.
    std::unordered_map<ChunkId, std::list<Entry>::iterator> by_id_ CATALOG_GUARDED_BY(mutex_);
    std::size_t bytes_ CATALOG_GUARDED_BY(mutex_) = 0;
    const std::shared_ptr<Spares> spares_;  ///< Buffers that nobody uses; whoever drops one last
                                            ///< puts it there.
};

}  // namespace catalog::content
