#include "posix_resolver.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "posix_error.hpp"

namespace catalog::io::posix {

namespace {

int call_openat2(int root, const char* path, int flags) noexcept {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return static_cast<int>(
        retry([&] { return ::syscall(SYS_openat2, root, path, &how, sizeof how); }));
}

// With O_NOFOLLOW | O_DIRECTORY a link is "not a directory"; openat2 says "loop". Callers get one
// answer.
Descriptor open_component(int folder, const std::string& name, int flags) {
    Descriptor fd(
        retry([&] { return ::openat(folder, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC); }));
    if (!fd.valid() && errno == ENOTDIR) {
        struct stat status{};
        const bool is_link = ::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                             S_ISLNK(status.st_mode);
        errno = is_link ? ELOOP : ENOTDIR;
    }
    return fd;
}

}  // namespace

Descriptor SafeResolver::open(int root, const std::string& path, int flags) const {
    if (use_openat2_.load(std::memory_order_relaxed)) {
        Descriptor fd(call_openat2(root, path.c_str(), flags));
        // Old kernels say ENOSYS, old sandboxes EPERM. A file can also be the reason for EPERM, so
        // only ENOSYS is remembered; the second way gives the true answer in either case.
        if (fd.valid() || (errno != ENOSYS && errno != EPERM)) return fd;
        if (errno == ENOSYS) use_openat2_.store(false, std::memory_order_relaxed);
    }
    return open_by_components(root, path, flags);
}

Descriptor SafeResolver::open_by_components(int root, const std::string& path, int flags) {
    Descriptor current;
    int folder = root;
    std::size_t start = 0;
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', start)) {
        Descriptor next =
            open_component(folder, path.substr(start, slash - start), O_PATH | O_DIRECTORY);
        if (!next.valid()) return next;
        current = std::move(next);
        folder = current.get();
        start = slash + 1;
    }
    return open_component(folder, path.substr(start), flags);
}

Result<Parent> open_parent(const SafeResolver& resolver, int root, std::string_view path,
                           std::string_view operation, const std::string& full_path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return Parent{Descriptor(), root, std::string(path)};
    Descriptor folder =
        resolver.open(root, std::string(path.substr(0, slash)), O_PATH | O_DIRECTORY);
    if (!folder.valid()) return fail_call(operation, full_path, errno);
    const int fd = folder.get();
    return Parent{std::move(folder), fd, std::string(path.substr(slash + 1))};
}

}  // namespace catalog::io::posix
