#pragma once
// Cold texts of a segment: descriptions and what else a caller wants kept, in compressed groups.

#include "segment_file.hpp"
#include "segment_order.hpp"

namespace catalog::index {

/// Writes the sections kColdGroups, kColdBytes and kColdDictionary. Memory: the compressed texts.
/// Errors: kInternal (zstd), the sink's.
[[nodiscard]] Result<void> write_cold(SegmentFile& file, const SegmentOrder& order, int level);

}  // namespace catalog::index
