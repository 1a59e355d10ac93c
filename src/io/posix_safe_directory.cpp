#include "posix_safe_directory.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

#include "catalog/internal/try.hpp"
#include "posix_error.hpp"
#include "posix_file.hpp"
#include "posix_tree.hpp"

namespace catalog::io::posix {

namespace {

constexpr int kReadFolderFlags = O_RDONLY | O_DIRECTORY;

// Errors of writing back reach syncfs since Linux 5.8 ("vfs: track per-sb writeback errors and
// report them to syncfs").
bool syncfs_reports_errors() noexcept {
    struct utsname system{};
    if (::uname(&system) != 0) return false;
    const char* const release = &system.release[0];
    const char* const end = release + std::strlen(release);
    int major = 0;
    int minor = 0;
    const auto first = std::from_chars(release, end, major);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return false;
    if (std::from_chars(first.ptr + 1, end, minor).ec != std::errc()) return false;
    return major > 5 || (major == 5 && minor >= 8);
}

// Without FICLONE the answer is one of these, by file system and kernel.
int clone_error(int system_error) noexcept {
    return system_error == ENOTTY || system_error == EINVAL ? EOPNOTSUPP : system_error;
}

class PosixSafeDirectory final : public SafeDirectory {
public:
    PosixSafeDirectory(Descriptor root, std::string path,
                       std::shared_ptr<const SafeResolver> resolver,
                       std::shared_ptr<OpenFiles> files)
        : root_(std::move(root)),
          path_(std::move(path)),
          resolver_(std::move(resolver)),
          files_(std::move(files)) {}

    Result<std::unique_ptr<ReadableFile>> open_read(std::string_view path) const override {
        CATALOG_TRY_VOID(check_relative_path(path));
        const std::string relative(path);
        CATALOG_TRY(CountedFile counted, count_file(files_, "open", full(path)));
        Descriptor fd = resolver_->open(root_.get(), relative, read_flags());
        if (!fd.valid()) return fail_call("open", full(path), errno);
        fd.keep(std::move(counted));
        return make_readable(std::move(fd), full(path));
    }

    Result<std::unique_ptr<WritableFile>> create_file(std::string_view path,
                                                      std::uint32_t mode) const override {
        CATALOG_TRY(const Parent parent, parent_of(path, "create"));
        CATALOG_TRY(CountedFile counted, count_file(files_, "create", full(path)));
        Descriptor fd(create_in(parent, mode));
        if (!fd.valid()) return fail_call("create", full(path), errno);
        fd.keep(std::move(counted));
        return make_writable(std::move(fd), full(path));
    }

    Result<void> make_directories(std::string_view path) const override {
        CATALOG_TRY_VOID(check_relative_path(path));
        Descriptor current;
        int folder = root_.get();
        for (std::size_t start = 0; start < path.size();) {
            const std::size_t end = std::min(path.find('/', start), path.size());
            const std::string name(path.substr(start, end - start));
            if (::mkdirat(folder, name.c_str(), 0777) != 0 && errno != EEXIST)
                return fail_call("mkdir", full(path), errno);
            Descriptor next = resolver_->open(folder, name, O_PATH | O_DIRECTORY);
            if (!next.valid()) return fail_call("mkdir", full(path), errno);
            current = std::move(next);
            folder = current.get();
            start = end + 1;
        }
        return {};
    }

    Result<std::unique_ptr<SafeDirectory>> open_directory(std::string_view path) const override {
        CATALOG_TRY_VOID(check_relative_path(path));
        CATALOG_TRY(CountedFile counted, count_file(files_, "open", full(path)));
        Descriptor fd = resolver_->open(root_.get(), std::string(path), kReadFolderFlags);
        if (!fd.valid()) return fail_call("open", full(path), errno);
        fd.keep(std::move(counted));
        return make_safe_directory(std::move(fd), full(path), resolver_, files_);
    }

    Result<void> hard_link(const SafeDirectory& from, std::string_view from_path,
                           std::string_view path) const override {
        CATALOG_TRY(const PosixSafeDirectory* source, same_kind(from, path, "link"));
        CATALOG_TRY(const Parent old_parent, source->parent_of(from_path, "link"));
        CATALOG_TRY(const Parent parent, parent_of(path, "link"));
        // Without AT_SYMLINK_FOLLOW a symbolic link is linked itself, never what it points to.
        if (::linkat(old_parent.folder, old_parent.name.c_str(), parent.folder, parent.name.c_str(),
                     0) != 0)
            return fail_call("link", errno == EEXIST ? full(path) : source->full(from_path), errno);
        return {};
    }

    Result<std::unique_ptr<WritableFile>> clone_file(const SafeDirectory& from,
                                                     std::string_view from_path,
                                                     std::string_view path,
                                                     std::uint32_t mode) const override {
        CATALOG_TRY(const PosixSafeDirectory* source, same_kind(from, path, "clone"));
        CATALOG_TRY_VOID(check_relative_path(from_path));
        const Descriptor old_file =
            source->resolver_->open(source->root_.get(), std::string(from_path), read_flags());
        if (!old_file.valid()) return fail_call("clone", source->full(from_path), errno);
        CATALOG_TRY(const Parent parent, parent_of(path, "clone"));
        CATALOG_TRY(CountedFile counted, count_file(files_, "clone", full(path)));
        Descriptor fd(create_in(parent, mode));
        if (!fd.valid()) return fail_call("clone", full(path), errno);
        if (retry([&] { return ::ioctl(fd.get(), FICLONE, old_file.get()); }) != 0) {
            const int error = clone_error(errno);
            static_cast<void>(::unlinkat(parent.folder, parent.name.c_str(), 0));
            return fail_call("clone", full(path), error);
        }
        fd.keep(std::move(counted));
        return make_writable(std::move(fd), full(path));
    }

