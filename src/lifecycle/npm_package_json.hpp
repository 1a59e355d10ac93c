#pragma once
// package.json as Catalog metadata.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::lifecycle {

/// What a package.json says.
struct NpmPackageJson {
    explicit NpmPackageJson(package::PackageMetadata m) : metadata(std::move(m)) {}
    package::PackageMetadata metadata;  ///< Without entry and binaries: those need the file list.
    std::string main;                   ///< As written; may lack its extension.
    std::vector<std::string> bin;       ///< Paths of programs, normalised.
    std::vector<std::string>
        bundled;  ///< Names of packages that the package carries in its own node_modules.
    std::vector<std::string> warnings;
};

/// Reads a package.json. `name_override` replaces its name (an alias is a folder named
/// differently); may be empty. Errors, naming `where`: kJsonSyntax ..., kImportRefused (no name or
/// version, a dependency that has no range).
[[nodiscard]] Result<NpmPackageJson> read_package_json(std::string_view text,
                                                       std::string_view where,
                                                       std::string_view name_override,
                                                       const Limits& limits);

/// Returns the programs that a package.json names under `bin`, name -> normalised path: a text is
/// the path of a program called as the package without its scope. Names are reduced to their last
/// component, as npm does; what is left without a name is left out. Empty when there are none or
/// the text cannot be read. Paths are not checked.
[[nodiscard]] std::map<std::string, std::string> read_npm_programs(std::string_view text,
                                                                   std::string_view package_name,
                                                                   const Limits& limits);

/// Returns which of a package's files `main` means, as Node.js resolves it (the path, with .js,
/// .json, .node, as a folder with index.js); empty when none. `exists` tells whether a path is a
/// regular file of the package.
[[nodiscard]] std::string entry_point_of(std::string_view main,
                                         const std::function<bool(const std::string&)>& exists);

}  // namespace catalog::lifecycle
