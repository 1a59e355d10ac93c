#pragma once
// The typed table of include/catalog/abi/library.h, and what it keeps in an instance.

#include "boundary.hpp"
#include "catalog/abi/extension.h"
#include "catalog/library/asset_library.hpp"
#include "open_contents.hpp"
#include "package_snapshots.hpp"

namespace catalog::extension {

/// What the typed calls of one instance keep. Thread safety: any thread. Lifetime: ends before the
/// library; what was handed out may outlive it and is counted in `outstanding`.
class TypedCalls final {
public:
    /// Keeps at most `snapshot_bytes_max` bytes of packages at hand.
    TypedCalls(library::AssetLibrary& library, Outstanding& outstanding,
               std::size_t snapshot_bytes_max = PackageSnapshots::kBytesMaxDefault)
        : library_(library),
          packages_(library, outstanding, snapshot_bytes_max),
          contents_(library) {}

    [[nodiscard]] library::AssetLibrary& library() noexcept { return library_; }
    [[nodiscard]] PackageSnapshots& packages() noexcept { return packages_; }
    [[nodiscard]] OpenContents& contents() noexcept { return contents_; }

private:
    library::AssetLibrary& library_;
    PackageSnapshots packages_;
    OpenContents contents_;
};

/// Returns the table, the same for every instance: a cat_library_api.
[[nodiscard]] const hmx_iface* library_interface() noexcept;

}  // namespace catalog::extension
