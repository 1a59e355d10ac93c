#pragma once
// Project: a `catalog.toml` as read, and the globs by which it names files.

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

    PackageMetadata metadata;            ///< Canonical; without binaries, templates and resources.
    std::vector<std::string> include;    ///< Globs of paths to take; empty: everything.
    std::vector<std::string> exclude;    ///< Globs of paths to leave out; applied after `include`.
    std::vector<std::string> binaries;   ///< Globs of the programs among the files.
    std::vector<std::string> templates;  ///< Globs of the templates among the files.
    std::vector<std::string> resources;  ///< Globs of the resources among the files.
    std::vector<std::string> warnings;   ///< Unknown keys and the like, "line 3: ...", in order.

    /// Returns the metadata with `binaries`, `templates` and `resources` as the paths that their
    /// globs match. Errors: kMetadataInvalid (a glob that matches none of `paths`, which is most
    /// often a slip of the pen). Cost: globs times paths.
    [[nodiscard]] Result<PackageMetadata> metadata_for(const std::vector<std::string>& paths) const;
};

/// Reads `catalog.toml` (docs/formats/catalog-toml.md). `file_name` names the input in errors.
///
/// Every error has LocationDetail and as input "FILE:LINE:COLUMN". Errors: kTomlSyntax (also
/// duplicate keys, bytes that are not UTF-8, more than 32 levels of nesting), kMetadataInvalid
/// (also a value of the wrong type), kInvalidName, kVersionSyntax, kRequirementSyntax, kPathUnsafe,
/// kLimitExceeded. Constraints on folders (`path = "../dev"`) are accepted: whether they may be
/// published is `validate`'s matter. Cost: linear; the stack does not grow with the input. Thread
/// safety: any thread.
[[nodiscard]] Result<Project> read_catalog_toml(std::string_view text, std::string_view file_name,
                                                const Limits& limits = {});

/// Returns the text of a new project's `catalog.toml`, commented, that `read_catalog_toml` accepts.
[[nodiscard]] std::string new_catalog_toml(const PackageName& name, const version::SemVer& version,
                                           PackageType type);

/// Longest glob that matches anything, bytes; a longer one is an error in `catalog.toml`.
inline constexpr std::size_t kGlobBytesMax = 1024;

/// Tells whether the whole of `path` matches `glob`.
///
///  - `?` is one character and `*` any number of them, neither is a slash;
///  - `[...]` is one of some characters: `a-z` ranges, `!` or `^` first for none of them, `]` first
///    for itself; never a slash; without its `]` a bracket stands for itself;
///  - a component `**` stands for any number of components, none included (`**/x`: x at any
///    depth); elsewhere `**` is any text with or without slashes;
///  - a glob that ends in `/` means everything below.
///
/// Cost: path times glob in the worst case, no allocation, no recursion. Thread safety: any thread.
[[nodiscard]] bool glob_matches(std::string_view glob, std::string_view path) noexcept;

}  // namespace catalog::package
