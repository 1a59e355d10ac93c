#include "catalog/merkle/tree.hpp"

#include <bit>

#include "sha256.hpp"

namespace catalog::merkle {

TreeHash leaf_hash(ByteView leaf) {
    Sha256 state;
    state.update(kLeafPrefix);
    state.update(leaf);
    return state.finish();
}

TreeHash node_hash(const TreeHash& left, const TreeHash& right) {
    Sha256 state;
    state.update(kNodePrefix);
    state.update(left.bytes());
    state.update(right.bytes());
    return state.finish();
}

TreeHash empty_root() { return Sha256().finish(); }

Result<Frontier> Frontier::restore(std::uint64_t size, std::vector<TreeHash> hashes) {
    const auto expected = static_cast<std::size_t>(std::popcount(size));
    if (hashes.size() != expected)
        return fail(Errc::kProofInvalid, "a tree of " + std::to_string(size) + " leaves has " +
                                             std::to_string(expected) + " frontier hashes, not " +
                                             std::to_string(hashes.size()));
    for (const TreeHash& hash : hashes)
        if (hash.algorithm != HashAlgorithm::kSha256)
            return fail(Errc::kProofInvalid, "a frontier hash is not SHA-256");
    Frontier frontier;
    frontier.size_ = size;
    frontier.hashes_ = std::move(hashes);
    return frontier;
}

void Frontier::append(const TreeHash& leaf) {
    hashes_.push_back(leaf);
    // Every bit that the increment carries over is a pair of equal subtrees that become one.
    for (int merges = std::countr_one(size_); merges > 0; --merges) {
        const TreeHash right = hashes_.back();
        hashes_.pop_back();
        hashes_.back() = node_hash(hashes_.back(), right);
    }
    ++size_;
}

void Frontier::append(const TreeHash& leaf, std::vector<TreeNode>& completed) {
    completed.push_back({0, size_, leaf});
    TreeHash right = leaf;
    const auto merges = static_cast<std::uint32_t>(std::countr_one(size_));
    for (std::uint32_t level = 1; level <= merges; ++level) {
        right = node_hash(hashes_.back(), right);
        hashes_.pop_back();
        completed.push_back({level, size_ >> level, right});
    }
    hashes_.push_back(right);
    ++size_;
}

TreeHash Frontier::root() const {
    if (hashes_.empty()) return empty_root();
    TreeHash root = hashes_.back();
    for (std::size_t i = hashes_.size() - 1; i-- > 0;) root = node_hash(hashes_[i], root);
    return root;
}

TreeHash root_of(std::span<const TreeHash> leaves) {
    Frontier frontier;
    for (const TreeHash& leaf : leaves) frontier.append(leaf);
    return frontier.root();
}
}  // namespace catalog::merkle
