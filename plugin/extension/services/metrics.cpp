#include "services/metrics.hpp"

#include <array>

#include "boundary.hpp"

namespace catalog::extension {

namespace {

/// From a lookup in memory to the installation of a large package.
constexpr std::array<double, 14> kSecondsBounds{1e-6, 5e-6, 2e-5, 1e-4, 5e-4, 2e-3, 1e-2,
                                                5e-2, 0.2,  1.0,  5.0,  20.0, 60.0, 300.0};

}  // namespace

RequestMetrics::RequestMetrics(const hmx_svc_metrics* service,
                               std::span<const std::string_view> methods) {
    if (service == nullptr || !HMX_IFACE_HAS(service, define) || !HMX_IFACE_HAS(service, with) ||
        !HMX_IFACE_HAS(service, record))
        return;
    service_ = service;
    requests_ = define(HMX_METRIC_COUNTER, "catalog_requests_total", "Requests.", {}, methods);
    errors_ = define(HMX_METRIC_COUNTER, "catalog_request_errors_total", "Requests that failed.",
                     {}, methods);
    seconds_ = define(HMX_METRIC_HISTOGRAM, "catalog_request_seconds", "Duration of requests.",
                      kSecondsBounds, methods);
}

RequestMetrics::Series RequestMetrics::define(std::uint32_t kind, std::string_view name,
                                              std::string_view help, std::span<const double> bounds,
                                              std::span<const std::string_view> methods) const {
    Series series(methods.size());
    const hmx_str label = to_abi("method");
    hmx_handle metric = 0;
    if (service_->define(service_->ctx, kind, to_abi(name), to_abi(help), &label, 1, bounds.data(),
                         static_cast<std::uint32_t>(bounds.size()), &metric) != HMX_OK)
        return series;
    for (std::size_t i = 0; i < methods.size(); ++i) {
        const hmx_str method = to_abi(methods[i]);
        series[i].defined =
            service_->with(service_->ctx, metric, &method, 1, &series[i].handle) == HMX_OK;
    }
    return series;
}

void RequestMetrics::record(const Series& series, std::size_t method, double value) const noexcept {
    if (method < series.size() && series[method].defined)
        service_->record(service_->ctx, series[method].handle, value);
}

void RequestMetrics::record(std::size_t method, bool succeeded,
                            std::uint64_t duration_ns) const noexcept {
    record(requests_, method, 1.0);
    if (!succeeded) record(errors_, method, 1.0);
    record(seconds_, method, static_cast<double>(duration_ns) * 1e-9);
}

}  // namespace catalog::extension
