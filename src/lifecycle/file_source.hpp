#pragma once
// Files on disk as parts of a draft.

#include <memory>
#include <string>
#include <vector>

#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/lifecycle/package_builder.hpp"

namespace catalog::lifecycle {

/// Returns the entry at `source_path` as the draft's `path`; a link stays a link. Errors:
/// kFileNotFound, kFileKind (device, socket, folder), kModeRefused (set-id), kAccessDenied, kIo.
[[nodiscard]] Result<DraftFile> draft_file_at(std::shared_ptr<io::FileSystem> fs, std::string path,
                                              const std::string& source_path);

/// Returns a regular file of a draft whose bytes are in memory.
[[nodiscard]] DraftFile draft_file_of(std::string path, Bytes bytes, bool executable);
/// Returns a link of a draft.
[[nodiscard]] DraftFile draft_link(std::string path, std::string target);
/// Returns a folder of a draft.
[[nodiscard]] DraftFile draft_folder(std::string path);

/// Returns everything below `directory` that the globs take, in byte order of paths; a folder
/// without entries is one itself. Errors: as draft_file_at, kNotADirectory, kLimitExceeded.
[[nodiscard]] Result<std::vector<DraftFile>> scan_tree(std::shared_ptr<io::FileSystem> fs,
                                                       const std::string& directory,
                                                       const std::vector<std::string>& include,
                                                       const std::vector<std::string>& exclude,
                                                       const Limits& limits);

}  // namespace catalog::lifecycle
