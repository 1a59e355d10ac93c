#include "folder_stack.hpp"

#include <utility>

#include "catalog/internal/try.hpp"

namespace catalog::lifecycle {

namespace {

constexpr std::size_t kLevelsMax = 32;

}  // namespace

Result<FolderStack::Place> FolderStack::place_of(std::string_view path) {
    std::size_t depth = 0;
    for (; depth < kLevelsMax; ++depth) {
        const std::size_t slash = path.find('/');
        if (slash == std::string_view::npos) break;
        const std::string_view name = path.substr(0, slash);
        if (depth >= levels_.size() || levels_[depth].name != name) {
            levels_.resize(depth);
            made_.clear();
            CATALOG_TRY_VOID(deepest().make_directories(name));
            CATALOG_TRY(auto folder, deepest().open_directory(name));
            levels_.push_back({std::string(name), std::move(folder)});
        }
        path.remove_prefix(slash + 1);
    }
    if (depth < levels_.size()) made_.clear();
    levels_.resize(depth);
    if (const std::size_t slash = path.rfind('/');
        slash != std::string_view::npos && made_ != path.substr(0, slash)) {
        CATALOG_TRY_VOID(deepest().make_directories(path.substr(0, slash)));
        made_ = path.substr(0, slash);
    }
    return Place{&deepest(), std::string(path)};
}

}  // namespace catalog::lifecycle
