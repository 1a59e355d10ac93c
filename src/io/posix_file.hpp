#pragma once
// Open files, mapped regions and locks of the machine's file system.

#include <sys/stat.h>

#include <memory>
#include <string>

#include "catalog/io/file_system.hpp"
#include "posix_descriptor.hpp"

namespace catalog::io::posix {

/// Flags that every open for reading uses. Non-blocking, so that a pipe put in a file's place
/// cannot hang the caller; regular files do not care.
[[nodiscard]] int read_flags() noexcept;

[[nodiscard]] FileInfo to_info(const struct stat& status) noexcept;

/// Takes ownership of a descriptor opened with read_flags(). Errors: kIsADirectory, kFileKind, kIo.
[[nodiscard]] Result<std::unique_ptr<ReadableFile>> make_readable(Descriptor fd, std::string path);

/// Takes ownership of a descriptor opened for writing. Errors: kFileKind, kIo.
[[nodiscard]] Result<std::unique_ptr<WritableFile>> make_writable(Descriptor fd, std::string path);

/// Maps from an open file; the descriptor is not needed afterwards. Errors: kInvalidArgument,
/// kEndOfFile, kIo.
[[nodiscard]] Result<std::unique_ptr<MappedRegion>> map_file(int fd, const std::string& path,
                                                             std::uint64_t offset,
                                                             std::uint64_t length);

/// Locks an open file and empties it. Errors: kBusy, kIo.
[[nodiscard]] Result<std::unique_ptr<FileLock>> lock_file(Descriptor fd, const std::string& path);

}  // namespace catalog::io::posix
