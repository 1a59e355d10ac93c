#include "segment_sort.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace catalog::index {
namespace {

// Texts that often begin alike, some with zero bytes.
std::vector<std::string> random_texts(std::mt19937_64& random, std::size_t count) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i) {
        std::string text = random() % 3 == 0 ? "wordword" : "";
        for (std::size_t left = random() % 12; left > 0; --left)
            text += static_cast<char>(random() % 4 == 0 ? random() % 256 : 'a' + random() % 3);
        texts.push_back(text);
    }
    return texts;
}

class SegmentSort : public ::testing::TestWithParam<std::size_t> {};

TEST_P(SegmentSort, OrdersNumbersByTheBytesOfTheirTexts) {
    std::mt19937_64 random(GetParam());
    const std::vector<std::string> texts = random_texts(random, GetParam());
    std::vector<std::uint32_t> numbers(texts.size());
    std::iota(numbers.begin(), numbers.end(), 0U);
    std::shuffle(numbers.begin(), numbers.end(), random);
    sort_by_text(numbers,
                 [&texts](std::uint32_t number) { return std::string_view(texts[number]); });
    std::vector<std::string> expected = texts;
    std::sort(expected.begin(), expected.end());
    std::vector<std::string> sorted;
    for (const std::uint32_t number : numbers) sorted.push_back(texts[number]);
    EXPECT_EQ(sorted, expected);
}

TEST_P(SegmentSort, KeepsTheOrderOfEqualFences) {
    std::mt19937_64 random(GetParam() + 1);
    std::vector<FencedNumber> fenced;
    for (std::uint32_t i = 0; i < GetParam(); ++i)
        fenced.push_back({random() % 2 == 0 ? random() % 50 << 60 | random() % 9 : random(), i});
    std::vector<FencedNumber> expected = fenced;
    std::stable_sort(expected.begin(), expected.end(),
                     [](const FencedNumber& left, const FencedNumber& right) {
                         return left.fence < right.fence;
                     });
    sort_by_fence(fenced);
    ASSERT_EQ(fenced.size(), expected.size());
    for (std::size_t i = 0; i < fenced.size(); ++i) ASSERT_EQ(fenced[i].number, expected[i].number);
}

INSTANTIATE_TEST_SUITE_P(Counts, SegmentSort, ::testing::Values(0, 1, 2, 100, 2047, 2048, 20000));

}  // namespace
}  // namespace catalog::index
