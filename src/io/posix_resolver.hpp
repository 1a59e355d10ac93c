#pragma once
// Opening a path beneath a folder without ever following a symbolic link.

#include <atomic>
#include <string>
#include <string_view>

#include "catalog/io/file_system.hpp"
#include "posix_descriptor.hpp"

namespace catalog::io::posix {

/// Resolves checked relative paths. Thread safety: any thread.
class SafeResolver {
public:
    explicit SafeResolver(SafePathMethod method) noexcept
        : use_openat2_(method == SafePathMethod::kAutomatic) {}

    /// Opens `path` (check_relative_path holds) beneath `root` with `flags` for openat(2), without
    /// O_CREAT. Returns an invalid descriptor with errno set on failure; ELOOP when there is a
    /// symbolic link anywhere in the path.
    [[nodiscard]] Descriptor open(int root, const std::string& path, int flags) const;

private:
    [[nodiscard]] static Descriptor open_by_components(int root, const std::string& path,
                                                       int flags);

    mutable std::atomic<bool> use_openat2_;
};

/// The folder in which the last component of a path is, and that component. `folder` is `root`
/// itself for a path of one component.
struct Parent {
    Descriptor owned;
    int folder = -1;
    std::string name;
};

/// Opens the parent of `path` (check_relative_path holds); `full_path` is for messages. Errors:
/// kPathUnsafe, kFileNotFound, kNotADirectory, kIo.
[[nodiscard]] Result<Parent> open_parent(const SafeResolver& resolver, int root,
                                         std::string_view path, std::string_view operation,
                                         const std::string& full_path);

}  // namespace catalog::io::posix
