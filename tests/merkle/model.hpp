#pragma once
// The definitions of RFC 6962 section 2.1, word by word and recursive: what the loops of the module
// are compared with.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/merkle/hash.hpp"
#include "catalog/merkle/tree.hpp"

namespace catalog::merkle::model {

using Leaves = std::span<const std::string>;

inline ContentHash sha256(const std::string& bytes) { return hash_of(as_bytes(bytes)); }

inline std::size_t split(std::size_t n) {
    std::size_t k = 1;
    while (k * 2 < n) k *= 2;
    return k;
}

/// MTH(D[n]).
inline ContentHash root(Leaves d) {
    if (d.empty()) return sha256("");
    if (d.size() == 1) return sha256(std::string(1, '\0') + d[0]);
    const std::size_t k = split(d.size());
    return sha256("\x01" + std::string(as_text(root(d.first(k)).bytes())) +
                  std::string(as_text(root(d.subspan(k)).bytes())));
}

/// PATH(m, D[n]).
inline std::vector<ContentHash> path(std::size_t m, Leaves d) {
    if (d.size() == 1) return {};
    const std::size_t k = split(d.size());
    std::vector<ContentHash> proof = m < k ? path(m, d.first(k)) : path(m - k, d.subspan(k));
    proof.push_back(m < k ? root(d.subspan(k)) : root(d.first(k)));
    return proof;
}

/// SUBPROOF(m, D[n], b).
inline std::vector<ContentHash> subproof(std::size_t m, Leaves d, bool b) {
    if (m == d.size()) return b ? std::vector<ContentHash>{} : std::vector{root(d)};
    const std::size_t k = split(d.size());
    std::vector<ContentHash> proof =
        m <= k ? subproof(m, d.first(k), b) : subproof(m - k, d.subspan(k), false);
    proof.push_back(m <= k ? root(d.subspan(k)) : root(d.first(k)));
    return proof;
}

/// Different leaves of different lengths, the first of them empty.
inline std::vector<std::string> make_leaves(std::size_t count) {
    std::vector<std::string> leaves;
    for (std::size_t i = 0; i < count; ++i)
        leaves.push_back(std::string(i % 7, static_cast<char>('a' + i % 23)) +
                         (i == 0 ? "" : std::to_string(i)));
    return leaves;
}

inline std::vector<TreeHash> hashes_of(Leaves leaves) {
    std::vector<TreeHash> hashes;
    for (const std::string& leaf : leaves) hashes.push_back(leaf_hash(as_bytes(leaf)));
    return hashes;
}

/// A store of nodes in memory, filled by Frontier::append.
class MapSource final : public NodeSource {
public:
    void add(std::span<const TreeNode> nodes) {
        for (const TreeNode& node : nodes) nodes_[{node.level, node.index}] = node.hash;
    }

    Result<TreeHash> node(std::uint32_t level, std::uint64_t index) const override {
        ++reads;
        const auto found = nodes_.find({level, index});
        if (found == nodes_.end())
            return fail(Errc::kNotFound,
                        "no node " + std::to_string(level) + "/" + std::to_string(index));
        return found->second;
    }

    std::size_t size() const { return nodes_.size(); }

    mutable std::size_t reads = 0;

private:
    std::map<std::pair<std::uint32_t, std::uint64_t>, TreeHash> nodes_;
};

/// The stored tree over `hashes`.
inline MapSource stored(std::span<const TreeHash> hashes) {
    MapSource source;
    Frontier frontier;
    std::vector<TreeNode> completed;
    for (const TreeHash& hash : hashes) frontier.append(hash, completed);
    source.add(completed);
    return source;
}

}  // namespace catalog::merkle::model
