#include "catalog/package/package_content.hpp"

#include <set>

#include "catalog/internal/try.hpp"
#include "quote.hpp"

namespace catalog::package {

namespace {

Error wrong_role(const char* role, std::string_view path, const char* reason) {
    return Error(Errc::kMetadataInvalid, std::string(role) + " " + quoted(path) + " " + reason);
}

Result<const FileEntry*> find_role(const FileTable& table, const char* role,
                                   const std::string& path, bool must_be_regular) {
    const FileEntry* entry = table.find(path);
    if (entry == nullptr) return fail(wrong_role(role, path, "is not among the package's files"));
    if (must_be_regular && entry->kind != FileEntryKind::kRegular)
        return fail(wrong_role(role, path, "is not a regular file"));
    if (entry->kind == FileEntryKind::kDirectory)
        return fail(wrong_role(role, path, "is an empty folder"));
    return entry;
}

Result<std::vector<const FileEntry*>> find_roles(const FileTable& table, const char* role,
                                                 const std::vector<std::string>& paths,
                                                 bool must_be_regular) {
    // Entries stand in the table's order, so their addresses sort as their paths do.
    std::set<const FileEntry*> found;
    for (const std::string& path : paths) {
        CATALOG_TRY(const FileEntry* entry, find_role(table, role, path, must_be_regular));
        found.insert(entry);
    }
    return std::vector<const FileEntry*>(found.begin(), found.end());
}

}  // namespace

Result<PackageContent> PackageContent::classify(const PackageMetadata& metadata,
                                                const FileTable& table) {
    PackageContent content;
    if (!metadata.entry.empty()) {
        CATALOG_TRY(content.entry, find_role(table, "entry point", metadata.entry, true));
    }
    CATALOG_TRY(content.binaries, find_roles(table, "program", metadata.binaries, true));
    CATALOG_TRY(content.templates, find_roles(table, "template", metadata.templates, false));
    CATALOG_TRY(content.resources, find_roles(table, "resource", metadata.resources, false));

    std::set<const FileEntry*> taken{content.entry};
    for (const auto* role : {&content.binaries, &content.templates, &content.resources})
        taken.insert(role->begin(), role->end());
    for (const FileEntry& entry : table.entries())
        if (!taken.contains(&entry)) content.files.push_back(&entry);
    return content;
}

}  // namespace catalog::package
