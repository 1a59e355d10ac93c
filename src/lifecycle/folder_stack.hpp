#pragma once
// The folders of a tree that is being written, open while entries come in byte order of their
// paths.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::lifecycle {

/// Makes each folder once and reaches what is in it by its plain name. In byte order of paths all
/// that is below a folder comes together, so the folders on the way to one path are enough: at most
/// 32 are open. In any other order it works too, and is slower.
class FolderStack {
public:
    /// Borrows `root`.
    explicit FolderStack(const io::SafeDirectory& root) : root_(root) {}

    /// Where an entry is: `name` in `folder`, valid until the next call.
    struct Place {
        const io::SafeDirectory* folder = nullptr;
        std::string name;
    };

    /// Returns the place of `path`, after the missing folders above it were made. Errors: as
    /// SafeDirectory::make_directories, open_directory.
    [[nodiscard]] Result<Place> place_of(std::string_view path);

private:
    struct Level {
        std::string name;
        std::unique_ptr<io::SafeDirectory> folder;
    };

    [[nodiscard]] const io::SafeDirectory& deepest() const {
        return levels_.empty() ? root_ : *levels_.back().folder;
    }

    const io::SafeDirectory& root_;
    std::vector<Level> levels_;
    std::string made_;  // Below the deepest level, of a path with more folders than are held open.
};

}  // namespace catalog::lifecycle
