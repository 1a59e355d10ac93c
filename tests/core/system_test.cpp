// The embedded defaults, where their contracts leave something to say.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <stop_token>
#include <thread>

#include "catalog/core/clock.hpp"
#include "catalog/core/log_sink.hpp"

namespace catalog {
namespace {

TEST(SystemClock, TellsTheTimeOfTheMachine) {
    const auto clock = make_system_clock();
    const auto before = std::chrono::system_clock::now() - std::chrono::seconds(1);
    const WallTime now = clock->now_wall();
    const auto after = std::chrono::system_clock::now() + std::chrono::seconds(1);
    EXPECT_GE(now, before);
    EXPECT_LE(now, after);
}

TEST(SystemClock, ASleepForEverEndsWhenItIsStopped) {
    const auto clock = make_system_clock();
    std::stop_source stop;
    std::latch begun(1);
    std::atomic<bool> ended = false;
    const std::jthread sleeper([&] {
        begun.count_down();
        EXPECT_FALSE(clock->sleep_for(std::chrono::nanoseconds::max(), stop.get_token()));
        ended = true;
    });
    begun.wait();
    // A sleep that ends by itself is most likely noticed here, and a correct one never is.
    for (int i = 0; i < 5000; ++i) std::this_thread::yield();
    EXPECT_FALSE(ended);
    stop.request_stop();
}

TEST(NullLogSink, WantsNothing) {
    const auto sink = make_null_log_sink();
    for (const LogLevel level : {LogLevel::kTrace, LogLevel::kDebug, LogLevel::kInfo,
                                 LogLevel::kWarning, LogLevel::kError})
        EXPECT_FALSE(sink->enabled(level));
    sink->write({LogLevel::kError, "core", "ignored", {}});
}

}  // namespace
}  // namespace catalog
