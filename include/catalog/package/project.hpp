#pragma once
// Project: a `catalog.toml` as read. Errors name line and column.

#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::package {

/// What a folder publishes: its metadata and which files belong to it.
struct Project {
    explicit Project(PackageMetadata package_metadata) : metadata(std::move(package_metadata)) {}

    PackageMetadata metadata;
    std::vector<std::string> include;   ///< Globs of paths to take; empty: everything.
    std::vector<std::string> exclude;   ///< Globs of paths to leave out; applied after `include`.
    std::vector<std::string> warnings;  ///< Unknown keys and the like, "line 3: ...".
};

/// Reads `catalog.toml`. `file_name` names the input in errors.
/// Errors, with LocationDetail: kTomlSyntax, kMetadataInvalid, kInvalidName, kVersionSyntax,
/// kRequirementSyntax, kLimitExceeded.
[[nodiscard]] Result<Project> read_catalog_toml(std::string_view text, std::string_view file_name,
                                                const Limits& limits = {});

/// Returns the text of a new project's `catalog.toml`, commented, that `read_catalog_toml` accepts.
[[nodiscard]] std::string new_catalog_toml(const PackageName& name, const version::SemVer& version,
                                           PackageType type);

/// Tells whether `path` matches `glob`: `*` within a component, `**` across components, `?` one
/// character, `[...]` a class; a glob that ends in `/` means everything below. Linear in practice,
/// never exponential, never recursive on the input.
[[nodiscard]] bool glob_matches(std::string_view glob, std::string_view path) noexcept;

}  // namespace catalog::package
