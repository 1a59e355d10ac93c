#pragma once
// How versions move from the delta of an index into segments, and segments into larger ones.

#include <cstddef>
#include <cstdint>
#include <functional>

#include "catalog/core/result.hpp"

namespace catalog::index {

/// Is told now and then how many versions are done and are to be done; what it returns as error
/// ends the work, which has then changed nothing.
using SealProgress = std::function<Result<void>(std::uint64_t done, std::uint64_t total)>;

/// How much one seal takes.
class SealOptions {
public:
    SealOptions() = default;

    /// With fewer versions in the delta nothing is done.
    std::uint64_t versions_min = 1;
    /// Versions of one segment, 1 to 65,536; the rest stays for the next seal.
    std::uint64_t versions_max = 16'384;
};

/// Which segments are merged.
class IndexMergeOptions {
public:
    IndexMergeOptions() = default;

    /// Segments of one size class are merged when there are so many, 2 to 64. A class holds
    /// segments of up to `fan_out` times as many versions as the class before.
    std::uint32_t fan_out = 8;
    /// Merges all segments, whatever their sizes.
    bool everything = false;
    /// Bytes of memory that a merge may take; segments that would need more are left alone. About
    /// 500 bytes a version.
    std::size_t memory_bytes_max = std::size_t{1} << 30;
};

/// Where the versions of an index are.
struct IndexShape {
    std::uint64_t delta_versions = 0;
    std::uint64_t sealed_versions = 0;
    std::uint64_t segments = 0;
};

/// What a seal or a merge did; all zero when there was nothing to do.
struct SealReport {
    std::uint64_t versions = 0;  ///< In the segment that was written.
    std::uint64_t bytes = 0;     ///< Of its file.
    std::uint64_t merged = 0;    ///< Segments that it stands for.
};

}  // namespace catalog::index
