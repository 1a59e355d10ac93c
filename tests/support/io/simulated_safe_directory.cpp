// SafeDirectory of the simulated machine: the same answers as on Linux.

#include <algorithm>

#include "catalog/internal/try.hpp"
#include "support/io/simulated_world.hpp"

namespace catalog::io::testing {

namespace {

using internal::MutexLock;

class SimulatedSafeDirectory final : public SafeDirectory {
public:
    SimulatedSafeDirectory(std::shared_ptr<SimulatedWorld> world, NodePtr root, std::string path)
        : world_(std::move(world)), root_(std::move(root)), path_(std::move(path)) {}

    Result<std::unique_ptr<ReadableFile>> open_read(std::string_view path) const override {
        const MutexLock lock(world_->mutex);
        CATALOG_TRY(const NodePtr node, existing(path, FileOperation::kOpenRead));
        if (node->kind == FileKind::kSymlink) return fail_link(path, FileOperation::kOpenRead);
        if (node->kind == FileKind::kDirectory)
            return fail_file(Errc::kIsADirectory, "this is a folder", FileOperation::kOpenRead,
                             full(path));
        CATALOG_TRY_VOID(world_->begin(FileOperation::kOpenRead, full(path)));
        return make_simulated_readable(world_, node, full(path));
    }

    Result<std::unique_ptr<WritableFile>> create_file(std::string_view path,
                                                      std::uint32_t mode) const override {
        const MutexLock lock(world_->mutex);
        CATALOG_TRY(const Place place, locate(path, FileOperation::kCreate));
        CATALOG_TRY(NodePtr node, world_->create_at(place, mode, full(path)));
        return make_simulated_writable(world_, std::move(node), full(path));
    }

    Result<void> make_directories(std::string_view path) const override {
        const MutexLock lock(world_->mutex);
        CATALOG_TRY_VOID(world_->check_power(FileOperation::kMakeDirectory, full(path)));
        CATALOG_TRY_VOID(check_relative_path(path));
        for (std::size_t end = 0; end < path.size();) {
            end = std::min(path.find('/', end + 1), path.size());
            const std::string_view part = path.substr(0, end);
            CATALOG_TRY(const Place place, locate(part, FileOperation::kMakeDirectory));
            if (place.node == nullptr) {
                CATALOG_TRY_VOID(world_->make_folder_at(place, full(part)));
            } else if (place.node->kind == FileKind::kSymlink) {
                return fail_link(part, FileOperation::kMakeDirectory);
            } else if (place.node->kind != FileKind::kDirectory) {
                return fail_file(Errc::kNotADirectory, "this is not a folder",
                                 FileOperation::kMakeDirectory, full(part));
            }
        }
        return {};
    }

    Result<std::unique_ptr<SafeDirectory>> open_directory(std::string_view path) const override {
        const MutexLock lock(world_->mutex);
        constexpr auto kOperation = FileOperation::kOpenDirectory;
        CATALOG_TRY(const NodePtr node, existing(path, kOperation));
        CATALOG_TRY_VOID(world_->begin(kOperation, full(path)));
        if (node->kind == FileKind::kSymlink) return fail_link(path, kOperation);
        if (node->kind != FileKind::kDirectory)
            return fail_file(Errc::kNotADirectory, "this is not a folder", kOperation, full(path));
        return make_simulated_directory(world_, node, full(path));
    }

    Result<void> hard_link(const SafeDirectory& from, std::string_view from_path,
                           std::string_view path) const override {
        constexpr auto kOperation = FileOperation::kHardLink;
        CATALOG_TRY(const SimulatedSafeDirectory* source, same_world(from, path, kOperation));
        const MutexLock lock(world_->mutex);
        CATALOG_TRY(const Place old_place, source->locate(from_path, kOperation));
        CATALOG_TRY(const Place place, locate(path, kOperation));
        CATALOG_TRY_VOID(source->existing(from_path, kOperation));
        return world_->hard_link_at(old_place, place, source->full(from_path), full(path));
    }

    // The clone's space is not shared, which only shows in used_bytes().
    Result<std::unique_ptr<WritableFile>> clone_file(const SafeDirectory& from,
                                                     std::string_view from_path,
                                                     std::string_view path,
                                                     std::uint32_t mode) const override {
        constexpr auto kOperation = FileOperation::kCloneFile;
        CATALOG_TRY(const SimulatedSafeDirectory* source, same_world(from, path, kOperation));
        const MutexLock lock(world_->mutex);
        CATALOG_TRY(const NodePtr old_node, source->existing(from_path, kOperation));
        CATALOG_TRY(const Place place, locate(path, kOperation));
        CATALOG_TRY_VOID(world_->begin(kOperation, full(path)));
        if (!world_->clones)
            return fail_file(Errc::kUnsupported, "this file system cannot clone", kOperation,
                             full(path));
        CATALOG_TRY(NodePtr node, world_->create_at(place, mode, full(path)));
        CATALOG_TRY_VOID(
            world_->write_of(*node, 0, as_bytes(old_node->data), kOperation, full(path)));
        return make_simulated_writable(world_, std::move(node), full(path));
    }

