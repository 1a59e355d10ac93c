#pragma once
// BulkImport: many versions at once, straight into segments.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/random.hpp"
#include "catalog/core/result.hpp"
#include "catalog/index/package_index.hpp"
#include "catalog/kv/commit_queue.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::index {

/// How much one commit of an import takes.
class BulkImportOptions {
public:
    BulkImportOptions() = default;

    std::size_t versions_max = 65'536;  ///< Of one segment, 1 or more.
    /// Bytes that the versions of one segment may take while they are collected; writing them takes
    /// about half as much again. Their manifests, of 128 MiB at most, are kept beside them.
    std::size_t memory_bytes_max = std::size_t{96} << 20;
};

/// What became of a version.
enum class BulkVerdict : std::uint8_t {
    kAdded,         ///< It goes with the next commit.
    kAlreadyThere,  ///< The same version with the same content is there.
    kUnfit,         ///< No segment can hold it; add it with PackageIndex::stage_add.
};

/// A version that somebody else added between its `add` and the commit, so that it was left out.
class BulkClash {
public:
    BulkClash(std::uint64_t of, bool is_same, const Error& why)
        : tag(of), same(is_same), error(why) {}

    std::uint64_t tag;  ///< As it was added with.
    bool same;          ///< It has the same content.
    Error error;        ///< kPackageExists.
};

/// What a commit did.
class BulkCommit {
public:
    BulkCommit() = default;

    std::uint64_t versions = 0;  ///< That count now.
    std::vector<BulkClash> clashes;
};

/// Collects versions and commits them, each time as one segment and the records that belong to it:
/// after a crash all versions of a commit are there or none. What `add` was told and no `commit`
/// confirmed is gone. Nobody seals or merges (kBusy) while there is such an object; readers and
/// publishers go on.
///
/// Thread safety: one thread at a time. Lifetime: within that of index and queue.
class BulkImport {
public:
    /// Errors: kFailedPrecondition (the index has no folder for segments), kBusy (somebody seals,
    /// merges or imports), kIndexCorrupted, kLimitExceeded (256 segments: merge some), kDatabaseIo.
    [[nodiscard]] static Result<BulkImport> begin(PackageIndex& index, kv::CommitQueue& queue,
                                                  Random& random,
                                                  const BulkImportOptions& options = {});
    ~BulkImport();
    BulkImport(BulkImport&&) noexcept;
    BulkImport& operator=(BulkImport&&) noexcept;

    /// Adds a version with its canonical manifest. `tag` is the caller's own. Errors:
    /// kPackageExists as PackageIndex::stage_add, after which others can be added; kIndexCorrupted,
    /// kDatabaseIo, kLimitExceeded. Cost: a lookup in each segment, and that of
    /// SegmentBuilder::add.
    [[nodiscard]] Result<BulkVerdict> add(const IndexEntry& entry,
                                          const package::PackageMetadata& metadata,
                                          std::string_view manifest, std::uint64_t tag);

    /// Tells whether `commit` should be called before more is added.
    [[nodiscard]] bool is_full() const noexcept;

    /// Makes durable what was added. Blocking: yes. Errors: as `begin`, kStorageFull, kSyncFailed,
    /// kIo, kCommitFailed; nothing of it counts then, and the object is of no further use. Cost: as
    /// SegmentBuilder::finish.
    [[nodiscard]] Result<BulkCommit> commit();

private:
    struct Impl;
    explicit BulkImport(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::index
