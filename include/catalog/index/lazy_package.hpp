#pragma once
// Handles: a package version as a small value, and its metadata loaded when it is first looked at,
// once for all who look.

#include <cstddef>
#include <memory>

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

/// A small copyable reference to a package version: its digest. Resolves through an index and says
/// when it is stale.
class AssetPackageHandle {
public:
    AssetPackageHandle() = default;
    explicit AssetPackageHandle(const IndexEntry& entry)
        : id_hash_(std::hash<PackageId>{}(entry.id)), digest_(entry.digest) {}

    [[nodiscard]] const package::PackageDigest& digest() const noexcept { return digest_; }
    /// Returns the package. Errors: kHandleStale (the library no longer has that digest).
    [[nodiscard]] Result<LazyPackage> resolve(
        const std::shared_ptr<const PackageIndex>& index) const;

    friend bool operator==(const AssetPackageHandle&, const AssetPackageHandle&) noexcept = default;

private:
    std::size_t id_hash_ = 0;
    package::PackageDigest digest_;
};

}  // namespace catalog::index
