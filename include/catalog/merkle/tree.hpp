#pragma once
// Merkle trees of RFC 6962 section 2.1 (RFC 9162 section 2.1): SHA-256, leaf prefix 0x00, node
// prefix 0x01.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"
#include "catalog/merkle/hash_batch.hpp"

namespace catalog::merkle {

/// A node of the tree: always SHA-256.
using TreeHash = ContentHash;

/// Returns SHA-256(0x00 || leaf).
[[nodiscard]] TreeHash leaf_hash(ByteView leaf);

/// Returns SHA-256(0x01 || left || right).
[[nodiscard]] TreeHash node_hash(const TreeHash& left, const TreeHash& right);

/// Returns the root of a tree without leaves: SHA-256 of nothing.
[[nodiscard]] TreeHash empty_root();

/// A perfect subtree: the node over the leaves [index << level, (index + 1) << level). Level 0 is
/// the leaf hashes. Once its last leaf is in the tree, a node never changes.
struct TreeNode {
    std::uint32_t level = 0;  ///< 0 to 63.
    std::uint64_t index = 0;  ///< Position among the nodes of its level.
    TreeHash hash;

    friend bool operator==(const TreeNode&, const TreeNode&) noexcept = default;
};

/// Where the nodes of a stored tree come from, so that proofs cost O(log n) and not all leaves.
///
/// An implementation holds what `Frontier::append` reported as completed, under (level, index).
/// Thread safety and blocking: the implementation's.
class NodeSource {
public:
    virtual ~NodeSource() = default;

    /// Returns the node at `level` and `index`; only complete nodes are asked for. Errors: the
    /// implementation's, handed through to whoever asked for the proof.
    [[nodiscard]] virtual Result<TreeHash> node(std::uint32_t level, std::uint64_t index) const = 0;
};

/// The compact form of a tree that only grows: one hash for each bit set in its size.
///
/// Enough to append and to know the root; log2(n) hashes of memory. A value type.
class Frontier {
public:
    Frontier() = default;

    /// Rebuilds a frontier from what `size()` and `hashes()` returned. Errors: kProofInvalid (wrong
    /// number of hashes, or one that is not SHA-256).
    [[nodiscard]] static Result<Frontier> restore(std::uint64_t size, std::vector<TreeHash> hashes);

    /// Appends a leaf by its leaf hash. Cost: amortised one node hash.
    void append(const TreeHash& leaf);

    /// Appends a leaf and adds the nodes that it completes to `completed`, lowest level first: the
    /// leaf itself and one node for each perfect subtree that ends with it. A store that keeps
    /// them all is a NodeSource of this tree. Cost: amortised two nodes a leaf.
    void append(const TreeHash& leaf, std::vector<TreeNode>& completed);

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    [[nodiscard]] TreeHash root() const;
    /// Returns the roots of the perfect subtrees, largest first.
    [[nodiscard]] const std::vector<TreeHash>& hashes() const noexcept { return hashes_; }

private:
    std::uint64_t size_ = 0;
    std::vector<TreeHash> hashes_;
};

/// Returns the root over `leaves` (leaf hashes). Cost: n - 1 node hashes.
[[nodiscard]] TreeHash root_of(std::span<const TreeHash> leaves);

/// Returns the root of the first `size` leaves of a stored tree. Errors: the source's. Cost: one
/// node for each bit set in `size`.
[[nodiscard]] Result<TreeHash> root_of(const NodeSource& source, std::uint64_t size);

/// Returns the frontier of the first `size` leaves of a stored tree, ready to append. Errors: the
/// source's. Cost: one node for each bit set in `size`.
[[nodiscard]] Result<Frontier> load_frontier(const NodeSource& source, std::uint64_t size);

/// Returns the inclusion proof of the leaf at `index`. Errors: kInvalidArgument (index out of
/// range). Cost: n - 1 node hashes.
[[nodiscard]] Result<std::vector<TreeHash>> inclusion_proof(std::span<const TreeHash> leaves,
                                                            std::uint64_t index);

/// Returns the inclusion proof of the leaf at `index` in the first `size` leaves of a stored tree.
/// Errors: kInvalidArgument (index out of range), the source's. Cost: O(log size) nodes.
[[nodiscard]] Result<std::vector<TreeHash>> inclusion_proof(const NodeSource& source,
                                                            std::uint64_t index,
                                                            std::uint64_t size);

/// Checks that `leaf` is at `index` of the tree of `size` leaves with root `root` (RFC 9162
/// section 2.1.3.2). Errors: kProofInvalid.
[[nodiscard]] Result<void> verify_inclusion(const TreeHash& leaf, std::uint64_t index,
                                            std::uint64_t size, std::span<const TreeHash> proof,
                                            const TreeHash& root);

/// Returns the proof that the first `old_size` leaves are a prefix (RFC 9162 section 2.1.4.1);
/// empty when `old_size` is 0 or all. Errors: kInvalidArgument (more than there are).
/// Cost: n - 1 node hashes.
[[nodiscard]] Result<std::vector<TreeHash>> consistency_proof(std::span<const TreeHash> leaves,
                                                              std::uint64_t old_size);

/// Returns the proof that the first `old_size` leaves of a stored tree are a prefix of its first
/// `new_size`. Errors: kInvalidArgument (`old_size` above `new_size`), the source's. Cost:
/// O(log new_size) nodes.
[[nodiscard]] Result<std::vector<TreeHash>> consistency_proof(const NodeSource& source,
                                                              std::uint64_t old_size,
                                                              std::uint64_t new_size);

/// Checks that the tree (`old_size`, `old_root`) is a prefix of (`new_size`, `new_root`) (RFC 9162
/// section 2.1.4.2). The empty tree is a prefix of every tree, proved by no hashes. Errors:
/// kProofInvalid.
[[nodiscard]] Result<void> verify_consistency(std::uint64_t old_size, const TreeHash& old_root,
                                              std::uint64_t new_size, const TreeHash& new_root,
                                              std::span<const TreeHash> proof);

/// Computes a file's `tree`: the root over fixed blocks of 64 KiB of its bytes, streaming.
///
/// The leaf of a block is leaf_hash(block bytes); only the last block may be shorter, and it is
/// never empty. A file without bytes has the empty root. Memory: O(log n) hashes. Thread safety:
/// one thread at a time. One that was moved from can only be assigned to or destroyed.
class BlockTree {
public:
    static constexpr std::size_t kBlockBytes = 64 * 1024;

    BlockTree();
    ~BlockTree();
    BlockTree(BlockTree&&) noexcept;
    BlockTree& operator=(BlockTree&&) noexcept;

    /// Adds the next bytes, in pieces of any size; whole blocks are hashed several at once (see
    /// hash_all), and with them the tasks of `also`, whose bytes are usually the same ones cut in
    /// another way.
    void update(ByteView bytes, std::span<HashTask> also = {});

    /// Returns the root over everything added and `rest`, and starts anew. Hashes `also` as
    /// `update` does.
    [[nodiscard]] TreeHash finish(ByteView rest = {}, std::span<HashTask> also = {});

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::merkle
