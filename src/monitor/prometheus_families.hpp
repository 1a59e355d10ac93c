#pragma once
// Families of metrics in the types of prometheus-cpp, for its serializer and its HTTP server.

#include <prometheus/metric_family.h>

#include <vector>

#include "catalog/monitor/metric_family.hpp"

namespace catalog::monitor {

[[nodiscard]] std::vector<prometheus::MetricFamily> to_prometheus(
    const std::vector<MetricFamily>& families);

}  // namespace catalog::monitor
