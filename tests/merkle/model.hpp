#pragma once
// The definitions of RFC 6962 section 2.1, word by word and recursive: what the loops of the module
// are compared with.

#include <cstdint>
#include <span>
#include <string>
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

}  // namespace catalog::merkle::model
