#pragma once
// AssetLibrary: the facade. One object is one library: a folder that holds packages, their history
// and their content.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/content/content_repair.hpp"
#include "catalog/content/content_storage.hpp"
#include "catalog/content/key_slots.hpp"
#include "catalog/content/pack_adoption.hpp"
#include "catalog/core/call_context.hpp"
#include "catalog/core/ids.hpp"
#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"
#include "catalog/index/lazy_package.hpp"
#include "catalog/index/package_index.hpp"
#include "catalog/index/query.hpp"
#include "catalog/library/asset_registry.hpp"
#include "catalog/library/environment.hpp"
#include "catalog/library/open_file.hpp"
#include "catalog/lifecycle/file_cache.hpp"
#include "catalog/lifecycle/installation.hpp"
#include "catalog/lifecycle/package_builder.hpp"
#include "catalog/lifecycle/publishing_pipeline.hpp"
#include "catalog/package/access_control.hpp"
#include "catalog/resolve/constraint_validator.hpp"
#include "catalog/resolve/request.hpp"

namespace catalog::library {

/// When a library seals and merges its index by itself
/// (docs/decisions/0017-a-delta-and-segments.md).
class UpkeepOptions {
public:
    UpkeepOptions() = default;

    /// From how many versions on that are in the database some of them are sealed, at most 4,096
    /// at once. 0: nothing is sealed or merged by itself.
    std::uint64_t seal_versions_min = 8'192;
    /// So many segments of one size class become one, 2 to 64.
    std::uint32_t merge_fan_out = 8;
    /// Bytes of memory that a merge may take, about 500 a version; what would need more stays as it
    /// is.
    std::size_t merge_memory_bytes_max = std::size_t{256} << 20;
    /// It is done on the executor, a seal or a merge a task. False: by the publication or the
    /// import that finds it due, for a process that ends after one.
    bool in_background = true;
};

/// How a library is opened or made.
class LibraryOptions {
public:
    LibraryOptions() = default;
    bool read_only =
        false;  ///< Any number of readers, beside at most one writer, in any processes.
    bool create_if_missing = false;
    bool salvage = false;  ///< Damage to commits does not stop the opening: the library is as it
                           ///< was before the first damaged one, and `verify` and `repair` name
                           ///< what was lost. A writer forgets it for good. As `adopt_packs`, too.
    bool adopt_packs = false;  ///< A writer takes in what packs have that no record names, which
                               ///< it drops otherwise; see content::adopt_packs.
    std::chrono::milliseconds lock_wait{
        10'000};  ///< How long to wait for another writer; then kLibraryLocked names the holder.
    std::string holder;  ///< What this writer is, for others' messages: "catalog publish".
    /// What opens a key slot of an encrypted library. A library that is made with it is encrypted,
    /// with this as its first slot; see LibraryKeys. Passphrases are borrowed until `open` or
    /// `create` returned, and nothing of it is kept.
    std::optional<content::SlotSecret> key;
    Limits limits;
    package::AccessControl access;
    /// Whose publications and installations Environment::consensus is asked about. See
    /// docs/consensus.md.
    lifecycle::ConsensusPolicy consensus = lifecycle::ConsensusPolicy::kNone;
    std::uint64_t memory_bytes = 32u
                                 << 20;  ///< Budget for the database's cache and buffers, bytes.
    /// Files that stay open between calls because they may be read again: four fifths are the
    /// database's tables (never fewer than about 10), the rest packs. A reader has every table
    /// open. What a call needs comes on top: about 16.
    std::uint32_t open_files_max = 320;
    std::uint64_t frozen_versions_min =
        1'000;  ///< From how many versions on a library keeps what resolvers need of its packages
                ///< in a file, `index/universe`; it can be made anew at any time, and is.
    UpkeepOptions upkeep;
    lifecycle::ImportOptions imports;  ///< When imports make segments, and how much they commit.
    bool frozen_in_background = true;  ///< That file is made on the executor while resolutions go
                                       ///< on without it. False: by the resolution that finds it
                                       ///< missing or outgrown, for a process that ends after one.
    // For a library that is made now; later opens take what the library says.
    std::uint32_t chunk_bytes_average =
        64u << 10;              ///< 4 KiB to 1 MiB, a power of two. Never part of any digest.
    int compression_level = 3;  ///< zstd, 1 to 19. Never part of any digest.
};

/// What a library says of itself.
struct LibraryMetadata {
    LibraryId id;
    std::uint32_t format = 0;
    std::string path;
    bool read_only = false;
    bool encrypted = false;
    WallTime created;
    std::uint32_t chunk_bytes_average = 0;
    int compression_level = 0;
    std::vector<KeyInfo> keys;
};

struct LibraryStats {
    index::PackageIndex::Counts packages;
    content::StorageStats content;
    std::uint64_t database_bytes = 0;
    std::uint64_t log_size = 0;
    std::uint64_t preparing = 0;  ///< Packages that wait for the consensus; in no other count.
    kv::CommitQueueStats commits;
    // What resolvers read of the packages (docs/resolution.md, "In a library").
    std::uint64_t frozen_versions = 0;  ///< 0 when there is no frozen form.
    std::uint64_t frozen_bytes = 0;
    std::uint64_t frozen_changes = 0;  ///< Packages that changed since it was made.
    bool freezing = false;             ///< A newer one is being made by this process.
    index::IndexShape shape;           ///< Which packages are sealed.
};

/// What an open library takes of the process beside its descriptors.
struct LibraryUsage {
    std::uint64_t memory_bytes = 0;  ///< The database's caches and write buffers.
    std::uint64_t threads = 0;       ///< The database's; those of an executor are its owner's.
};

/// What a repack of the content store did.
struct ContentRepack {
    content::RepackReport report;
    /// Generations of keys that nothing was left under: the key slots have them no more.
    std::vector<content::KeyGeneration> generations_dropped;
};

/// Where an object of the content store is used.
struct ObjectUser {
    ContentHash object;
    std::string package;  ///< name@version.
    std::string path;     ///< In the package; empty: the package's table of files.
    friend bool operator==(const ObjectUser&, const ObjectUser&) = default;
};

/// One thing that `verify` found.
struct Finding {
    /// "log", "index", "manifest", "content", "envelope", "checkpoint", "assets",
    /// "preparing", "database", "universe".
    std::string where;
    std::string what;                   ///< One sentence.
    std::vector<std::string> packages;  ///< `name@version` that are hurt.
    std::vector<std::string> files;     ///< `name@version:path` that are hurt.
};

struct VerifyResult {
    std::uint64_t packages = 0;
    std::uint64_t objects = 0;
    std::uint64_t bytes = 0;
    std::vector<Finding> findings;
};

/// What became of one package: its whole chain from the log to the bytes.
struct PackageCheck {
    explicit PackageCheck(index::IndexEntry package) : entry(std::move(package)) {}
    index::IndexEntry entry;
    /// Whether a trusted key signed it; absent for imported metadata, which nobody signs.
    std::optional<bool> signature_valid;
    /// Manifest, log entry, file table and every byte of every file are as they were published.
    bool integrity_valid = false;
    std::uint64_t files = 0;  ///< Read.
    std::uint64_t bytes = 0;  ///< Read.
    std::vector<Finding> findings;
};

/// An asset of the library.
struct AssetEntry {
    std::string key;  ///< `name@version`, or `PREFIX#name@version` of an installed package.
    AssetRecord record;
};

/// Part of the list of assets.
struct AssetPage {
    std::vector<AssetEntry> assets;  ///< In byte order of keys.
    std::string next;                ///< Cursor of the next page; empty: this was the last.
    std::uint64_t pending = 0;       ///< Registrations and removals that are still to be made.
};

struct RepairResult {
    std::uint64_t index_entries_rebuilt = 0;
    std::vector<std::string> actions;  ///< What was done, one sentence each.
    std::vector<Finding> remaining;    ///< What repair cannot bring back.
};

/// What sealing the index did.
struct IndexSealing {
    std::uint64_t versions_sealed = 0;  ///< Moved out of the database.
    std::uint64_t segments_sealed = 0;  ///< Written for them.
    std::uint64_t segments_merged = 0;  ///< Merged into larger ones.
};

/// A library.
///
/// Thread safety: any thread. Lifetime: results own what they refer to, except where said; the
/// library closes when destroyed. Blocking: calls do file I/O on the calling thread and may use the
/// executor. Every call checks the context's principal against the access rules
/// (kPermissionDenied).
class AssetLibrary {
public:
    /// Makes a library in `path`, which must be absent or an empty folder, with fresh keys;
    /// encrypted with LibraryOptions::key. Errors: kLibraryExists, kAccessDenied, kStorageFull,
    /// kIo, those of content::KeySlots::create ...
    [[nodiscard]] static Result<void> create(const std::string& path,
                                             const LibraryOptions& options = {},
                                             const Environment& environment = {});

