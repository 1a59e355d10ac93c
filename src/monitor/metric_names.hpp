#pragma once
// What may be the name, the help text and the labels of a metric.

#include "catalog/core/result.hpp"
#include "catalog/monitor/performance_monitor.hpp"

namespace catalog::monitor {

/// Errors: kInvalidArgument (the message names what and why).
[[nodiscard]] Result<void> check_terms(const MetricTerms& terms);
/// `labels` are in the order of their names. Errors: kInvalidArgument.
[[nodiscard]] Result<void> check_labels(std::string_view name, const Labels& labels);

}  // namespace catalog::monitor
