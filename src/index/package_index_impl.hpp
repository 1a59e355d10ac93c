#pragma once
// What the parts of PackageIndex share.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/index/package_index.hpp"
#include "catalog/index/segment_builder.hpp"
#include "catalog/internal/mutex.hpp"
#include "moment.hpp"
#include "records.hpp"

namespace catalog::index {

using MomentLink = std::shared_ptr<const Moment>;

struct PackageIndex::Impl {
    Impl(kv::KeyValueStore& of, const IndexFamilies& in, std::shared_ptr<SegmentFolder> sealed_in);

    /// Of one moment for good.
    Impl(std::unique_ptr<kv::KeyValueStore> of, const IndexFamilies& in, MomentLink moment);

    std::unique_ptr<kv::KeyValueStore> owned;  ///< Of a moment; else null.
    kv::KeyValueStore& store;
    IndexFamilies families;
    std::shared_ptr<SegmentFolder> folder;  ///< Null: there are no segments that could change.
    MomentLink live;  ///< Without segments the store itself, of a moment that; else null.
    mutable internal::Mutex mutex;
    /// The moment that was taken last, and the store's revision before it was.
    mutable MomentLink last CATALOG_GUARDED_BY(mutex);
    mutable std::uint64_t last_revision CATALOG_GUARDED_BY(mutex) = 0;

    /// The sum of the lengths of the delta's versions at a revision of the store.
    mutable std::optional<std::pair<std::uint64_t, std::uint64_t>> lengths
        CATALOG_GUARDED_BY(mutex);

    /// Returns that sum; `revision` is the store's before the moment was taken.
    [[nodiscard]] Result<std::uint64_t> delta_lengths(const Moment& of,
                                                      std::uint64_t revision) const;
    /// Returns what reads see now. Errors: kIndexCorrupted (also: a segment is missing),
    /// kDatabaseIo.
    [[nodiscard]] Result<MomentLink> moment() const;
    /// As above, without segments that cannot be opened, which it names.
    [[nodiscard]] Result<MomentLink> damaged_moment() const;
    /// Returns the segments as a commit sees them.
    [[nodiscard]] Result<SealedSetLink> sealed_in(const kv::CommitView& view) const;

    /// Adds to a batch the note that a package changed; `added` is the metadata of a new version.
    [[nodiscard]] Result<void> note_change(const kv::CommitView& view, kv::WriteBatch& batch,
                                           const IndexEntry& entry,
                                           const package::PackageMetadata* added) const;

    /// An entry as a commit sees it, and the key under which a change of it is written.
    struct StoredEntry {
        std::string key;
        IndexEntry entry;
    };
    [[nodiscard]] Result<std::optional<StoredEntry>> entry_in(const kv::CommitView& view,
                                                              std::string_view name,
                                                              const version::SemVer& version) const;

    /// What a call that changes segments begins with. Errors: kFailedPrecondition, kBusy.
    [[nodiscard]] Result<MaintenanceTurn> begin_maintenance() const;
    /// Returns the family of the list of segments; only where there is a folder for them.
    [[nodiscard]] kv::Family list_family() const {
        return families.segments.value_or(kv::Family{});
    }
    /// Adds to a batch the list of segments with `added`, and without those of `gone`. Errors:
    /// kBusy (it is not `before` any more), kLimitExceeded.
    [[nodiscard]] Result<void> stage_segments(const kv::CommitView& view, kv::WriteBatch& batch,
                                              const SealedSet& before, const SegmentSecret& secret,
                                              const std::vector<ContentHash>& gone,
                                              const ManifestSegment& added) const;

    /// An error that says what is not there, with versions or near names as hint.
    [[nodiscard]] Error not_found(std::string_view what) const;
};

/// Names the newest of some versions, for a hint.
[[nodiscard]] std::string available_text(const std::vector<IndexRow>& newest_first);

/// Says that a version cannot be added, because of one that is there.
[[nodiscard]] Error already_there(const IndexEntry& old_entry, const IndexEntry& new_entry);

/// Tells whether a segment can hold a version; the delta can hold more.
[[nodiscard]] bool fits_segment(const package::PackageMetadata& metadata);

/// Returns a segment as the list of segments names it.
[[nodiscard]] ManifestSegment place_of(const SegmentSummary& summary, std::uint8_t level);

/// Returns the bytes of the state that a moment sees; nothing when none is kept.
[[nodiscard]] Result<std::optional<std::string>> state_bytes(const Moment& moment);

/// Tells whether a version passes a filter, apart from newest_only.
[[nodiscard]] Result<bool> passes(const Moment& moment, const Filter& filter, const IndexRow& row);

/// Calls `each` for every version in order, without descriptions that are in segments.
[[nodiscard]] Result<void> for_each_row(const Moment& moment,
                                        const std::function<Result<void>(IndexRow&)>& each);

}  // namespace catalog::index