    /// Opens a library. Recovery after a crash happens here and does not depend on the library's
    /// size. Errors: kLibraryNotFound, kLibraryFormat, kLibraryLocked (BusyDetail),
    /// kLibraryDamaged, kDatabaseOpen, kEnvironmentInvalid; of an encrypted one kKeyNotFound (no
    /// key was given), kPermissionDenied (it opens no slot), kLibraryDamaged (the slots are missing
    /// or damaged); kFailedPrecondition (a key for a library in the clear) ...
    [[nodiscard]] static Result<std::unique_ptr<AssetLibrary>> open(
        const std::string& path, const LibraryOptions& options = {},
        const Environment& environment = {});
    ~AssetLibrary();
    AssetLibrary(const AssetLibrary&) = delete;
    AssetLibrary& operator=(const AssetLibrary&) = delete;

    [[nodiscard]] LibraryMetadata metadata() const;
    /// Returns what the library works with: what it was opened with, defaults filled in.
    [[nodiscard]] const Environment& environment() const noexcept;
    [[nodiscard]] Result<LibraryStats> stats(const CallContext& context = {});

    /// For hosts that watch what their libraries cost; asks nobody for permission. Does no I/O.
    [[nodiscard]] LibraryUsage usage() const noexcept;

    /// A read-only library looks at what the writer has committed since; queries do this by
    /// themselves when they start.
    [[nodiscard]] Result<void> refresh();

