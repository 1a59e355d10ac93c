#pragma once
// Proofs that a row of leaves belongs to a tree of RFC 6962. docs/formats/range-proof.md is the
// specification.

#include <cstdint>
#include <span>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/merkle/tree.hpp"

namespace catalog::merkle {

/// Leaves of a tree: `count` of them from `first`.
struct LeafRange {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    friend bool operator==(const LeafRange&, const LeafRange&) = default;
};

/// Returns how many hashes the proof of a range has. `range` is not empty and lies in the tree of
/// `size` leaves. At most 126.
[[nodiscard]] std::size_t range_proof_hashes(LeafRange range, std::uint64_t size) noexcept;

/// Returns the proof that leaves are in the first `size` leaves of a stored tree: the largest
/// subtrees to the left and to the right of the range, from left to right. Of one leaf these are
/// the hashes of its inclusion proof in another order. Errors: kInvalidArgument (an empty range, or
/// one that is not in the tree), the source's. Cost: O(log size) nodes.
[[nodiscard]] Result<std::vector<TreeHash>> range_proof(const NodeSource& source, LeafRange range,
                                                        std::uint64_t size);

/// Checks that `leaves`, the leaf hashes from `first` on, are in the tree of `size` leaves with
/// root `root`. As with an inclusion proof, `size` and `root` come from what the caller trusts.
/// Errors: kProofInvalid. Cost: a node hash for each leaf and each hash of the proof.
[[nodiscard]] Result<void> verify_range(std::span<const TreeHash> leaves, std::uint64_t first,
                                        std::uint64_t size, std::span<const TreeHash> proof,
                                        const TreeHash& root);

/// All perfect subtrees of a tree in memory: fewer than two hashes a leaf. Thread safety: any
/// thread that reads.
class NodeLayers final : public NodeSource {
public:
    /// Builds the layers over `leaves` (leaf hashes).
    explicit NodeLayers(std::vector<TreeHash> leaves);

    [[nodiscard]] std::uint64_t size() const noexcept { return layers_.front().size(); }
    /// Returns the memory that the hashes take, bytes.
    [[nodiscard]] std::size_t bytes() const noexcept;

    /// Errors: kInvalidArgument (no such node).
    [[nodiscard]] Result<TreeHash> node(std::uint32_t level, std::uint64_t index) const override;

private:
    std::vector<std::vector<TreeHash>> layers_;
};

}  // namespace catalog::merkle
