#pragma once
// SegmentBuilder: makes a sealed segment of the index out of package versions.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "catalog/core/bytes.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/executor.hpp"
#include "catalog/core/result.hpp"
#include "catalog/index/segment_row.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::index {

struct IndexEntry;

/// 16 random bytes of one library. Hash tables of its segments are seeded with them, so that nobody
/// outside can choose names that meet in one place, and PackageKeys of all of them agree.
using SegmentSecret = std::array<std::byte, 16>;

/// Gets the bytes of a segment in order, one call at a time; with SegmentOptions::executor some of
/// them on its threads. What it returns as error ends the work.
using SegmentSink = std::function<Result<void>(ByteView)>;

/// How a segment is built.
class SegmentOptions {
public:
    SegmentOptions() = default;

    SegmentSecret secret{};
    /// zstd level of descriptions, 1 to 19.
    int text_level = 1;
    /// Bytes of memory that `add` may come to; more is kLimitExceeded, and several segments are to
    /// be built instead. `finish` takes about half as much again.
    std::size_t memory_bytes_max = std::size_t{1} << 30;
    /// Where a part of `finish` runs beside the caller; null for the caller alone. The bytes of the
    /// segment are the same, memory of `finish` is about a quarter more. Not owned; it must outlive
    /// the builder. The caller waits for what it began and does itself what nobody began, so that
    /// it may be one of the executor's own threads.
    Executor* executor = nullptr;
};

/// What was written.
struct SegmentSummary {
    ContentHash name;  ///< Root over the file's 64 KiB blocks (merkle::BlockTree).
    std::uint64_t bytes = 0;
    std::uint32_t versions = 0;
    std::uint32_t names = 0;  ///< That have versions in the segment.
    std::uint32_t terms = 0;  ///< Distinct words and facets.
};

/// Collects package versions in any order and writes them as one segment
/// (docs/formats/segment.md). The same versions, added in any order with the same options, give
/// the same bytes.
///
/// Thread safety: one object from one thread at a time. Memory: `finish` included, 535
/// bytes a version of a generated catalogue of a million, more where there are fewer; nothing is
/// written before `finish`. After an error the object is of no further use.
class SegmentBuilder {
public:
    explicit SegmentBuilder(const SegmentOptions& options = {});
    ~SegmentBuilder();
    SegmentBuilder(SegmentBuilder&&) noexcept;
    SegmentBuilder& operator=(SegmentBuilder&&) noexcept;

    /// Adds a version; nothing of `row` is borrowed afterwards. Errors: kInvalidName,
    /// kVersionSyntax (also: not in its canonical form), kInvalidArgument (a feature that is empty
    /// or has a zero byte, a state that is not a package's), kLimitExceeded (a list or text that is
    /// longer than SegmentRow says, or SegmentOptions::memory_bytes_max). Cost: about 2 us.
    [[nodiscard]] Result<void> add(const SegmentRow& row);
    /// Adds several: their lookups in the builder's tables overlap, so that this is the quicker
    /// way for many. Errors: as above, with what stands before the row at fault added.
    [[nodiscard]] Result<void> add(std::span<const SegmentRow> rows);

    /// Adds an entry of the index with the metadata that it was made from. Errors: as above.
    [[nodiscard]] Result<void> add(const IndexEntry& entry,
                                   const package::PackageMetadata& metadata);

    /// Returns how many versions were added.
    [[nodiscard]] std::size_t size() const noexcept;
    /// Returns how many bytes of memory they take.
    [[nodiscard]] std::size_t memory_bytes() const noexcept;

    /// Writes everything, and `universe` (may be empty) as it is: the same packages frozen for the
    /// resolver (resolve::FrozenUniverse). The builder is empty then. Errors: kPackageExists (an id
    /// twice, or two that differ in build metadata alone), kLimitExceeded (2^32 - 2 numbers of any
    /// kind, 4 GiB of texts, 16 GiB of records), the sink's. Cost: about 7 us a version, n log n in
    /// the names.
    [[nodiscard]] Result<SegmentSummary> finish(const SegmentSink& sink, ByteView universe = {});

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Finishes `builder` into a file of `folder` that is named by its content
/// (`segment_file_name(summary.name)`). The file and its name are durable when this returns; after
/// an error or a crash at most a temporary file stays behind (io::is_temporary_name). Blocking:
/// yes. Errors: as SegmentBuilder::finish, kFileNotFound (no such folder), kStorageFull,
/// kSyncFailed, kIo.
[[nodiscard]] Result<SegmentSummary> write_segment(io::FileSystem& fs, const std::string& folder,
                                                   SegmentBuilder& builder, ByteView universe = {});

/// Returns 64 hexadecimal digits and ".segment".
[[nodiscard]] std::string segment_file_name(const ContentHash& name);

}  // namespace catalog::index