    /// Returns the number of the state that is visible now. It grows with every commit, before the
    /// call that committed returns; the number means nothing beyond this object. What was read
    /// after a number was taken is still true when the number comes again. Cost: a few nanoseconds
    /// in a writer; a reader looks at the writer's commits first (`refresh`), some file-system
    /// calls. Errors: those of `refresh`; none in a writer.
    [[nodiscard]] Result<std::uint64_t> revision();

    /// Checks access, cancellation and deadline as every call does, for those who answer from what
    /// they kept of earlier calls. `package` is a name, empty for the library itself. Errors:
    /// kPermissionDenied (goes to the audit log), kCancelled, kDeadlineExceeded.
    [[nodiscard]] Result<void> check_access(const CallContext& context, package::Verb verb,
                                            std::string_view package);
    /// Tells whether the context's principal may do that. Nothing is audited.
    [[nodiscard]] bool allows(const CallContext& context, package::Verb verb,
                              std::string_view package) const;

    // Into the library.
    [[nodiscard]] Result<lifecycle::PublishReceipt> publish(const lifecycle::PackageDraft& draft,
                                                            const CallContext& context = {});
    /// Lists packages that are stored and wait for the host's consensus, up to `limit` after
    /// `cursor`; nothing else finds them. Errors: kInvalidArgument (a limit of 0),
    /// kDatabaseCorrupt.
    [[nodiscard]] Result<lifecycle::PreparingPage> preparing(std::size_t limit,
                                                             std::string_view cursor = {},
                                                             const CallContext& context = {});
    /// Asks the consensus again about a package that waits, whatever the library's policy is by
    /// now, and publishes it on a yes; publishing the same draft again does the same. Errors:
    /// kPackageNotFound (no such package waits), those of `publish`.
    [[nodiscard]] Result<lifecycle::PublishReceipt> resume_publishing(
        const PackageId& id, const CallContext& context = {});
    /// Takes a package that waits out of the library, with its content. Errors: kPackageNotFound
    /// (no such package waits), kCommitFailed.
    [[nodiscard]] Result<void> abandon_publishing(const PackageId& id,
                                                  const CallContext& context = {});
    /// Loads metadata without content: see PublishingPipeline::import_metadata. `strict`, or
    /// LibraryOptions::imports saying so, makes the first bad line an error.
    [[nodiscard]] Result<lifecycle::ImportReport> import_metadata(const content::ByteSource& source,
                                                                  bool strict,
                                                                  const CallContext& context = {});
    /// Moves versions of packages from the database into sealed segments, which answers need less
    /// time and space for, and merges segments where there are many of one size
    /// (docs/formats/index-manifest.md). Nothing is done while fewer than `versions_min` are in the
    /// database, and never in an encrypted library. Publishers and readers go on meanwhile; ended
    /// anywhere, the library is whole. Waits for the end of a seal or a merge of
    /// LibraryOptions::upkeep. Reports "seal", "seal" or "merge", "packages". Errors: kBusy
    /// (another call seals), kLibraryReadOnly, kIndexCorrupted, kLimitExceeded, kStorageFull,
    /// kCommitFailed, kCancelled, kDeadlineExceeded.
    [[nodiscard]] Result<IndexSealing> seal_index(std::uint64_t versions_min = 1,
                                                  const CallContext& context = {});
    [[nodiscard]] Result<void> change_state(const PackageId& id, std::string_view event,
                                            std::string_view reason,
                                            const CallContext& context = {});

