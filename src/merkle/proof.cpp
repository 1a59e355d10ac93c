// Proofs of RFC 6962 section 2.1 and their checks of RFC 9162 section 2.1. Both sides walk the tree
// in loops: the recursive definitions of the RFCs are what the tests compare with.

#include <algorithm>
#include <bit>
#include <string>

#include "catalog/internal/try.hpp"
#include "catalog/merkle/tree.hpp"

namespace catalog::merkle {

namespace {

/// Leaves in memory, seen as a stored tree.
class LeafSource final : public NodeSource {
public:
    explicit LeafSource(std::span<const TreeHash> leaves) : leaves_(leaves) {}

    Result<TreeHash> node(std::uint32_t level, std::uint64_t index) const override {
        return root_of(leaves_.subspan(index << level, std::size_t{1} << level));
    }

private:
    std::span<const TreeHash> leaves_;
};

/// Where the RFCs split a tree of `size` >= 2 leaves: the largest power of two below it.
std::uint64_t split_of(std::uint64_t size) { return std::bit_floor(size - 1); }

Result<TreeHash> perfect_node(const NodeSource& source, std::uint64_t first, std::uint64_t count) {
    const auto level = static_cast<std::uint32_t>(std::countr_zero(count));
    return source.node(level, first >> level);
}

/// The perfect subtrees, largest first, of the `count` leaves from `first`, which is a multiple of
/// the largest of them.
Result<std::vector<TreeHash>> perfect_nodes(const NodeSource& source, std::uint64_t first,
                                            std::uint64_t count) {
    std::vector<TreeHash> nodes;
    while (count != 0) {
        const std::uint64_t part = std::bit_floor(count);
        CATALOG_TRY(const TreeHash node, perfect_node(source, first, part));
        nodes.push_back(node);
        first += part;
        count -= part;
    }
    return nodes;
}

/// The root over the `count` >= 1 leaves from `first`, under the same condition.
Result<TreeHash> range_root(const NodeSource& source, std::uint64_t first, std::uint64_t count) {
    CATALOG_TRY(const std::vector<TreeHash> nodes, perfect_nodes(source, first, count));
    TreeHash root = nodes.back();
    for (std::size_t i = nodes.size() - 1; i-- > 0;) root = node_hash(nodes[i], root);
    return root;
}

bool all_sha256(std::span<const TreeHash> hashes) {
    return std::ranges::all_of(
        hashes, [](const TreeHash& hash) { return hash.algorithm == HashAlgorithm::kSha256; });
}

}  // namespace

Result<TreeHash> root_of(const NodeSource& source, std::uint64_t size) {
    if (size == 0) return empty_root();
    return range_root(source, 0, size);
}

Result<Frontier> load_frontier(const NodeSource& source, std::uint64_t size) {
    CATALOG_TRY(std::vector<TreeHash> nodes, perfect_nodes(source, 0, size));
    return Frontier::restore(size, std::move(nodes));
}

Result<std::vector<TreeHash>> inclusion_proof(std::span<const TreeHash> leaves,
                                              std::uint64_t index) {
    return inclusion_proof(LeafSource(leaves), index, leaves.size());
}

Result<std::vector<TreeHash>> inclusion_proof(const NodeSource& source, std::uint64_t index,
                                              std::uint64_t size) {
    if (index >= size)
        return fail(Errc::kInvalidArgument, "leaf " + std::to_string(index) +
                                                " is outside a tree of " + std::to_string(size) +
                                                " leaves");
    std::vector<TreeHash> proof;
    std::uint64_t first = 0;
    for (std::uint64_t count = size; count > 1;) {
        const std::uint64_t split = split_of(count);
        if (index - first < split) {
            CATALOG_TRY(const TreeHash right, range_root(source, first + split, count - split));
            proof.push_back(right);
            count = split;
        } else {
            CATALOG_TRY(const TreeHash left, perfect_node(source, first, split));
            proof.push_back(left);
            first += split;
            count -= split;
        }
    }
    std::ranges::reverse(proof);
    return proof;
}

Result<void> verify_inclusion(const TreeHash& leaf, std::uint64_t index, std::uint64_t size,
                              std::span<const TreeHash> proof, const TreeHash& root) {
    const auto refuse = [&](const std::string& why) {
        return fail(Errc::kProofInvalid, "leaf " + std::to_string(index) +
                                             " is not proved to be in the tree of " +
                                             std::to_string(size) + " leaves: " + why);
    };
    if (index >= size) return refuse("there is no such leaf");
    if (!all_sha256(proof) || !all_sha256({&leaf, 1}) || !all_sha256({&root, 1}))
        return refuse("a hash is not SHA-256");
    std::uint64_t node = index;
    std::uint64_t last = size - 1;
    TreeHash hash = leaf;
    for (const TreeHash& sibling : proof) {
        if (last == 0) return refuse("the proof is too long");
        if ((node & 1) != 0 || node == last) {
            hash = node_hash(sibling, hash);
            // A last node without a right sibling moves up until it has a left one.
            const int up = (node & 1) != 0 ? 0 : std::countr_zero(node);
            node >>= up;
            last >>= up;
        } else {
            hash = node_hash(hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if (last != 0) return refuse("the proof is too short");
    if (hash != root) return refuse("the proof leads to another root");
    return {};
}

Result<std::vector<TreeHash>> consistency_proof(std::span<const TreeHash> leaves,
                                                std::uint64_t old_size) {
    return consistency_proof(LeafSource(leaves), old_size, leaves.size());
}

Result<std::vector<TreeHash>> consistency_proof(const NodeSource& source, std::uint64_t old_size,
                                                std::uint64_t new_size) {
    if (old_size > new_size)
        return fail(Errc::kInvalidArgument, "a tree of " + std::to_string(new_size) +
                                                " leaves has no prefix of " +
                                                std::to_string(old_size));
    std::vector<TreeHash> proof;
    if (old_size == 0 || old_size == new_size) return proof;
    std::uint64_t first = 0;
    std::uint64_t old_count = old_size;
    std::uint64_t count = new_size;
    while (old_count != count) {
        const std::uint64_t split = split_of(count);
        if (old_count <= split) {
            CATALOG_TRY(const TreeHash right, range_root(source, first + split, count - split));
            proof.push_back(right);
            count = split;
        } else {
            CATALOG_TRY(const TreeHash left, perfect_node(source, first, split));
            proof.push_back(left);
            first += split;
            old_count -= split;
            count -= split;
        }
    }
    // A subtree that starts at the first leaf is the old tree itself, whose root the checker has.
    if (first != 0) {
        CATALOG_TRY(const TreeHash shared, range_root(source, first, count));
        proof.push_back(shared);
    }
    std::ranges::reverse(proof);
    return proof;
}

Result<void> verify_consistency(std::uint64_t old_size, const TreeHash& old_root,
                                std::uint64_t new_size, const TreeHash& new_root,
                                std::span<const TreeHash> proof) {
    const auto refuse = [&](const std::string& why) {
        return fail(Errc::kProofInvalid, "the tree of " + std::to_string(old_size) +
                                             " leaves is not proved to be a prefix of the one of " +
                                             std::to_string(new_size) + ": " + why);
    };
    if (old_size > new_size) return refuse("it is larger");
    if (!all_sha256(proof) || !all_sha256({&old_root, 1}) || !all_sha256({&new_root, 1}))
        return refuse("a hash is not SHA-256");
    if (old_size == 0 || old_size == new_size) {
        if (!proof.empty()) return refuse("the proof is too long");
        if (old_size == 0 && old_root != empty_root())
            return refuse("the root of no leaves is another");
        if (old_size == new_size && old_root != new_root)
            return refuse("the roots of equal sizes differ");
        return {};
    }
    // The old root is left out of the proof where it is itself a node of the new tree.
    const bool old_is_node = std::has_single_bit(old_size);
    if (!old_is_node && proof.empty()) return refuse("the proof is too short");
    const int shared = std::countr_one(old_size - 1);
    std::uint64_t node = (old_size - 1) >> shared;
    std::uint64_t last = (new_size - 1) >> shared;
    TreeHash old_hash = old_is_node ? old_root : proof.front();
    TreeHash new_hash = old_hash;
    for (const TreeHash& sibling : proof.subspan(old_is_node ? 0 : 1)) {
        if (last == 0) return refuse("the proof is too long");
        if ((node & 1) != 0 || node == last) {
            old_hash = node_hash(sibling, old_hash);
            new_hash = node_hash(sibling, new_hash);
            const int up = (node & 1) != 0 ? 0 : std::countr_zero(node);
            node >>= up;
            last >>= up;
        } else {
            new_hash = node_hash(new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if (last != 0) return refuse("the proof is too short");
    if (old_hash != old_root) return refuse("the proof leads to another old root");
    if (new_hash != new_root) return refuse("the proof leads to another new root");
    return {};
}

}  // namespace catalog::merkle
