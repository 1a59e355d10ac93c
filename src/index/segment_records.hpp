#pragma once
// Records of a segment: writing them, and looking one through before it is used.

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/index/segment_record.hpp"
#include "segment_file.hpp"
#include "segment_key_table.hpp"
#include "segment_order.hpp"

namespace catalog::index {

/// What follows from the records and is written behind them.
struct RecordTables {
    std::vector<std::uint32_t> places;        ///< In steps of kRecordAlignment, by version.
    std::vector<std::uint64_t> release_keys;  ///< By version.
    KeyTable keys;
};

/// Writes section kRecords. Errors: kLimitExceeded (16 GiB of records), the sink's.
[[nodiscard]] Result<RecordTables> write_records(SegmentFile& file, const SegmentDraft& draft,
                                                 const SegmentOrder& order,
                                                 const SegmentSecret& secret,
                                                 const RecordWidths& widths);

/// Returns the record at that place of the section when all of it lies inside and no field has a
/// value without a meaning, else no bytes.
[[nodiscard]] inline ByteView record_at(ByteView section, std::uint32_t place,
                                        const RecordWidths& widths) noexcept {
    const std::uint64_t offset = std::uint64_t{place} * kRecordAlignment;
    if (offset + kRecordHeadBytes > section.size()) return {};
    const std::byte* const head = section.data() + offset;
    const auto flags = load_le<std::uint16_t>(head + kRecordFlagsAt);
    const unsigned state = flags & kFlagStateMask;
    // States 0, 1, 5 and 6 are those of a package.
    if ((flags & ~kFlagsKnown) != 0 || ((0b01100011U >> state) & 1) == 0) return {};
    const auto byte = [head](std::size_t at) { return std::to_integer<std::size_t>(head[at]); };
    const std::size_t texts =
        1 + byte(kRecordAuthorsAt) + byte(kRecordKeywordsAt) + byte(kRecordTagsAt);
    const std::size_t bytes = kRecordHeadBytes + byte(kRecordNameBytesAt) +
                              byte(kRecordVersionBytesAt) + 1 + kBodyLicenseAt +
                              byte(kRecordContentBytesAt) + widths.text * texts +
                              (std::size_t{widths.name} + widths.terms) *
                                  load_le<std::uint16_t>(head + kRecordRelationsAt);
    if (bytes > section.size() - offset) return {};
    return {head, bytes};
}

/// Appends file count, file bytes and log index as a record has them, at most
/// kRecordContentBytesMax bytes.
void append_content(Bytes& out, std::uint64_t file_count, std::uint64_t file_bytes,
                    std::uint64_t log_index);

}  // namespace catalog::index
