#include <algorithm>  // NOLINT(misc-include-cleaner): ranges::lower_bound
#include <utility>

#include "host.hpp"
#include "service.hpp"

namespace catalog::host {

namespace {

constexpr std::size_t kMetricsMax = 10'000;
constexpr std::size_t kSeriesMax = 100'000;
constexpr std::uint32_t kLabelsMax = 32;
constexpr std::uint32_t kBoundsMax = 1000;

std::vector<std::string> label_texts(const hmx_str* texts, std::uint32_t count) {
    std::vector<std::string> out;
    out.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i)
        out.emplace_back(texts[i].data == nullptr ? std::string_view{}
                                                  : std::string_view(texts[i].data, texts[i].size));
    return out;
}

class MetricsService final : public Service {
public:
    explicit MetricsService(Host& host) : host_(host) {
        table_.iface = {sizeof table_, kServiceVersion};
        table_.ctx = this;
        table_.define = [](void* ctx, std::uint32_t kind, hmx_str name, hmx_str help,
                           const hmx_str* labels, std::uint32_t label_count, const double* bounds,
                           std::uint32_t bound_count, hmx_handle* out) -> hmx_status {
            if (name.data == nullptr || name.size == 0 || out == nullptr ||
                kind > HMX_METRIC_HISTOGRAM || label_count > kLabelsMax ||
                bound_count > kBoundsMax || (labels == nullptr && label_count > 0) ||
                (bounds == nullptr && bound_count > 0))
                return HMX_E_INVALID_ARGUMENT;
            return store(ctx).define(
                kind, {name.data, name.size},
                help.data == nullptr ? std::string() : std::string(help.data, help.size),
                label_texts(labels, label_count), std::vector<double>(bounds, bounds + bound_count),
                *out);
        };
        table_.with = [](void* ctx, hmx_handle metric, const hmx_str* values, std::uint32_t count,
                         hmx_handle* out) -> hmx_status {
            if (out == nullptr || count > kLabelsMax || (values == nullptr && count > 0))
                return HMX_E_INVALID_ARGUMENT;
            return store(ctx).with(metric, label_texts(values, count), *out);
        };
        table_.record = [](void* ctx, hmx_handle series, double value) {
            store(ctx).record(series, value);
        };
    }

    [[nodiscard]] std::string_view id() const noexcept override { return HMX_SVC_METRICS; }
    [[nodiscard]] std::uint64_t capabilities() const noexcept override {
        return std::uint64_t{1} << HMX_CAP_MONITORING_ACCESS;
    }
    [[nodiscard]] const hmx_iface* table() const noexcept override { return &table_.iface; }

private:
    static MetricStore& store(void* ctx) {
        return static_cast<MetricsService*>(ctx)->host_.metrics;
    }

    Host& host_;
    hmx_svc_metrics table_{};
};

}  // namespace

std::unique_ptr<Service> make_metrics_service(Host& host) {
    return std::make_unique<MetricsService>(host);
}

hmx_status MetricStore::define(std::uint32_t kind, std::string name, std::string help,
                               std::vector<std::string> labels, std::vector<double> bounds,
                               hmx_handle& out) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < metrics_.size(); ++i) {
        if (metrics_[i].name != name) continue;
        // An extension that is loaded again defines the same metrics again.
        if (metrics_[i].kind != kind || metrics_[i].labels != labels) return HMX_E_ALREADY_EXISTS;
        out = i + 1;
        return HMX_OK;
    }
    if (metrics_.size() >= kMetricsMax) return HMX_E_QUOTA_EXCEEDED;
    metrics_.push_back(
        {kind, std::move(name), std::move(help), std::move(labels), std::move(bounds)});
    out = metrics_.size();
    return HMX_OK;
}

hmx_status MetricStore::with(hmx_handle metric, std::vector<std::string> values, hmx_handle& out) {
    const std::lock_guard lock(mutex_);
    if (metric == 0 || metric > metrics_.size()) return HMX_E_NOT_FOUND;
    const Metric& defined = metrics_[metric - 1];
    if (defined.labels.size() != values.size()) return HMX_E_INVALID_ARGUMENT;
    for (std::size_t i = 0; i < series_.size(); ++i)
        if (series_[i].metric == metric - 1 && series_[i].values == values) {
            out = i + 1;
            return HMX_OK;
        }
    if (series_.size() >= kSeriesMax) return HMX_E_QUOTA_EXCEEDED;
    series_.push_back({metric - 1, std::move(values), 0, 0,
                       std::vector<std::uint64_t>(defined.bounds.size() + 1)});
    out = series_.size();
    return HMX_OK;
}

void MetricStore::record(hmx_handle handle, double value) {
    const std::lock_guard lock(mutex_);
    if (handle == 0 || handle > series_.size()) return;
    Series& series = series_[handle - 1];
    const Metric& metric = metrics_[series.metric];
    ++series.count;
    if (metric.kind == HMX_METRIC_GAUGE)
        series.value = value;
    else
        series.value += value;
    const auto bucket = std::ranges::lower_bound(metric.bounds, value) - metric.bounds.begin();
    ++series.buckets[static_cast<std::size_t>(bucket)];
}

json::Array MetricStore::to_json() const {
    const std::lock_guard lock(mutex_);
    json::Array out;
    for (const Series& series : series_) {
        const Metric& metric = metrics_[series.metric];
        json::Object labels;
        for (std::size_t i = 0; i < metric.labels.size(); ++i)
            labels.emplace(metric.labels[i], series.values[i]);
        json::Object entry{{"name", metric.name}, {"labels", std::move(labels)}};
        if (metric.kind == HMX_METRIC_HISTOGRAM) {
            json::Array buckets;
            for (std::size_t i = 0; i < series.buckets.size(); ++i)
                buckets.emplace_back(
                    json::Object{{"le", i < metric.bounds.size() ? json::Value(metric.bounds[i])
                                                                 : json::Value("+Inf")},
                                 {"count", series.buckets[i]}});
            entry.emplace("kind", "histogram");
            entry.emplace("count", series.count);
            entry.emplace("sum", series.value);
            entry.emplace("buckets", std::move(buckets));
        } else {
            entry.emplace("kind", metric.kind == HMX_METRIC_GAUGE ? "gauge" : "counter");
            entry.emplace("value", series.value);
        }
        out.emplace_back(std::move(entry));
    }
    return out;
}

}  // namespace catalog::host
