#include "catalog/index/segment_builder.hpp"

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "catalog/index/package_index.hpp"
#include "catalog/internal/try.hpp"
#include "segment_cold.hpp"
#include "segment_draft.hpp"
#include "segment_file.hpp"
#include "segment_names.hpp"
#include "segment_order.hpp"
#include "segment_records.hpp"
#include "segment_terms.hpp"

namespace catalog::index {

namespace {

// Rows whose lookups overlap.
constexpr std::size_t kBatchRows = 16;
// How many rows are added between two looks at the memory.
constexpr std::size_t kRowsBetweenLooks = 1024;

// The texts of metadata as a row, which borrows from here.
class MetadataRow {
public:
    MetadataRow(const IndexEntry& entry, const package::PackageMetadata& metadata) {
        for (const package::Dependency& dependency : metadata.dependencies)
            add_dependency(dependency);
        for (const package::Conflict& conflict : metadata.conflicts)
            add(RelationRole::kConflict, conflict.name, keep(conflict.constraint.to_string()),
                conflict.constraint.dialect());
        for (const package::Provide& provide : metadata.provides)
            add(RelationRole::kProvide, provide.name, keep(provide.version.to_string()),
                version::Dialect::kCargo);
        authors_.assign(metadata.authors.begin(), metadata.authors.end());
        keywords_.assign(metadata.keywords.begin(), metadata.keywords.end());
        tags_.assign(metadata.tags.begin(), metadata.tags.end());
        row_.name = entry.id.name().view();
        row_.version = entry.id.version();
        row_.digest = entry.digest.hash;
        row_.state = entry.state;
        row_.yanked = entry.yanked;
        row_.imported = entry.origin == Origin::kImported;
        row_.type = entry.type;
        row_.file_count = entry.file_count;
        row_.file_bytes = entry.file_bytes;
        row_.published_us = entry.published.time_since_epoch().count();
        row_.log_index = entry.log_index;
        row_.license = entry.license;
        row_.authors = authors_;
        row_.keywords = keywords_;
        row_.tags = tags_;
        row_.relations = relations_;
        row_.description = entry.description;
    }
    MetadataRow(const MetadataRow&) = delete;
    MetadataRow& operator=(const MetadataRow&) = delete;

    [[nodiscard]] const SegmentRow& row() const noexcept { return row_; }

private:
    std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }

    SegmentRelation& add(RelationRole role, const PackageName& name, std::string_view constraint,
                         version::Dialect dialect) {
        SegmentRelation& relation = relations_.emplace_back();
        relation.role = role;
        relation.name = name.view();
        relation.constraint = constraint;
        relation.dialect = dialect;
        return relation;
    }

    void add_dependency(const package::Dependency& dependency) {
        SegmentRelation& first = add(RelationRole::kDependency, dependency.target.name,
                                     keep(dependency.target.constraint.to_string()),
                                     dependency.target.constraint.dialect());
        first.kind = dependency.kind;
        first.default_features = dependency.default_features;
        if (!dependency.platform.is_everywhere())
            first.platform = keep(dependency.platform.to_string());
        first.features =
            features_.emplace_back(dependency.features.begin(), dependency.features.end());
        for (const package::DependencyTarget& target : dependency.any_of) {
            SegmentRelation& other =
                add(RelationRole::kDependency, target.name, keep(target.constraint.to_string()),
                    target.constraint.dialect());
            other.kind = dependency.kind;
            other.is_alternative = true;
        }
    }

    SegmentRow row_;
    std::deque<std::string> kept_;  // does not move what it has
    std::deque<std::vector<std::string_view>> features_;
    std::vector<SegmentRelation> relations_;
    std::vector<std::string_view> authors_;
    std::vector<std::string_view> keywords_;
    std::vector<std::string_view> tags_;
};

}  // namespace

struct SegmentBuilder::Impl {
    explicit Impl(const SegmentOptions& with) : options(with), draft(with.secret) {}

    SegmentOptions options;
    SegmentDraft draft;

    [[nodiscard]] Result<void> check_memory() const {
        const std::size_t used = draft.memory_bytes();
        if (used <= options.memory_bytes_max) return {};
        return fail(Error(Errc::kLimitExceeded,
                          "segment takes " + std::to_string(used) + " bytes of memory",
                          LimitDetail{"segment_memory_bytes_max", options.memory_bytes_max, used})
                        .with_hint("build several segments"));
    }

    // Calls both, at the same time where an executor was given; neither needs the other.
    template <class First, class Second>
    [[nodiscard]] Result<void> run(const First& first, const Second& second) const {
        if (options.executor == nullptr) {
            CATALOG_TRY_VOID(first());
            return second();
        }
        return parallel_for(*options.executor, 2,
                            [&](std::size_t part) { return part == 0 ? first() : second(); });
    }

