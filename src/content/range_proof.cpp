#include "catalog/content/range_proof.hpp"

#include <algorithm>
#include <array>
#include <catalog/internal/try.hpp>

#include "catalog/merkle/hash_batch.hpp"
#include "range_prover.hpp"

namespace catalog::content {
namespace {

constexpr std::string_view kRangeProofMagic = "CATRNGP1";
constexpr std::size_t kRangeProofHeaderBytes = 32;
constexpr std::uint64_t kBlockBytes = merkle::BlockTree::kBlockBytes;
// Blocks that are hashed together.
constexpr std::size_t kHashedAtOnce = 48;

std::uint64_t block_count(std::uint64_t object_size) noexcept {
    return object_size / kBlockBytes + (object_size % kBlockBytes != 0 ? 1 : 0);
}

tl::unexpected<Error> refused_proof(const std::string& why) {
    return fail(Errc::kProofInvalid, "range proof " + why);
}

}  // namespace

std::vector<merkle::TreeHash> hash_blocks(ByteView bytes) {
    std::vector<merkle::TreeHash> hashes;
    hashes.reserve(block_count(bytes.size()));
    std::array<merkle::HashTask, kHashedAtOnce> tasks;
    while (!bytes.empty()) {
        std::size_t count = 0;
        for (; count < tasks.size() && !bytes.empty(); ++count) {
            const std::size_t taken = std::min<std::size_t>(bytes.size(), kBlockBytes);
            tasks[count] = {bytes.first(taken), merkle::HashTask::As::kLeaf, {}};
            bytes = bytes.subspan(taken);
        }
        merkle::hash_all(std::span(tasks).first(count));
        for (std::size_t i = 0; i < count; ++i) hashes.push_back(tasks[i].digest);
    }
    return hashes;
}

ByteRange RangeProof::covered() const noexcept {
    const std::uint64_t begin = std::min(blocks.first * kBlockBytes, object_size);
    return {begin, std::min(blocks.count * kBlockBytes, object_size - begin)};
}

Result<merkle::LeafRange> blocks_of(ByteRange range, std::uint64_t object_size) {
    if (range.offset >= object_size || range.size == 0)
        return fail(Errc::kInvalidArgument, "the range from " + std::to_string(range.offset) +
                                                " has no byte in an object of " +
                                                std::to_string(object_size) + " bytes");
    const std::uint64_t last = range.offset + std::min(range.size, object_size - range.offset) - 1;
    const std::uint64_t first_block = range.offset / kBlockBytes;
    return merkle::LeafRange{first_block, last / kBlockBytes - first_block + 1};
}

std::string encode_range_proof(const RangeProof& proof) {
    std::string out(kRangeProofMagic);
    append_le<std::uint64_t>(out, proof.object_size);
    append_le<std::uint64_t>(out, proof.blocks.first);
    append_le<std::uint64_t>(out, proof.blocks.count);
    for (const merkle::TreeHash& hash : proof.hashes) out += as_text(hash.bytes());
    return out;
}

Result<RangeProof> decode_range_proof(ByteView bytes) {
    if (bytes.size() < kRangeProofHeaderBytes) return refused_proof("is too short");
    if (as_text(bytes.first(kRangeProofMagic.size())) != kRangeProofMagic)
        return refused_proof("has another magic");
    RangeProof proof;
    proof.object_size = load_le<std::uint64_t>(bytes.data() + 8);
    proof.blocks = {load_le<std::uint64_t>(bytes.data() + 16),
                    load_le<std::uint64_t>(bytes.data() + 24)};
    const std::uint64_t all = block_count(proof.object_size);
    if (proof.blocks.count == 0 || proof.blocks.first >= all ||
        proof.blocks.count > all - proof.blocks.first)
        return refused_proof("is of blocks that the object does not have");
    const std::size_t hashes = merkle::range_proof_hashes(proof.blocks, all);
    const ByteView rest = bytes.subspan(kRangeProofHeaderBytes);
    if (rest.size() != hashes * ContentHash::kDigestBytes)
        return refused_proof("has another number of hashes than its range needs");
    for (std::size_t i = 0; i < hashes; ++i) {
        CATALOG_TRY(const auto hash,
                    ContentHash::from_digest(
                        HashAlgorithm::kSha256,
                        rest.subspan(i * ContentHash::kDigestBytes, ContentHash::kDigestBytes)));
        proof.hashes.push_back(hash);
    }
    return proof;
}

Result<ByteView> verify_range(const ContentHash& id, std::uint64_t object_size, ByteRange range,
                              ByteView blocks, const RangeProof& proof) {
    CATALOG_TRY(const merkle::LeafRange wanted, blocks_of(range, object_size));
    if (proof.object_size != object_size) return refused_proof("is of an object of another size");
    if (proof.blocks != wanted) return refused_proof("is of other blocks than the range has");
    const ByteRange covered = proof.covered();
    if (blocks.size() != covered.size)
        return refused_proof("covers " + std::to_string(covered.size) + " bytes, not " +
                             std::to_string(blocks.size()));
    CATALOG_TRY_VOID(merkle::verify_range(hash_blocks(blocks), wanted.first,
                                          block_count(object_size), proof.hashes, id));
    return blocks.subspan(range.offset - covered.offset,
                          std::min(range.size, object_size - range.offset));
}

}  // namespace catalog::content
