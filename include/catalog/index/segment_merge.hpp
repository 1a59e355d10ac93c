#pragma once
// Merging segments: one out of several, without what was removed.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"
#include "catalog/index/segment.hpp"
#include "catalog/index/segment_builder.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/package/state.hpp"

namespace catalog::index {

/// What becomes of one version in a merge: it stays as it is, stays with another state, or goes.
class MergeVerdict {
public:
    MergeVerdict() = default;

    bool is_live = true;                         ///< Left out if not.
    std::optional<package::PackageState> state;  ///< Instead of the one that is stored.
    std::optional<bool> yanked;                  ///< Instead of the flag that is stored.
};

/// A segment that is merged, and the caller's say over its versions.
class MergeSource {
public:
    MergeSource() = default;
    explicit MergeSource(std::shared_ptr<const Segment> of) : segment(std::move(of)) {}

    std::shared_ptr<const Segment> segment;
    /// Asked about each version, once or more often, from the calling thread, and always to answer
    /// alike. Empty: all stay as they are.
    std::function<MergeVerdict(DocId)> verdict;
    /// Called once in 1,024 versions while they are read; its error ends the merge. May be empty.
    std::function<Result<void>(DocId)> progress;
};

/// Writes the live versions of all sources as one segment: the same bytes that a SegmentBuilder
/// writes of the same versions with the same options. The secret is that of `options`, whatever the
/// sources have.
///
/// Errors: kPackageExists (an id that two sources have alive, or two that differ in build metadata
/// alone), kIndexCorrupted (a source that `verify` would refuse, as far as it is met),
/// kLimitExceeded as SegmentBuilder::finish and SegmentOptions::memory_bytes_max, the sink's.
/// Thread safety: any threads; the sources are only read. Blocking: as reading mapped files and the
/// sink. Cost and memory: those of building the versions anew, and reading the sources once.
[[nodiscard]] Result<SegmentSummary> merge_segments(std::span<const MergeSource> sources,
                                                    const SegmentSink& sink,
                                                    const SegmentOptions& options = {},
                                                    ByteView universe = {});

/// The same into a file of `folder` that is named by its content; durable as write_segment says.
/// Blocking: yes. Errors: as above and as write_segment.
[[nodiscard]] Result<SegmentSummary> write_merged_segment(io::FileSystem& fs,
                                                          const std::string& folder,
                                                          std::span<const MergeSource> sources,
                                                          const SegmentOptions& options = {},
                                                          ByteView universe = {});

}  // namespace catalog::index
