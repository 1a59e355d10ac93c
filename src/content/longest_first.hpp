#pragma once
// LongestFirst: the digests of many pieces of different lengths.

#include <span>
#include <vector>

#include "catalog/merkle/hash_batch.hpp"

namespace catalog::content {

/// Hashes tasks in the order of their lengths, in which hash_all keeps all lanes busy to the end.
/// Keeps its memory between calls. One thread.
class LongestFirst {
public:
    /// Fills in the digests; the tasks stay in the order in which they are.
    void hash(std::span<merkle::HashTask> tasks);

private:
    std::vector<std::uint32_t> order_;
    std::vector<merkle::HashTask> sorted_;
};

}  // namespace catalog::content
