#include "hash_objects.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "catalog/merkle/tree.hpp"

namespace catalog::content {

void hash_some(std::span<merkle::HashTask> tasks, std::vector<std::size_t>& which) {
    std::ranges::sort(which, std::ranges::greater(),
                      [&](std::size_t i) { return tasks[i].bytes.size(); });
    std::vector<merkle::HashTask> sorted;
    sorted.reserve(which.size());
    for (const std::size_t i : which) sorted.push_back(tasks[i]);
    merkle::hash_all(sorted);
    for (std::size_t i = 0; i < which.size(); ++i) tasks[which[i]].digest = sorted[i].digest;
}

std::vector<ContentHash> roots_of(std::span<const ByteView> objects) {
    constexpr std::size_t kBlockBytes = merkle::BlockTree::kBlockBytes;
    std::vector<merkle::HashTask> blocks;
    for (ByteView rest : objects)
        for (; !rest.empty(); rest = rest.subspan(std::min(rest.size(), kBlockBytes)))
            blocks.push_back(
                {rest.first(std::min(rest.size(), kBlockBytes)), merkle::HashTask::As::kLeaf, {}});
    std::vector<std::size_t> all(blocks.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    hash_some(blocks, all);
    std::vector<ContentHash> roots;
    auto block = blocks.begin();
    for (const ByteView object : objects) {
        merkle::Frontier tree;
        for (std::size_t count = (object.size() + kBlockBytes - 1) / kBlockBytes; count > 0;
             --count)
            tree.append((block++)->digest);
        roots.push_back(tree.root());
    }
    return roots;
}

}  // namespace catalog::content
