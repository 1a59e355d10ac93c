#pragma once
// What a scrape returns: plain numbers with names, copied at one moment.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "catalog/monitor/log_linear.hpp"

namespace catalog::monitor {

/// One dimension of a series. A name has letters, digits and `_` and begins with no digit; `le` and
/// what begins with `__` are Prometheus's own. A value is any text of at most 128 bytes.
struct Label {
    std::string name;
    std::string value;

    bool operator==(const Label&) const = default;
};
using Labels = std::vector<Label>;

enum class MetricKind : std::uint8_t {
    kCounter,    ///< Only grows, from 0 when its monitor is made.
    kGauge,      ///< A level that goes up and down.
    kHistogram,  ///< How often what was measured was how large.
};

/// What the numbers of a family are. Names carry it at their end, as is the custom of Prometheus:
/// `_seconds`, `_bytes`; counters end in `_total` after that.
enum class Unit : std::uint8_t {
    kNone,     ///< Counts of things.
    kSeconds,  ///< Recorded in whole nanoseconds, shown in seconds.
    kBytes,
};

/// The numbers of one histogram.
struct HistogramSnapshot {
    std::array<std::uint64_t, LogLinearBuckets::kCount> buckets{};
    std::uint64_t count = 0;  ///< Sum of `buckets`.
    std::uint64_t sum = 0;    ///< Of everything recorded, in units as recorded; wraps at 2^64.

    /// Returns a number that is within a sixteenth of the smallest recorded one to which at least
    /// the part `share` of all is smaller or equal; 0 when nothing was recorded. `share`: 0 to 1.
    /// What was 2^40 or more counts as just below that. Cost: a look at every bucket.
    [[nodiscard]] std::uint64_t quantile(double share) const noexcept;

    /// Adds the numbers of another.
    void add(const HistogramSnapshot& other) noexcept;
};

/// One series of a family. `histogram` counts for histograms, `value` for all others.
struct MetricSample {
    Labels labels;
    double value = 0;  ///< In the family's unit: seconds, bytes, or things.
    HistogramSnapshot histogram;
};

/// All series of one name.
struct MetricFamily {
    std::string name;
    std::string help;  ///< One sentence.
    MetricKind kind = MetricKind::kGauge;
    Unit unit = Unit::kNone;
    std::vector<MetricSample> samples;
};

/// Returns `families` in the text format of Prometheus, version 0.0.4: what an endpoint for scrapes
/// answers with, as `text/plain; version=0.0.4`. Of a histogram it shows cumulative counts at every
/// fourth power of two. Cost: about a microsecond a line.
[[nodiscard]] std::string to_prometheus_text(const std::vector<MetricFamily>& families);

}  // namespace catalog::monitor
