#pragma once
// PerformanceMonitor: the metrics of one library, or of whatever a host lets share it.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/monitor/metric_family.hpp"
#include "catalog/monitor/metrics.hpp"

namespace catalog::monitor {

/// Bounds of a monitor. Nothing that is counted makes it grow; only registrations do.
class MonitorOptions {
public:
    MonitorOptions() = default;
    std::uint32_t families_max = 256;  ///< Names, 1 to 4,096.
    /// Series of one name, 1 to 4,096. Beyond it all share one, whose label values are `other`: a
    /// host that makes labels of what others send must not run out of memory, nor lose counts.
    std::uint32_t series_max = 128;
    /// Processors that have cells of their own; others share with them. A power of two up to 64; 0:
    /// as many as the machine has, at most 16.
    std::uint32_t processors = 0;
    /// Whether scrapes tell what the process takes of the machine: see collect_process_resources.
    bool process_resources = true;
};

/// Name and meaning of a metric.
struct MetricTerms {
    std::string_view name;  ///< Letters, digits, `_`, `:`; begins with no digit. At most 128 bytes.
    std::string_view help;  ///< One sentence without control characters or `\`; at most 256 bytes.
    Unit unit = Unit::kNone;
    /// Of histograms: one in how many events is measured, a power of two up to 65,536; see
    /// Histogram::due.
    std::uint32_t one_in = 1;
};

/// Takes a collector back when the last copy ends, and waits until no scrape is inside it.
class CollectorRegistration {
public:
    CollectorRegistration() = default;
    explicit CollectorRegistration(std::shared_ptr<void> hold) noexcept : hold_(std::move(hold)) {}

private:
    std::shared_ptr<void> hold_;
};

/// Registers metrics and reads them all.
///
/// No instance knows of another and none is global: a host that runs two libraries sees them apart
/// or, when it gives both the same monitor, together. Registering is for when something is opened;
/// counting is done with the handles and never comes back here.
///
/// Memory: 8 bytes a counter and 2.4 KiB a histogram for each processor that has cells, taken in
/// pieces of 32 KiB of which the machine gives what is touched.
/// Thread safety: any thread. Registering and scraping lock; counting does not.
class PerformanceMonitor {
public:
    /// Errors: kInvalidArgument (an option outside its range).
    [[nodiscard]] static Result<std::shared_ptr<PerformanceMonitor>> make(
        const MonitorOptions& options = {});

    ~PerformanceMonitor();
    PerformanceMonitor(const PerformanceMonitor&) = delete;
    PerformanceMonitor& operator=(const PerformanceMonitor&) = delete;

    /// Returns the series of that name and these labels, which is made when there is none. Who asks
    /// twice gets the same. All series of a name have the same label names; their order does not
    /// matter. Errors: kInvalidArgument (a name, a help text, a label or `one_in` that is not as
    /// above, other label names than the name's first series), kAlreadyExists (the name is of
    /// another kind or unit), kLimitExceeded (families_max), kOutOfMemory.
    [[nodiscard]] Result<Counter> counter(const MetricTerms& terms, Labels labels = {});
    [[nodiscard]] Result<Gauge> gauge(const MetricTerms& terms, Labels labels = {});
    [[nodiscard]] Result<Histogram> histogram(const MetricTerms& terms, Labels labels = {});

    /// Adds what is not counted but looked up when somebody scrapes: sizes, levels, counts that
    /// something else keeps. It appends families, must not throw, and must not register collectors
    /// or scrape. Families of one name are joined, in the order of registration.
    using Collector = std::function<void(std::vector<MetricFamily>&)>;
    [[nodiscard]] CollectorRegistration add_collector(Collector collector);

    /// Reads everything: the registered metrics in the order of their registration, then what the
    /// collectors say. Each number is right for some moment during the call; there is no one
    /// moment for all. Blocking as the collectors are.
    [[nodiscard]] std::vector<MetricFamily> scrape() const;

    /// Returns `to_prometheus_text(scrape())`.
    [[nodiscard]] std::string prometheus_text() const;

private:
    struct State;
    explicit PerformanceMonitor(std::shared_ptr<State> state) noexcept;

    std::shared_ptr<State> state_;
};

}  // namespace catalog::monitor
