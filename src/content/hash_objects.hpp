#pragma once
// Hashing of many chunks, and of many objects, side by side.

#include <cstddef>
#include <span>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/merkle/hash_batch.hpp"

namespace catalog::content {

/// Hashes some of `tasks`, the longest first: then lanes run dry together. Sorts `which`.
void hash_some(std::span<merkle::HashTask> tasks, std::vector<std::size_t>& which);

/// Returns the ids of objects, each the root over its blocks.
[[nodiscard]] std::vector<ContentHash> roots_of(std::span<const ByteView> objects);

}  // namespace catalog::content
