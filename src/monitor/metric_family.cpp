#include "catalog/monitor/metric_family.hpp"

#include <algorithm>
#include <cmath>

namespace catalog::monitor {

std::uint64_t HistogramSnapshot::quantile(double share) const noexcept {
    if (count == 0) return 0;
    const double wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count));
    const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
    std::uint64_t seen = 0;
    unsigned last = 0;
    for (unsigned i = 0; i < LogLinearBuckets::kCount && seen < rank; ++i) {
        seen += buckets[i];
        last = i;
    }
    // The middle, from which no number of the bucket is farther than half its width.
    return LogLinearBuckets::lowest_of(last) + (LogLinearBuckets::width_of(last) - 1) / 2;
}

void HistogramSnapshot::add(const HistogramSnapshot& other) noexcept {
    for (unsigned i = 0; i < LogLinearBuckets::kCount; ++i) buckets[i] += other.buckets[i];
    count += other.count;
    sum += other.sum;
}

}  // namespace catalog::monitor
