// The Boolean core's lists of watches against a vector for each literal.

#include "watch_lists.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

namespace catalog::resolve::engine {
namespace {

std::vector<std::uint32_t> clauses_of(const WatchLists& lists, std::uint32_t literal) {
    std::vector<std::uint32_t> clauses;
    for (const Watch& watch : lists[literal]) clauses.push_back(watch.clause());
    return clauses;
}

TEST(WatchLists, HoldWhatAVectorForEachWould) {
    std::mt19937_64 random(7);
    WatchLists lists;
    std::vector<std::vector<std::uint32_t>> wanted;
    for (std::uint32_t step = 0; step < 60'000; ++step) {
        if (wanted.size() < 40 || random() % 500 == 0) {
            wanted.emplace_back();
            lists.resize(wanted.size());
        }
        // Few of them get nearly all, so that some outgrow a block.
        const std::size_t of = random() % 8 == 0 ? wanted.size() : 3;
        const auto literal = static_cast<std::uint32_t>(random() % of);
        if (random() % 600 == 0) {
            wanted[literal].resize(random() % (wanted[literal].size() + 1));
            lists.shorten(literal, wanted[literal].size());
        } else {
            wanted[literal].push_back(step);
            lists.add(literal, {step, 0});
        }
        if (step == 20'000) {
            lists.clear();
            for (std::vector<std::uint32_t>& list : wanted) list.clear();
        }
        if (step % 1000 != 0) continue;
        for (std::uint32_t i = 0; i < wanted.size(); ++i)
            EXPECT_EQ(clauses_of(lists, i), wanted[i]);
    }
    for (std::uint32_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(clauses_of(lists, i), wanted[i]);
}

TEST(WatchLists, StayWhereTheyAreWhileOthersGrow) {
    WatchLists lists;
    lists.resize(2);
    lists.add(0, {1, 2});
    const Watch* const place = lists[0].data();
    for (std::uint32_t i = 0; i < 100'000; ++i) lists.add(1, {i, 0});
    EXPECT_EQ(lists[0].data(), place);
    EXPECT_EQ(place->clause(), 1u);
}

TEST(WatchLists, ShareBlocksOfMemoryThatAreGivenBackQuickly) {
    constexpr std::uint32_t kLiterals = 100'000;
    WatchLists lists;
    lists.resize(kLiterals);
    for (std::uint32_t round = 0; round < 3; ++round) {
        for (std::uint32_t i = 0; i < kLiterals; ++i) lists.add(i, {i, round});
    }
    EXPECT_LE(lists.block_count(), kLiterals / 1000);
}

}  // namespace
}  // namespace catalog::resolve::engine
