#pragma once
// What is done to folders through descriptors: list, sync, remove, read links. No link is followed.

#include <string>
#include <vector>

#include "catalog/io/file_system.hpp"
#include "posix_descriptor.hpp"

namespace catalog::io::posix {

/// Returns the entries of an open folder in byte order of their names. Errors: kIo.
[[nodiscard]] Result<std::vector<DirectoryEntry>> list_folder(Descriptor fd,
                                                              const std::string& path);

/// Makes the entries of an open folder durable. Errors: kSyncFailed.
[[nodiscard]] Result<void> sync_folder(int fd, const std::string& path);

/// Returns the target of the symbolic link `name` in `folder`. Errors: kFileNotFound, kFileKind,
/// kIo.
[[nodiscard]] Result<std::string> read_link_at(int folder, const std::string& name,
                                               const std::string& path);

/// Removes entry `name` of `folder`, a folder with everything in it; absent is fine. `path` is for
/// messages. Errors: kIo, kPathUnsafe, kNotEmpty. Cost: at most three open files at any depth.
[[nodiscard]] Result<void> remove_tree_at(int folder, const std::string& name,
                                          const std::string& path);

}  // namespace catalog::io::posix
