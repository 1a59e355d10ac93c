#pragma once
// PackageIndex: finds packages by name, version, words and facets. A pure function of stored
// manifests, the log and states, so that `catalog repair` can rebuild it.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/clock.hpp"
#include "catalog/core/ids.hpp"
#include "catalog/core/limits.hpp"
#include "catalog/core/random.hpp"
#include "catalog/core/result.hpp"
#include "catalog/index/index_changes.hpp"
#include "catalog/index/index_sealing.hpp"
#include "catalog/index/segment_folder.hpp"
#include "catalog/kv/commit_queue.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "catalog/package/manifest.hpp"
#include "catalog/package/metadata.hpp"
#include "catalog/package/state.hpp"
#include "catalog/resolve/overlay.hpp"
#include "catalog/version/constraint.hpp"

namespace catalog::index {

/// Where an entry came from. Values are stored and never change.
enum class Origin : std::uint8_t {
    kPublished = 1,  ///< Signed, with content in this library.
    kImported = 2,   ///< Metadata only: can be found and resolved, not installed.
};

/// What the index knows of one package version without reading its manifest.
struct IndexEntry {
    IndexEntry(PackageId package_id, version::SemVer package_version)
        : id(std::move(package_id)), version(std::move(package_version)) {}

    PackageId id;
    version::SemVer version;
    package::PackageDigest digest;
    package::PackageState state = package::PackageState::kPublished;
    bool yanked = false;
    Origin origin = Origin::kPublished;
    package::PackageType type = package::PackageType::kLibrary;
    std::uint64_t file_count = 0;
    std::uint64_t file_bytes = 0;
    WallTime published;
    std::uint64_t log_index = 0;  ///< Of its publish leaf; 0 for imported ones.
    std::string description;
    std::string license;
    friend bool operator==(const IndexEntry&, const IndexEntry&) = default;
};

/// Narrows a listing or a search; empty members do not narrow.
class Filter {
public:
    Filter() = default;
    std::string name_prefix;
    std::optional<package::PackageType> type;
    std::string tag;
    std::string keyword;
    std::string license;  ///< Exact SPDX text, case-insensitive.
    std::string author;   ///< A whole author string or a word of it, case-insensitive.
    std::optional<package::PackageState> state;
    bool include_yanked = false;
    bool newest_only = true;  ///< One entry a name: the newest that passes the filter.
};

/// A page of results in a stable order.
struct Page {
    std::vector<IndexEntry> entries;
    std::string cursor;  ///< Pass to the next call; empty at the end.
};

struct SearchHit {
    IndexEntry entry;
    double score = 0;  ///< Greater is better; comparable within one search only.
};

/// One edge of the dependency graph.
struct DependencyEdge {
    PackageId from;
    package::Dependency dependency;
};

/// Is told now and then how many versions are done and are to be done; what it returns as error
/// ends the work.
using FreezeProgress = std::function<Result<void>(std::uint64_t done, std::uint64_t total)>;

/// Column families that the index uses.
struct IndexFamilies {
    kv::Family manifests{};             ///< Package digest -> canonical manifest.
    kv::Family packages{};              ///< Name and version -> entry.
    kv::Family postings{};              ///< Term, facet or dependency name -> entry.
    std::optional<kv::Family> changes;  ///< Number -> what changed. None: nothing is noted.
    std::optional<kv::Family> segments =
        std::nullopt;  ///< Which segments count. None: there are none.
};

class Query;
struct SearchPage;
struct HitCounts;
struct Dependents;
enum class CountedField : std::uint8_t;

/// The index of one library, inside its KeyValueStore.
///
/// Thread safety: any thread. Reads see the last commit at the moment they start. Blocking: reads
/// the store.
class PackageIndex {
public:
    /// `folder` is where the segments lie that family `segments` names; null, or without such a
    /// family, the index has none. With it reads see a snapshot that is kept until the store
    /// changes or `release` is called.
    PackageIndex(kv::KeyValueStore& store, IndexFamilies families,
                 std::shared_ptr<SegmentFolder> folder = nullptr);
    ~PackageIndex();
    PackageIndex(const PackageIndex&) = delete;
    PackageIndex& operator=(const PackageIndex&) = delete;

    /// Returns an index that sees this moment for good, whatever is written, sealed and merged
    /// since; it cannot be written to. Cost: that of a snapshot of the store. It may outlive this
    /// object; the store's files stay open until it goes. Errors: kIndexCorrupted, kDatabaseIo.
    [[nodiscard]] Result<std::shared_ptr<const PackageIndex>> fixed() const;

    /// Lets go of the snapshot that is kept for reads; the next read takes another. Call it before
    /// the store is closed when this object outlives it.
    void release() noexcept;

    // Writing: everything is added to a batch that the caller owns and commits.

    /// Adds a package version. In CommitQueue's prepare `view` is what the queue hands out. Errors:
    /// kPackageExists (same id, or an id that differs in build metadata alone; the message names
    /// the digests when they differ), kDatabaseIo.
    [[nodiscard]] Result<void> stage_add(const kv::CommitView& view, kv::WriteBatch& batch,
                                         const IndexEntry& entry,
                                         const package::PackageMetadata& metadata,
                                         std::string_view canonical_manifest);

