#pragma once
// One moment of the index: the delta in the key-value store, and the segments that count beside it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/index/package_index.hpp"
#include "records.hpp"
#include "sealed_set.hpp"

namespace catalog::index {

/// A version as it was found: in the delta, or in a segment, where its terms are then too.
struct IndexRow {
    explicit IndexRow(IndexEntry found) : entry(std::move(found)) {}

    IndexEntry entry;
    const SealedSegment* sealed = nullptr;
    DocId doc{};
    bool is_whole = true;  ///< False: the description is still in the segment.
};

/// What a read sees from its beginning to its end. Immutable. Thread safety: any thread.
class Moment {
public:
    /// Reads the store as it is at each call; for an index without segments.
    Moment(const kv::KeyValueStore& store, const IndexFamilies& families);
    Moment(std::shared_ptr<const kv::Snapshot> snapshot, const IndexFamilies& families,
           SealedSetLink sealed);

    /// Takes the moment of a snapshot, with the segments that it names.
    [[nodiscard]] static Result<std::shared_ptr<const Moment>> of(
        std::shared_ptr<const kv::Snapshot> snapshot, const IndexFamilies& families,
        SegmentFolder::Impl& folder, bool tolerant);

    [[nodiscard]] Result<std::optional<std::string>> get(kv::Family family,
                                                         std::string_view key) const;
    [[nodiscard]] std::unique_ptr<kv::Iterator> iterate(kv::Family family) const;
    /// Returns the snapshot that it reads; null when it reads the store.
    [[nodiscard]] const std::shared_ptr<const kv::Snapshot>& snapshot() const noexcept {
        return snapshot_;
    }
    [[nodiscard]] const IndexFamilies& families() const noexcept { return families_; }
    [[nodiscard]] const SealedSet& sealed() const noexcept { return *sealed_; }
    [[nodiscard]] const std::vector<SealedSegment>& segments() const noexcept {
        return sealed_->segments;
    }

    /// Returns the version of that precedence, whatever its build metadata.
    [[nodiscard]] Result<std::optional<IndexRow>> find(std::string_view name,
                                                       const version::SemVer& version) const;
    /// Returns all versions of a name, oldest first.
    [[nodiscard]] Result<std::vector<IndexRow>> versions(std::string_view name) const;
    /// Returns the row of a version of a segment, with what changed since it was sealed.
    [[nodiscard]] Result<IndexRow> row(const SealedSegment& sealed, DocId doc) const;
    /// Reads the description if it has not been read.
    [[nodiscard]] Result<void> complete(IndexRow& row) const;

    /// Tells whether a version has a term; not for names that are depended on.
    [[nodiscard]] Result<bool> has_term(const IndexRow& row, TermKind kind,
                                        std::string_view text) const;
    /// Returns the versions that have a term, in order of names, oldest first.
    [[nodiscard]] Result<std::vector<IndexRow>> rows_with(TermKind kind,
                                                          std::string_view text) const;

private:
    [[nodiscard]] Result<void> look_for_changed();

    const kv::KeyValueStore* store_ = nullptr;
    std::shared_ptr<const kv::Snapshot> snapshot_;
    IndexFamilies families_;
    SealedSetLink sealed_;
    bool has_changed_ = false;  ///< Some sealed version changed its state since.
};

/// Walks the distinct names of a moment in byte order, from the first that is not before `from`.
class NameWalk {
public:
    NameWalk(const Moment& moment, std::string_view from);

    /// Steps to the next name; false at the end.
    [[nodiscard]] Result<bool> next();
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// Returns its versions, oldest first. At most once a name.
    [[nodiscard]] Result<std::vector<IndexRow>> rows();

private:
    struct SealedAt {
        const SealedSegment* segment;
        std::uint32_t name;
    };
    void pass();
    [[nodiscard]] std::optional<std::string_view> delta_name() const;

    const Moment& moment_;
    std::unique_ptr<kv::Iterator> delta_;
    std::vector<SealedAt> sealed_;
    std::string name_;
    bool begun_ = false;
};

/// Returns what is known of a version of a segment without its description. Errors:
/// kIndexCorrupted.
[[nodiscard]] Result<IndexEntry> entry_of(const Segment& segment, DocId doc);

/// Sorts rows by names, of each name the oldest version first.
void sort_rows(std::vector<IndexRow>& rows);

}  // namespace catalog::index
