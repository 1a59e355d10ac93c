#pragma once
// The segments that count at one moment, open, and where they are shared.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/index/segment.hpp"
#include "catalog/index/segment_folder.hpp"
#include "catalog/internal/mutex.hpp"
#include "index_manifest.hpp"

namespace catalog::index {

/// A segment that is open, and readers of its cold texts. Thread safety: any thread.
class OpenSegment {
public:
    explicit OpenSegment(std::shared_ptr<const Segment> segment) : segment_(std::move(segment)) {}

    [[nodiscard]] const Segment& segment() const noexcept { return *segment_; }
    [[nodiscard]] const std::shared_ptr<const Segment>& link() const noexcept { return segment_; }
    /// Returns the description of a version.
    [[nodiscard]] Result<std::string> description(DocId doc) const;

private:
    std::shared_ptr<const Segment> segment_;
    mutable internal::Mutex mutex_;
    mutable std::vector<ColdReader> idle_ CATALOG_GUARDED_BY(mutex_);
};

/// A segment as it counts at one moment.
struct SealedSegment {
    std::shared_ptr<const OpenSegment> open;
    ManifestSegment place;

    [[nodiscard]] const Segment& segment() const noexcept { return open->segment(); }
    [[nodiscard]] bool is_dead(std::uint32_t doc) const noexcept;
    /// Tells whether a name has a version that counts.
    [[nodiscard]] bool has_name(std::string_view name) const noexcept;
    /// Returns the version of that precedence, whatever its build metadata, if it counts.
    [[nodiscard]] std::optional<DocId> find(std::string_view name,
                                            const version::SemVer& version) const;
};

/// All segments that count at one moment. Immutable.
struct SealedSet {
    std::string record;  ///< That it was opened by.
    IndexManifest manifest;
    std::vector<SealedSegment> segments;  ///< As in the manifest, without those that are missing.
    std::vector<std::string> missing;     ///< What is wrong with those, one sentence each.

    [[nodiscard]] bool has_name(std::string_view name) const noexcept;
};

using SealedSetLink = std::shared_ptr<const SealedSet>;

struct SegmentFolder::Impl {
    Impl(std::shared_ptr<io::FileSystem> file_system, std::string folder)
        : fs(std::move(file_system)), path(std::move(folder)) {}

    /// Returns the segments that a manifest record names; none without record. Errors:
    /// kIndexCorrupted (the record, or a segment that is missing or damaged); with `tolerant` only
    /// for the record.
    [[nodiscard]] Result<SealedSetLink> open_set(const std::optional<std::string>& record,
                                                 bool tolerant = false);

    /// Removes files of the folder that `manifest` does not name, as far as that is possible.
    void sweep(const IndexManifest& manifest) const;

    std::shared_ptr<io::FileSystem> fs;
    std::string path;
    /// Set by who seals, merges or imports: one at a time.
    std::atomic<bool> maintained{false};

private:
    [[nodiscard]] Result<std::shared_ptr<const OpenSegment>> open(const ManifestSegment& place);

    internal::Mutex mutex_;
    SealedSetLink last_ CATALOG_GUARDED_BY(mutex_);
    std::map<std::string, std::weak_ptr<const OpenSegment>> open_ CATALOG_GUARDED_BY(mutex_);
};

/// The right to change which segments of a folder count; one at a time has it.
class MaintenanceTurn {
public:
    /// Errors: kBusy.
    [[nodiscard]] static Result<MaintenanceTurn> take(SegmentFolder::Impl& folder);
    ~MaintenanceTurn() {
        if (folder_ != nullptr) folder_->maintained.store(false);
    }
    MaintenanceTurn(MaintenanceTurn&& other) noexcept
        : folder_(std::exchange(other.folder_, nullptr)) {}
    MaintenanceTurn& operator=(MaintenanceTurn&&) = delete;

private:
    explicit MaintenanceTurn(SegmentFolder::Impl& folder) noexcept : folder_(&folder) {}

    SegmentFolder::Impl* folder_;
};

}  // namespace catalog::index
