#pragma once
// What the process takes of the machine, from /proc.

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/monitor/metric_family.hpp"

namespace catalog::monitor {

/// Numbers of the whole process: of the host too, which a library inside it cannot tell apart.
struct ProcessResources {
    double cpu_seconds = 0;             ///< User and system time of all threads since it began.
    std::uint64_t resident_bytes = 0;   ///< Memory that is in the machine, mapped files among it.
    std::uint64_t anonymous_bytes = 0;  ///< The part of it that no file stands behind.
    std::uint64_t threads = 0;
    std::uint64_t open_files = 0;  ///< Descriptors, sockets and pipes among them.
};

/// Reads `stat`, `status` and `fd` in `folder`. Blocking: four reads, some 50 us. Errors:
/// kUnsupported (a file is missing, as where /proc is not mounted, or does not say what it should;
/// the message names it).
[[nodiscard]] Result<ProcessResources> read_process_resources(
    const std::string& folder = "/proc/self");

/// Appends them under the names that Prometheus has for them (`process_cpu_seconds_total`,
/// `process_resident_memory_bytes`, ...), or nothing when they cannot be read, and in both cases
/// `process_resources_readable`, 1 or 0. A PerformanceMonitor does
/// so by itself.
void collect_process_resources(std::vector<MetricFamily>& families,
                               const std::string& folder = "/proc/self");

}  // namespace catalog::monitor