    // Look.
    [[nodiscard]] Result<index::LazyPackage> find(std::string_view name_and_requirement,
                                                  const CallContext& context = {});
    /// Returns the package of an entry that this library gave, without looking at it again. Errors:
    /// kPermissionDenied (reading is another right than listing), kCancelled, kDeadlineExceeded.
    [[nodiscard]] Result<index::LazyPackage> package_of(index::IndexEntry entry,
                                                        const CallContext& context = {});
    [[nodiscard]] Result<std::vector<index::IndexEntry>> versions(const PackageName& name,
                                                                  const CallContext& context = {});
    [[nodiscard]] Result<index::Page> list(const index::Filter& filter, std::size_t limit,
                                           std::string_view cursor = {},
                                           const CallContext& context = {});
    [[nodiscard]] Result<std::vector<index::SearchHit>> search(std::string_view words,
                                                               const index::Filter& filter,
                                                               std::size_t limit,
                                                               const CallContext& context = {});
    /// Finds what a query asks for (index::Query), best first, and tells where the next page
    /// begins. Errors: kQueryInvalid, kIndexCorrupted. Cost: see index::PackageIndex::search.
    [[nodiscard]] Result<index::SearchPage> search(const index::Query& query,
                                                   const CallContext& context = {});
    /// Counts all hits of a query, and those that have each value of the given fields. Errors and
    /// cost: see index::PackageIndex::count.
    [[nodiscard]] Result<index::HitCounts> count_hits(const index::Query& query,
                                                      std::span<const index::CountedField> fields,
                                                      std::size_t values_max,
                                                      const CallContext& context = {});
    [[nodiscard]] Result<std::vector<index::DependencyEdge>> dependents(
        const PackageName& name, bool all_versions, const CallContext& context = {});
    /// Returns the packages that need `name`, themselves or through others, nearest first. Errors
    /// and cost: see index::PackageIndex::all_dependents.
    [[nodiscard]] Result<index::Dependents> all_dependents(const PackageName& name,
                                                           std::size_t limit,
                                                           const CallContext& context = {});
    /// Returns up to `limit` names that `name` may be a misspelling of, the likeliest first; see
    /// index::PackageIndex::suggest.
    [[nodiscard]] Result<std::vector<std::string>> suggest(std::string_view name, std::size_t limit,
                                                           const CallContext& context = {});
    /// Returns up to `limit` package names that start with `prefix`.
    [[nodiscard]] Result<std::vector<std::string>> complete(std::string_view prefix,
                                                            std::size_t limit,
                                                            const CallContext& context = {});
    [[nodiscard]] Result<package::FileTable> file_table(const package::PackageDigest& digest,
                                                        const CallContext& context = {});
    /// Returns the publisher's signature of a package: a DSSE envelope as text
    /// (docs/formats/envelope.md). Errors: kSignatureMissing (imported metadata, or no such
    /// package).
    [[nodiscard]] Result<std::string> envelope(const package::PackageDigest& digest,
                                               const CallContext& context = {});
    /// Gives a package's file to `sink`, verified. Errors: kPackageNotFound, kFileNotFound,
    /// kContentCorrupted ...
    [[nodiscard]] Result<void> read_file(const PackageId& id, std::string_view path,
                                         const content::ByteSink& sink,
                                         const CallContext& context = {});

