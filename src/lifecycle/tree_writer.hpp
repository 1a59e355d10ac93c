#pragma once
// Packages as files: writing them out, and comparing what stands there with the file table.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/lifecycle/installation.hpp"
#include "catalog/lifecycle/services.hpp"
#include "catalog/package/file_table.hpp"
#include "files_writer.hpp"

namespace catalog::lifecycle {

/// Returns what is faster for that many files. With kTogether the folder must have been opened
/// before the first of them is written.
[[nodiscard]] FileSync file_sync_for(std::uint64_t files) noexcept;

/// The same, but where the file system cannot be synced as a whole (`folder` cannot tell its
/// errors) each file is. Syncs it to find out when there are many. Errors: kSyncFailed.
[[nodiscard]] Result<FileSync> file_sync_in(const io::SafeDirectory& folder, std::uint64_t files);

/// Writes a package's files below `location` of a folder, verified while they are written, in the
/// order in which the store has them, several at a time. Nothing is durable before `sync_tree`,
/// which is called once for a whole tree. `written` is told the bytes of each piece, by one thread
/// at a time. Errors: kContentCorrupted, kPathUnsafe, kFileExists, kStorageFull,
/// kSyncFailed, kCancelled.
[[nodiscard]] Result<void> write_package(const Services& services, const io::SafeDirectory& root,
                                         const std::string& location,
                                         const package::FileTable& files, FileSync sync,
                                         const CallContext& context,
                                         const std::function<void(std::uint64_t)>& written);

/// Makes the tree at `path`, which `root` has open, durable: its folders, and with kTogether its
/// files. Errors: kSyncFailed, kIo.
[[nodiscard]] Result<void> sync_tree(io::FileSystem& fs, const io::SafeDirectory& root,
                                     const std::string& path, FileSync sync);

/// One package copy that should stand in a tree, or links that belong to it.
struct ExpectedCopy {
    std::string id;  ///< `name@version`.
    std::string location;
    const package::FileTable* files = nullptr;                  ///< May be null: none.
    const std::map<std::string, std::string>* links = nullptr;  ///< Path -> target; may be null.
};

/// Compares a tree with what should stand in it. Errors: kCancelled, kIo on the tree's root.
[[nodiscard]] Result<std::vector<PrefixDamage>> compare_tree(
    const Services& services, const std::string& root, const std::vector<ExpectedCopy>& copies,
    const CallContext& context);

}  // namespace catalog::lifecycle
