#include "ghost_queue.hpp"

#include <gtest/gtest.h>

namespace catalog::cache {
namespace {

TEST(GhostQueue, GivesATagOnce) {
    GhostQueue ghosts(64);
    ghosts.insert(7);
    EXPECT_TRUE(ghosts.take(7, 64));
    EXPECT_FALSE(ghosts.take(7, 64));
    EXPECT_FALSE(ghosts.take(8, 64));
}

TEST(GhostQueue, ForgetsATagWhenTheWindowHasPassed) {
    GhostQueue ghosts(64);
    ghosts.insert(7);
    for (std::uint32_t tag = 100; tag < 110; ++tag) ghosts.insert(tag);
    EXPECT_FALSE(ghosts.take(7, 10));
    ghosts.insert(9);
    EXPECT_TRUE(ghosts.take(9, 10));
}

TEST(GhostQueue, HoldsAsManyAsItWasMadeForAndNoStrangers) {
    GhostQueue ghosts(1'000);
    for (std::uint32_t tag = 1; tag <= 700; ++tag) ghosts.insert(tag * 2'654'435'761u);
    unsigned found = 0;
    for (std::uint32_t tag = 1; tag <= 700; ++tag)
        found += ghosts.take(tag * 2'654'435'761u, 1'000) ? 1 : 0;
    EXPECT_GE(found, 650u);  // Sets of eight overflow here and there.
    for (std::uint32_t tag = 1; tag <= 700; ++tag) EXPECT_FALSE(ghosts.take(tag, 1'000));
}

TEST(GhostQueue, TakesTheTagZeroAndForgetsAllWhenCleared) {
    GhostQueue ghosts(8);
    ghosts.insert(0);
    EXPECT_TRUE(ghosts.take(0, 8));
    ghosts.insert(5);
    ghosts.clear();
    EXPECT_FALSE(ghosts.take(5, 8));
}

}  // namespace
}  // namespace catalog::cache