    /// Opens a package's file for reading at any place. Errors: kPackageNotFound, kNotFound (no
    /// such regular file), kContentNotFound, kContentCorrupted ... Cost: reads the file table.
    [[nodiscard]] Result<std::unique_ptr<OpenFile>> open_file(const PackageId& id,
                                                              std::string_view path,
                                                              const CallContext& context = {});

    // Resolve.
    /// Says what is wrong with constraints over the library as it is, without resolving: see
    /// resolve::ConstraintValidator. Reads the index alone. Errors: kPermissionDenied,
    /// kDatabaseIo ...
    [[nodiscard]] Result<std::vector<resolve::ConstraintFinding>> check_constraints(
        const std::vector<resolve::Target>& constraints, const CallContext& context = {});
    /// Resolves over the library as it is at this moment. Of a large library the resolver gets a
    /// frozen universe and what changed since. Where there is none yet, packages are read one by
    /// one until it is made, on the executor; LibraryOptions::frozen_in_background says whether it
    /// is made first instead, with progress "resolve", "freeze". Errors: the resolver's,
    /// kPermissionDenied, kDatabaseIo ...
    [[nodiscard]] Result<resolve::Solution> resolve(resolve::Resolver& resolver,
                                                    const resolve::Request& request,
                                                    const CallContext& context = {});

    // Prefixes.
    [[nodiscard]] Result<lifecycle::InstallReceipt> install(
        const std::string& prefix, const std::vector<std::string>& requests,
        const lifecycle::InstallOptions& options = {}, const CallContext& context = {});
    [[nodiscard]] Result<lifecycle::InstallReceipt> uninstall(
        const std::string& prefix, const std::vector<std::string>& names,
        const lifecycle::InstallOptions& options = {}, const CallContext& context = {});
    [[nodiscard]] Result<lifecycle::InstallReceipt> update(
        const std::string& prefix, const std::vector<std::string>& names,
        const lifecycle::InstallOptions& options = {}, const CallContext& context = {});
    [[nodiscard]] Result<lifecycle::InstallReceipt> rollback(
        const std::string& prefix, std::optional<std::uint64_t> generation = {},
        const CallContext& context = {});
    [[nodiscard]] Result<std::vector<lifecycle::Generation>> history(
        const std::string& prefix, const CallContext& context = {});
    [[nodiscard]] Result<std::vector<lifecycle::PrefixDamage>> verify_prefix(
        const std::string& prefix, const CallContext& context = {});

