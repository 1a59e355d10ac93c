#include "tree_writer.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "catalog/internal/try.hpp"
#include "catalog/merkle/tree.hpp"

namespace catalog::lifecycle {

namespace {

constexpr std::size_t kCompareBufferBytes = 256u << 10;

// One sync of the file system took 1 to 50 ms on ext4, and up to 200 ms where another program had
// written 200 MB just before; the sync of one small file took 2 to 8 ms. From about this many files
// on the first is never the slower one by much, and for thousands it is so by a factor of 50.
constexpr std::uint64_t kFilesSyncedEach = 16;

/// Syncs a file that was written and closed.
Result<void> sync_file(io::FileSystem& fs, const std::string& path) {
    CATALOG_TRY(const std::unique_ptr<io::WritableFile> file,
                fs.open_write(path, io::OpenMode::kReadWrite));
    CATALOG_TRY_VOID(file->sync());
    return file->close();
}

/// What one path of a tree should be.
struct ExpectedPath {
    package::FileEntry entry;
    const std::string* id;
};

package::FileEntry link_entry(const std::string& path, const std::string& target) {
    package::FileEntry entry;
    entry.path = path;
    entry.kind = package::FileEntryKind::kSymlink;
    entry.target = target;
    return entry;
}

/// Returns what is wrong with one entry, empty when nothing is.
Result<std::string> compare_entry(const io::SafeDirectory& root, const std::string& path,
                                  const package::FileEntry& entry, Bytes& buffer) {
    const Result<io::FileInfo> info = root.info(path);
    if (!info) {
        const bool gone = info.error().code() == Errc::kFileNotFound ||
                          info.error().code() == Errc::kNotADirectory ||
                          info.error().code() == Errc::kPathUnsafe;
        return std::string(gone ? "missing" : "unreadable");
    }
    const io::FileKind kind =
        entry.kind == package::FileEntryKind::kRegular   ? io::FileKind::kRegular
        : entry.kind == package::FileEntryKind::kSymlink ? io::FileKind::kSymlink
                                                         : io::FileKind::kDirectory;
    if (info->kind != kind) return std::string("kind");
    if (entry.kind == package::FileEntryKind::kDirectory) return std::string();
    if (entry.kind == package::FileEntryKind::kSymlink) {
        const Result<std::string> target = root.read_symlink(path);
        return std::string(target && *target == entry.target ? "" : "changed");
    }
    if (info->size != entry.size) return std::string("changed");
    const Result<std::unique_ptr<io::ReadableFile>> file = root.open_read(path);
    if (!file) return std::string("unreadable");
    merkle::BlockTree tree;
    std::uint64_t offset = 0;
    for (;;) {
        const Result<std::size_t> got = (*file)->read_at(offset, buffer);
        if (!got) return std::string("unreadable");
        if (*got == 0) break;
        tree.update(ByteView(buffer).first(*got));
        offset += *got;
    }
    if (tree.finish() != entry.tree) return std::string("changed");
    return std::string(info->mode == entry.mode ? "" : "mode");
}

}  // namespace

FileSync file_sync_for(std::uint64_t files) noexcept {
    return files < kFilesSyncedEach ? FileSync::kEach : FileSync::kTogether;
}

Result<FileSync> file_sync_in(const io::SafeDirectory& folder, std::uint64_t files) {
    if (file_sync_for(files) == FileSync::kEach) return FileSync::kEach;
    const Result<void> synced = folder.sync_file_system();
    if (synced) return FileSync::kTogether;
    if (synced.error().code() == Errc::kUnsupported) return FileSync::kEach;
    return fail(synced.error());
}

Result<void> write_package(const Services& services, const io::SafeDirectory& root,
                           const std::string& location, const package::FileTable& files,
                           FileSync sync, const CallContext& context,
                           const std::function<void(std::uint64_t)>& written) {
    if (!location.empty()) CATALOG_TRY_VOID(root.make_directories(location));
    FilesWriter writer(root, location, sync, FileStyle(), written);
    std::string made = location;
    for (const package::FileEntry& entry : files.entries()) {
        CATALOG_TRY_VOID(context.check(*services.clock));
        const std::string path = path_below(location, entry.path);
        if (entry.kind == package::FileEntryKind::kDirectory) {
            CATALOG_TRY_VOID(root.make_directories(path));
            continue;
        }
        // Entries are sorted, so files of one folder mostly follow each other.
        if (std::string folder = io::parent_path(path); folder != "." && folder != made) {
            CATALOG_TRY_VOID(root.make_directories(folder));
            made = std::move(folder);
        }
        if (entry.kind == package::FileEntryKind::kSymlink)
            CATALOG_TRY_VOID(root.make_symlink(entry.target, path));
        else
            writer.add(entry);
    }
    return writer.run(*services.content, context);
}

Result<void> sync_tree(io::FileSystem& fs, const io::SafeDirectory& root, const std::string& path,
                       FileSync sync) {
    bool each_file = false;
    if (sync == FileSync::kTogether) {
        Result<void> synced = root.sync_file_system();
        if (synced || synced.error().code() != Errc::kUnsupported) return synced;
        each_file = true;
    }
    std::vector<std::string> folders{path};
    for (std::size_t next = 0; next < folders.size(); ++next) {
        CATALOG_TRY(const std::vector<io::DirectoryEntry> entries, fs.list(folders[next]));
        for (const io::DirectoryEntry& entry : entries) {
            std::string inner = io::join_path(folders[next], entry.name);
            if (each_file && entry.kind == io::FileKind::kRegular)
                CATALOG_TRY_VOID(sync_file(fs, inner));
            if (entry.kind == io::FileKind::kDirectory) folders.push_back(std::move(inner));
        }
    }
    for (std::size_t i = folders.size(); i-- > 0;) CATALOG_TRY_VOID(fs.sync_directory(folders[i]));
    return {};
}

Result<std::vector<PrefixDamage>> compare_tree(const Services& services, const std::string& root,
                                               const std::vector<ExpectedCopy>& copies,
                                               const CallContext& context) {
    std::map<std::string, ExpectedPath> expected;
    std::set<std::string> folders;
    const auto expect = [&](const ExpectedCopy& copy, const package::FileEntry& entry) {
        std::string path = path_below(copy.location, entry.path);
        for (std::string folder = io::parent_path(path);
             folder != "." && folders.insert(folder).second;)
            folder = io::parent_path(folder);
        expected.emplace(std::move(path), ExpectedPath{entry, &copy.id});
    };
    for (const ExpectedCopy& copy : copies) {
        if (copy.files != nullptr)
            for (const package::FileEntry& entry : copy.files->entries()) expect(copy, entry);
        if (copy.links != nullptr)
            for (const auto& [path, target] : *copy.links) expect(copy, link_entry(path, target));
    }
    CATALOG_TRY(const std::unique_ptr<io::SafeDirectory> directory,
                services.fs->open_directory(root));
    std::vector<PrefixDamage> damages;
    Bytes buffer(kCompareBufferBytes);
    std::uint64_t done = 0;
    for (const auto& [path, wanted] : expected) {
        CATALOG_TRY_VOID(context.check(*services.clock));
        CATALOG_TRY(std::string what, compare_entry(*directory, path, wanted.entry, buffer));
        if (!what.empty()) damages.push_back({*wanted.id, path, std::move(what)});
        context.report({"verify", "prefix", "files", ++done, expected.size()});
    }
    // What stands there and belongs to no package.
    std::vector<std::string> pending{""};
    while (!pending.empty()) {
        const std::string folder = std::move(pending.back());
        pending.pop_back();
        const Result<std::vector<io::DirectoryEntry>> entries = directory->list(folder);
        if (!entries) continue;  // its files were reported above
        for (const io::DirectoryEntry& entry : *entries) {
            std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
            const bool known = expected.contains(path) || folders.contains(path);
            if (!known) damages.push_back({"", path, "extra"});
            if (known && entry.kind == io::FileKind::kDirectory) pending.push_back(std::move(path));
        }
    }
    std::ranges::sort(damages, {}, &PrefixDamage::path);
    return damages;
}

}  // namespace catalog::lifecycle
