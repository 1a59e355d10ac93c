#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "catalog/monitor/performance_monitor.hpp"

namespace catalog::monitor {
namespace {

std::shared_ptr<PerformanceMonitor> plain_monitor(std::uint32_t processors) {
    MonitorOptions options;
    options.process_resources = false;
    options.processors = processors;
    return *PerformanceMonitor::make(options);
}

template <typename Work>
void run_in_threads(unsigned threads, const Work& work) {
    std::vector<std::jthread> running;
    for (unsigned i = 0; i < threads; ++i) running.emplace_back([&work, i] { work(i); });
}

class PerformanceMonitorThreads : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(PerformanceMonitorThreads, LoseNothing) {
    const auto monitor = plain_monitor(GetParam());
    const Counter counter = *monitor->counter({"things_total", "Things."});
    const Gauge gauge = *monitor->gauge({"level", "A level."});
    const Histogram histogram = *monitor->histogram({"sizes", "Sizes."});
    constexpr unsigned kThreads = 16;
    constexpr std::uint64_t kRounds = 5'000;
    run_in_threads(kThreads, [&](unsigned thread) {
        for (std::uint64_t i = 0; i < kRounds; ++i) {
            counter.add();
            gauge.add(thread % 2 == 0 ? 1 : -1);
            histogram.record(i);
        }
    });
    EXPECT_EQ(counter.value(), kThreads * kRounds);
    EXPECT_EQ(gauge.value(), 0);
    const HistogramSnapshot snapshot = monitor->scrape().at(2).samples.at(0).histogram;
    EXPECT_EQ(snapshot.count, kThreads * kRounds);
    EXPECT_EQ(snapshot.sum, kThreads * (kRounds * (kRounds - 1) / 2));
}

INSTANTIATE_TEST_SUITE_P(Processors, PerformanceMonitorThreads, ::testing::Values(0, 1, 4, 64));

TEST(PerformanceMonitorConcurrent, RegistersOneSeriesForAllThatAskAtOnce) {
    const auto monitor = plain_monitor(0);
    run_in_threads(8, [&](unsigned) {
        for (int i = 0; i < 50; ++i)
            monitor->counter({"things_total", "Things."}, {{"who", std::to_string(i)}})->add();
    });
    const auto samples = monitor->scrape().at(0).samples;
    ASSERT_EQ(samples.size(), 50u);
    for (const MetricSample& sample : samples) EXPECT_EQ(sample.value, 8);
}

TEST(PerformanceMonitorConcurrent, ShowsCountersThatOnlyGrow) {
    const auto monitor = plain_monitor(0);
    const Counter counter = *monitor->counter({"things_total", "Things."});
    std::atomic<bool> done{false};
    std::jthread reader([&] {
        double before = 0;
        while (!done) {
            const double now = monitor->scrape().at(0).samples.at(0).value;
            EXPECT_GE(now, before);
            before = now;
        }
    });
    run_in_threads(4, [&](unsigned) {
        for (int i = 0; i < 5'000; ++i) counter.add();
    });
    done = true;
}

TEST(PerformanceMonitorConcurrent, TakesACollectorBackOnlyWhenNoScrapeIsInIt) {
    const auto monitor = plain_monitor(0);
    std::atomic<bool> done{false};
    std::jthread scraper([&] {
        while (!done) (void)monitor->scrape();
    });
    for (int i = 0; i < 200; ++i) {
        auto alive = std::make_unique<std::atomic<int>>(1);
        int* const looked = new int(0);
        {
            const CollectorRegistration registration =
                monitor->add_collector([&alive, looked](auto&) { *looked += alive->load(); });
        }
        delete looked;  // a scrape that is still inside would write to it
        EXPECT_EQ(alive->exchange(0), 1);
    }
    done = true;
}

}  // namespace
}  // namespace catalog::monitor
