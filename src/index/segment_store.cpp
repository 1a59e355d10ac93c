// Segments as files.

#include <memory>
#include <string>

#include "catalog/index/segment.hpp"
#include "catalog/index/segment_builder.hpp"
#include "catalog/index/segment_merge.hpp"
#include "catalog/internal/try.hpp"

namespace catalog::index {

std::string segment_file_name(const ContentHash& name) { return to_hex(name.bytes()) + ".segment"; }

namespace {

// Writes what `build` gives its sink into a file of the folder that is named by its content.
template <class Build>
Result<SegmentSummary> write_named(io::FileSystem& fs, const std::string& folder,
                                   const Build& build) {
    // One writer a library; a file that a crash left is written over.
    const std::string draft = io::join_path(folder, "segment.tmp-0");
    CATALOG_TRY(const auto file, fs.open_write(draft, io::OpenMode::kTruncate, 0600));
    const auto finish = [&]() -> Result<SegmentSummary> {
        CATALOG_TRY(const SegmentSummary summary,
                    build([&file](ByteView bytes) { return file->append(bytes); }));
        CATALOG_TRY_VOID(file->sync());
        CATALOG_TRY_VOID(file->close());
        CATALOG_TRY_VOID(fs.rename(draft, io::join_path(folder, segment_file_name(summary.name))));
        CATALOG_TRY_VOID(fs.sync_directory(folder));
        return summary;
    };
    auto summary = finish();
    // After an error the draft is garbage; what stays behind has a temporary name.
    if (!summary) static_cast<void>(fs.remove_file(draft));
    return summary;
}

}  // namespace

Result<SegmentSummary> write_segment(io::FileSystem& fs, const std::string& folder,
                                     SegmentBuilder& builder, ByteView universe) {
    return write_named(fs, folder,
                       [&](const SegmentSink& sink) { return builder.finish(sink, universe); });
}

Result<SegmentSummary> write_merged_segment(io::FileSystem& fs, const std::string& folder,
                                            std::span<const MergeSource> sources,
                                            const SegmentOptions& options, ByteView universe) {
    return write_named(fs, folder, [&](const SegmentSink& sink) {
        return merge_segments(sources, sink, options, universe);
    });
}

Result<std::shared_ptr<const Segment>> open_segment(io::FileSystem& fs, const std::string& path) {
    CATALOG_TRY(const io::FileInfo info, fs.info(path));
    CATALOG_TRY(std::shared_ptr<io::MappedRegion> region, fs.map(path, 0, info.size));
    const ByteView bytes = region->bytes();
    return Segment::open(bytes, std::move(region));
}

}  // namespace catalog::index