    Result<void> make_symlink(std::string_view target, std::string_view path) const override {
        CATALOG_TRY(const Parent parent, parent_of(path, "symlink"));
        CATALOG_TRY_VOID(check_path(target, "symlink"));
        if (::symlinkat(std::string(target).c_str(), parent.folder, parent.name.c_str()) != 0)
            return fail_call("symlink", full(path), errno);
        return {};
    }

    Result<std::string> read_symlink(std::string_view path) const override {
        CATALOG_TRY(const Parent parent, parent_of(path, "readlink"));
        return read_link_at(parent.folder, parent.name, full(path));
    }

    Result<FileInfo> info(std::string_view path) const override {
        struct stat status{};
        if (path.empty()) {
            if (::fstat(root_.get(), &status) != 0) return fail_call("stat", path_, errno);
            return to_info(status);
        }
        CATALOG_TRY(const Parent parent, parent_of(path, "stat"));
        if (::fstatat(parent.folder, parent.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            return fail_call("stat", full(path), errno);
        return to_info(status);
    }

    Result<std::vector<DirectoryEntry>> list(std::string_view path) const override {
        CATALOG_TRY(Descriptor fd, open_folder(path, "list"));
        return list_folder(std::move(fd), full(path));
    }

    Result<void> remove_file(std::string_view path) const override {
        CATALOG_TRY(const Parent parent, parent_of(path, "remove"));
        if (::unlinkat(parent.folder, parent.name.c_str(), 0) != 0)
            return fail_call("remove", full(path), errno);
        return {};
    }

    Result<void> remove_tree(std::string_view path) const override {
        auto parent = parent_of(path, "remove");
        if (!parent && parent.error().code() == Errc::kFileNotFound) return {};
        if (!parent) return fail(std::move(parent).error());
        return remove_tree_at(parent->folder, parent->name, full(path));
    }

    Result<void> sync(std::string_view path) const override {
        CATALOG_TRY(const Descriptor fd, open_folder(path, "sync"));
        return sync_folder(fd.get(), full(path));
    }

    Result<void> sync_file_system() const override {
        if (!syncfs_reports_errors())
            return fail_plain(Errc::kUnsupported, "this kernel's syncfs does not report errors",
                              "syncfs", path_);
        // Not a descriptor of its own: the kernel reports errors since the descriptor was opened.
        if (retry([&] { return ::syncfs(root_.get()); }) == 0) return {};
        return fail_call(Errc::kSyncFailed, "syncfs", path_, errno);
    }

private:
    std::string full(std::string_view path) const {
        return path.empty() ? path_ : join_path(path_, path);
    }

    static int create_in(const Parent& parent, std::uint32_t mode) {
        return retry([&] {
            return ::openat(parent.folder, parent.name.c_str(),
                            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 07777);
        });
    }

    // Both folders must be of the machine: a wrapper unwraps its own.
    Result<const PosixSafeDirectory*> same_kind(const SafeDirectory& other, std::string_view path,
                                                std::string_view operation) const {
        const auto* folder = dynamic_cast<const PosixSafeDirectory*>(&other);
        if (folder != nullptr) return folder;
        return fail_plain(Errc::kUnsupported, "the folders belong to different file systems",
                          operation, full(path));
    }

    Result<Parent> parent_of(std::string_view path, std::string_view operation) const {
        CATALOG_TRY_VOID(check_relative_path(path));
        return open_parent(*resolver_, root_.get(), path, operation, full(path));
    }

    // A descriptor of its own also for the root: reading a folder moves the descriptor's position.
    Result<Descriptor> open_folder(std::string_view path, std::string_view operation) const {
        if (path.empty()) {
            Descriptor fd(
                retry([&] { return ::openat(root_.get(), ".", kReadFolderFlags | O_CLOEXEC); }));
            if (!fd.valid()) return fail_call(operation, path_, errno);
            return fd;
        }
        CATALOG_TRY_VOID(check_relative_path(path));
        Descriptor fd = resolver_->open(root_.get(), std::string(path), kReadFolderFlags);
        if (!fd.valid()) return fail_call(operation, full(path), errno);
        return fd;
    }

    Descriptor root_;
    std::string path_;
    std::shared_ptr<const SafeResolver> resolver_;
    std::shared_ptr<OpenFiles> files_;
};

}  // namespace

Result<CountedFile> count_file(const std::shared_ptr<OpenFiles>& files, std::string_view operation,
                               std::string_view path) {
    if (files == nullptr) return CountedFile();
    if (files->take()) return CountedFile(files);
    return fail_plain(Errc::kTooManyOpenFiles,
                      "as many files are open as the host allows, " + std::to_string(files->most()),
                      operation, path);
}

std::unique_ptr<SafeDirectory> make_safe_directory(Descriptor root, std::string path,
                                                   std::shared_ptr<const SafeResolver> resolver,
                                                   std::shared_ptr<OpenFiles> files) {
    return std::make_unique<PosixSafeDirectory>(std::move(root), std::move(path),
                                                std::move(resolver), std::move(files));
}

}  // namespace catalog::io::posix
