#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cstdio>

#include "catalog/internal/try.hpp"
#include "posix_error.hpp"
#include "posix_file.hpp"
#include "posix_safe_directory.hpp"
#include "posix_tree.hpp"

namespace catalog::io {

namespace posix {
namespace {

int write_flags(OpenMode mode) noexcept {
    // Non-blocking for the same reason as in read_flags().
    constexpr int kBase = O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    switch (mode) {
        case OpenMode::kCreateNew:
            return kBase | O_CREAT | O_EXCL;
        case OpenMode::kTruncate:
            return kBase | O_CREAT | O_TRUNC;
        case OpenMode::kAppend:
            return kBase | O_CREAT;
        case OpenMode::kReadWrite:
            return kBase;
    }
    return kBase;
}

// A path without trailing slashes, cut before its last component.
struct SplitPath {
    std::string parent;
    std::string name;
};

SplitPath split(std::string_view path) {
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    const std::size_t slash = path.rfind('/');
    return {parent_path(path),
            std::string(slash == std::string_view::npos ? path : path.substr(slash + 1))};
}

class PosixFileSystem final : public FileSystem {
public:
    explicit PosixFileSystem(const PosixOptions& options)
        : resolver_(std::make_shared<const SafeResolver>(options.safe_path_method)),
          files_(options.open_files) {}

    Result<std::unique_ptr<ReadableFile>> open_read(const std::string& path) override {
        CATALOG_TRY(Descriptor fd, open(path, read_flags(), "open"));
        return make_readable(std::move(fd), path);
    }

    Result<std::unique_ptr<WritableFile>> open_write(const std::string& path, OpenMode open_mode,
                                                     std::uint32_t mode) override {
        CATALOG_TRY(Descriptor fd, open(path, write_flags(open_mode), "open", mode));
        return make_writable(std::move(fd), path);
    }

    Result<std::unique_ptr<MappedRegion>> map(const std::string& path, std::uint64_t offset,
                                              std::uint64_t length) override {
        CATALOG_TRY(const Descriptor fd, open(path, read_flags(), "map"));
        return map_file(fd.get(), path, offset, length);
    }

    Result<std::unique_ptr<SafeDirectory>> open_directory(const std::string& path) override {
        CATALOG_TRY(Descriptor fd, open(path, O_RDONLY | O_DIRECTORY, "open"));
        return make_safe_directory(std::move(fd), path, resolver_, files_);
    }

    Result<FileInfo> info(const std::string& path) override {
        CATALOG_TRY_VOID(check_path(path, "stat"));
        struct stat status{};
        if (::lstat(path.c_str(), &status) != 0) return fail_call("stat", path, errno);
        return to_info(status);
    }

    Result<std::vector<DirectoryEntry>> list(const std::string& path) override {
        CATALOG_TRY(Descriptor fd, open(path, O_RDONLY | O_DIRECTORY, "list"));
        return list_folder(std::move(fd), path);
    }

    Result<void> make_directories(const std::string& path) override {
        CATALOG_TRY_VOID(check_path(path, "mkdir"));
        // Upwards until something is there, then downwards: folders above it need not be writable,
        // and the usual case (it exists) is one call.
        std::vector<std::string> missing;
        for (std::string folder = path;;) {
            if (::mkdir(folder.c_str(), 0777) == 0) break;
            if (errno == EEXIST) {
                CATALOG_TRY_VOID(require_folder(folder, path));
                break;
            }
            std::string above = parent_path(folder);
            if (errno != ENOENT || above == folder || folder.empty())
                return fail_call("mkdir", path, errno);
            missing.push_back(std::move(folder));
            folder = std::move(above);
        }
        for (auto folder = missing.rbegin(); folder != missing.rend(); ++folder) {
            if (::mkdir(folder->c_str(), 0777) == 0) continue;
            if (errno != EEXIST) return fail_call("mkdir", path, errno);
            CATALOG_TRY_VOID(require_folder(*folder, path));
        }
        return {};
    }

    Result<void> rename(const std::string& from, const std::string& to) override {
        CATALOG_TRY_VOID(check_path(from, "rename"));
        CATALOG_TRY_VOID(check_path(to, "rename"));
        if (::rename(from.c_str(), to.c_str()) != 0) return fail_call("rename", from, errno);
        return {};
    }

