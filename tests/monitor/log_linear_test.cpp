#include "catalog/monitor/log_linear.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace catalog::monitor {
namespace {

using Buckets = LogLinearBuckets;

TEST(LogLinearBuckets, FollowEachOtherWithoutGapOrOverlap) {
    for (unsigned i = 0; i + 1 < Buckets::kCount; ++i)
        ASSERT_EQ(Buckets::lowest_of(i) + Buckets::width_of(i), Buckets::lowest_of(i + 1)) << i;
}

TEST(LogLinearBuckets, HoldTheirFirstAndTheirLastNumber) {
    for (unsigned i = 0; i < Buckets::kCount; ++i) {
        ASSERT_EQ(Buckets::index_of(Buckets::lowest_of(i)), i);
        ASSERT_EQ(Buckets::index_of(Buckets::lowest_of(i) + Buckets::width_of(i) - 1), i);
    }
}

TEST(LogLinearBuckets, AreNeverWiderThanAnEighthOfWhatIsInThem) {
    for (unsigned i = 0; i < Buckets::kCount; ++i)
        ASSERT_LE(Buckets::width_of(i), std::max<std::uint64_t>(1, Buckets::lowest_of(i) / 8)) << i;
}

TEST(LogLinearBuckets, PutWhatIsTooLargeIntoTheLast) {
    EXPECT_EQ(Buckets::index_of(std::uint64_t{1} << 40), Buckets::kCount - 1);
    EXPECT_EQ(Buckets::index_of(~std::uint64_t{0}), Buckets::kCount - 1);
}

}  // namespace
}  // namespace catalog::monitor
