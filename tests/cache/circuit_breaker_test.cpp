#include "circuit_breaker.hpp"

#include <gtest/gtest.h>

#include "support/core/fake_clock.hpp"
#include "support/core/randoms.hpp"

namespace catalog::cache {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Bed {
    std::shared_ptr<fakes::FakeClock> clock = std::make_shared<fakes::FakeClock>();
    CircuitBreaker breaker{BreakerOptions(), clock, std::make_shared<fakes::SeededRandom>(1)};

    void fail(int times) {
        for (int i = 0; i < times; ++i) {
            if (breaker.allows()) breaker.failed();
        }
    }
};

TEST(CircuitBreaker, OpensAfterFailuresInARowOnly) {
    Bed bed;
    bed.fail(2);
    ASSERT_TRUE(bed.breaker.allows());
    bed.breaker.succeeded();
    bed.fail(2);
    EXPECT_EQ(bed.breaker.state(), BreakerState::kClosed);
    bed.fail(1);
    EXPECT_EQ(bed.breaker.state(), BreakerState::kOpen);
    EXPECT_FALSE(bed.breaker.allows());
    EXPECT_EQ(bed.breaker.openings(), 1u);
}

TEST(CircuitBreaker, LetsOneCallThroughWhenTheWhileIsOver) {
    Bed bed;
    bed.fail(3);
    bed.clock->advance(milliseconds(100));
    ASSERT_TRUE(bed.breaker.allows());
    EXPECT_EQ(bed.breaker.state(), BreakerState::kHalfOpen);
    EXPECT_FALSE(bed.breaker.allows());
    bed.breaker.succeeded();
    EXPECT_EQ(bed.breaker.state(), BreakerState::kClosed);
    EXPECT_TRUE(bed.breaker.allows());
}

TEST(CircuitBreaker, TriesAgainWhenTheTrialWasAbandoned) {
    Bed bed;
    bed.fail(3);
    bed.clock->advance(milliseconds(100));
    ASSERT_TRUE(bed.breaker.allows());
    bed.breaker.abandoned();
    EXPECT_TRUE(bed.breaker.allows());
}

TEST(CircuitBreaker, StaysOpenLongerEachTimeUpToItsBound) {
    Bed bed;
    bed.fail(3);
    milliseconds longest(100);
    for (int i = 0; i < 12; ++i) {
        bed.clock->advance(longest);
        ASSERT_TRUE(bed.breaker.allows()) << i;
        bed.breaker.failed();
        longest = std::min<milliseconds>(longest * 2, seconds(10));
        // A quarter of the while is left to chance.
        bed.clock->advance(longest * 74 / 100);
        ASSERT_FALSE(bed.breaker.allows()) << i;
        bed.clock->advance(-longest * 74 / 100);
    }
    EXPECT_EQ(bed.breaker.openings(), 13u);
}

TEST(CircuitBreaker, IgnoresLateFailuresOfCallsFromBefore) {
    Bed bed;
    bed.fail(3);
    for (int i = 0; i < 10; ++i) bed.breaker.failed();
    EXPECT_EQ(bed.breaker.openings(), 1u);
    bed.clock->advance(milliseconds(100));
    EXPECT_TRUE(bed.breaker.allows());
}

}  // namespace
}  // namespace catalog::cache