    Result<void> make_symlink(std::string_view target, std::string_view path) const override {
        const MutexLock lock(world_->mutex);
        CATALOG_TRY(const Place place, locate(path, FileOperation::kMakeSymlink));
        return world_->make_symlink_at(place, target, full(path));
    }

    Result<std::string> read_symlink(std::string_view path) const override {
        const MutexLock lock(world_->mutex);
        CATALOG_TRY(const NodePtr node, existing(path, FileOperation::kReadSymlink));
        CATALOG_TRY_VOID(world_->begin(FileOperation::kReadSymlink, full(path)));
        if (node->kind != FileKind::kSymlink)
            return fail_file(Errc::kFileKind, "this is not a symbolic link",
                             FileOperation::kReadSymlink, full(path));
        return node->data;
    }

    Result<FileInfo> info(std::string_view path) const override {
        const MutexLock lock(world_->mutex);
        NodePtr node = root_;
        if (!path.empty()) {
            CATALOG_TRY(node, existing(path, FileOperation::kInfo));
        }
        CATALOG_TRY_VOID(world_->begin(FileOperation::kInfo, full(path)));
        return SimulatedWorld::info_of(*node);
    }

    Result<std::vector<DirectoryEntry>> list(std::string_view path) const override {
        const MutexLock lock(world_->mutex);
        CATALOG_TRY(const NodePtr folder, existing_folder(path, FileOperation::kList));
        return world_->list_of(folder, full(path));
    }

    Result<void> remove_file(std::string_view path) const override {
        const MutexLock lock(world_->mutex);
        CATALOG_TRY(const Place place, locate(path, FileOperation::kRemoveFile));
        return world_->remove_file_at(place, full(path));
    }

    Result<void> remove_tree(std::string_view path) const override {
        const MutexLock lock(world_->mutex);
        auto place = locate(path, FileOperation::kRemoveFile);
        if (!place && place.error().code() == Errc::kFileNotFound) return {};
        if (!place) return fail(std::move(place).error());
        return world_->remove_tree_at(*place, full(path));
    }

    Result<void> sync(std::string_view path) const override {
        const MutexLock lock(world_->mutex);
        CATALOG_TRY(const NodePtr folder, existing_folder(path, FileOperation::kSyncDirectory));
        return world_->sync_folder_of(folder, full(path));
    }

    Result<void> sync_file_system() const override {
        const MutexLock lock(world_->mutex);
        return world_->sync_everything(path_);
    }

private:
    std::string full(std::string_view path) const {
        return path.empty() ? path_ : join_path(path_, path);
    }

    Result<const SimulatedSafeDirectory*> same_world(const SafeDirectory& other,
                                                     std::string_view path,
                                                     FileOperation operation) const {
        const auto* folder = dynamic_cast<const SimulatedSafeDirectory*>(&other);
        if (folder != nullptr && folder->world_ == world_) return folder;
        return fail_file(Errc::kUnsupported, "the folders belong to different file systems",
                         operation, full(path));
    }

    Result<Place> locate(std::string_view path, FileOperation operation) const {
        return world_->locate_beneath(root_, path, operation, full(path));
    }

    Result<NodePtr> existing(std::string_view path, FileOperation operation) const {
        CATALOG_TRY(const Place place, locate(path, operation));
        if (place.node == nullptr)
            return fail_file(Errc::kFileNotFound, "no such file", operation, full(path));
        return place.node;
    }

    Result<NodePtr> existing_folder(std::string_view path, FileOperation operation) const {
        if (path.empty()) return root_;
        CATALOG_TRY(NodePtr node, existing(path, operation));
        if (node->kind == FileKind::kSymlink) return fail_link(path, operation);
        if (node->kind != FileKind::kDirectory)
            return fail_file(Errc::kNotADirectory, "this is not a folder", operation, full(path));
        return node;
    }

    tl::unexpected<Error> fail_link(std::string_view path, FileOperation operation) const {
        return fail_file(Errc::kPathUnsafe, "there is a symbolic link in the path", operation,
                         full(path));
    }

    std::shared_ptr<SimulatedWorld> world_;
    NodePtr root_;
    std::string path_;
};

}  // namespace

std::unique_ptr<SafeDirectory> make_simulated_directory(std::shared_ptr<SimulatedWorld> world,
                                                        NodePtr node, std::string path) {
    return std::make_unique<SimulatedSafeDirectory>(std::move(world), std::move(node),
                                                    std::move(path));
}

}  // namespace catalog::io::testing
