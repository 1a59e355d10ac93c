// What the fakes promise beyond the contracts of their interfaces.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "support/core/executors.hpp"
#include "support/core/fake_clock.hpp"
#include "support/core/faulty_clock.hpp"
#include "support/core/key_stores.hpp"
#include "support/core/randoms.hpp"
#include "support/core/recording_sinks.hpp"

namespace catalog::fakes {
namespace {

using namespace std::chrono_literals;

// ---- FakeClock

TEST(FakeClock, StandsStillUntilItIsMoved) {
    const FakeClock clock;
    const MonotonicTime monotonic = clock.now_monotonic();
    const WallTime wall = clock.now_wall();
    EXPECT_EQ(clock.now_monotonic(), monotonic);
    clock.advance(1500us);
    EXPECT_EQ(clock.now_monotonic() - monotonic, 1500us);
    EXPECT_EQ(clock.now_wall() - wall, 1500us);
    clock.advance(-1s);
    EXPECT_EQ(clock.now_monotonic() - monotonic, 1500us);
}

TEST(FakeClock, SleepingAdvancesItAndIsCounted) {
    const FakeClock clock;
    const MonotonicTime before = clock.now_monotonic();
    EXPECT_TRUE(clock.sleep_for(3s, {}));
    EXPECT_TRUE(clock.sleep_for(2s, {}));
    EXPECT_EQ(clock.now_monotonic() - before, 5s);
    EXPECT_EQ(clock.sleeps(), 2u);
    EXPECT_EQ(clock.slept(), 5s);
}

TEST(FakeClock, AStoppedSleepDoesNotAdvanceIt) {
    const FakeClock clock;
    const MonotonicTime before = clock.now_monotonic();
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(clock.sleep_for(3s, stop.get_token()));
    EXPECT_EQ(clock.now_monotonic(), before);
    EXPECT_EQ(clock.sleeps(), 0u);
}

TEST(FakeClock, TheWallClockCanBeSetBack) {
    FakeClock clock;
    const MonotonicTime monotonic = clock.now_monotonic();
    const WallTime past = clock.now_wall() - std::chrono::hours(24);
    clock.set_wall(past);
    EXPECT_EQ(clock.now_wall(), past);
    EXPECT_EQ(clock.now_monotonic(), monotonic);
}

TEST(FaultyClock, JumpsStandsStillAndSleepsTooLong) {
    const auto base = std::make_shared<FakeClock>();
    FaultyClock clock(base);
    clock.jump_wall(1, -1h);
    EXPECT_EQ(clock.now_wall(), base->now_wall());
    EXPECT_EQ(clock.now_wall(), base->now_wall() - 1h);
    clock.coarsen(1s);
    const MonotonicTime before = clock.now_monotonic();
    base->advance(1ms);
    EXPECT_EQ(clock.now_monotonic(), before + 1s);
    base->advance(1ms);
    EXPECT_EQ(clock.now_monotonic(), before + 1s);
    clock.oversleep(5s);
    EXPECT_TRUE(clock.sleep_for(1ms, {}));
    EXPECT_GE(base->slept(), 5s);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(clock.sleep_for(1ms, stop.get_token()));
}

// ---- Executors

TEST(ManualExecutor, RunsNothingUntilItIsTold) {
    ManualExecutor executor;
    std::string order;
    executor.post([&] {
        order += "a";
        executor.post([&] { order += "c"; });
    });
    executor.post([&] { order += "b"; });
    EXPECT_EQ(order, "");
    EXPECT_EQ(executor.pending(), 2u);
    EXPECT_TRUE(executor.run_one());
    EXPECT_EQ(order, "a");
    EXPECT_EQ(executor.run_all(), 2u);
    EXPECT_EQ(order, "abc");
    EXPECT_FALSE(executor.run_one());
}

TEST(InlineExecutor, RunsAtOnceAndNeverOneTaskInsideAnother) {
    InlineExecutor executor;
    std::string order;
    executor.post([&] {
        order += "(";
        executor.post([&] { order += "[]"; });
        order += ")";
    });
    EXPECT_EQ(order, "()[]");
    executor.post([&] { order += "!"; });
    EXPECT_EQ(order, "()[]!");
}

// ---- Random

TEST(SeededRandom, GivesTheSameBytesHoweverTheyAreCut) {
    SeededRandom whole(5);
    SeededRandom cut(5);
    SeededRandom other(6);
    Bytes first(100);
    Bytes second(100);
    Bytes third(100);
    ASSERT_TRUE(whole.fill(first));
    for (std::size_t at = 0; at < second.size();) {
        const std::size_t size = std::min<std::size_t>(at % 7 + 1, second.size() - at);
        ASSERT_TRUE(cut.fill(std::span(second).subspan(at, size)));
        at += size;
    }
    ASSERT_TRUE(other.fill(third));
    EXPECT_EQ(first, second);
    EXPECT_NE(first, third);
}

// The first outputs for seed 0, as published with the generator and used by its other ports.
TEST(SeededRandom, IsSplitMix64) {
    SeededRandom random(0);
    Bytes bytes(16);
    ASSERT_TRUE(random.fill(bytes));
    EXPECT_EQ(load_le<std::uint64_t>(bytes.data()), 0xe220a8397b1dcdafu);
    EXPECT_EQ(load_le<std::uint64_t>(bytes.data() + 8), 0x6e789e6aa1b965f4u);
}

TEST(FaultyRandom, FailsOneCallOrEveryLaterOne) {
    FaultyRandom once(std::make_shared<SeededRandom>(1), 1);
    FaultyRandom for_ever(std::make_shared<SeededRandom>(1), 1, true);
    Bytes bytes(8);
    EXPECT_TRUE(once.fill(bytes));
    EXPECT_EQ(once.fill(bytes).error().code(), Errc::kRandomUnavailable);
    EXPECT_TRUE(once.fill(bytes));
    EXPECT_EQ(once.calls(), 3u);
    EXPECT_TRUE(for_ever.fill(bytes));
    EXPECT_FALSE(for_ever.fill(bytes));
    EXPECT_FALSE(for_ever.fill(bytes));
}

// ---- Sinks

TEST(RecordingLogSink, OwnsWhatItWasTold) {
    RecordingLogSink sink(LogLevel::kInfo);
    EXPECT_FALSE(sink.enabled(LogLevel::kDebug));
    EXPECT_TRUE(sink.enabled(LogLevel::kInfo));
    EXPECT_TRUE(sink.enabled(LogLevel::kError));
    {
        const std::string message = "pack sealed";
        const std::string value = "12";
        const LogField fields[] = {{"pack", value}};
        sink.write({LogLevel::kWarning, "content", message, fields});
    }
    sink.write({LogLevel::kInfo, "kv", "opened", {}});
    EXPECT_EQ(sink.text(), "warning content: pack sealed pack=12\ninfo kv: opened\n");
    EXPECT_EQ(sink.count(LogLevel::kWarning), 1u);
    EXPECT_EQ(sink.count(LogLevel::kInfo, "open"), 1u);
    EXPECT_EQ(sink.count(LogLevel::kInfo, "sealed"), 0u);
    EXPECT_EQ(sink.records().size(), 2u);
}

TEST(RecordingProgress, FindsNothingWrongWithACorrectReport) {
    RecordingProgress progress;
    progress.update({"install", "fetch", "bytes", 0, 10});
    progress.update({"verify", "read", "files", 5, 0});
    progress.update({"install", "fetch", "bytes", 10, 10});
    progress.update({"install", "link", "files", 1, 3});
    EXPECT_TRUE(progress.violations().empty());
    EXPECT_EQ(progress.phases("install"), (std::vector<std::string>{"fetch", "link"}));
    EXPECT_EQ(progress.phases("verify"), (std::vector<std::string>{"read"}));
}

TEST(RecordingProgress, FindsWhatBreaksTheRules) {
    RecordingProgress progress;
    progress.update({"install", "fetch", "bytes", 5, 10});
    progress.update({"install", "fetch", "bytes", 4, 10});
    progress.update({"install", "fetch", "bytes", 11, 10});
    progress.update({"install", "fetch", "", 12, 0});
    EXPECT_EQ(progress.violations(),
              (std::vector<std::string>{"install/fetch: 4 after 5", "install/fetch: 11 of 10",
                                        "install/fetch: a name is empty"}));
}

// ---- Keys

TEST(MemoryKeyStore, HasTheSameKeysForTheSameSeed) {
    MemoryKeyStore first(1);
    MemoryKeyStore again(1);
    MemoryKeyStore other(2);
    const auto id = [](MemoryKeyStore& keys) {
        return keys.default_key(KeyPurpose::kPublisher).value().id;
    };
    EXPECT_EQ(id(first), id(again));
    EXPECT_NE(id(first), id(other));
    EXPECT_EQ(first.sign(id(first), as_bytes("m")).value(),
              again.sign(id(again), as_bytes("m")).value());
    EXPECT_EQ(first.sign(id(other), as_bytes("m")).error().code(), Errc::kKeyNotFound);
}

TEST(FaultyKeyStore, FailsOneCall) {
    FaultyKeyStore keys(std::make_shared<MemoryKeyStore>(1), 1, Error(Errc::kIo, "token removed"));
    const auto info = keys.default_key(KeyPurpose::kLibrary);
    ASSERT_TRUE(info);
    EXPECT_EQ(keys.sign(info->id, {}).error().code(), Errc::kIo);
    EXPECT_TRUE(keys.sign(info->id, {}));
}

}  // namespace
}  // namespace catalog::fakes
