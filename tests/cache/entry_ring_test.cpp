#include "entry_ring.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>
#include <vector>

namespace catalog::cache {
namespace {

TEST(EntryRing, TakesAPieceAsLargeAsItselfAndNoLargerOne) {
    EntryRing ring(5, 10);
    EXPECT_TRUE(ring.fits(10));
    EXPECT_FALSE(ring.fits(11));
    EXPECT_EQ(ring.allocate(10), 5u);
    EXPECT_FALSE(ring.fits(1));
    EXPECT_EQ(ring.oldest(), 5u);
    ring.release(10);
    EXPECT_TRUE(ring.empty());
}

TEST(EntryRing, LeavesAGapWhereAPieceDoesNotFitBeforeTheEnd) {
    EntryRing ring(0, 10);
    (void)ring.allocate(4);
    (void)ring.allocate(4);
    ring.release(4);
    ASSERT_TRUE(ring.fits(3));
    EXPECT_EQ(ring.gap_before(3), 8u);
    EXPECT_EQ(ring.allocate(3), 0u);
    EXPECT_EQ(ring.oldest(), 4u);
    ring.release(4);
    EXPECT_EQ(ring.oldest(), 8u);
    ring.release_gap();
    EXPECT_EQ(ring.oldest(), 0u);
    ring.release(3);
    EXPECT_TRUE(ring.empty());
}

// Pieces never overlap, leave the ring in the order in which they came, and a piece at the tail
// that is given back always fits at the head.
TEST(EntryRing, AgreesWithAQueueUnderRandomOperations) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        const auto words = static_cast<std::uint32_t>(20 + random() % 100);
        EntryRing ring(7, words);
        std::vector<bool> gap(7 + words + 1);
        struct Piece {
            std::uint32_t at, words;
        };
        std::deque<Piece> pieces;
        const auto take = [&](std::uint32_t wanted) {
            if (const std::uint32_t at = ring.gap_before(wanted); at != ring.end()) gap[at] = true;
            const std::uint32_t at = ring.allocate(wanted);
            ASSERT_GE(at, 7u);
            ASSERT_LE(at + wanted, 7 + words);
            for (const Piece& piece : pieces)
                ASSERT_TRUE(at + wanted <= piece.at || piece.at + piece.words <= at);
            for (std::uint32_t i = 0; i < wanted; ++i) gap[at + i] = false;
            pieces.push_back({at, wanted});
        };
        for (int step = 0; step < 500; ++step) {
            const auto wanted = static_cast<std::uint32_t>(1 + random() % 12);
            while (!ring.fits(wanted)) {
                const std::uint32_t at = ring.oldest();
                if (gap[at]) {
                    gap[at] = false;
                    ring.release_gap();
                    continue;
                }
                ASSERT_EQ(at, pieces.front().at);
                const Piece oldest = pieces.front();
                pieces.pop_front();
                ring.release(oldest.words);
                if (random() % 2 == 0) {
                    ASSERT_TRUE(ring.fits(oldest.words));
                    ASSERT_NO_FATAL_FAILURE(take(oldest.words));
                }
            }
            ASSERT_NO_FATAL_FAILURE(take(wanted));
        }
    }
}

}  // namespace
}  // namespace catalog::cache
