#pragma once
// What every Clock must do. An implementation runs it with a default-constructible type:
//
//   struct Mine { const Clock& clock(); };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, ClockContract, Mine);

#include <gtest/gtest.h>

#include <chrono>
#include <stop_token>

#include "catalog/core/clock.hpp"

namespace catalog::fakes {

template <class World>
class ClockContract : public ::testing::Test {
protected:
    World world_;
};

TYPED_TEST_SUITE_P(ClockContract);

TYPED_TEST_P(ClockContract, MonotonicTimeNeverGoesBack) {
    MonotonicTime before = this->world_.clock().now_monotonic();
    for (int i = 0; i < 1000; ++i) {
        const MonotonicTime now = this->world_.clock().now_monotonic();
        ASSERT_GE(now, before);
        before = now;
    }
}

TYPED_TEST_P(ClockContract, SleepingTakesAtLeastThatLong) {
    const MonotonicTime before = this->world_.clock().now_monotonic();
    EXPECT_TRUE(this->world_.clock().sleep_for(std::chrono::microseconds(200), {}));
    EXPECT_GE(this->world_.clock().now_monotonic() - before, std::chrono::microseconds(200));
}

TYPED_TEST_P(ClockContract, SleepingForNothingOrLessReturns) {
    EXPECT_TRUE(this->world_.clock().sleep_for(std::chrono::nanoseconds(0), {}));
    EXPECT_TRUE(this->world_.clock().sleep_for(std::chrono::nanoseconds(-5), {}));
}

TYPED_TEST_P(ClockContract, AStoppedSleepSaysSo) {
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(this->world_.clock().sleep_for(std::chrono::hours(1), stop.get_token()));
    EXPECT_FALSE(this->world_.clock().sleep_for(std::chrono::nanoseconds::max(), stop.get_token()));
}

REGISTER_TYPED_TEST_SUITE_P(ClockContract, MonotonicTimeNeverGoesBack, SleepingTakesAtLeastThatLong,
                            SleepingForNothingOrLessReturns, AStoppedSleepSaysSo);

}  // namespace catalog::fakes
