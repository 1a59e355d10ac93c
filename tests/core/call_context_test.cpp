#include "catalog/core/call_context.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stop_token>
#include <type_traits>

#include "catalog/core/limits.hpp"
#include "support/core/fake_clock.hpp"
#include "support/core/recording_sinks.hpp"

namespace catalog {
namespace {

using namespace std::chrono_literals;
using fakes::FakeClock;
using fakes::RecordingProgress;

// g++ 12 destroys an aggregate temporary twice where it is an argument in a co_await expression.
static_assert(!std::is_aggregate_v<CallContext>);
static_assert(!std::is_aggregate_v<Limits>);

TEST(CallContext, ByDefaultNothingEndsACall) {
    const FakeClock clock;
    clock.advance(std::chrono::hours(24 * 365 * 100));
    const CallContext context;
    EXPECT_TRUE(context.check(clock));
    EXPECT_EQ(context.principal.id, "owner");
}

TEST(CallContext, EndsAtTheDeadlineAndNotBefore) {
    const FakeClock clock;
    CallContext context;
    context.deadline = clock.now_monotonic() + 10ms;
    EXPECT_TRUE(context.check(clock));
    clock.advance(10ms - 1ns);
    EXPECT_TRUE(context.check(clock));
    clock.advance(1ns);
    const auto over = context.check(clock);
    ASSERT_FALSE(over);
    EXPECT_EQ(over.error().code(), Errc::kDeadlineExceeded);
    EXPECT_EQ(errc_category(over.error().code()), ErrorCategory::kInterrupted);
}

TEST(CallContext, TheWallClockDoesNotMatter) {
    FakeClock clock;
    CallContext context;
    context.deadline = clock.now_monotonic() + 10ms;
    clock.set_wall(clock.now_wall() + std::chrono::hours(1000));
    EXPECT_TRUE(context.check(clock));
}

TEST(CallContext, EndsWhenItIsStopped) {
    const FakeClock clock;
    std::stop_source stop;
    CallContext context;
    context.stop = stop.get_token();
    EXPECT_TRUE(context.check(clock));
    stop.request_stop();
    const auto stopped = context.check(clock);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code(), Errc::kCancelled);
}

TEST(CallContext, BeingStoppedIsSaidBeforeTheDeadline) {
    const FakeClock clock;
    std::stop_source stop;
    stop.request_stop();
    CallContext context;
    context.stop = stop.get_token();
    context.deadline = clock.now_monotonic();
    EXPECT_EQ(context.check(clock).error().code(), Errc::kCancelled);
}

TEST(CallContext, ACopyIsStoppedWithTheOriginal) {
    const FakeClock clock;
    std::stop_source stop;
    CallContext context;
    context.stop = stop.get_token();
    const CallContext copy = context;
    stop.request_stop();
    EXPECT_FALSE(copy.check(clock));
}

TEST(CallContext, ReportsToTheSinkWhenThereIsOne) {
    RecordingProgress progress;
    CallContext context;
    const ProgressUpdate update{"publish", "store", "bytes", 1, 2};
    context.report(update);
    context.progress = &progress;
    context.report(update);
    ASSERT_EQ(progress.updates().size(), 1u);
    EXPECT_EQ(progress.updates()[0].phase, "store");
    EXPECT_EQ(progress.updates()[0].done, 1u);
}

}  // namespace
}  // namespace catalog
