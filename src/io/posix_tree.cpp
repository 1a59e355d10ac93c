#include "posix_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "catalog/internal/try.hpp"
#include "posix_error.hpp"

namespace catalog::io::posix {

namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct CloseDir {
    void operator()(DIR* stream) const noexcept { ::closedir(stream); }
};

FileKind entry_kind(int folder, const dirent& entry) noexcept {
    switch (entry.d_type) {
        case DT_REG:
            return FileKind::kRegular;
        case DT_DIR:
            return FileKind::kDirectory;
        case DT_LNK:
            return FileKind::kSymlink;
        case DT_UNKNOWN:
            break;
        default:
            return FileKind::kOther;
    }
    // Some file systems leave the kind to stat.
    struct stat status{};
    if (::fstatat(folder, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) return FileKind::kOther;
    if (S_ISREG(status.st_mode)) return FileKind::kRegular;
    if (S_ISDIR(status.st_mode)) return FileKind::kDirectory;
    return S_ISLNK(status.st_mode) ? FileKind::kSymlink : FileKind::kOther;
}

// Which directory this is, to recognise it when it is reached again through `..`.
struct FolderIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const FolderIdentity&, const FolderIdentity&) = default;
};

Result<FolderIdentity> identify(int fd, const std::string& path) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) return fail_call("stat", path, errno);
    return FolderIdentity{status.st_dev, status.st_ino};
}

// Walks down by name and up by `..`, so that neither descriptors nor stack grow with the depth.
class TreeRemoval {
public:
    TreeRemoval(int top_folder, const std::string& top_name, const std::string& path)
        : top_folder_(top_folder), top_name_(top_name), path_(path) {}

    Result<void> run() {
        CATALOG_TRY(const bool entered, enter(top_folder_, top_name_));
        if (!entered) return {};
        while (!levels_.empty()) {
            std::vector<std::string>& pending = levels_.back().folders;
            if (pending.empty()) {
                CATALOG_TRY_VOID(leave());
            } else {
                const std::string next = std::move(pending.back());
                pending.pop_back();
                CATALOG_TRY_VOID(enter(current_.get(), next));
            }
        }
        return {};
    }

private:
    struct Level {
        std::string name;
        FolderIdentity identity;
        std::vector<std::string> folders;  // not entered yet
    };

    // Removes entry `name` when it is no folder (result: false), else makes it the current one and
    // empties it of everything but folders.
    Result<bool> enter(int folder, const std::string& name) {
        Descriptor next(retry([&] { return ::openat(folder, name.c_str(), kFolderFlags); }));
        if (!next.valid()) {
            if (errno == ENOENT) return false;
            if (errno != ENOTDIR && errno != ELOOP) return fail_call("remove", path_, errno);
            CATALOG_TRY_VOID(unlink_entry(folder, name, 0));
            return false;
        }
        CATALOG_TRY(const FolderIdentity identity, identify(next.get(), path_));
        Descriptor reader(retry([&] { return ::openat(next.get(), ".", kFolderFlags); }));
        if (!reader.valid()) return fail_call("remove", path_, errno);
        CATALOG_TRY(auto entries, list_folder(std::move(reader), path_));
        Level level{name, identity, {}};
        for (DirectoryEntry& entry : entries) {
            if (entry.kind == FileKind::kDirectory)
                level.folders.push_back(std::move(entry.name));
            else
                CATALOG_TRY_VOID(unlink_entry(next.get(), entry.name, 0));
        }
        levels_.push_back(std::move(level));
        current_ = std::move(next);
        return true;
    }

    Result<void> leave() {
        const std::string name = std::move(levels_.back().name);
        levels_.pop_back();
        if (levels_.empty()) {
            current_ = Descriptor();
            return unlink_entry(top_folder_, name, AT_REMOVEDIR);
        }
        Descriptor above(retry([&] { return ::openat(current_.get(), "..", kFolderFlags); }));
        if (!above.valid()) return fail_call("remove", path_, errno);
        CATALOG_TRY(const FolderIdentity identity, identify(above.get(), path_));
        // Somebody moved the folder: going on would remove entries of a stranger's tree.
        if (identity != levels_.back().identity)
            return fail_plain(Errc::kPathUnsafe, "the tree was moved while it was being removed",
                              "remove", path_);
        current_ = std::move(above);
        return unlink_entry(current_.get(), name, AT_REMOVEDIR);
    }

    Result<void> unlink_entry(int folder, const std::string& name, int flags) const {
        if (::unlinkat(folder, name.c_str(), flags) == 0 || errno == ENOENT) return {};
        return fail_call("remove", path_, errno);
    }

    int top_folder_;
    const std::string& top_name_;
    const std::string& path_;
    std::vector<Level> levels_;
    Descriptor current_;
};

}  // namespace

Result<std::vector<DirectoryEntry>> list_folder(Descriptor fd, const std::string& path) {
    const std::unique_ptr<DIR, CloseDir> stream(::fdopendir(fd.get()));
    if (stream == nullptr) return fail_call("list", path, errno);
    const int folder = fd.release();  // the stream closes it
    std::vector<DirectoryEntry> entries;
    for (;;) {
        errno = 0;
        // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has this stream
        const dirent* entry = ::readdir(stream.get());
        if (entry == nullptr) break;
        const std::string_view name = entry->d_name;
        if (name == "." || name == "..") continue;
        entries.push_back({std::string(name), entry_kind(folder, *entry)});
    }
    if (errno != 0) return fail_call("list", path, errno);
    std::sort(entries.begin(), entries.end(),
              [](const DirectoryEntry& a, const DirectoryEntry& b) { return a.name < b.name; });
    return entries;
}

Result<void> sync_folder(int fd, const std::string& path) {
    if (retry([&] { return ::fsync(fd); }) == 0) return {};
    // Some network and user-space file systems have no sync of folders and say EINVAL; there is
    // nothing more that could be asked of them.
    if (errno == EINVAL) return {};
    return fail_call(Errc::kSyncFailed, "sync", path, errno);
}

Result<std::string> read_link_at(int folder, const std::string& name, const std::string& path) {
    // Linux bounds a target by PATH_MAX, so one buffer of that size holds every one of them.
    std::string target(4096, '\0');
    const ssize_t length = ::readlinkat(folder, name.c_str(), target.data(), target.size());
    if (length < 0 && errno == EINVAL)
        return fail_plain(Errc::kFileKind, "this is not a symbolic link", "readlink", path);
    if (length < 0) return fail_call("readlink", path, errno);
    target.resize(static_cast<std::size_t>(length));
    return target;
}

Result<void> remove_tree_at(int folder, const std::string& name, const std::string& path) {
    return TreeRemoval(folder, name, path).run();
}

}  // namespace catalog::io::posix
