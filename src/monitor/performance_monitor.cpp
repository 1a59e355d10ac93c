#include "catalog/monitor/performance_monitor.hpp"

#include <algorithm>
#include <bit>
#include <catalog/internal/mutex.hpp>
#include <catalog/internal/try.hpp>
#include <list>
#include <map>
#include <optional>
#include <thread>

#include "catalog/monitor/process_resources.hpp"
#include "cell_blocks.hpp"
#include "metric_names.hpp"

namespace catalog::monitor {
namespace {

using internal::Mutex;
using internal::MutexLock;

constexpr std::uint32_t kBoundMax = 4'096;
constexpr unsigned kProcessorsMax = 64;
constexpr unsigned kProcessorsByDefault = 16;
constexpr std::string_view kOther = "other";

struct Series {
    Labels labels;
    MetricCells cells;
};

struct Family {
    std::string name;
    std::string help;
    MetricKind kind = MetricKind::kCounter;
    Unit unit = Unit::kNone;
    std::uint32_t one_in = 1;
    std::vector<Series> series;
    std::map<std::string, std::size_t, std::less<>> places;  ///< By the values of the labels.
    std::optional<MetricCells> other;                        ///< Of all that are too many.
};

// Lengths keep values apart that joined would be the same.
std::string key_of(const Labels& labels) {
    std::string key;
    for (const Label& label : labels) key += std::to_string(label.value.size()) + ":" + label.value;
    return key;
}

bool same_names(const Labels& a, const Labels& b) {
    return std::ranges::equal(a, b, {}, &Label::name, &Label::name);
}

HistogramSnapshot read_histogram(const MetricCells& cells) {
    HistogramSnapshot numbers;
    for (unsigned i = 0; i < LogLinearBuckets::kCount; ++i) {
        numbers.buckets[i] = cells.sum(i);
        numbers.count += numbers.buckets[i];
    }
    numbers.sum = cells.sum(Histogram::kSumCell);
    return numbers;
}

MetricSample read_series(const Family& family, const Series& series) {
    MetricSample sample;
    sample.labels = series.labels;
    if (family.kind == MetricKind::kHistogram)
        sample.histogram = read_histogram(series.cells);
    else if (family.kind == MetricKind::kGauge)
        sample.value = static_cast<double>(Gauge(series.cells).value());
    else
        sample.value = static_cast<double>(series.cells.sum());
    if (family.kind != MetricKind::kHistogram && family.unit == Unit::kSeconds)
        sample.value *= 1e-9;
    return sample;
}

unsigned processors_of(std::uint32_t wanted) {
    if (wanted != 0) return wanted;
    const unsigned machine = std::max(1u, std::thread::hardware_concurrency());
    return std::min(kProcessorsByDefault, std::bit_ceil(machine));
}

}  // namespace

struct PerformanceMonitor::State {
    explicit State(const MonitorOptions& the_options)
        : options(the_options), blocks(processors_of(the_options.processors)) {}

    Result<MetricCells> series_of(MetricKind kind, const MetricTerms& terms, Labels labels);
    Result<Family*> family_of(MetricKind kind, const MetricTerms& terms) CATALOG_REQUIRES(mutex);
    Result<MetricCells> cells_for(Family& family, Labels labels) CATALOG_REQUIRES(mutex);

