// The piece of code in docs/monitoring.md, compiled and run; the page is compared with this file.

#include <gtest/gtest.h>

#include <catalog/monitor/performance_monitor.hpp>
#include <string>

#include "page.hpp"

namespace catalog::docs {
namespace {

Result<std::string> host(const std::shared_ptr<Clock>& clock) {
    auto made = monitor::PerformanceMonitor::make();
    if (!made) return fail(made.error());
    const std::shared_ptr<monitor::PerformanceMonitor> metrics = *made;

    auto orders =
        metrics->counter({"shop_orders_total", "Orders that were taken."}, {{"kind", "express"}});
    auto times = metrics->histogram(
        {"shop_order_seconds", "How long an order took.", monitor::Unit::kSeconds});
    if (!orders || !times) return "refused";
    {
        const monitor::ScopedTimer timer(*times, *clock);
        orders->add();
    }
    const std::string text =
        metrics->prometheus_text();  // for the endpoint that Prometheus scrapes
    return text;
}

TEST(MonitoringPage, ExampleCountsAndTimes) {
    const auto text = host(make_system_clock());
    ASSERT_TRUE(text) << text.error().to_string();
    EXPECT_NE(text->find("shop_orders_total{kind=\"express\"} 1\n"), std::string::npos) << *text;
    EXPECT_NE(text->find("shop_order_seconds_count 1\n"), std::string::npos);
}

TEST(MonitoringPage, ShowsCodeThatIsCompiled) {
    expect_compiled("docs/monitoring.md", "tests/docs/monitoring_examples_test.cpp", 1);
}

}  // namespace
}  // namespace catalog::docs
