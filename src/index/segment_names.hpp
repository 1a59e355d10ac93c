#pragma once
// Names and texts of a segment, and which versions depend on which name.

#include "segment_file.hpp"
#include "segment_order.hpp"

namespace catalog::index {

/// Writes kFirstDocs, kNameFences, kForeignOffsets and kForeignNames. Errors: kLimitExceeded (4 GiB
/// of names), the sink's.
[[nodiscard]] Result<void> write_names(SegmentFile& file, const SegmentDraft& draft,
                                       const SegmentOrder& order);

/// Writes kReverseFirsts and kReverseDocs. Errors: kLimitExceeded (2^32 dependencies), the sink's.
[[nodiscard]] Result<void> write_reverse(SegmentFile& file, const SegmentDraft& draft,
                                         const SegmentOrder& order);

/// Writes kTextOffsets and kTexts. Errors: kLimitExceeded (4 GiB of texts), the sink's.
[[nodiscard]] Result<void> write_texts(SegmentFile& file, const SegmentDraft& draft,
                                       const SegmentOrder& order);

}  // namespace catalog::index
