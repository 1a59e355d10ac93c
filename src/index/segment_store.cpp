// Segments as files.

#include <memory>
#include <string>

#include "catalog/index/segment.hpp"
#include "catalog/index/segment_builder.hpp"
#include "catalog/internal/try.hpp"

namespace catalog::index {

std::string segment_file_name(const ContentHash& name) { return to_hex(name.bytes()) + ".segment"; }

Result<SegmentSummary> write_segment(io::FileSystem& fs, const std::string& folder,
                                     SegmentBuilder& builder, ByteView universe) {
    // One writer a library; a file that a crash left is written over.
    const std::string draft = io::join_path(folder, "segment.tmp-0");
    CATALOG_TRY(const auto file, fs.open_write(draft, io::OpenMode::kTruncate, 0600));
    const auto finish = [&]() -> Result<SegmentSummary> {
        CATALOG_TRY(
            const SegmentSummary summary,
            builder.finish([&file](ByteView bytes) { return file->append(bytes); }, universe));
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

Result<std::shared_ptr<const Segment>> open_segment(io::FileSystem& fs, const std::string& path) {
    CATALOG_TRY(const io::FileInfo info, fs.info(path));
    CATALOG_TRY(std::shared_ptr<io::MappedRegion> region, fs.map(path, 0, info.size));
    const ByteView bytes = region->bytes();
    return Segment::open(bytes, std::move(region));
}

}  // namespace catalog::index
