#pragma once
// Reading of .tgz files (libarchive). Catalog has no archive format of its own; this only takes in
// what others pack.

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::lifecycle {

struct TarballEntry {
    std::string path;  ///< As in the archive, unchecked.
    bool is_link = false;
    bool executable = false;  ///< The owner may execute.
    bool set_id = false;
    std::string target;  ///< Of a link.
    Bytes bytes;         ///< Of a file.
};

/// Reads all files and links of a gzip-compressed tar archive into memory; folders are left out.
/// Nothing is written to disk. Errors, naming the archive: kImportRefused (not an archive, damaged,
/// holds something that is neither file, folder nor link), kLimitExceeded (more than 1 GiB
/// unpacked, more entries than Limits::package_files_max).
[[nodiscard]] Result<std::vector<TarballEntry>> read_tarball(io::FileSystem& fs,
                                                             const std::string& path,
                                                             const Limits& limits);

}  // namespace catalog::lifecycle
