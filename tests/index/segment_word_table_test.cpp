#include "segment_word_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <utility>

namespace catalog::index {
namespace {

// What is read behind a word must not count.
std::string padded(const std::string& word, std::mt19937_64& random) {
    std::string text = word;
    for (std::size_t i = 0; i < SegmentWordTable::kReadAhead; ++i)
        text += static_cast<char>(random() % 256);
    return text;
}

TEST(SegmentWordTable, NumbersWordsOfAllLengthsAsAMapDoes) {
    std::mt19937_64 random(20);
    SegmentWordTable table{QuickHash({})};
    for (int round = 0; round < 2; ++round) {
        std::map<std::string, std::uint32_t> expected;
        for (int i = 0; i < 40000; ++i) {
            const std::size_t bytes = 1 + random() % kTermWordBytesMax;
            std::string word(bytes, 'a');
            word.back() = static_cast<char>('a' + random() % 20);
            word[random() % bytes] = static_cast<char>(random() % 256);
            const std::string text = padded(word, random);
            const auto [place, is_new] =
                expected.try_emplace(word, static_cast<std::uint32_t>(expected.size()));
            bool is_new_to = false;
            ASSERT_EQ(table.number(table.word(text.data(), bytes),
                                   static_cast<std::uint32_t>(i + 1), is_new_to),
                      place->second);
            EXPECT_TRUE(is_new_to);
        }
        ASSERT_EQ(table.size(), expected.size());
        SegmentWordTable::TextBuffer buffer;
        for (const auto& [word, number] : expected) ASSERT_EQ(table.text(number, buffer), word);
        for (auto right = std::next(expected.begin()); right != expected.end(); ++right) {
            const std::uint32_t left = std::prev(right)->second;
            ASSERT_TRUE(table.is_less(left, right->second));
            ASSERT_FALSE(table.is_less(right->second, left));
            ASSERT_LE(table.fence(left), table.fence(right->second));
        }
        table.clear();
        EXPECT_EQ(table.size(), 0);
    }
}

TEST(SegmentWordTable, SaysOnceInATextThatAWordIsNewToIt) {
    SegmentWordTable table{QuickHash({})};
    const std::string text = "word and what is read behind it";
    bool is_new = false;
    for (const auto& [serial, expected] :
         {std::pair(1U, true), std::pair(1U, false), std::pair(2U, true), std::pair(2U, false)}) {
        EXPECT_EQ(table.number(table.word(text.data(), 4), serial, is_new), 0);
        EXPECT_EQ(is_new, expected);
    }
}

}  // namespace
}  // namespace catalog::index