    // Assets: see docs/assets.md.
    /// Returns the asset that a published package is. Errors: kNotFound (not registered yet).
    [[nodiscard]] Result<AssetRecord> asset_of(const PackageId& id,
                                               const CallContext& context = {});
    /// Returns the asset that a package installed in `prefix` is. Errors: kNotFound.
    [[nodiscard]] Result<AssetRecord> asset_of(const std::string& prefix, const PackageId& id,
                                               const CallContext& context = {});
    /// Returns up to `limit` registered assets after `cursor`. Errors: kInvalidArgument (a limit of
    /// 0).
    [[nodiscard]] Result<AssetPage> assets(std::size_t limit, std::string_view cursor = {},
                                           const CallContext& context = {});

    // The content store alone.
    [[nodiscard]] content::ContentStorage& content();
    /// Drops a reference to an object or a tree in a commit of its own. Errors: as
    /// ContentStorage::remove, kCommitFailed.
    [[nodiscard]] Result<void> remove_content(const ContentHash& id, std::string_view owner);
    /// Returns the cache of exported files in the library's folder, see lifecycle::FileCache; it
    /// takes no space before something is put into it. Errors: kFailedPrecondition (the library is
    /// encrypted, and the options do not permit files without encryption).
    [[nodiscard]] Result<lifecycle::FileCache> file_cache(
        const lifecycle::FileCacheOptions& options = {}) const;

    // Care.
    /// Checks everything that is stored; `deep` reads every byte. Damage is in the result, not an
    /// error.
    [[nodiscard]] Result<VerifyResult> verify(bool deep, const CallContext& context = {});
    /// Checks one package and reads every byte of it. Damage is in the result, not an error.
    /// Errors: kPackageNotFound, kPermissionDenied, kCancelled, kDeadlineExceeded.
    [[nodiscard]] Result<PackageCheck> verify_package(const PackageId& id,
                                                      const CallContext& context = {});
    /// Rebuilds what can be derived: the index from manifests and log, checkpoints, left-over
    /// files; mends content as `repair_content` without sources; registers what is not registered
    /// as an asset. What cannot be brought back is in the result, with the packages that it hurts.
    /// Cost: reads all content. Packs and a format record that the database lost come back when the
    /// library was opened with `salvage`.
    [[nodiscard]] Result<RepairResult> repair(const CallContext& context = {});
    /// Mends the content store, taking what is lost from `options.sources`; see
    /// content::ContentAddressedStorage::repair. Errors: as there, kPermissionDenied.
    [[nodiscard]] Result<content::RepairReport> repair_content(
        const content::RepairOptions& options, const CallContext& context = {});
    /// Returns what this opening took in, if it was asked to (LibraryOptions::adopt_packs).
    [[nodiscard]] const content::AdoptionReport& adopted_packs() const noexcept;
    /// Compresses the content store again, or seals it again under the newest keys; see
    /// content::ContentStorage::repack. With `rekey` it then drops the key generations that no file
    /// is under any more, also when an earlier one was interrupted before it could. Errors: as
    /// there and as content::KeySlots::drop_generation, kPermissionDenied.
    [[nodiscard]] Result<ContentRepack> repack_content(const content::RepackOptions& options,
                                                       const CallContext& context = {});
    /// Names the files of published packages that are these objects, in order of packages. Cost:
    /// reads every file table. Errors: kCancelled, kDeadlineExceeded, kDatabaseIo.
    [[nodiscard]] Result<std::vector<ObjectUser>> users_of(std::span<const ContentHash> objects,
                                                           const CallContext& context = {});

private:
    struct Impl;
    explicit AssetLibrary(std::unique_ptr<Impl> impl) noexcept;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::library
