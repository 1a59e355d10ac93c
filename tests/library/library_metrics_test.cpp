// What a library counts, seen as a scrape sees it.

#include "library_metrics.hpp"

#include <gtest/gtest.h>

#include "support/core/recording_sinks.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/library/library_bed.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::must;
using io::testing::SimulatedFileSystem;

using Families = std::vector<monitor::MetricFamily>;

/// Returns the only series of a name whose labels hold `label_value`, or any where that is empty.
const monitor::MetricSample* series_of(const Families& families, std::string_view name,
                                       std::string_view label_value = {}) {
    for (const monitor::MetricFamily& family : families)
        for (const monitor::MetricSample& sample : family.samples) {
            if (family.name != name) continue;
            if (label_value.empty()) return &sample;
            for (const monitor::Label& label : sample.labels)
                if (label.value == label_value) return &sample;
        }
    return nullptr;
}

double value_of(const Families& families, std::string_view name, std::string_view label = {}) {
    const monitor::MetricSample* const sample = series_of(families, name, label);
    EXPECT_NE(sample, nullptr) << name << " " << label;
    return sample == nullptr ? -1 : sample->value;
}

TEST(LibraryMetrics, CountCallsErrorsAndBytes) {
    const auto library = open_library(environment_on(SimulatedFileSystem::make()));
    must(library->publish(small_draft("kit", "1.0.0", {{"a.txt", "12345"}})));
    must(library->publish(small_draft("kit", "1.0.0", {{"a.txt", "12345"}})));
    EXPECT_TRUE(library->find("kit"));
    EXPECT_FALSE(library->find("nothing"));
    EXPECT_EQ(file_of(*library, "kit@1.0.0", "a.txt"), "12345");
    const Families families = library->environment().monitor->scrape();
    EXPECT_EQ(value_of(families, "catalog_operations_total", "publish"), 2);
    EXPECT_EQ(value_of(families, "catalog_operations_total", "find"), 2);
    EXPECT_EQ(value_of(families, "catalog_operation_failures_total", "find"), 1);
    EXPECT_EQ(value_of(families, "catalog_operation_failures_total", "publish"), 0);
    EXPECT_EQ(value_of(families, "catalog_errors_total", "package_not_found"), 1);
    EXPECT_EQ(value_of(families, "catalog_errors_total", "internal"), 0);
    EXPECT_EQ(value_of(families, "catalog_published_bytes_total"), 5);
    EXPECT_EQ(value_of(families, "catalog_read_bytes_total"), 5);
    EXPECT_EQ(value_of(families, "catalog_packages"), 1);
    EXPECT_EQ(value_of(families, "catalog_package_versions", "published"), 1);
}

TEST(LibraryMetrics, TimeCallsAndCommits) {
    const auto library = open_library(environment_on(SimulatedFileSystem::make()));
    must(library->publish(small_draft("kit", "1.0.0")));
    const Families families = library->environment().monitor->scrape();
    const auto count = [&](std::string_view name, std::string_view label = {}) {
        const monitor::MetricSample* const sample = series_of(families, name, label);
        return sample == nullptr ? 0 : sample->histogram.count;
    };
    EXPECT_EQ(count("catalog_operation_seconds", "publish"), 1u);
    EXPECT_EQ(count("catalog_operation_seconds", "install"), 0u);
    const auto commits = static_cast<std::uint64_t>(value_of(families, "catalog_commits_total"));
    const auto groups =
        static_cast<std::uint64_t>(value_of(families, "catalog_commit_groups_total"));
    EXPECT_GT(commits, 0u);
    EXPECT_EQ(count("catalog_commit_wait_seconds"), commits);
    EXPECT_EQ(count("catalog_commit_group_commits"), groups);
    EXPECT_EQ(count("catalog_commit_group_bytes"), groups);
    EXPECT_EQ(count("catalog_commit_write_seconds"), groups);
}

TEST(LibraryMetrics, OfTwoLibrariesStandBesideEachOtherInOneMonitor) {
    const auto disk = SimulatedFileSystem::make();
    Environment environment = environment_on(disk);
    environment.monitor = must(monitor::PerformanceMonitor::make());
    const auto first = open_library(environment, "/first");
    const auto second = open_library(environment, "/second");
    must(first->publish(small_draft("kit", "1.0.0")));
    must(second->publish(small_draft("kit", "1.0.0")));
    must(second->publish(small_draft("other", "1.0.0")));
    const Families families = environment.monitor->scrape();
    EXPECT_EQ(value_of(families, "catalog_operations_total", "publish"), 3);
    EXPECT_EQ(value_of(families, "catalog_packages", first->metadata().id.to_string()), 1);
    EXPECT_EQ(value_of(families, "catalog_packages", second->metadata().id.to_string()), 2);
}

TEST(LibraryMetrics, TellNothingOfALibraryThatIsClosed) {
    Environment environment = environment_on(SimulatedFileSystem::make());
    environment.monitor = must(monitor::PerformanceMonitor::make());
    must(open_library(environment)->publish(small_draft("kit", "1.0.0")));
    const Families families = environment.monitor->scrape();
    EXPECT_EQ(series_of(families, "catalog_packages"), nullptr);
    EXPECT_EQ(value_of(families, "catalog_operations_total", "publish"), 1);
}

TEST(LibraryMetrics, ThatAFullMonitorRefusesKeepNoLibraryFromOpening) {
    monitor::MonitorOptions options;
    options.families_max = 2;
    Environment environment = environment_on(SimulatedFileSystem::make());
    environment.monitor = must(monitor::PerformanceMonitor::make(options));
    const auto log = std::make_shared<fakes::RecordingLogSink>();
    environment.log_sink = log;
    const auto library = open_library(environment);
    must(library->publish(small_draft("kit", "1.0.0")));
    const Families families = environment.monitor->scrape();
    EXPECT_EQ(value_of(families, "catalog_operations_total", "publish"), 1);
    EXPECT_EQ(series_of(families, "catalog_operation_seconds"), nullptr);
    bool told = false;
    for (const auto& record : log->records())
        told = told || record.message == "some metrics are not counted";
    EXPECT_TRUE(told);
}

}  // namespace
}  // namespace catalog::library::testing
