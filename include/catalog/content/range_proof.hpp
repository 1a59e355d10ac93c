#pragma once
// RangeProof: proves to whoever knows an object's id and size that some bytes are part of it, with
// nothing else of the object at hand. docs/formats/range-proof.md is the specification.

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/content/content_storage.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"
#include "catalog/merkle/range_proof.hpp"

namespace catalog::content {

/// The hashes that join blocks of 64 KiB of an object to its root. The blocks themselves travel
/// beside it.
struct RangeProof {
    std::uint64_t object_size = 0;
    merkle::LeafRange blocks;
    std::vector<merkle::TreeHash> hashes;

    /// Returns the bytes of the object that the blocks are; the last block may be shorter.
    [[nodiscard]] ByteRange covered() const noexcept;

    friend bool operator==(const RangeProof&, const RangeProof&) = default;
};

/// Returns the blocks that cover a range of an object, which is cut to the object's end. Errors:
/// kInvalidArgument (no byte is left of it).
[[nodiscard]] Result<merkle::LeafRange> blocks_of(ByteRange range, std::uint64_t object_size);

/// Encodes a proof: 32 bytes and 32 for each hash; 480 bytes for one block of 1 GiB.
[[nodiscard]] std::string encode_range_proof(const RangeProof& proof);

/// Reads exactly one encoded proof; one that could not hold for any object is refused. Errors:
/// kProofInvalid.
[[nodiscard]] Result<RangeProof> decode_range_proof(ByteView bytes);

/// Checks that `blocks` are the bytes that the proof covers, of the object with that id and size,
/// and returns the part that `range` asks for. Id and size come from what the caller trusts, a
/// signed file table for example. Needs no store. Thread safety: any thread. Errors: kProofInvalid
/// (the proof is of another range or size, or anything is not as it was), kInvalidArgument (no byte
/// of the range is in the object). Cost: hashing the blocks, and a node hash for each of the proof.
[[nodiscard]] Result<ByteView> verify_range(const ContentHash& id, std::uint64_t object_size,
                                            ByteRange range, ByteView blocks,
                                            const RangeProof& proof);

}  // namespace catalog::content
