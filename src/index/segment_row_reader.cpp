#include "segment_row_reader.hpp"

#include <algorithm>
#include <string>

#include "catalog/internal/try.hpp"
#include "segment_format.hpp"

namespace catalog::index {

SegmentRowReader::SegmentRowReader(std::shared_ptr<const Segment> segment)
    : segment_(segment), cold_(std::move(segment)) {}

void SegmentRowReader::read_texts(const TextList& list, std::vector<std::string_view>& out) const {
    out.clear();
    for (std::size_t i = 0; i < list.size(); ++i) out.push_back(segment_->text(list[i]));
}

void SegmentRowReader::read_relations(const SegmentRecord& record) {
    const RelationList list = record.relations();
    // Spans follow when no feature comes any more: the vector grows.
    std::vector<std::size_t> ends;
    relations_.clear();
    features_.clear();
    for (std::size_t i = 0; i < list.size(); ++i) {
        const RelationTerms terms = segment_->terms(list[i]);
        SegmentRelation& relation = relations_.emplace_back();
        relation.role = terms.role;
        relation.name = segment_->name_text(list[i].name);
        relation.constraint = terms.constraint;
        relation.dialect = terms.dialect;
        relation.kind = terms.kind;
        relation.default_features = terms.default_features;
        relation.is_alternative = terms.is_alternative;
        relation.platform = terms.platform;
        for (std::string_view rest = terms.features; !rest.empty();) {
            const std::size_t end = std::min(rest.find('\0'), rest.size());
            features_.push_back(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        ends.push_back(features_.size());
    }
    std::size_t first = 0;
    for (std::size_t i = 0; i < ends.size(); ++i) {
        relations_[i].features = std::span(features_).subspan(first, ends[i] - first);
        first = ends[i];
    }
}

Result<SegmentRow> SegmentRowReader::read(DocId doc) {
    const auto record = segment_->record(doc);
    if (!record)
        return segment_damaged("has no sound record of version " +
                               std::to_string(static_cast<std::uint32_t>(doc)));
    CATALOG_TRY(const ColdText cold, cold_.read(doc));
    read_texts(record->authors(), authors_);
    read_texts(record->keywords(), keywords_);
    read_texts(record->tags(), tags_);
    read_relations(*record);
    SegmentRow row;
    row.name = record->name();
    row.version = record->version();
    row.digest = record->digest();
    row.state = record->state();
    row.yanked = record->is_yanked();
    row.imported = record->is_imported();
    row.type = record->type();
    row.file_count = record->file_count();
    row.file_bytes = record->file_bytes();
    row.published_us = record->published_us();
    row.log_index = record->log_index();
    row.license = segment_->text(record->license());
    row.authors = authors_;
    row.keywords = keywords_;
    row.tags = tags_;
    row.relations = relations_;
    row.description = cold.description;
    row.rest = cold.rest;
    return row;
}

}  // namespace catalog::index
