#include "prometheus_families.hpp"

#include <prometheus/text_serializer.h>

namespace catalog::monitor {
namespace {

// Bounds that are shown: 4^k, where buckets of ours end too, so that the counts are exact.
constexpr unsigned kSecondsFrom = 4;  // 256 ns
constexpr unsigned kSecondsTo = 18;   // 69 s
constexpr unsigned kOthersTo = 17;    // 17 GB
constexpr double kSecondsPerNanosecond = 1e-9;

double scale_of(Unit unit) noexcept { return unit == Unit::kSeconds ? kSecondsPerNanosecond : 1; }

prometheus::ClientMetric::Histogram histogram_of(const HistogramSnapshot& numbers, Unit unit) {
    prometheus::ClientMetric::Histogram histogram;
    histogram.sample_count = numbers.count;
    histogram.sample_sum = static_cast<double>(numbers.sum) * scale_of(unit);
    const bool seconds = unit == Unit::kSeconds;
    std::uint64_t below = 0;
    unsigned bucket = 0;
    for (unsigned k = seconds ? kSecondsFrom : 0; k <= (seconds ? kSecondsTo : kOthersTo); ++k) {
        const std::uint64_t bound = std::uint64_t{1} << 2 * k;
        for (; LogLinearBuckets::lowest_of(bucket) < bound; ++bucket)
            below += numbers.buckets[bucket];
        // What lasted 255 whole nanoseconds lasted less than 256; 255 bytes are 255.
        const double shown = seconds ? static_cast<double>(bound) * kSecondsPerNanosecond
                                     : static_cast<double>(bound - 1);
        histogram.bucket.push_back({below, shown});
    }
    return histogram;
}

prometheus::MetricType type_of(MetricKind kind) noexcept {
    switch (kind) {
        case MetricKind::kCounter:
            return prometheus::MetricType::Counter;
        case MetricKind::kGauge:
            return prometheus::MetricType::Gauge;
        case MetricKind::kHistogram:
            return prometheus::MetricType::Histogram;
    }
    return prometheus::MetricType::Untyped;
}

}  // namespace

std::vector<prometheus::MetricFamily> to_prometheus(const std::vector<MetricFamily>& families) {
    std::vector<prometheus::MetricFamily> shown;
    shown.reserve(families.size());
    for (const MetricFamily& family : families) {
        prometheus::MetricFamily& out = shown.emplace_back();
        out.name = family.name;
        out.help = family.help;
        out.type = type_of(family.kind);
        for (const MetricSample& sample : family.samples) {
            prometheus::ClientMetric& metric = out.metric.emplace_back();
            for (const Label& label : sample.labels)
                metric.label.push_back({label.name, label.value});
            metric.counter.value = sample.value;
            metric.gauge.value = sample.value;
            if (family.kind == MetricKind::kHistogram)
                metric.histogram = histogram_of(sample.histogram, family.unit);
        }
    }
    return shown;
}

std::string to_prometheus_text(const std::vector<MetricFamily>& families) {
    const prometheus::TextSerializer serializer;
    return serializer.Serialize(to_prometheus(families));
}

}  // namespace catalog::monitor
