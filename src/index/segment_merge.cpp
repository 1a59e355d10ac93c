#include "catalog/index/segment_merge.hpp"

#include "catalog/internal/try.hpp"
#include "segment_row_reader.hpp"

namespace catalog::index {

namespace {

constexpr std::uint32_t kProgressEvery = 1'024;

Result<void> add_source(const MergeSource& source, SegmentBuilder& builder) {
    SegmentRowReader reader(source.segment);
    for (std::uint32_t doc = 0; doc < source.segment->version_count(); ++doc) {
        if (doc % kProgressEvery == 0 && source.progress)
            CATALOG_TRY_VOID(source.progress(DocId{doc}));
        const MergeVerdict verdict = source.verdict ? source.verdict(DocId{doc}) : MergeVerdict();
        if (!verdict.is_live) continue;
        CATALOG_TRY(SegmentRow row, reader.read(DocId{doc}));
        row.state = verdict.state.value_or(row.state);
        row.yanked = verdict.yanked.value_or(row.yanked);
        CATALOG_TRY_VOID(builder.add(row));
    }
    return {};
}

}  // namespace

Result<SegmentSummary> merge_segments(std::span<const MergeSource> sources, const SegmentSink& sink,
                                      const SegmentOptions& options, ByteView universe) {
    SegmentBuilder builder(options);
    for (const MergeSource& source : sources) CATALOG_TRY_VOID(add_source(source, builder));
    return builder.finish(sink, universe);
}

}  // namespace catalog::index
