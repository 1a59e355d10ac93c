// Sinks: the contracts on the embedded default, the fakes and the wrappers that lose things.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "catalog/core/call_context.hpp"
#include "support/core/fake_clock.hpp"
#include "support/core/faulty_sinks.hpp"
#include "support/core/log_sink_contract.hpp"
#include "support/core/progress_contract.hpp"
#include "support/core/recording_sinks.hpp"

namespace catalog::fakes {
namespace {

SinkFault no_fault(std::size_t) { return SinkFault::kNone; }

struct NullLogWorld {
    LogSink& sink() { return *sink_; }
    static std::optional<std::string> text() { return ""; }
    std::shared_ptr<LogSink> sink_ = make_null_log_sink();
};

template <LogLevel kLeast>
struct RecordingLogWorld {
    LogSink& sink() { return sink_; }
    std::optional<std::string> text() { return sink_.text(); }
    RecordingLogSink sink_{kLeast};
};

struct FaultlessLogWorld {
    LogSink& sink() { return sink_; }
    std::optional<std::string> text() { return base_->text(); }
    std::shared_ptr<RecordingLogSink> base_ = std::make_shared<RecordingLogSink>();
    FaultyLogSink sink_{base_, no_fault};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Null, LogSinkContract, NullLogWorld);
INSTANTIATE_TYPED_TEST_SUITE_P(RecordingAll, LogSinkContract, RecordingLogWorld<LogLevel::kTrace>);
INSTANTIATE_TYPED_TEST_SUITE_P(RecordingSome, LogSinkContract,
                               RecordingLogWorld<LogLevel::kWarning>);
INSTANTIATE_TYPED_TEST_SUITE_P(Faultless, LogSinkContract, FaultlessLogWorld);

struct RecordingProgressWorld {
    ProgressSink& sink() { return sink_; }
    std::optional<std::size_t> seen() { return sink_.updates().size(); }
    RecordingProgress sink_;
};

struct FaultlessProgressWorld {
    ProgressSink& sink() { return sink_; }
    std::optional<std::size_t> seen() { return base_->updates().size(); }
    std::shared_ptr<RecordingProgress> base_ = std::make_shared<RecordingProgress>();
    FaultyProgress sink_{base_, no_fault};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Recording, ProgressSinkContract, RecordingProgressWorld);
INSTANTIATE_TYPED_TEST_SUITE_P(Faultless, ProgressSinkContract, FaultlessProgressWorld);

TEST(FaultyLogSink, LosesAndRepeatsWhatThePlanSays) {
    const auto base = std::make_shared<RecordingLogSink>(LogLevel::kInfo);
    FaultyLogSink sink(base, [](std::size_t n) {
        return n == 1 ? SinkFault::kLose : n == 2 ? SinkFault::kTwice : SinkFault::kNone;
    });
    EXPECT_FALSE(sink.enabled(LogLevel::kDebug));
    for (const char* message : {"a", "b", "c", "d"})
        sink.write({LogLevel::kInfo, "m", message, {}});
    EXPECT_EQ(base->text(), "info m: a\ninfo m: c\ninfo m: c\ninfo m: d\n");
    EXPECT_EQ(sink.writes(), 4u);
}

TEST(FaultyProgress, StopsAnOperationAtTheUpdateOfThePlan) {
    const auto base = std::make_shared<RecordingProgress>();
    std::stop_source stop;
    FaultyProgress sink(base, [&stop](std::size_t n) {
        if (n == 2) stop.request_stop();
        return n == 1 ? SinkFault::kLose : SinkFault::kNone;
    });
    const FakeClock clock;
    CallContext context;
    context.stop = stop.get_token();
    context.progress = &sink;
    std::uint64_t done = 0;
    while (context.check(clock)) context.report({"work", "run", "steps", done++, 0});
    EXPECT_EQ(done, 3u);
    EXPECT_EQ(base->updates().size(), 2u);
    EXPECT_EQ(sink.updates(), 3u);
}

}  // namespace
}  // namespace catalog::fakes
