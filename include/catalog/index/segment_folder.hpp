#pragma once
// SegmentFolder: the folder of a library's sealed segments, and those of them that are open.

#include <memory>
#include <string>

#include "catalog/io/file_system.hpp"

namespace catalog::index {

/// Where the segments of one library lie. All PackageIndex of a library in a process share one, so
/// that each file is mapped once. Which of the files count is said by a record of the library's
/// KeyValueStore (docs/formats/index-manifest.md), never by the folder.
///
/// Thread safety: any thread. Memory: some hundred bytes a segment, and about 200 KiB for each
/// thread that reads descriptions of one segment at the same time, at most four. Files stay mapped
/// as long as anybody reads them.
class SegmentFolder {
public:
    /// `path` need not exist; the first segment that is written makes it.
    SegmentFolder(std::shared_ptr<io::FileSystem> fs, std::string path);
    ~SegmentFolder();
    SegmentFolder(const SegmentFolder&) = delete;
    SegmentFolder& operator=(const SegmentFolder&) = delete;

    [[nodiscard]] const std::string& path() const noexcept;

    /// For the module's own use.
    struct Impl;
    [[nodiscard]] Impl& impl() const noexcept { return *impl_; }

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::index
