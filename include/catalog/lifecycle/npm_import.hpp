#pragma once
// npm import: turns unpacked npm packages, node_modules trees and `npm pack` tarballs into drafts.

#include <memory>
#include <string>
#include <vector>

#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/lifecycle/package_builder.hpp"

namespace catalog::lifecycle {

/// Reads what is at `path`: a `.tgz`, a folder with a package.json, or a folder that holds
/// node_modules (then every package in it, nested ones too, each id once). Dependencies keep npm's
/// dialect; `bin`, `os`, `cpu`, peer and optional dependencies are carried over; install scripts
/// are never run. An absolute link or one that leaves the package is refused. Errors:
/// kFileNotFound, kImportRefused (not a package; the input names it), kJsonSyntax ..., kPathUnsafe,
/// kLimitExceeded.
[[nodiscard]] Result<std::vector<PackageDraft>> drafts_from_npm(std::shared_ptr<io::FileSystem> fs,
                                                                const std::string& path,
                                                                const Limits& limits = {});

}  // namespace catalog::lifecycle
