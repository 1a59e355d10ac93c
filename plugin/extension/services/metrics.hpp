#pragma once
// Measurements of requests for the host's metrics.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "catalog/abi/services.h"

namespace catalog::extension {

/// `catalog_requests_total`, `catalog_request_errors_total` (counters) and
/// `catalog_request_seconds` (histogram), each by `method`. Does nothing without a service.
///
/// Thread safety: any thread, after construction. Calls the host without any lock.
class RequestMetrics {
public:
    RequestMetrics() = default;
    /// Defines the metrics and one series for each of `methods`. A metric that the host refuses is
    /// left out.
    RequestMetrics(const hmx_svc_metrics* service, std::span<const std::string_view> methods);

    /// Tells of a request to the method of that index.
    void record(std::size_t method, bool succeeded, std::uint64_t duration_ns) const noexcept;

private:
    struct Metric {
        bool defined = false;
        hmx_handle handle = 0;
    };
    using Series = std::vector<Metric>;

    [[nodiscard]] Series define(std::uint32_t kind, std::string_view name, std::string_view help,
                                std::span<const double> bounds,
                                std::span<const std::string_view> methods) const;
    void record(const Series& series, std::size_t method, double value) const noexcept;

    const hmx_svc_metrics* service_ = nullptr;
    Series requests_;
    Series errors_;
    Series seconds_;
};

}  // namespace catalog::extension
