#include "catalog/merkle/range_proof.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "catalog/internal/try.hpp"

namespace catalog::merkle {
namespace {

// Part of a tree: the subtree over `count` leaves from `first`, as RFC 6962 splits it.
struct Subtree {
    std::uint64_t first = 0;
    std::uint64_t count = 0;

    [[nodiscard]] std::uint64_t end() const noexcept { return first + count; }
};

// Walks a tree from left to right without recursion, splitting only where a subtree is neither
// outside nor inside the range; `outside` and `inside` are given the others. When both halves of a
// split were given, `joined` is called. A tree has at most 64 levels, two subtrees wait on each.
template <class Outside, class Inside, class Joined>
void walk(LeafRange range, std::uint64_t size, const Outside& outside, const Inside& inside,
          const Joined& joined) {
    struct Step {
        Subtree subtree;
        bool join = false;
    };
    std::array<Step, 3 * 64 + 1> steps;
    std::size_t waiting = 0;
    const std::uint64_t range_end = range.first + range.count;
    steps[waiting++] = {{0, size}, false};
    while (waiting != 0) {
        const Step step = steps[--waiting];
        const Subtree& tree = step.subtree;
        if (step.join) {
            joined();
        } else if (tree.end() <= range.first || tree.first >= range_end) {
            outside(tree);
        } else if (tree.first >= range.first && tree.end() <= range_end) {
            inside(tree);
        } else {
            const std::uint64_t split = std::bit_floor(tree.count - 1);
            steps[waiting++] = {{}, true};
            steps[waiting++] = {{tree.first + split, tree.count - split}, false};
            steps[waiting++] = {{tree.first, split}, false};
        }
    }
}

bool lies_in(LeafRange range, std::uint64_t size) {
    return range.count != 0 && range.first < size && range.count <= size - range.first;
}

// The root over a subtree: perfect ones from the largest on, folded from the right.
Result<TreeHash> subtree_root(const NodeSource& source, Subtree tree) {
    std::vector<TreeHash> nodes;
    while (tree.count != 0) {
        const std::uint64_t part = std::bit_floor(tree.count);
        const auto level = static_cast<std::uint32_t>(std::countr_zero(part));
        CATALOG_TRY(const TreeHash node, source.node(level, tree.first >> level));
        nodes.push_back(node);
        tree.first += part;
        tree.count -= part;
    }
    TreeHash root = nodes.back();
    for (std::size_t i = nodes.size() - 1; i-- > 0;) root = node_hash(nodes[i], root);
    return root;
}

}  // namespace

std::size_t range_proof_hashes(LeafRange range, std::uint64_t size) noexcept {
    std::size_t count = 0;
    walk(range, size, [&](const Subtree&) { ++count; }, [](const Subtree&) {}, [] {});
    return count;
}

Result<std::vector<TreeHash>> range_proof(const NodeSource& source, LeafRange range,
                                          std::uint64_t size) {
    if (!lies_in(range, size))
        return fail(Errc::kInvalidArgument,
                    std::to_string(range.count) + " leaves from " + std::to_string(range.first) +
                        " are not in a tree of " + std::to_string(size) + " leaves");
    std::vector<TreeHash> proof;
    Result<void> taken;
    walk(
        range, size,
        [&](const Subtree& tree) {
            if (!taken) return;
            if (const auto root = subtree_root(source, tree))
                proof.push_back(*root);
            else
                taken = fail(root.error());
        },
        [](const Subtree&) {}, [] {});
    CATALOG_TRY_VOID(taken);
    return proof;
}

Result<void> verify_range(std::span<const TreeHash> leaves, std::uint64_t first, std::uint64_t size,
                          std::span<const TreeHash> proof, const TreeHash& root) {
    const LeafRange range{first, leaves.size()};
    const auto refuse = [&](const std::string& why) {
        return fail(Errc::kProofInvalid, std::to_string(range.count) + " leaves from " +
                                             std::to_string(first) +
                                             " are not proved to be in the tree of " +
                                             std::to_string(size) + " leaves: " + why);
    };
    if (!lies_in(range, size)) return refuse("there are no such leaves");
    const auto is_other = [](const TreeHash& hash) {
        return hash.algorithm != HashAlgorithm::kSha256;
    };
    if (std::ranges::any_of(proof, is_other) || std::ranges::any_of(leaves, is_other) ||
        is_other(root))
        return refuse("a hash is not SHA-256");
    if (proof.size() != range_proof_hashes(range, size))
        return refuse("the proof has " + std::to_string(proof.size()) + " hashes, not " +
                      std::to_string(range_proof_hashes(range, size)));
    std::vector<TreeHash> values;
    std::size_t used = 0;
    walk(
        range, size, [&](const Subtree&) { values.push_back(proof[used++]); },
        [&](const Subtree& tree) {
            values.push_back(root_of(leaves.subspan(tree.first - first, tree.count)));
        },
        [&] {
            const TreeHash right = values.back();
            values.pop_back();
            values.back() = node_hash(values.back(), right);
        });
    if (values.back() != root) return refuse("the proof leads to another root");
    return {};
}

NodeLayers::NodeLayers(std::vector<TreeHash> leaves) {
    layers_.push_back(std::move(leaves));
    while (layers_.back().size() > 1) {
        const std::vector<TreeHash>& below = layers_.back();
        std::vector<TreeHash> layer;
        layer.reserve(below.size() / 2);
        for (std::size_t i = 0; i + 1 < below.size(); i += 2)
            layer.push_back(node_hash(below[i], below[i + 1]));
        layers_.push_back(std::move(layer));
    }
}

std::size_t NodeLayers::bytes() const noexcept {
    std::size_t count = 0;
    for (const auto& layer : layers_) count += layer.size();
    return count * sizeof(TreeHash);
}

Result<TreeHash> NodeLayers::node(std::uint32_t level, std::uint64_t index) const {
    if (level >= layers_.size() || index >= layers_[level].size())
        return fail(Errc::kInvalidArgument, "a tree of " + std::to_string(size()) +
                                                " leaves has no node " + std::to_string(level) +
                                                "/" + std::to_string(index));
    return layers_[level][index];
}

}  // namespace catalog::merkle
