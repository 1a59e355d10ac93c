#pragma once
// What the parts of AssetLibrary share.

#include <memory>
#include <string>
#include <vector>

#include "asset_book.hpp"
#include "catalog/content/content_addressed_storage.hpp"
#include "catalog/kv/commit_queue.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "catalog/library/asset_library.hpp"
#include "catalog/lifecycle/services.hpp"
#include "catalog/security/transparency_log.hpp"
#include "index_upkeep.hpp"
#include "library_file.hpp"
#include "library_metrics.hpp"
#include "live_universe.hpp"

namespace catalog::library {

/// Column families of a library's database, in the order of their numbers. Stored: never reordered,
/// new ones at the end.
enum class FamilyNumber : std::uint32_t {
    kManifests,
    kPackages,
    kPostings,
    kLog,
    kEnvelopes,
    kFileTables,
    kChunks,
    kObjects,
    kReferences,
    kPacks,
    kInstallations,
    kAudit,
    kAssets,
    kPreparing,
    kChanges,
    kSegments,
    kCount,
};

[[nodiscard]] constexpr kv::Family family(FamilyNumber number) noexcept {
    return static_cast<kv::Family>(static_cast<std::uint32_t>(number));
}

/// Names of the families in the order of their numbers.
[[nodiscard]] std::vector<std::string> family_names();

/// Reads `library.toml` of the library in folder `path`. Errors: kLibraryNotFound, kLibraryFormat.
[[nodiscard]] Result<LibraryFile> read_library_file(io::FileSystem& fs, const std::string& path);

/// Takes the lock of the one writer. Errors: kLibraryLocked, kIo.
[[nodiscard]] Result<std::unique_ptr<io::FileLock>> take_library_lock(
    const Environment& environment, const std::string& path, const LibraryOptions& options);

/// Returns the key of the database: that of the generation that it was made with. Errors:
/// kKeyNotFound.
[[nodiscard]] Result<std::shared_ptr<const content::StoreKey>> database_key(
    const content::StoreKeyRing& ring);

/// Returns the path of a library's key slots.
[[nodiscard]] std::string key_slots_path(const std::string& library);

/// Opens the key slots of an encrypted library. Errors: kLibraryDamaged (missing or damaged),
/// kUnsupported, kLimitExceeded, kIo.
[[nodiscard]] Result<content::KeySlots> open_key_slots(const std::shared_ptr<io::FileSystem>& fs,
                                                       const std::string& library);

/// Members stand in the order in which they depend on each other: destruction runs backwards.
struct AssetLibrary::Impl {
    std::string path;
    LibraryOptions options;
    Environment environment;
    LibraryFile file;
    std::unique_ptr<io::FileLock> lock;
    std::shared_ptr<kv::Salvage> salvage;                        // null unless asked for
    std::shared_ptr<const content::StoreEncryption> encryption;  ///< Null in one in the clear.
    std::shared_ptr<const content::UnlockedKeys> keys;  ///< As `encryption`; for the key slots.
    std::unique_ptr<kv::KeyValueStore> store;
    content::AdoptionReport adopted;  ///< By the opening, when it was asked to.
    std::unique_ptr<content::ContentAddressedStorage> content;
    std::shared_ptr<index::SegmentFolder> segments;  ///< Null in an encrypted library.
    std::shared_ptr<index::PackageIndex> index;
    std::unique_ptr<security::TransparencyLog> log;
    std::unique_ptr<kv::CommitQueue> queue;
    std::unique_ptr<LiveUniverse> universe;
    std::unique_ptr<IndexUpkeep> upkeep;  ///< Null where nothing is ever sealed by itself.
    std::unique_ptr<AssetBook> assets;    ///< Null in a library that is open for reading.
    lifecycle::Services services;
    LibraryMetrics metrics;
    monitor::CollectorRegistration collector;  ///< Last: no scrape is inside when the others go.

    /// Checks access, cancellation and deadline. Denials go to the audit log.
    [[nodiscard]] Result<void> admit(const CallContext& context, package::Verb verb,
                                     std::string_view package);

    /// As `admit` and, in a reader, looks at what the writer has committed since.
    [[nodiscard]] Result<void> enter(const CallContext& context, package::Verb verb,
                                     std::string_view package);

    /// As `enter`, and refuses in a library that is open for reading. Errors: kLibraryReadOnly.
    [[nodiscard]] Result<void> enter_writing(const CallContext& context, package::Verb verb,
                                             std::string_view package);

    /// Returns a regular file of a package, having entered. Errors: see AssetLibrary::read_file.
    [[nodiscard]] Result<package::FileEntry> find_file(const PackageId& id,
                                                       std::string_view file_path,
                                                       const CallContext& context);

    /// Writes a denial down, where that is possible.
    void audit_denial(const CallContext& context, package::Verb verb, std::string_view package);

    /// Tells the register of assets what it has not been told of, first what begins with `prefix`,
    /// then a little of what earlier calls left. What fails is logged, and is done later.
    void settle_assets(std::string_view prefix, const CallContext& context);

    /// Drops the key generations that no file of the content store is under. Errors: see
    /// AssetLibrary::repack_content.
    [[nodiscard]] Result<std::vector<content::KeyGeneration>> drop_unused_keys();

    [[nodiscard]] Result<LibraryStats> read_stats() const;

    /// What the monitor asks for at a scrape.
    void collect(std::vector<monitor::MetricFamily>& families) const;

    /// Fills `encryption` and `keys`, and forgets the key that the options had. Errors: see
    /// AssetLibrary::open.
    [[nodiscard]] Result<void> unlock();

    /// Fills `services` and everything that it points to. Errors: see AssetLibrary::open.
    [[nodiscard]] Result<void> wire();

private:
    [[nodiscard]] Result<void> wire_store();
    [[nodiscard]] Result<void> wire_content();
    void wire_packages();
    void wire_upkeep();
    void wire_services();
};

}  // namespace catalog::library
