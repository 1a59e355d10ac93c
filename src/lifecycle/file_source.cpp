#include "file_source.hpp"

#include <algorithm>
#include <array>

#include "catalog/internal/try.hpp"
#include "catalog/package/project.hpp"

namespace catalog::lifecycle {

namespace {

constexpr std::uint32_t kSetIdBits = 06000;
constexpr std::uint32_t kOwnerExecuteBit = 0100;

/// Folders that never belong to a package: version control and what Catalog keeps in a prefix.
constexpr std::array<std::string_view, 4> kSkippedFolders{".git", ".hg", ".svn", ".catalog"};

Error content_changed(const std::string& path) {
    return Error(Errc::kContentChanged, "the file changed while the package was put together")
        .with_input(path)
        .with_hint("publish again when nothing writes to the folder");
}

/// Opens a file and checks that it is the one that was seen when the draft was made.
Result<content::ByteSource> open_unchanged(const std::shared_ptr<io::FileSystem>& fs,
                                           const std::string& path, const io::FileInfo& seen) {
    CATALOG_TRY(std::shared_ptr<io::ReadableFile> file, fs->open_read(path));
    CATALOG_TRY(const io::FileInfo now, file->info());
    if (now.kind != io::FileKind::kRegular || now.size != seen.size || now.inode != seen.inode ||
        now.device != seen.device || now.modified_ns != seen.modified_ns)
        return fail(content_changed(path));
    return [file, path, expected = seen.size,
            offset = std::uint64_t{0}](std::span<std::byte> out) mutable -> Result<std::size_t> {
        CATALOG_TRY(const std::size_t got, file->read_at(offset, out));
        offset += got;
        if (offset > expected || (got == 0 && !out.empty() && offset != expected))
            return fail(content_changed(path));
        return got;
    };
}

/// Which paths a project takes.
class PathFilter {
public:
    PathFilter(const std::vector<std::string>& include, const std::vector<std::string>& exclude)
        : include_(include), exclude_(exclude) {}

