#pragma once
// Sorting numbers by the texts that they stand for.

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "segment_format.hpp"

namespace catalog::index {

/// A number, and the first 8 bytes of the text that it stands for.
struct FencedNumber {
    std::uint64_t fence;
    std::uint32_t number;
};

/// Sorts by fence; equal ones stay in order. Cost: linear.
void sort_by_fence(std::vector<FencedNumber>& fenced);

/// Sorts by the upper half, which is below `end`; equal ones stay in order. `scratch` keeps its
/// memory.
void sort_by_upper(std::vector<std::uint64_t>& entries, std::vector<std::uint64_t>& scratch,
                   std::uint64_t end);

/// Sorts by the bytes of the texts, of which the fences are the first ones and decide nearly
/// always; `is_less` compares the texts of two numbers.
template <class IsLess>
void sort_by_text(std::vector<FencedNumber>& fenced, const IsLess& is_less) {
    sort_by_fence(fenced);
    for (auto from = fenced.begin(); from != fenced.end();) {
        auto end = from + 1;
        while (end != fenced.end() && end->fence == from->fence) ++end;
        if (end - from > 1)
            std::sort(from, end, [&is_less](const FencedNumber& left, const FencedNumber& right) {
                return is_less(left.number, right.number);
            });
        from = end;
    }
}

/// Sorts numbers of texts by the bytes of what they stand for; `text` gives the text of a number.
template <class Text>
void sort_by_text(std::vector<std::uint32_t>& numbers, const Text& text) {
    std::vector<FencedNumber> fenced;
    fenced.reserve(numbers.size());
    for (const std::uint32_t number : numbers) fenced.push_back({fence_of(text(number)), number});
    sort_by_text(fenced, [&text](std::uint32_t left, std::uint32_t right) {
        return text(left) < text(right);
    });
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = fenced[i].number;
}

}  // namespace catalog::index
