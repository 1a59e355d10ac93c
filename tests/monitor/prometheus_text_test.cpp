#include <gtest/gtest.h>

#include "catalog/monitor/performance_monitor.hpp"
#include "support/core/golden.hpp"

namespace catalog::monitor {
namespace {

TEST(PrometheusText, IsWhatItWas) {
    MonitorOptions options;
    options.process_resources = false;
    const auto monitor = *PerformanceMonitor::make(options);
    const MetricTerms calls{"catalog_calls_total", "Calls of the library."};
    monitor->counter(calls, {{"operation", "publish"}})->add(12'345'678'901);
    monitor->counter(calls, {{"operation", "a \"quoted\" \\ value\nof two lines"}})->add();
    monitor->gauge({"catalog_disk_bytes", "Bytes on disk.", Unit::kBytes})->set(-3);
    const Histogram seconds =
        *monitor->histogram({"catalog_call_seconds", "Time of calls.", Unit::kSeconds});
    for (const std::uint64_t nanoseconds : {255u, 256u, 1'000u, 5'000'000u, 4'000'000'000u})
        seconds.record(nanoseconds);
    const Histogram group = *monitor->histogram({"catalog_group_commits", "Commits of a group."});
    for (const std::uint64_t commits : {0u, 1u, 3u, 4u, 64u}) group.record(commits);
    golden::expect("monitor/metrics.txt", monitor->prometheus_text());
}

}  // namespace
}  // namespace catalog::monitor
