#include "catalog/lifecycle/npm_import.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "catalog/internal/try.hpp"
#include "file_source.hpp"
#include "npm_package_json.hpp"
#include "tarball.hpp"

namespace catalog::lifecycle {

namespace {

constexpr std::string_view kNodeModules = "node_modules";

Error not_npm(const std::string& path, std::string message) {
    return Error(Errc::kImportRefused, std::move(message))
        .with_input(path)
        .with_hint(
            "give an unpacked npm package, a folder with node_modules, or a .tgz made by npm pack");
}

/// Adds what depends on the file list - entry point, programs and their mode - and builds the
/// draft.
Result<PackageDraft> finish_draft(NpmPackageJson json, std::vector<DraftFile> files,
                                  const std::string& where, const Limits& limits) {
    std::map<std::string, DraftFile*> regular;
    for (DraftFile& file : files)
        if (file.kind == package::FileEntryKind::kRegular) regular.emplace(file.path, &file);
    json.metadata.entry =
        entry_point_of(json.main, [&](const std::string& path) { return regular.contains(path); });
    for (std::string& path : json.bin) {
        const auto file = regular.find(path);
        if (file == regular.end()) {
            json.warnings.push_back("its program " + path + " is not in the package (left out)");
            continue;
        }
        // npm makes programs executable when it links them, whatever the archive says.
        file->second->mode = 0755;
        json.metadata.binaries.push_back(std::move(path));
    }
    package::canonicalise(json.metadata);
    PackageBuilder builder(std::move(json.metadata), limits);
    for (DraftFile& file : files) builder.add(std::move(file));
    Result<PackageDraft> draft = builder.build();
    if (!draft) return fail(draft.error().with_input(where));
    draft->warnings = std::move(json.warnings);
    return draft;
}

Result<PackageDraft> draft_from_folder(const std::shared_ptr<io::FileSystem>& fs,
                                       const std::string& directory, std::string_view name_override,
                                       const Limits& limits) {
    const std::string json_path = io::join_path(directory, "package.json");
    CATALOG_TRY(const std::string text, io::read_file(*fs, json_path, limits.manifest_bytes_max));
    CATALOG_TRY(NpmPackageJson json, read_package_json(text, json_path, name_override, limits));
    std::vector<std::string> exclude;
    if (json.bundled.empty()) exclude.emplace_back("node_modules/**");
    CATALOG_TRY(std::vector<DraftFile> files, scan_tree(fs, directory, {}, exclude, limits));
    // A folder whose content belongs to other packages is not an empty folder of this one.
    if (json.bundled.empty())
        std::erase_if(files, [](const DraftFile& file) { return file.path == kNodeModules; });
    return finish_draft(std::move(json), std::move(files), directory, limits);
}

Result<PackageDraft> draft_from_tarball(const std::shared_ptr<io::FileSystem>& fs,
                                        const std::string& path, const Limits& limits) {
    CATALOG_TRY(std::vector<TarballEntry> entries, read_tarball(*fs, path, limits));
    std::vector<DraftFile> drafts;
    std::string package_json;
    for (TarballEntry& entry : entries) {
        // The first component is "package" by convention, but any name is in use.
        const std::size_t slash = entry.path.find('/');
        if (slash == std::string::npos || slash == 0)
            return fail(
                not_npm(path, "the archive's entry stands outside its folder: " + entry.path));
        const std::string inner = entry.path.substr(slash + 1);
        CATALOG_TRY_VOID(package::check_package_path(inner, limits));
        if (entry.set_id)
            return fail(Error(Errc::kModeRefused, "the archive holds a set-id file: " + inner)
                            .with_input(path));
        if (inner == "package.json") package_json = std::string(as_text(entry.bytes));
        drafts.push_back(entry.is_link
                             ? draft_link(inner, std::move(entry.target))
                             : draft_file_of(inner, std::move(entry.bytes), entry.executable));
    }
    if (package_json.empty()) return fail(not_npm(path, "the archive has no package.json"));
    CATALOG_TRY(NpmPackageJson json,
                read_package_json(package_json, path + ":package.json", "", limits));
    return finish_draft(std::move(json), std::move(drafts), path, limits);
}

/// A package folder that was found in a node_modules tree.
struct FoundPackage {
    std::string directory;
    std::string name;  ///< As its folder is called: `name` or `@scope/name`.
};

/// Returns the package folders directly in a node_modules folder.
Result<std::vector<FoundPackage>> packages_in(io::FileSystem& fs, const std::string& node_modules) {
    std::vector<FoundPackage> found;
    CATALOG_TRY(const std::vector<io::DirectoryEntry> entries, fs.list(node_modules));
    for (const io::DirectoryEntry& entry : entries) {
        if (entry.kind != io::FileKind::kDirectory || entry.name.starts_with('.')) continue;
        const std::string directory = io::join_path(node_modules, entry.name);
        if (!entry.name.starts_with('@')) {
            found.push_back({directory, entry.name});
            continue;
        }
        CATALOG_TRY(const std::vector<io::DirectoryEntry> scoped, fs.list(directory));
        for (const io::DirectoryEntry& inner : scoped)
            if (inner.kind == io::FileKind::kDirectory)
                found.push_back(
                    {io::join_path(directory, inner.name), entry.name + "/" + inner.name});
    }
    return found;
}

Result<std::vector<PackageDraft>> drafts_from_node_modules(
    const std::shared_ptr<io::FileSystem>& fs, const std::string& node_modules,
    const Limits& limits) {
    std::vector<PackageDraft> drafts;
    std::set<std::string> seen;
    std::vector<std::string> pending{node_modules};
    while (!pending.empty()) {
        const std::string folder = std::move(pending.back());
        pending.pop_back();
        CATALOG_TRY(const std::vector<FoundPackage> packages, packages_in(*fs, folder));
        for (const FoundPackage& found : packages) {
            const std::string nested = io::join_path(found.directory, kNodeModules);
            CATALOG_TRY(const bool has_nested, io::exists(*fs, nested));
            if (has_nested) pending.push_back(nested);
            CATALOG_TRY(const bool is_package,
                        io::exists(*fs, io::join_path(found.directory, "package.json")));
            if (!is_package) continue;
            CATALOG_TRY(PackageDraft draft,
                        draft_from_folder(fs, found.directory, found.name, limits));
            if (seen.insert(draft.metadata.id().to_string()).second)
                drafts.push_back(std::move(draft));
        }
    }
    std::ranges::sort(drafts, {}, [](const PackageDraft& draft) { return draft.metadata.id(); });
    return drafts;
}

}  // namespace

Result<std::vector<PackageDraft>> drafts_from_npm(std::shared_ptr<io::FileSystem> fs,
                                                  const std::string& path, const Limits& limits) {
    CATALOG_TRY(const io::FileInfo info, fs->info(path));
    if (info.kind == io::FileKind::kRegular) {
        CATALOG_TRY(PackageDraft draft, draft_from_tarball(fs, path, limits));
        std::vector<PackageDraft> drafts;
        drafts.push_back(std::move(draft));
        return drafts;
    }
    if (info.kind != io::FileKind::kDirectory)
        return fail(not_npm(path, "this is neither a file nor a folder"));
    const std::string nested = io::join_path(path, kNodeModules);
    if (path == kNodeModules || path.ends_with("/node_modules"))
        return drafts_from_node_modules(fs, path, limits);
    CATALOG_TRY(const bool has_modules, io::exists(*fs, nested));
    if (has_modules) return drafts_from_node_modules(fs, nested, limits);
    CATALOG_TRY(const bool has_json, io::exists(*fs, io::join_path(path, "package.json")));
    if (!has_json)
        return fail(not_npm(path, "the folder has neither a package.json nor node_modules"));
    CATALOG_TRY(PackageDraft draft, draft_from_folder(fs, path, "", limits));
    std::vector<PackageDraft> drafts;
    drafts.push_back(std::move(draft));
    return drafts;
}

}  // namespace catalog::lifecycle
