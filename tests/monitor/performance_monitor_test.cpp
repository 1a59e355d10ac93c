#include "catalog/monitor/performance_monitor.hpp"

#include <gtest/gtest.h>

#include <type_traits>

#include "support/core/fake_clock.hpp"

namespace catalog::monitor {
namespace {

static_assert(std::is_trivially_copyable_v<Counter> && std::is_trivially_copyable_v<Gauge> &&
              std::is_trivially_copyable_v<Histogram>);

std::shared_ptr<PerformanceMonitor> monitor_with(std::uint32_t series_max = 128,
                                                 std::uint32_t families_max = 256) {
    MonitorOptions options;
    options.process_resources = false;
    options.series_max = series_max;
    options.families_max = families_max;
    return *PerformanceMonitor::make(options);
}

template <typename T>
Errc code_of(const Result<T>& result) {
    return result ? Errc{} : result.error().code();
}

TEST(PerformanceMonitor, CountsWhatIsAdded) {
    const auto monitor = monitor_with();
    const Counter counter = *monitor->counter({"things_total", "Things."});
    counter.add();
    counter.add(41);
    EXPECT_EQ(counter.value(), 42u);
    const auto families = monitor->scrape();
    ASSERT_EQ(families.size(), 1u);
    EXPECT_EQ(families[0].name, "things_total");
    EXPECT_EQ(families[0].kind, MetricKind::kCounter);
    EXPECT_EQ(families[0].samples.at(0).value, 42);
}

TEST(PerformanceMonitor, GivesTheSameSeriesToWhoAsksTwice) {
    const auto monitor = monitor_with();
    const MetricTerms terms{"things_total", "Things."};
    monitor->counter(terms, {{"a", "1"}, {"b", "2"}})->add(3);
    monitor->counter(terms, {{"b", "2"}, {"a", "1"}})->add(4);
    monitor->counter(terms, {{"a", "2"}, {"b", "1"}})->add(5);
    const auto samples = monitor->scrape().at(0).samples;
    ASSERT_EQ(samples.size(), 2u);
    EXPECT_EQ(samples[0].value, 7);
    EXPECT_EQ(samples[1].value, 5);
}

TEST(PerformanceMonitor, KeepsSeriesApartWhoseValuesAreTheSameWhenJoined) {
    const auto monitor = monitor_with();
    const MetricTerms terms{"things_total", "Things."};
    monitor->counter(terms, {{"a", "1"}, {"b", "12"}})->add();
    monitor->counter(terms, {{"a", "11"}, {"b", "2"}})->add();
    EXPECT_EQ(monitor->scrape().at(0).samples.size(), 2u);
}

TEST(PerformanceMonitor, KnowsNothingOfOtherMonitors) {
    const auto one = monitor_with();
    const auto other = monitor_with();
    const MetricTerms terms{"things_total", "Things."};
    one->counter(terms)->add();
    EXPECT_EQ(other->counter(terms)->value(), 0u);
}

TEST(PerformanceMonitor, LetsGaugesGoUpAndDown) {
    const auto monitor = monitor_with();
    const Gauge gauge = *monitor->gauge({"level", "A level."});
    gauge.set(5);
    gauge.add(-8);
    EXPECT_EQ(gauge.value(), -3);
    EXPECT_EQ(monitor->scrape().at(0).samples.at(0).value, -3);
}

TEST(PerformanceMonitor, RecordsDurationsOfScopes) {
    const auto monitor = monitor_with();
    const Histogram histogram = *monitor->histogram({"call_seconds", "Calls.", Unit::kSeconds});
    fakes::FakeClock clock;
    {
        const ScopedTimer timer(histogram, clock);
        clock.advance(std::chrono::nanoseconds(1'000));
    }
    const HistogramSnapshot snapshot = monitor->scrape().at(0).samples.at(0).histogram;
    EXPECT_EQ(snapshot.count, 1u);
    EXPECT_EQ(snapshot.sum, 1'000u);
}

TEST(PerformanceMonitor, TakesADurationThatRunsBackwardsAsNone) {
    const auto monitor = monitor_with();
    const Histogram histogram = *monitor->histogram({"call_seconds", "Calls.", Unit::kSeconds});
    histogram.record(std::chrono::nanoseconds(-5));
    EXPECT_EQ(monitor->scrape().at(0).samples.at(0).histogram.buckets[0], 1u);
}

TEST(PerformanceMonitor, MeasuresOneInSoManyEvents) {
    MonitorOptions options;
    options.processors = 1;
    const auto monitor = *PerformanceMonitor::make(options);
    const Histogram histogram = *monitor->histogram({"call_seconds", "Calls.", Unit::kSeconds, 16});
    int due = 0;
    for (int i = 0; i < 160; ++i) due += histogram.due() ? 1 : 0;
    EXPECT_EQ(due, 10);
}

TEST(PerformanceMonitor, CountsWithoutAMonitorNothing) {
    Counter().add();
    Gauge().set(1);
    Histogram().record(1);
    EXPECT_EQ(Counter().value(), 0u);
    EXPECT_EQ(Gauge().value(), 0);
    EXPECT_FALSE(Histogram().due());
}

TEST(PerformanceMonitor, GivesOneSeriesToAllLabelsThatAreTooMany) {
    const auto monitor = monitor_with(3);
    const MetricTerms terms{"things_total", "Things."};
    for (int i = 0; i < 1'000; ++i) monitor->counter(terms, {{"who", std::to_string(i)}})->add();
    const auto samples = monitor->scrape().at(0).samples;
    ASSERT_EQ(samples.size(), 3u);
    EXPECT_EQ(samples[2].labels.at(0).value, "other");
    EXPECT_EQ(samples[0].value + samples[1].value + samples[2].value, 1'000);
    monitor->counter(terms, {{"who", "0"}})->add();
    EXPECT_EQ(monitor->scrape().at(0).samples.at(0).value, 2);
}

TEST(PerformanceMonitor, RefusesMoreFamiliesThanAllowed) {
    const auto monitor = monitor_with(8, 2);
    EXPECT_TRUE(monitor->counter({"a_total", "A."}));
    EXPECT_TRUE(monitor->counter({"b_total", "B."}));
    EXPECT_EQ(code_of(monitor->counter({"c_total", "C."})), Errc::kLimitExceeded);
    EXPECT_TRUE(monitor->counter({"a_total", "A."}));
}

TEST(PerformanceMonitor, RefusesANameThatIsAnotherKindAlready) {
    const auto monitor = monitor_with();
    EXPECT_TRUE(monitor->counter({"a", "A."}));
    EXPECT_EQ(code_of(monitor->gauge({"a", "A."})), Errc::kAlreadyExists);
    EXPECT_EQ(code_of(monitor->counter({"a", "A.", Unit::kBytes})), Errc::kAlreadyExists);
}

TEST(PerformanceMonitor, RefusesWhatTheTextFormatCannotCarry) {
    const auto monitor = monitor_with();
    const auto refused = [&](std::string_view name, std::string_view help, Labels labels) {
        return code_of(monitor->counter({name, help}, std::move(labels)));
    };
    EXPECT_EQ(refused("", "Help.", {}), Errc::kInvalidArgument);
    EXPECT_EQ(refused("1a", "Help.", {}), Errc::kInvalidArgument);
    EXPECT_EQ(refused("a-b", "Help.", {}), Errc::kInvalidArgument);
    EXPECT_EQ(refused(std::string(129, 'a'), "Help.", {}), Errc::kInvalidArgument);
    EXPECT_EQ(refused("a", "", {}), Errc::kInvalidArgument);
    EXPECT_EQ(refused("a", "two\nlines", {}), Errc::kInvalidArgument);
    EXPECT_EQ(refused("a", "Help.", {{"le", "1"}}), Errc::kInvalidArgument);
    EXPECT_EQ(refused("a", "Help.", {{"__a", "1"}}), Errc::kInvalidArgument);
    EXPECT_EQ(refused("a", "Help.", {{"b:c", "1"}}), Errc::kInvalidArgument);
    EXPECT_EQ(refused("a", "Help.", {{"b", "1"}, {"b", "2"}}), Errc::kInvalidArgument);
    EXPECT_EQ(refused("a", "Help.", {{"b", std::string(129, 'v')}}), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(monitor->histogram({"h", "Help.", Unit::kNone, 3})), Errc::kInvalidArgument);
    EXPECT_TRUE(monitor->scrape().empty());
}

TEST(PerformanceMonitor, RefusesOtherNamesOfLabelsUnderOneName) {
    const auto monitor = monitor_with();
    EXPECT_TRUE(monitor->counter({"a_total", "A."}, {{"x", "1"}}));
    EXPECT_EQ(code_of(monitor->counter({"a_total", "A."}, {{"y", "1"}})), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(monitor->counter({"a_total", "A."})), Errc::kInvalidArgument);
}

TEST(PerformanceMonitor, RefusesOptionsOutsideTheirRanges) {
    MonitorOptions options;
    options.series_max = 0;
    EXPECT_EQ(code_of(PerformanceMonitor::make(options)), Errc::kInvalidArgument);
    options = {};
    options.families_max = 4'097;
    EXPECT_EQ(code_of(PerformanceMonitor::make(options)), Errc::kInvalidArgument);
    options = {};
    options.processors = 3;
    EXPECT_EQ(code_of(PerformanceMonitor::make(options)), Errc::kInvalidArgument);
}

TEST(PerformanceMonitor, AsksCollectorsWhileTheyAreRegistered) {
    const auto monitor = monitor_with();
    (void)monitor->gauge({"level", "A level."});
    {
        const auto collect = [](std::vector<MetricFamily>& families) {
            MetricSample sample;
            sample.value = 7;
            families.push_back(
                {"looked_up", "Looked up.", MetricKind::kGauge, Unit::kNone, {sample}});
            families.push_back({"level", "A level.", MetricKind::kGauge, Unit::kNone, {sample}});
        };
        const CollectorRegistration registration = monitor->add_collector(collect);
        const auto families = monitor->scrape();
        ASSERT_EQ(families.size(), 2u);
        EXPECT_EQ(families[0].samples.size(), 2u);
        EXPECT_EQ(families[1].samples.at(0).value, 7);
    }
    EXPECT_EQ(monitor->scrape().size(), 1u);
}

TEST(PerformanceMonitor, MayGoBeforeTheRegistrationsOfItsCollectors) {
    auto monitor = monitor_with();
    CollectorRegistration registration = monitor->add_collector([](auto&) {});
    monitor.reset();
    registration = {};
    EXPECT_EQ(monitor, nullptr);
}

TEST(PerformanceMonitor, TellsWhatTheProcessTakes) {
    const auto monitor = *PerformanceMonitor::make();
    bool found = false;
    for (const MetricFamily& family : monitor->scrape())
        found = found || (family.name == "process_open_fds" && family.samples.at(0).value > 0);
    EXPECT_TRUE(found);
}

}  // namespace
}  // namespace catalog::monitor
