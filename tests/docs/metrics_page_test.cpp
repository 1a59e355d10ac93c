// The list of a library's metrics in docs/monitoring.md, from the library itself.

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "page.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/library/library_bed.hpp"

namespace catalog::docs {
namespace {

constexpr std::size_t kValuesShown = 5;

std::string_view kind_of(monitor::MetricKind kind) {
    if (kind == monitor::MetricKind::kCounter) return "counter";
    return kind == monitor::MetricKind::kGauge ? "gauge" : "histogram";
}

std::string labels_of(const monitor::MetricFamily& family) {
    std::string text;
    for (std::size_t i = 0; i < family.samples.front().labels.size(); ++i) {
        const std::string& name = family.samples.front().labels[i].name;
        text += (text.empty() ? "`" : ", `") + name + "`";
        if (name == "library" || family.samples.size() > kValuesShown) continue;
        std::string values;
        for (const monitor::MetricSample& sample : family.samples)
            values += (values.empty() ? " (" : ", ") + sample.labels[i].value;
        text += values + ")";
    }
    return text;
}

TEST(MonitoringPage, ListsWhatALibraryCounts) {
    const auto disk = io::testing::SimulatedFileSystem::make();
    const auto library = library::testing::open_library(library::testing::environment_on(disk));
    std::ostringstream out;
    out << "\n| name | kind | labels | what |\n|---|---|---|---|\n";
    std::set<std::string> names;
    for (const monitor::MetricFamily& family : library->environment().monitor->scrape()) {
        EXPECT_TRUE(names.insert(family.name).second) << family.name << " is there twice";
        const std::string labels = labels_of(family);
        out << "| `" << family.name << "` | " << kind_of(family.kind) << " |"
            << (labels.empty() ? "" : " " + labels) << " | " << family.help << " |\n";
    }
    out << "\n";
    EXPECT_GT(names.size(), 20u);
    expect_generated(read_page("docs/monitoring.md", "metrics"), out.str());
}

}  // namespace
}  // namespace catalog::docs
