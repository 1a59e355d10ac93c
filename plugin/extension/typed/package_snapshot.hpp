#pragma once
// PackageSnapshot: one package version as it was at one moment, as the C interface shows it.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "boundary.hpp"
#include "catalog/abi/library.h"
#include "catalog/core/result.hpp"
#include "catalog/index/package_index.hpp"
#include "catalog/package/manifest.hpp"

namespace catalog::extension {

class SnapshotLink;

/// An immutable package, counted by those who hold it. All that it shows (texts, lists,
/// dependencies) lies in the one block of memory that it lies in itself.
///
/// Thread safety: any thread. Lifetime: until the last link and the last owner that was handed out
/// are gone, whatever becomes of library and cache; `outstanding` outlives the owners.
class PackageSnapshot final {
public:
    /// Makes one of what the index and the manifest say. Without a manifest, everything that only
    /// it says stays empty. Errors: those of Manifest::encode. Cost: one allocation for the result,
    /// some for texts on the way.
    [[nodiscard]] static Result<SnapshotLink> make(const index::IndexEntry& entry,
                                                   const package::Manifest* manifest,
                                                   Outstanding& outstanding);
    PackageSnapshot(const PackageSnapshot&) = delete;
    PackageSnapshot& operator=(const PackageSnapshot&) = delete;

    /// The package; owner and release are null.
    [[nodiscard]] cat_package borrowed() const noexcept;
    [[nodiscard]] std::string_view name() const noexcept { return view(package_.name); }
    /// Returns the size of the block.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// Tells whether a snapshot made of `entry` now would be the same.
    [[nodiscard]] bool shows(const index::IndexEntry& entry) const noexcept;

    /// Writes the package to `out`, at most out->struct_size bytes, with an owner that keeps it.
    /// REQUIRES: room for owner and release. Allocates nothing.
    void hand_out(cat_package* out) const noexcept;

private:
    friend class SnapshotLink;
    PackageSnapshot(std::size_t bytes, Outstanding& outstanding) noexcept
        : outstanding_(&outstanding), bytes_(bytes) {}
    ~PackageSnapshot() = default;

    static void release(void* owner) noexcept;
    void add_holder() const noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
    void drop_holder() const noexcept;

    mutable std::atomic<std::uint64_t> holders_{0};
    Outstanding* outstanding_;
    std::size_t bytes_;
    cat_package package_{};
};

/// Holds a snapshot; may be empty. Thread safety: as std::shared_ptr.
class SnapshotLink {
public:
    SnapshotLink() = default;
    explicit SnapshotLink(const PackageSnapshot* snapshot) noexcept : snapshot_(snapshot) {
        if (snapshot_ != nullptr) snapshot_->add_holder();
    }
    SnapshotLink(const SnapshotLink& other) noexcept : SnapshotLink(other.snapshot_) {}
    SnapshotLink(SnapshotLink&& other) noexcept
        : snapshot_(std::exchange(other.snapshot_, nullptr)) {}
    SnapshotLink& operator=(SnapshotLink other) noexcept {
        std::swap(snapshot_, other.snapshot_);
        return *this;
    }
    ~SnapshotLink() {
        if (snapshot_ != nullptr) snapshot_->drop_holder();
    }

    explicit operator bool() const noexcept { return snapshot_ != nullptr; }
    const PackageSnapshot* operator->() const noexcept { return snapshot_; }
    const PackageSnapshot& operator*() const noexcept { return *snapshot_; }

private:
    const PackageSnapshot* snapshot_ = nullptr;
};

}  // namespace catalog::extension