    // Everything but terms, in the order of the sections.
    [[nodiscard]] Result<void> write_tables(SegmentFile& file, const SegmentOrder& order,
                                            SegmentRoot& root) const {
        {
            CATALOG_TRY(const RecordTables tables,
                        write_records(file, draft, order, options.secret, root.widths));
            CATALOG_TRY_VOID(file.write(SectionKind::kRecordPlaces, tables.places));
            CATALOG_TRY_VOID(file.write(SectionKind::kKeyTable, tables.keys.words()));
            CATALOG_TRY_VOID(file.write(SectionKind::kReleaseKeys, tables.release_keys));
            root.buckets = tables.keys.buckets();
        }
        CATALOG_TRY_VOID(write_names(file, draft, order));
        CATALOG_TRY_VOID(write_reverse(file, draft, order));
        CATALOG_TRY_VOID(write_texts(file, draft, order));
        return write_cold(file, order, options.text_level);
    }

    [[nodiscard]] Result<SegmentSummary> write(const SegmentSink& sink, ByteView universe) {
        draft.end_adding();
        CATALOG_TRY(SegmentOrder order, order_of(draft));
        draft.rows = {};
        draft.row_names = {};
        SegmentFile file(sink);
        SegmentRoot root;
        root.docs = static_cast<std::uint32_t>(order.docs.size());
        root.names = order.own_names;
        root.foreign = static_cast<std::uint32_t>(order.names.size()) - order.own_names;
        root.texts = static_cast<std::uint32_t>(order.texts.size());
        root.secret = options.secret;
        root.widths = order.widths();
        root.doc_width = width_of(root.docs);
        {
            TermCollector terms(draft, order, options.secret);
            const auto tables = [&]() -> Result<void> {
                CATALOG_TRY_VOID(write_tables(file, order, root));
                draft.facts.clear();  // terms do not look at them
                return {};
            };
            const auto gather = [&]() -> Result<void> {
                terms.collect();
                return {};
            };
            CATALOG_TRY_VOID(run(tables, gather));
            // From here on the terms say everything.
            order = {};
            draft.clear();
            CATALOG_TRY_VOID(terms.write(file));
            root.terms = terms.terms();
            root.weight = terms.weight();
        }
        CATALOG_TRY_VOID(file.begin(SectionKind::kUniverse));
        CATALOG_TRY_VOID(file.append(universe));
        SegmentSummary summary;
        CATALOG_TRY(summary.name, file.finish(root));
        summary.bytes = root.bytes;
        summary.versions = root.docs;
        summary.names = root.names;
        summary.terms = root.terms;
        return summary;
    }
};

SegmentBuilder::SegmentBuilder(const SegmentOptions& options)
    : impl_(std::make_unique<Impl>(options)) {}
SegmentBuilder::~SegmentBuilder() = default;
SegmentBuilder::SegmentBuilder(SegmentBuilder&&) noexcept = default;
SegmentBuilder& SegmentBuilder::operator=(SegmentBuilder&&) noexcept = default;

Result<void> SegmentBuilder::add(const SegmentRow& row) {
    if (impl_->draft.size() % kRowsBetweenLooks == 0) CATALOG_TRY_VOID(impl_->check_memory());
    return impl_->draft.add(row);
}

Result<void> SegmentBuilder::add(std::span<const SegmentRow> rows) {
    for (std::size_t i = 0; i < rows.size(); i += kBatchRows) {
        const auto batch = rows.subspan(i, std::min(kBatchRows, rows.size() - i));
        for (const SegmentRow& row : batch) impl_->draft.prefetch(row);
        for (const SegmentRow& row : batch) impl_->draft.prefetch_texts(row);
        for (const SegmentRow& row : batch) CATALOG_TRY_VOID(add(row));
    }
    return {};
}

Result<void> SegmentBuilder::add(const IndexEntry& entry,
                                 const package::PackageMetadata& metadata) {
    const MetadataRow row(entry, metadata);
    return add(row.row());
}

std::size_t SegmentBuilder::size() const noexcept { return impl_->draft.size(); }
std::size_t SegmentBuilder::memory_bytes() const noexcept { return impl_->draft.memory_bytes(); }

Result<SegmentSummary> SegmentBuilder::finish(const SegmentSink& sink, ByteView universe) {
    // Whatever comes of it, the builder is empty afterwards.
    const auto impl = std::exchange(impl_, std::make_unique<Impl>(impl_->options));
    return impl->write(sink, universe);
}

}  // namespace catalog::index
