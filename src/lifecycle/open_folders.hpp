#pragma once
// The folders of a tree that is being written in any order.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "catalog/core/result.hpp"
#include "catalog/internal/mutex.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::lifecycle {

/// Keeps the folders open that files were put into lately, at most 32: a file in one of them is
/// reached by its plain name. Thread safety: any thread.
class OpenFolders {
public:
    /// Borrows `root`, which outlives the places too.
    explicit OpenFolders(const io::SafeDirectory& root) : root_(root) {}

    /// Where a file is: `name` in `folder`.
    struct Place {
        std::shared_ptr<const io::SafeDirectory> folder;
        std::string name;
    };

    /// Returns the place of `path`, whose folder is there. Where no more files can be opened it is
    /// the whole path in the root. Errors: as SafeDirectory::open_directory.
    [[nodiscard]] Result<Place> place_of(std::string_view path);

    /// Lets go of all that nobody holds a place in.
    void close();

private:
    static constexpr std::size_t kOpenMax = 32;

    struct Folder {
        std::shared_ptr<const io::SafeDirectory> folder;
        std::uint64_t used = 0;
    };

    const io::SafeDirectory& root_;
    internal::Mutex mutex_;
    std::unordered_map<std::string, Folder> open_ CATALOG_GUARDED_BY(mutex_);
    std::uint64_t uses_ CATALOG_GUARDED_BY(mutex_) = 0;
};

}  // namespace catalog::lifecycle
