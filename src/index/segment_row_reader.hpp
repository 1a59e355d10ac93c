#pragma once
// SegmentRowReader: a version of a segment as the row that it was made from.

#include <memory>
#include <vector>

#include "catalog/index/segment.hpp"
#include "catalog/index/segment_row.hpp"

namespace catalog::index {

/// Thread safety: one object from one thread at a time. Memory: as ColdReader.
class SegmentRowReader {
public:
    explicit SegmentRowReader(std::shared_ptr<const Segment> segment);

    /// Returns a version's row, valid until the next call. REQUIRES: a number below
    /// version_count(). Errors: kIndexCorrupted.
    [[nodiscard]] Result<SegmentRow> read(DocId doc);

private:
    void read_texts(const TextList& list, std::vector<std::string_view>& out) const;
    void read_relations(const SegmentRecord& record);

    std::shared_ptr<const Segment> segment_;
    ColdReader cold_;
    std::vector<std::string_view> authors_;
    std::vector<std::string_view> keywords_;
    std::vector<std::string_view> tags_;
    std::vector<std::string_view> features_;
    std::vector<SegmentRelation> relations_;
};

}  // namespace catalog::index
