#pragma once
// Packages as files: writing them out, and comparing what stands there with the file table.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/lifecycle/installation.hpp"
#include "catalog/lifecycle/services.hpp"
#include "catalog/package/file_table.hpp"

namespace catalog::lifecycle {

/// Writes a package's files below `location` of a folder, verified while they are written and
/// synced. Folders are not synced; `sync_folders` does that once for a whole tree. `written` is
/// told the bytes of each piece. Errors: kContentCorrupted, kPathUnsafe, kFileExists, kStorageFull,
/// kSyncFailed, kCancelled.
[[nodiscard]] Result<void> write_package(const Services& services, const io::SafeDirectory& root,
                                         const std::string& location,
                                         const package::FileTable& files,
                                         const CallContext& context,
                                         const std::function<void(std::uint64_t)>& written);

/// Syncs every folder below `path`, and `path` itself, deepest first. Errors: kSyncFailed, kIo.
[[nodiscard]] Result<void> sync_folders(io::FileSystem& fs, const std::string& path);

/// One package copy that should stand in a tree.
struct ExpectedCopy {
    std::string id;  ///< `name@version`.
    std::string location;
    const package::FileTable* files = nullptr;
};

/// Compares a tree with what should stand in it. Errors: kCancelled, kIo on the tree's root.
[[nodiscard]] Result<std::vector<PrefixDamage>> compare_tree(
    const Services& services, const std::string& root, const std::vector<ExpectedCopy>& copies,
    const CallContext& context);

}  // namespace catalog::lifecycle