    [[nodiscard]] bool takes(std::string_view path) const {
        const auto matches = [&](const std::string& glob) {
            return package::glob_matches(glob, path);
        };
        return (include_.empty() || std::ranges::any_of(include_, matches)) &&
               std::ranges::none_of(exclude_, matches);
    }

private:
    const std::vector<std::string>& include_;
    const std::vector<std::string>& exclude_;
};

}  // namespace

DraftFile draft_file_of(std::string path, Bytes bytes, bool executable) {
    DraftFile file;
    file.path = std::move(path);
    file.mode = executable ? 0755 : 0644;
    file.size_hint = bytes.size();
    file.open = [shared = std::make_shared<const Bytes>(
                     std::move(bytes))]() -> Result<content::ByteSource> {
        // The source keeps the bytes alive: it may outlive the draft.
        return [shared, source = content::source_of(*shared)](std::span<std::byte> out) {
            return source(out);
        };
    };
    return file;
}

DraftFile draft_link(std::string path, std::string target) {
    DraftFile file;
    file.path = std::move(path);
    file.kind = package::FileEntryKind::kSymlink;
    file.mode = 0777;
    file.target = std::move(target);
    return file;
}

DraftFile draft_folder(std::string path) {
    DraftFile file;
    file.path = std::move(path);
    file.kind = package::FileEntryKind::kDirectory;
    file.mode = 0755;
    return file;
}

Result<DraftFile> draft_file_at(std::shared_ptr<io::FileSystem> fs, std::string path,
                                const std::string& source_path) {
    CATALOG_TRY(const io::FileInfo info, fs->info(source_path));
    if (info.kind == io::FileKind::kSymlink) {
        CATALOG_TRY(std::string target, fs->read_symlink(source_path));
        return draft_link(std::move(path), std::move(target));
    }
    if (info.kind != io::FileKind::kRegular)
        return fail(Error(Errc::kFileKind, info.kind == io::FileKind::kDirectory
                                               ? "this is a folder, a file is needed"
                                               : "this is neither a file, a folder nor a link")
                        .with_input(source_path));
    if ((info.mode & kSetIdBits) != 0)
        return fail(Error(Errc::kModeRefused,
                          "a set-user-id or set-group-id file cannot be part of a package")
                        .with_input(source_path)
                        .with_hint("clear the bit with: chmod ug-s"));
    DraftFile file;
    file.path = std::move(path);
    file.mode = (info.mode & kOwnerExecuteBit) != 0 ? 0755 : 0644;
    file.size_hint = info.size;
    file.open = [fs = std::move(fs), source_path, info] {
        return open_unchanged(fs, source_path, info);
    };
    return file;
}

Result<std::vector<DraftFile>> scan_tree(std::shared_ptr<io::FileSystem> fs,
                                         const std::string& directory,
                                         const std::vector<std::string>& include,
                                         const std::vector<std::string>& exclude,
                                         const Limits& limits) {
    const PathFilter filter(include, exclude);
    std::vector<DraftFile> files;
    std::vector<std::string> pending{
        ""};  // folders still to be read, relative; a list, not recursion: depth is input
    while (!pending.empty()) {
        const std::string folder = std::move(pending.back());
        pending.pop_back();
        CATALOG_TRY(const std::vector<io::DirectoryEntry> entries,
                    fs->list(folder.empty() ? directory : io::join_path(directory, folder)));
        if (entries.empty() && !folder.empty() && filter.takes(folder))
            files.push_back(draft_folder(folder));
        for (const io::DirectoryEntry& entry : entries) {
            std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
            if (entry.kind == io::FileKind::kDirectory) {
                if (std::ranges::find(kSkippedFolders, entry.name) != kSkippedFolders.end())
                    continue;
                CATALOG_TRY_VOID(package::check_package_path(path, limits));
                pending.push_back(std::move(path));
                continue;
            }
            if (!filter.takes(path)) continue;
            const std::string source = io::join_path(directory, path);
            CATALOG_TRY(DraftFile file, draft_file_at(fs, std::move(path), source));
            files.push_back(std::move(file));
            if (files.size() > limits.package_files_max)
                return fail(
                    Error(Errc::kLimitExceeded,
                          "the folder holds more files than a package may have",
                          LimitDetail{"package_files_max", limits.package_files_max, files.size()})
                        .with_input(directory));
        }
    }
    std::ranges::sort(files, {}, &DraftFile::path);
    return files;
}

Result<std::vector<std::string>> files_below(io::FileSystem& fs, const std::string& directory) {
    std::vector<std::string> files;
    std::vector<std::string> pending{""};
    while (!pending.empty()) {
        const std::string folder = std::move(pending.back());
        pending.pop_back();
        CATALOG_TRY(const std::vector<io::DirectoryEntry> entries,
                    fs.list(folder.empty() ? directory : io::join_path(directory, folder)));
        for (const io::DirectoryEntry& entry : entries) {
            std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
            if (entry.kind == io::FileKind::kDirectory)
                pending.push_back(std::move(path));
            else if (entry.kind == io::FileKind::kRegular)
                files.push_back(std::move(path));
        }
    }
    std::ranges::sort(files);
    return files;
}

Result<PackageDraft> draft_from_directory(std::shared_ptr<io::FileSystem> fs,
                                          const std::string& directory, const Limits& limits) {
    const std::string toml_path = io::join_path(directory, "catalog.toml");
    CATALOG_TRY(const io::FileInfo folder, fs->info(directory));
    if (folder.kind != io::FileKind::kDirectory)
        return fail(Error(Errc::kNotADirectory, "a project is a folder with a catalog.toml")
                        .with_input(directory));
    Result<std::string> text = io::read_file(*fs, toml_path, limits.toml_bytes_max);
    if (!text) {
        if (text.error().code() != Errc::kFileNotFound) return fail(text.error());
        return fail(Error(Errc::kFileNotFound, "the folder has no catalog.toml",
                          NotFoundDetail{"file", toml_path})
                        .with_input(directory)
                        .with_hint("make one with: catalog new"));
    }
    CATALOG_TRY(package::Project project, package::read_catalog_toml(*text, toml_path, limits));
    PackageBuilder builder(std::move(project.metadata), limits);
    builder.tree(std::move(fs), directory, project.include, project.exclude);
    CATALOG_TRY(PackageDraft draft, builder.build());
    draft.warnings = std::move(project.warnings);
    return draft;
}

}  // namespace catalog::lifecycle