    Result<void> remove_file(const std::string& path) override {
        CATALOG_TRY_VOID(check_path(path, "remove"));
        if (::unlink(path.c_str()) != 0) return fail_call("remove", path, errno);
        return {};
    }

    Result<void> remove_directory(const std::string& path) override {
        CATALOG_TRY_VOID(check_path(path, "rmdir"));
        if (::rmdir(path.c_str()) != 0) return fail_call("rmdir", path, errno);
        return {};
    }

    Result<void> remove_tree(const std::string& path) override {
        const SplitPath parts = split(path);
        if (parts.name.empty() || parts.name == "." || parts.name == "..")
            return fail_plain(Errc::kInvalidArgument, "the path does not name an entry", "remove",
                              path);
        auto parent = open(parts.parent, O_PATH | O_DIRECTORY, "remove");
        if (!parent && parent.error().code() == Errc::kFileNotFound) return {};
        if (!parent) return fail(std::move(parent).error());
        CATALOG_TRY_VOID(check_path(path, "remove"));
        return remove_tree_at(parent->get(), parts.name, path);
    }

    Result<void> make_symlink(const std::string& target, const std::string& path) override {
        CATALOG_TRY_VOID(check_path(target, "symlink"));
        CATALOG_TRY_VOID(check_path(path, "symlink"));
        if (::symlink(target.c_str(), path.c_str()) != 0) return fail_call("symlink", path, errno);
        return {};
    }

    Result<std::string> read_symlink(const std::string& path) override {
        CATALOG_TRY_VOID(check_path(path, "readlink"));
        return read_link_at(AT_FDCWD, path, path);
    }

    Result<void> hard_link(const std::string& from, const std::string& to) override {
        CATALOG_TRY_VOID(check_path(from, "link"));
        CATALOG_TRY_VOID(check_path(to, "link"));
        if (::link(from.c_str(), to.c_str()) != 0)
            return fail_call("link", errno == EEXIST ? to : from, errno);
        return {};
    }

    Result<void> sync_directory(const std::string& path) override {
        CATALOG_TRY(const Descriptor fd, open(path, O_RDONLY | O_DIRECTORY, "sync"));
        return sync_folder(fd.get(), path);
    }

    Result<std::uint64_t> free_space(const std::string& path) override {
        CATALOG_TRY_VOID(check_path(path, "statvfs"));
        struct statvfs status{};
        if (retry([&] { return ::statvfs(path.c_str(), &status); }) != 0)
            return fail_call("statvfs", path, errno);
        return std::uint64_t{status.f_bavail} * status.f_frsize;
    }

    Result<std::unique_ptr<FileLock>> try_lock(const std::string& path) override {
        CATALOG_TRY(Descriptor fd, open(path, O_RDWR | O_CREAT | O_NOCTTY | O_NONBLOCK, "lock"));
        return lock_file(std::move(fd), path);
    }

private:
    [[nodiscard]] Result<Descriptor> open(const std::string& path, int flags,
                                          std::string_view operation,
                                          std::uint32_t mode = 0644) const {
        CATALOG_TRY_VOID(check_path(path, operation));
        CATALOG_TRY(CountedFile counted, count_file(files_, operation, path));
        Descriptor fd(retry([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode & 07777); }));
        if (!fd.valid()) return fail_call(operation, path, errno);
        fd.keep(std::move(counted));
        return fd;
    }

    // What is in the way may be a folder made by somebody else a moment ago, or a link to one.
    static Result<void> require_folder(const std::string& folder, const std::string& path) {
        struct stat status{};
        if (::stat(folder.c_str(), &status) != 0) return fail_call("mkdir", path, errno);
        if (!S_ISDIR(status.st_mode)) return fail_call("mkdir", path, ENOTDIR);
        return {};
    }

    std::shared_ptr<const SafeResolver> resolver_;
    std::shared_ptr<OpenFiles> files_;
};

}  // namespace
}  // namespace posix

std::shared_ptr<FileSystem> make_posix_file_system(const PosixOptions& options) {
    return std::make_shared<posix::PosixFileSystem>(options);
}

}  // namespace catalog::io
