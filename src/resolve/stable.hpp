#pragma once
// Stable sorting and partitioning. The standard library's own versions are marked deprecated on the
// inside for clang with libstdc++ 12 (std::get_temporary_buffer), which is an error in our builds.

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace catalog::resolve::engine {

/// Sorts; equal items keep their order.
template <class T, class Less>
void sort_stably(std::vector<T>& items, const Less& less) {
    std::vector<std::size_t> order(items.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        if (less(items[a], items[b])) return true;
        return !less(items[b], items[a]) && a < b;
    });
    std::vector<T> sorted;
    sorted.reserve(items.size());
    for (const std::size_t i : order) sorted.push_back(std::move(items[i]));
    items = std::move(sorted);
}

/// Puts items for which `first` holds before the others; both keep their order. Returns how many
/// there are.
template <class T, class First>
std::size_t partition_stably(std::vector<T>& items, const First& first) {
    std::vector<T> sorted;
    std::vector<T> others;
    sorted.reserve(items.size());
    for (T& item : items) {
        auto& list = first(item) ? sorted : others;
        list.push_back(std::move(item));
    }
    const std::size_t count = sorted.size();
    for (T& item : others) sorted.push_back(std::move(item));
    items = std::move(sorted);
    return count;
}

}  // namespace catalog::resolve::engine
