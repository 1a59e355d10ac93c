#pragma once
// PackageContent: a package's files by role.

#include <string>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/package/file_table.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::package {

/// Entry point, files, programs, templates and resources of one package, each in the table's order.
/// Views into the table that it was made from, which must outlive it.
struct PackageContent {
    const FileEntry* entry = nullptr;     ///< Null when the package names none.
    std::vector<const FileEntry*> files;  ///< Everything that has no other role.
    std::vector<const FileEntry*> binaries;
    std::vector<const FileEntry*> templates;
    std::vector<const FileEntry*> resources;

    /// Sorts the table's entries by role; an entry may have several. Errors: kMetadataInvalid (a
    /// named path is not in the table; an entry point or program is not a regular file; a template
    /// or resource is an empty folder). Cost: n log n.
    [[nodiscard]] static Result<PackageContent> classify(const PackageMetadata& metadata,
                                                         const FileTable& table);
};

}  // namespace catalog::package
