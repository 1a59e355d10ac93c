#pragma once
// Where extensions are looked for, and which are there.

#include <string>
#include <vector>

#include "catalog/core/result.hpp"
#include "extension_check.hpp"

namespace catalog::host {

/// An extension that was found; its shared object has not been looked at.
struct FoundExtension {
    ExtensionFiles files;
    std::string id;
    std::string version;
    std::vector<std::string> aliases;
    std::string problem;  ///< Why its manifest cannot be used; then id and version are empty.
};

/// Returns the folders in the order in which they are searched: `extra`, those of
/// $HYPERMESH_EXTENSIONS (separated by colons), ./extensions, ~/.hypermesh/extensions, the folder
/// that belongs to this program's installation, /usr/local/lib/hypermesh/extensions,
/// /usr/local/hypermesh/extensions, /opt/hypermesh/extensions.
[[nodiscard]] std::vector<std::string> search_folders(const std::vector<std::string>& extra);

/// Finds the extensions in folders: `extension.toml` in the folder itself, in each folder below it,
/// and `NAME.toml` beside `NAME.so`. Folders that are not there are passed over. In byte order
/// within a folder; at most 1000. Blocks on reading.
[[nodiscard]] std::vector<FoundExtension> find_extensions(const std::vector<std::string>& folders);

/// Finds what the user named: a path (it has a slash, or names something that exists), else an id
/// or alias in `folders`, the first that is found. Errors: kNotFound, and those of
/// locate_extension.
[[nodiscard]] Result<ExtensionFiles> find_extension(const std::string& path_or_id,
                                                    const std::vector<std::string>& folders);

}  // namespace catalog::host
