#pragma once
// Handles: a package version as a small value, and its metadata loaded when it is first looked at,
// once for all who look.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "catalog/core/result.hpp"
#include "catalog/index/package_index.hpp"
#include "catalog/package/manifest.hpp"

namespace catalog::index {

/// A package version whose manifest is read on first use. Copies share what was read. Thread
/// safety: any thread; of several threads that need the manifest at the same time one reads it and
/// the others wait for that read (single flight). A failed read is not kept: the next caller tries
/// again.
class LazyPackage {
public:
    LazyPackage(std::shared_ptr<const PackageIndex> index, IndexEntry entry);

    [[nodiscard]] const IndexEntry& entry() const noexcept;
    /// Tells whether the manifest has been read already.
    [[nodiscard]] bool is_loaded() const noexcept;
    /// Returns the manifest, reading it when needed. Errors: as PackageIndex::manifest.
    [[nodiscard]] Result<std::shared_ptr<const package::Manifest>> manifest() const;

private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

/// A package version as 16 bytes, made and resolved by PackageHandles. Two of one table are equal
/// exactly when they stand for the same opening of the same manifest. Keep it as long as you like:
/// it owns nothing, and a handle whose package or table is gone does not resolve.
class AssetPackageHandle {
public:
    /// Stands for no package.
    AssetPackageHandle() = default;

    explicit operator bool() const noexcept { return slot_ != kNone; }
    friend bool operator==(const AssetPackageHandle&, const AssetPackageHandle&) noexcept = default;

private:
    friend class PackageHandles;
    static constexpr std::uint32_t kNone = 0xffff'ffff;

    std::uint32_t slot_ = kNone;
    std::array<std::byte, 12> digest_{};  ///< The first 96 bits of the manifest's.
};
static_assert(std::is_trivially_copyable_v<AssetPackageHandle> && sizeof(AssetPackageHandle) == 16);

/// Makes handles of package versions and resolves them, against whatever the index says at that
/// moment, wherever it keeps the version.
///
/// Thread safety: any thread; who resolves the same handle at the same moment takes turns. Memory:
/// an entry with its texts for each handle that was opened, at most `handles_max` of them, and the
/// manifests that were read of those.
class PackageHandles {
public:
    static constexpr std::uint32_t kHandlesMaxDefault = 65'536;

    /// `handles_max` 1 to 16,777,216, other numbers are cut: with one more the handle that was
    /// opened longest ago is stale.
    explicit PackageHandles(std::shared_ptr<const PackageIndex> index,
                            std::uint32_t handles_max = kHandlesMaxDefault);
    ~PackageHandles();
    PackageHandles(const PackageHandles&) = delete;
    PackageHandles& operator=(const PackageHandles&) = delete;

    /// Returns the handle of a version; the same one again as long as it resolves. Errors: as
    /// PackageIndex::find. Blocking: reads the index.
    [[nodiscard]] Result<AssetPackageHandle> open(const PackageId& id);

    /// Returns the package as it is now: a yanked or deprecated one is still there, and its entry
    /// says so. All who resolve between two changes of it share what they load. Errors:
    /// kHandleStale (the library no longer has that manifest, or the handle is none of this table,
    /// or too old), kIndexCorrupted, kDatabaseIo. Cost: a lock and a shared pointer; after any
    /// commit of the library, once, that of PackageIndex::find.
    [[nodiscard]] Result<LazyPackage> resolve(const AssetPackageHandle& handle) const;

private:
    struct Slot;
    struct Table;
    std::unique_ptr<Table> table_;
};

}  // namespace catalog::index
