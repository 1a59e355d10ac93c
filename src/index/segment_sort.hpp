#pragma once
// Sorting numbers by the texts that they stand for.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "segment_format.hpp"

namespace catalog::index {

/// Sorts numbers of texts by the bytes of what they stand for; `text` gives the text of a number.
/// The first 8 bytes decide nearly always, and stand beside the number.
template <class Text>
void sort_by_text(std::vector<std::uint32_t>& numbers, const Text& text) {
    struct Fenced {
        std::uint64_t fence;
        std::uint32_t number;
    };
    std::vector<Fenced> fenced;
    fenced.reserve(numbers.size());
    for (const std::uint32_t number : numbers) fenced.push_back({fence_of(text(number)), number});
    std::sort(fenced.begin(), fenced.end(), [&text](const Fenced& left, const Fenced& right) {
        if (left.fence != right.fence) return left.fence < right.fence;
        return text(left.number) < text(right.number);
    });
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = fenced[i].number;
}

}  // namespace catalog::index