    /// Changes the state, the yanked flag or both, and returns the entry as it will be. Errors:
    /// kPackageNotFound, kStateTransition.
    [[nodiscard]] Result<IndexEntry> stage_change(const kv::CommitView& view, kv::WriteBatch& batch,
                                                  const PackageId& id,
                                                  std::optional<package::PackageState> state,
                                                  std::optional<bool> yanked);

    /// Notes a change that nothing more is said of: no state before it has a delta any more. For
    /// those who change records of the index by other means.
    [[nodiscard]] Result<void> stage_break(const kv::CommitView& view, kv::WriteBatch& batch) const;

    /// Appends to `batch` what forgets notes up to a state, 50,000 at most, and returns how many
    /// those are. States before it have no delta any more. Call it again until it returns 0.
    [[nodiscard]] Result<std::uint64_t> stage_forget(kv::WriteBatch& batch,
                                                     const IndexState& state) const;

    // Segments. One of these calls at a time runs in a library; another gets kBusy. Each ends in
    // one commit of `queue`, before which its file is durable; after an error or a crash nothing
    // has changed, and a file that no commit names goes with the next call. Publishers and readers
    // go on meanwhile.

    /// Moves versions from the delta into a new segment, in order of names. Errors:
    /// kFailedPrecondition (the index has no folder for segments), kBusy, kIndexCorrupted,
    /// kLimitExceeded (256 segments: merge some), kStorageFull, kSyncFailed, kIo, kCommitFailed,
    /// what `progress` returned. Cost: about 0.1 ms a version.
    [[nodiscard]] Result<SealReport> seal(kv::CommitQueue& queue, Random& random,
                                          const SealOptions& options, const SealProgress& progress);

    /// Merges the segments of the smallest size class that has enough of them into one, with what
    /// changed in them since. Errors: as seal, and kLimitExceeded as merge_segments.
    [[nodiscard]] Result<SealReport> merge(kv::CommitQueue& queue, const IndexMergeOptions& options,
                                           const SealProgress& progress);

    /// Removes files of the folder for segments that do not count: what a crash left, and what
    /// was merged. Without effect while one of the calls above runs, and without a folder.
    [[nodiscard]] Result<void> sweep() const;

    // Reading.

    /// Returns the state that reads see now.
    [[nodiscard]] Result<IndexState> state() const;
    /// Returns what changed since `state`, or nothing when that is not known (another library's or
    /// another course of things, notes that were forgotten) or is more than `changes_max`
    /// additions and changes. Errors: kIndexCorrupted. Cost: linear in them.
    [[nodiscard]] Result<std::optional<IndexDelta>> changes_since(const IndexState& state,
                                                                  std::uint64_t changes_max) const;

    /// Returns all that IndexProvider lists without locks, as a frozen universe
    /// (resolve::FrozenUniverse) behind `front` zero bytes. Blocking: two passes over the store, in
    /// the order in which it lies. Memory: 40 bytes a version beside what a UniverseBuilder takes.
    /// Errors: kIndexCorrupted (an entry without manifest or the other way round), kLimitExceeded.
    [[nodiscard]] Result<Bytes> freeze(const FreezeProgress& progress, std::size_t front = 0) const;
    /// Returns the same bytes, given a universe of an earlier state and everything that changed
    /// since: only packages that changed are read. Errors: as above, kUniverseInvalid. Cost: that
    /// of copying the universe, and a lookup for each version of a package that changed.
    [[nodiscard]] Result<Bytes> refreeze(const resolve::UniverseChanges& changes,
                                         const FreezeProgress& progress,
                                         std::size_t front = 0) const;

    /// Returns a number that every commit, and in a follower every refresh that moved it, changes:
    /// who reads it before other reads and finds the same later knows that these still hold. Cost:
    /// one atomic load.
    [[nodiscard]] std::uint64_t revision() const noexcept;

    /// Returns the entry of exactly that id. Errors: kPackageNotFound (NotFoundDetail; as hint the
    /// versions that there are, or near names as of `suggest`).
    [[nodiscard]] Result<IndexEntry> find(const PackageId& id) const;
    /// Returns the entries of a name, newest first; empty when there are none.
    [[nodiscard]] Result<std::vector<IndexEntry>> versions(const PackageName& name) const;
    /// Returns the newest entry that satisfies the constraint, not yanked, not archived. Errors:
    /// kPackageNotFound (unknown name), kVersionConflict (VersionConflictDetail: what there is).
    [[nodiscard]] Result<IndexEntry> best(const PackageName& name,
                                          const version::VersionConstraint& constraint) const;
    /// Returns the canonical manifest bytes of a digest. Errors: kPackageNotFound, kIndexCorrupted
    /// (bytes do not hash to it).
    [[nodiscard]] Result<std::string> manifest_bytes(const package::PackageDigest& digest) const;
    [[nodiscard]] Result<package::Manifest> manifest(const package::PackageDigest& digest) const;

