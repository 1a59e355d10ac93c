#pragma once
// RangeProver: proofs of ranges of stored objects, with the block hashes of the last ones kept.

#include <catalog/internal/mutex.hpp>
#include <list>
#include <memory>

#include "catalog/content/range_proof.hpp"
#include "content_core.hpp"

namespace catalog::content {

/// Returns the leaf hashes of bytes that begin with a block.
[[nodiscard]] std::vector<merkle::TreeHash> hash_blocks(ByteView bytes);

/// Thread safety: any thread; who asks for an object whose hashes are not kept hashes it himself.
class RangeProver {
public:
    /// `core` and `readers` outlive it. Hashes of more than `bytes_max` bytes are not kept.
    RangeProver(const ContentCore& core, ReaderPool& readers, std::uint64_t bytes_max)
        : core_(core), readers_(readers), bytes_max_(bytes_max) {}

    /// See ContentAddressedStorage::prove_range.
    [[nodiscard]] Result<RangeProof> prove(const ContentHash& id, ByteRange range,
                                           const CallContext& context);

private:
    using Layers = std::shared_ptr<const merkle::NodeLayers>;
    struct Kept {
        ContentHash id;
        Layers layers;
    };

    [[nodiscard]] Layers find(const ContentHash& id);
    [[nodiscard]] Result<Layers> hash_object(const ContentHash& id, const ObjectRecord& record,
                                             const CallContext& context);
    void keep(const ContentHash& id, Layers layers);

    const ContentCore& core_;
    ReaderPool& readers_;
    const std::uint64_t bytes_max_;
    internal::Mutex mutex_;
    std::list<Kept> kept_ CATALOG_GUARDED_BY(mutex_);  ///< Used last first.
    std::uint64_t bytes_ CATALOG_GUARDED_BY(mutex_) = 0;
};

}  // namespace catalog::content
