#include "range_prover.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <utility>

namespace catalog::content {
namespace {

// Bytes that are gathered before they are hashed: blocks for several lanes.
constexpr std::size_t kGatheredBytes = 12 * merkle::BlockTree::kBlockBytes;

}  // namespace

Result<RangeProof> RangeProver::prove(const ContentHash& id, ByteRange range,
                                      const CallContext& context) {
    CATALOG_TRY_VOID(context.check(*core_.options.clock));
    CATALOG_TRY(const ObjectRecord record, core_.find_object(id));
    CATALOG_TRY(const merkle::LeafRange blocks, blocks_of(range, record.size));
    Layers layers = find(id);
    if (!layers) {
        CATALOG_TRY(layers, hash_object(id, record, context));
        keep(id, layers);
    }
    CATALOG_TRY(auto hashes, merkle::range_proof(*layers, blocks, layers->size()));
    return RangeProof{record.size, blocks, std::move(hashes)};
}

Result<RangeProver::Layers> RangeProver::hash_object(const ContentHash& id,
                                                     const ObjectRecord& record,
                                                     const CallContext& context) {
    std::vector<merkle::TreeHash> leaves;
    Bytes gathered;
    gathered.reserve(kGatheredBytes);
    const auto hash_gathered = [&](std::size_t bytes) {
        const auto hashes = hash_blocks(ByteView(gathered).first(bytes));
        leaves.insert(leaves.end(), hashes.begin(), hashes.end());
        gathered.erase(gathered.begin(), gathered.begin() + static_cast<std::ptrdiff_t>(bytes));
    };
    auto reader = readers_.take();
    const auto read = [&]() -> Result<void> {
        for (const ChunkRef& chunk : record.chunks) {
            CATALOG_TRY_VOID(context.check(*core_.options.clock));
            CATALOG_TRY(const ByteView bytes, reader->read(id, chunk));
            gathered.insert(gathered.end(), bytes.begin(), bytes.end());
            if (gathered.size() >= kGatheredBytes)
                hash_gathered(gathered.size() / merkle::BlockTree::kBlockBytes *
                              merkle::BlockTree::kBlockBytes);
        }
        hash_gathered(gathered.size());
        return {};
    };
    const auto done = read();
    readers_.give_back(std::move(reader));
    CATALOG_TRY_VOID(done);
    auto layers = std::make_shared<const merkle::NodeLayers>(std::move(leaves));
    CATALOG_TRY(const merkle::TreeHash root, merkle::root_of(*layers, layers->size()));
    if (root != id)
        return fail(Error(Errc::kContentCorrupted, "object does not match its id",
                          CorruptionDetail{id.to_string(), root.to_string(), {id.to_string()}})
                        .with_input("object record"));
    return layers;
}

RangeProver::Layers RangeProver::find(const ContentHash& id) {
    const internal::MutexLock lock(mutex_);
    const auto found =
        std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.id == id; });
    if (found == kept_.end()) return nullptr;
    kept_.splice(kept_.begin(), kept_, found);
    return found->layers;
}

void RangeProver::keep(const ContentHash& id, Layers layers) {
    const std::uint64_t bytes = layers->bytes();
    // Two blocks are hashed again as fast as they are found in a long list.
    if (bytes > bytes_max_ || layers->size() < 3) return;
    const internal::MutexLock lock(mutex_);
    kept_.push_front({id, std::move(layers)});
    bytes_ += bytes;
    while (bytes_ > bytes_max_) {
        bytes_ -= kept_.back().layers->bytes();
        kept_.pop_back();
    }
}

}  // namespace catalog::content