    /// Lists entries in byte order of names, newest version first. `limit` 1 to 10,000. Errors:
    /// kQueryInvalid.
    [[nodiscard]] Result<Page> list(const Filter& filter, std::size_t limit,
                                    std::string_view cursor = {}) const;

    /// Finds what a query asks for, best first (BM25; catalog/index/query.hpp). The order and every
    /// score are the same wherever versions lie. Errors: kQueryInvalid (no clause that can be
    /// searched for, a limit or weight out of its range, a cursor of another search),
    /// kIndexCorrupted. Cost: in segments what blocks of postings can still reach the results; in
    /// the delta all postings of the words; without words a look at every version that the name
    /// prefix or the first dependency leaves.
    [[nodiscard]] Result<SearchPage> search(const Query& query) const;
    /// The first page of a query that takes every word of a text as required. Errors: kQueryInvalid
    /// (no word, more than 16).
    [[nodiscard]] Result<std::vector<SearchHit>> search(std::string_view words,
                                                        const Filter& filter,
                                                        std::size_t limit) const;

    /// Counts the hits of a query, and those that have each value of the given fields; of each
    /// field the `values_max` most frequent values (1 to 1,000) are returned. Limit and cursor of
    /// the query do not count. Errors: kQueryInvalid, kLimitExceeded (more than 65,536 values of a
    /// field), kIndexCorrupted. Cost: a look at every version that the clauses hold for, and in the
    /// delta the manifest of each hit for keywords, tags and authors. Memory: the distinct values.
    [[nodiscard]] Result<HitCounts> count(const Query& query, std::span<const CountedField> fields,
                                          std::size_t values_max) const;

    /// Returns the packages whose newest version needs `name`, itself or through others, with any
    /// requirement: those that a change of `name` may reach. Cycles end where they began; `name`
    /// itself is never among them. `limit` 1 to 100,000. Errors: kQueryInvalid, kIndexCorrupted.
    /// Cost: a look at all versions that depend on one of them.
    [[nodiscard]] Result<Dependents> all_dependents(const PackageName& name,
                                                    std::size_t limit) const;
    /// Returns the edges that point to `name` (of the newest version of each dependent, or of all).
    /// Ordered by dependent.
    [[nodiscard]] Result<std::vector<DependencyEdge>> dependents(const PackageName& name,
                                                                 bool all_versions) const;
    /// Returns the versions that provide the virtual name `name`.
    [[nodiscard]] Result<std::vector<IndexEntry>> providers_of(const PackageName& name) const;
    /// Returns up to `limit` names that start with `prefix`, in byte order. `limit` 1 to 10,000.
    /// Errors: kQueryInvalid. Cost: that of a leap in the delta and in each segment, and a step for
    /// each name, however many versions it has.
    [[nodiscard]] Result<std::vector<std::string>> complete(std::string_view prefix,
                                                            std::size_t limit) const;
    /// Returns up to `limit` names that `name` may be a misspelling of, the likeliest first: those
    /// with one letter too many, missing, wrong or exchanged with its neighbour, or with other case
    /// or separators; where there are none and the name has four letters or more, those with two
    /// such errors and the same first letter. Of equally near ones those come first that more
    /// versions depend on. Not the name itself. `limit` 1 to 10,000, of which at most 64 are used.
    /// Errors: kQueryInvalid. Cost: bounded; at most 4,096 names are looked at, each for a leap in
    /// the delta and in each segment.
    [[nodiscard]] Result<std::vector<std::string>> suggest(std::string_view name,
                                                           std::size_t limit) const;

    struct Counts {
        std::uint64_t names = 0;
        std::uint64_t versions = 0;
        std::uint64_t published = 0;
        std::uint64_t imported = 0;
        std::uint64_t yanked = 0;
    };
    [[nodiscard]] Result<Counts> counts() const;
    /// Returns where the versions are. Cost: a read of the store. Errors: kIndexCorrupted,
    /// kDatabaseIo.
    [[nodiscard]] Result<IndexShape> shape() const;

    /// Calls `each` for every entry in order until it returns an error, which is returned.
    [[nodiscard]] Result<void> for_each(
        const std::function<Result<void>(const IndexEntry&)>& each) const;

    /// Calls `each` for every entry that can be read, in no order and from segments without its
    /// description, until it returns an error; for a repair, which has to do with what there is.
    [[nodiscard]] Result<void> for_each_readable(
        const std::function<Result<void>(const IndexEntry&)>& each) const;

    /// Checks every entry, posting, manifest and segment against each other. Returns what is wrong,
    /// one sentence each.
    [[nodiscard]] Result<std::vector<std::string>> verify() const;

    /// Appends to `batch` what makes entries and postings equal to what follows from the stored
    /// manifests and `entries` (state, flags, times and log positions of each digest, which the
    /// caller gathers from the log). What segments say rightly stays in them; the rest of them does
    /// not count any more. Returns how many records differed.
    [[nodiscard]] Result<std::uint64_t> stage_rebuild(kv::WriteBatch& batch,
                                                      const std::vector<IndexEntry>& entries) const;

private:
    friend class BulkImport;
    struct Impl;
    explicit PackageIndex(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::index
