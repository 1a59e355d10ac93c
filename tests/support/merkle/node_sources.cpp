#include "support/merkle/node_sources.hpp"

#include <string>
#include <vector>

namespace catalog::merkle::testing {

MemoryNodeSource::MemoryNodeSource(std::span<const TreeHash> leaves) {
    Frontier frontier;
    std::vector<TreeNode> completed;
    for (const TreeHash& leaf : leaves) frontier.append(leaf, completed);
    add(completed);
}

void MemoryNodeSource::add(std::span<const TreeNode> nodes) {
    for (const TreeNode& node : nodes) nodes_[{node.level, node.index}] = node.hash;
}

Result<TreeHash> MemoryNodeSource::node(std::uint32_t level, std::uint64_t index) const {
    ++reads_;
    const auto found = nodes_.find({level, index});
    if (found == nodes_.end()) {
        const std::string id = std::to_string(level) + "/" + std::to_string(index);
        return fail(Errc::kNotFound, "no node " + id, NotFoundDetail{"node", id});
    }
    return found->second;
}

FaultyNodeSource FaultyNodeSource::damaging(const NodeSource& base, std::size_t damaged_call) {
    return FaultyNodeSource(base, damaged_call);
}

Result<TreeHash> FaultyNodeSource::node(std::uint32_t level, std::uint64_t index) const {
    const bool faulty = calls_++ == faulty_call_;
    if (faulty && error_) return fail(*error_);
    Result<TreeHash> node = base_.node(level, index);
    if (faulty && node) node->digest[7] ^= std::byte{4};
    return node;
}

}  // namespace catalog::merkle::testing
