#include "longest_first.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace catalog::content {

void LongestFirst::hash(std::span<merkle::HashTask> tasks) {
    order_.resize(tasks.size());
    std::iota(order_.begin(), order_.end(), 0u);
    std::ranges::sort(order_, std::ranges::greater(), [&](std::uint32_t i) {
        return std::pair(tasks[i].bytes.size(), order_.size() - i);
    });
    sorted_.clear();
    for (const std::uint32_t i : order_) sorted_.push_back(tasks[i]);
    merkle::hash_all(sorted_);
    for (std::size_t i = 0; i < order_.size(); ++i) tasks[order_[i]].digest = sorted_[i].digest;
}

}  // namespace catalog::content
