#include "rate_limit.hpp"

#include <gtest/gtest.h>

namespace catalog::extension {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(RateLimit, AdmitsABurstOfOneSecondAndThenTheRate) {
    RateLimit limit(10);
    const std::int64_t now = 5 * kSecond;
    for (int i = 0; i < 10; ++i) EXPECT_EQ(limit.take(now), 0u) << i;
    EXPECT_EQ(limit.take(now), static_cast<std::uint64_t>(kSecond / 10));
    EXPECT_NE(limit.take(now + kSecond / 10 - 1), 0u);
    EXPECT_EQ(limit.take(now + kSecond / 10), 0u);
    EXPECT_NE(limit.take(now + kSecond / 10), 0u);
}

TEST(RateLimit, NeverAdmitsMoreThanRateAndBurstOverAnyTime) {
    RateLimit limit(1000);
    std::uint64_t admitted = 0;
    for (std::int64_t now = kSecond; now < 4 * kSecond; now += 100'000)
        if (limit.take(now) == 0) ++admitted;
    EXPECT_LE(admitted, 4000u);
    EXPECT_GE(admitted, 3990u);
}

TEST(RateLimit, SavesUpNoMoreThanOneSecond) {
    RateLimit limit(10);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(limit.take(100 * kSecond), 0u);
    EXPECT_NE(limit.take(100 * kSecond), 0u);
}

TEST(RateLimit, TheAdviceIsRight) {
    RateLimit limit(3);
    const std::int64_t now = kSecond;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.take(now), 0u);
    const auto wait = static_cast<std::int64_t>(limit.take(now));
    EXPECT_NE(limit.take(now + wait - 1), 0u);
    EXPECT_EQ(limit.take(now + wait), 0u);
}

TEST(RateLimit, ZeroIsNoLimit) {
    RateLimit limit(0);
    for (int i = 0; i < 5000; ++i) ASSERT_EQ(limit.take(1), 0u);
}

}  // namespace
}  // namespace catalog::extension
