#pragma once
// Short makers of package data for tests. What cannot be made throws, and so fails the test.

#include <string>
#include <string_view>
#include <vector>

#include "catalog/package/file_table.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::package::testing {

[[nodiscard]] PackageName name(std::string_view text);
[[nodiscard]] version::SemVer semver(std::string_view text);
[[nodiscard]] version::VersionConstraint constraint(
    std::string_view text, version::Dialect dialect = version::Dialect::kCargo);

/// Metadata of `id`, for example "acme/blas@2.1.0", and nothing else.
[[nodiscard]] PackageMetadata metadata(std::string_view id);

/// A dependency in Cargo's syntax, for example dependency("acme/blas", "^2.1").
[[nodiscard]] Dependency dependency(std::string_view package, std::string_view requirement,
                                    DependencyKind kind = DependencyKind::kRequired);

/// A regular file with the tree of its content.
[[nodiscard]] FileEntry file(std::string path, std::string_view content, bool executable = false);
[[nodiscard]] FileEntry link(std::string path, std::string target);
[[nodiscard]] FileEntry empty_folder(std::string path);

[[nodiscard]] FileTable table(std::vector<FileEntry> entries);

}  // namespace catalog::package::testing