    const MonitorOptions options;
    mutable Mutex mutex;
    CellBlocks blocks CATALOG_GUARDED_BY(mutex);
    // A list, because families are found by the views of their names.
    std::list<Family> families CATALOG_GUARDED_BY(mutex);
    std::map<std::string_view, Family*> names CATALOG_GUARDED_BY(mutex);
    mutable Mutex collecting;
    std::list<Collector> collectors CATALOG_GUARDED_BY(collecting);
};

Result<std::shared_ptr<PerformanceMonitor>> PerformanceMonitor::make(
    const MonitorOptions& options) {
    const auto outside = [](std::string_view what, std::uint32_t is, std::uint32_t most) {
        return fail(Errc::kInvalidArgument, std::string(what) + " of a monitor is " +
                                                std::to_string(is) + ", allowed are 1 to " +
                                                std::to_string(most));
    };
    if (options.families_max < 1 || options.families_max > kBoundMax)
        return outside("families_max", options.families_max, kBoundMax);
    if (options.series_max < 1 || options.series_max > kBoundMax)
        return outside("series_max", options.series_max, kBoundMax);
    if (options.processors > kProcessorsMax ||
        (options.processors != 0 && !std::has_single_bit(options.processors)))
        return fail(Errc::kInvalidArgument, "processors of a monitor is " +
                                                std::to_string(options.processors) +
                                                ", allowed are 0 and powers of two up to 64");
    return std::shared_ptr<PerformanceMonitor>(
        new PerformanceMonitor(std::make_shared<State>(options)));
}

PerformanceMonitor::PerformanceMonitor(std::shared_ptr<State> state) noexcept
    : state_(std::move(state)) {}
PerformanceMonitor::~PerformanceMonitor() = default;

Result<Family*> PerformanceMonitor::State::family_of(MetricKind kind, const MetricTerms& terms) {
    if (const auto found = names.find(terms.name); found != names.end()) {
        Family& family = *found->second;
        if (family.kind != kind || family.unit != terms.unit)
            return fail(Errc::kAlreadyExists, "metric \"" + family.name +
                                                  "\" is registered already, as another kind or "
                                                  "in another unit");
        return &family;
    }
    if (families.size() >= options.families_max)
        return fail(Errc::kLimitExceeded,
                    "metric \"" + std::string(terms.name) + "\" would be one more than the " +
                        std::to_string(options.families_max) + " that the monitor may have");
    Family& family = families.emplace_back();
    family.name = terms.name;
    family.help = terms.help;
    family.kind = kind;
    family.unit = terms.unit;
    family.one_in = terms.one_in;
    names.emplace(family.name, &family);
    return &family;
}

Result<MetricCells> PerformanceMonitor::State::cells_for(Family& family, Labels labels) {
    const std::string key = key_of(labels);
    if (const auto found = family.places.find(key); found != family.places.end())
        return family.series[found->second].cells;
    if (family.other) return *family.other;
    // The last place is for the one that stands for all others.
    const bool last = family.series.size() + 1 >= options.series_max && !labels.empty();
    const MetricCells cells =
        blocks.take(family.kind == MetricKind::kHistogram ? Histogram::kCells : 1);
    if (!cells) return fail(Errc::kOutOfMemory, "no memory for metric \"" + family.name + "\"");
    if (last) {
        for (Label& label : labels) label.value = kOther;
        family.other = cells;
    } else {
        family.places.emplace(key, family.series.size());
    }
    family.series.push_back({std::move(labels), cells});
    return cells;
}

Result<MetricCells> PerformanceMonitor::State::series_of(MetricKind kind, const MetricTerms& terms,
                                                         Labels labels) {
    std::ranges::sort(labels, {}, &Label::name);
    CATALOG_TRY_VOID(check_terms(terms));
    CATALOG_TRY_VOID(check_labels(terms.name, labels));
    const MutexLock lock(mutex);
    CATALOG_TRY(Family* const family, family_of(kind, terms));
    if (!family->series.empty() && !same_names(family->series.front().labels, labels))
        return fail(Errc::kInvalidArgument,
                    "metric \"" + family->name + "\" is registered with other names of labels");
    return cells_for(*family, std::move(labels));
}

Result<Counter> PerformanceMonitor::counter(const MetricTerms& terms, Labels labels) {
    CATALOG_TRY(const MetricCells cells,
                state_->series_of(MetricKind::kCounter, terms, std::move(labels)));
    return Counter(cells);
}

Result<Gauge> PerformanceMonitor::gauge(const MetricTerms& terms, Labels labels) {
    CATALOG_TRY(const MetricCells cells,
                state_->series_of(MetricKind::kGauge, terms, std::move(labels)));
    return Gauge(cells);
}

Result<Histogram> PerformanceMonitor::histogram(const MetricTerms& terms, Labels labels) {
    CATALOG_TRY(const MetricCells cells,
                state_->series_of(MetricKind::kHistogram, terms, std::move(labels)));
    return Histogram(cells, terms.one_in);
}

CollectorRegistration PerformanceMonitor::add_collector(Collector collector) {
    const MutexLock lock(state_->collecting);
    const auto place = state_->collectors.insert(state_->collectors.end(), std::move(collector));
    // Scrapes hold the same lock while they are inside a collector.
    const auto forget = [state = state_, place](void*) {
        const MutexLock forgetting(state->collecting);
        state->collectors.erase(place);
    };
    return CollectorRegistration(std::shared_ptr<void>(nullptr, forget));
}

std::vector<MetricFamily> PerformanceMonitor::scrape() const {
    std::vector<MetricFamily> all;
    {
        const MutexLock lock(state_->mutex);
        for (const Family& family : state_->families) {
            MetricFamily& shown = all.emplace_back(
                MetricFamily{family.name, family.help, family.kind, family.unit, {}});
            for (const Series& series : family.series)
                shown.samples.push_back(read_series(family, series));
        }
    }
    std::vector<MetricFamily> collected;
    {
        const MutexLock lock(state_->collecting);
        for (const Collector& collector : state_->collectors) collector(collected);
    }
    if (state_->options.process_resources) collect_process_resources(collected);
    for (MetricFamily& family : collected) {
        const auto same = std::ranges::find(all, family.name, &MetricFamily::name);
        if (same == all.end())
            all.push_back(std::move(family));
        else
            for (MetricSample& sample : family.samples) same->samples.push_back(std::move(sample));
    }
    return all;
}

std::string PerformanceMonitor::prometheus_text() const { return to_prometheus_text(scrape()); }

}  // namespace catalog::monitor
