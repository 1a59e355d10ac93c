#pragma once
// LogLinearBuckets: into which of a few hundred buckets a measured number falls.

#include <bit>
#include <cstdint>

namespace catalog::monitor {

/// Each power of two is cut into eight buckets of equal width, so a bucket is never wider than an
/// eighth of the numbers in it, whatever their size; numbers below 16 have one each. The scheme is
/// that of HdrHistogram (Gil Tene). Numbers from 2^40 on, 18 minutes in nanoseconds, share the
/// last.
struct LogLinearBuckets {
    static constexpr unsigned kStepBits = 3;
    static constexpr unsigned kRangeBits = 40;
    static constexpr unsigned kCount = (kRangeBits - kStepBits + 1) << kStepBits;

    /// Returns the number of the bucket, 0 to kCount - 1. Cost: about a nanosecond.
    [[nodiscard]] static constexpr unsigned index_of(std::uint64_t value) noexcept {
        if (value >= std::uint64_t{1} << kRangeBits) return kCount - 1;
        if (value < 1u << kStepBits) return static_cast<unsigned>(value);
        const auto power = static_cast<unsigned>(std::bit_width(value)) - 1;
        const unsigned shift = power - kStepBits;
        const auto step = static_cast<unsigned>(value >> shift) & ((1u << kStepBits) - 1);
        return ((shift + 1) << kStepBits) + step;
    }
    /// Returns the smallest number of bucket `index`, which is below kCount.
    [[nodiscard]] static constexpr std::uint64_t lowest_of(unsigned index) noexcept {
        if (index < 1u << kStepBits) return index;
        const unsigned shift = (index >> kStepBits) - 1;
        const std::uint64_t step = index & ((1u << kStepBits) - 1);
        return ((std::uint64_t{1} << kStepBits) + step) << shift;
    }
    /// Returns how many numbers fall into it; of the last one as if it ended at 2^40.
    [[nodiscard]] static constexpr std::uint64_t width_of(unsigned index) noexcept {
        return index < 1u << kStepBits ? 1 : std::uint64_t{1} << ((index >> kStepBits) - 1);
    }
};

}  // namespace catalog::monitor
