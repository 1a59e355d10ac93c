// Quantiles of histograms against those of the sorted samples.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

#include "catalog/monitor/metric_family.hpp"
#include "catalog/monitor/performance_monitor.hpp"

namespace catalog::monitor {
namespace {

// Of all sizes alike: a number of random length.
rc::Gen<std::vector<std::uint64_t>> samples() {
    const auto one =
        rc::gen::map(rc::gen::pair(rc::gen::inRange(0, 40), rc::gen::arbitrary<std::uint64_t>()),
                     [](const std::pair<int, std::uint64_t>& drawn) {
                         return drawn.second & ((std::uint64_t{1} << drawn.first) - 1);
                     });
    return rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint64_t>>(one));
}

HistogramSnapshot recorded(const std::vector<std::uint64_t>& numbers) {
    MonitorOptions options;
    options.process_resources = false;
    const auto monitor = *PerformanceMonitor::make(options);
    const auto histogram = *monitor->histogram({"sizes", "Sizes of samples."});
    for (const std::uint64_t number : numbers) histogram.record(number);
    return monitor->scrape().at(0).samples.at(0).histogram;
}

RC_GTEST_PROP(HistogramProperty, QuantilesAreWithinASixteenthOfTheSortedSamples, ()) {
    std::vector<std::uint64_t> numbers = *samples();
    const HistogramSnapshot snapshot = recorded(numbers);
    std::ranges::sort(numbers);
    for (const double share : {0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        const auto rank = static_cast<std::size_t>(
            std::max(1.0, std::ceil(share * static_cast<double>(numbers.size()))));
        const std::uint64_t exact = numbers[rank - 1];
        const std::uint64_t told = snapshot.quantile(share);
        const std::uint64_t off = told > exact ? told - exact : exact - told;
        RC_ASSERT(off <= exact / 16);
    }
}

RC_GTEST_PROP(HistogramProperty, CountAndSumAreExact, ()) {
    const std::vector<std::uint64_t> numbers = *samples();
    const HistogramSnapshot snapshot = recorded(numbers);
    std::uint64_t sum = 0;
    for (const std::uint64_t number : numbers) sum += number;
    RC_ASSERT(snapshot.count == numbers.size());
    RC_ASSERT(snapshot.sum == sum);
}

RC_GTEST_PROP(HistogramProperty, AddedSnapshotsAreThatOfAllSamples, ()) {
    std::vector<std::uint64_t> first = *samples();
    const std::vector<std::uint64_t> second = *samples();
    HistogramSnapshot added = recorded(first);
    added.add(recorded(second));
    first.insert(first.end(), second.begin(), second.end());
    const HistogramSnapshot all = recorded(first);
    RC_ASSERT(added.buckets == all.buckets);
    RC_ASSERT(added.count == all.count);
    RC_ASSERT(added.sum == all.sum);
}

TEST(HistogramSnapshot, OfNothingHasNoQuantiles) {
    EXPECT_EQ(HistogramSnapshot().quantile(0.5), 0u);
}

}  // namespace
}  // namespace catalog::monitor
