#include "open_folders.hpp"

#include <algorithm>
#include <utility>

#include "catalog/internal/try.hpp"

namespace catalog::lifecycle {

using internal::MutexLock;

void OpenFolders::close() {
    const MutexLock lock(mutex_);
    open_.clear();
}

Result<OpenFolders::Place> OpenFolders::place_of(std::string_view path) {
    // Owns nothing: the root is borrowed.
    const std::shared_ptr<const io::SafeDirectory> root(std::shared_ptr<void>(), &root_);
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return Place{root, std::string(path)};
    std::string folder(path.substr(0, slash));
    std::string name(path.substr(slash + 1));
    {
        const MutexLock lock(mutex_);
        if (const auto found = open_.find(folder); found != open_.end()) {
            found->second.used = ++uses_;
            return Place{found->second.folder, std::move(name)};
        }
    }
    auto opened = root_.open_directory(folder);
    if (!opened) {
        if (opened.error().code() != Errc::kTooManyOpenFiles) return fail(opened.error());
        close();
        return Place{root, std::string(path)};
    }
    std::shared_ptr<const io::SafeDirectory> shared = *std::move(opened);
    const MutexLock lock(mutex_);
    if (open_.size() == kOpenMax)
        open_.erase(
            std::ranges::min_element(open_, {}, [](const auto& each) { return each.second.used; }));
    open_.insert_or_assign(std::move(folder), Folder{shared, ++uses_});
    return Place{std::move(shared), std::move(name)};
}

}  // namespace catalog::lifecycle
