#pragma once
// Writing a tree whose files are those of a cache.

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/lifecycle/content_exporter.hpp"
#include "catalog/lifecycle/services.hpp"
#include "catalog/package/file_table.hpp"

namespace catalog::lifecycle {

/// Writes `entries`, in byte order of their paths, below `root`, a folder without any of them:
/// regular files as links or clones of files of `options.cache`, which gets those that it does not
/// have; those that cannot be shared as copies that look alike. `written` is told bytes as they
/// become part of the tree, by one thread at a time. Returns what was shared. With
/// `options.durable` the caller calls `sync_shared`. Errors: as write_package.
[[nodiscard]] Result<SharingReport> write_shared(const Services& services,
                                                 const ExportOptions& options,
                                                 const io::SafeDirectory& root,
                                                 std::span<const package::FileEntry> entries,
                                                 const CallContext& context,
                                                 const std::function<void(std::uint64_t)>& written);

/// Makes what `write_shared` wrote below `path`, which `root` has open, durable. Errors:
/// kSyncFailed, kIo.
[[nodiscard]] Result<void> sync_shared(io::FileSystem& fs, const ExportOptions& options,
                                       const io::SafeDirectory& root, const std::string& path);

}  // namespace catalog::lifecycle
