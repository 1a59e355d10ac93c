#include "support/io/simulated_file_system.hpp"

#include <algorithm>

#include "catalog/internal/try.hpp"
#include "support/io/simulated_world.hpp"

namespace catalog::io::testing {

namespace {

using internal::MutexLock;

constexpr std::uint64_t kMapAlignment = 4096;
constexpr std::size_t kHolderBytesMax = 256;

class SimulatedRegion final : public MappedRegion {
public:
    explicit SimulatedRegion(std::string bytes) : bytes_(std::move(bytes)) {}
    ByteView bytes() const noexcept override { return as_bytes(bytes_); }

private:
    std::string bytes_;
};

Result<void> require_file(const NodePtr& node, FileOperation operation, const std::string& path) {
    if (node == nullptr) return fail_file(Errc::kFileNotFound, "no such file", operation, path);
    if (node->kind == FileKind::kDirectory)
        return fail_file(Errc::kIsADirectory, "this is a folder", operation, path);
    return {};
}

Result<void> require_folder(const NodePtr& node, FileOperation operation, const std::string& path) {
    if (node == nullptr) return fail_file(Errc::kFileNotFound, "no such folder", operation, path);
    if (node->kind != FileKind::kDirectory)
        return fail_file(Errc::kNotADirectory, "this is not a folder", operation, path);
    return {};
}

// Tells whether `inner` is `outer` or beneath it.
bool contains(const NodePtr& outer, const NodePtr& inner) {
    std::vector<NodePtr> open{outer};
    while (!open.empty()) {
        const NodePtr node = open.back();
        open.pop_back();
        if (node == inner) return true;
        for (const auto& [name, child] : node->entries)
            if (child->kind == FileKind::kDirectory) open.push_back(child);
    }
    return false;
}

// What rename(2) refuses. `from` has a node.
Result<void> check_rename(const Place& from, const Place& to, const std::string& path) {
    constexpr auto kOperation = FileOperation::kRename;
    const bool folder = from.node->kind == FileKind::kDirectory;
    if (folder && contains(from.node, to.folder))
        return fail_file(Errc::kInvalidArgument, "a folder cannot move into itself", kOperation,
                         path);
    if (to.node != nullptr && contains(to.node, from.folder))
        return fail_file(Errc::kNotEmpty, "the folder in the way holds the file", kOperation, path);
    if (to.node == from.node) return {};
    if (!folder && to.trailing_slash)
        return fail_file(Errc::kNotADirectory, "the new name is that of a folder", kOperation,
                         path);
    if (to.folder->links == 0)
        return fail_file(Errc::kFileNotFound, "the folder was removed", kOperation, path);
    if (to.node == nullptr) return {};
    const bool onto_folder = to.node->kind == FileKind::kDirectory;
    if (folder && !onto_folder)
        return fail_file(Errc::kNotADirectory, "a folder cannot replace a file", kOperation, path);
    if (!folder && onto_folder)
        return fail_file(Errc::kIsADirectory, "a file cannot replace a folder", kOperation, path);
    if (onto_folder && !to.node->entries.empty())
        return fail_file(Errc::kNotEmpty, "the folder in the way is not empty", kOperation, path);
    return {};
}

std::string printable_holder(const std::string& data) {
    std::string holder = data.substr(0, kHolderBytesMax);
    if (!is_utf8(holder)) return {};
    std::replace_if(
        holder.begin(), holder.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    holder.resize(holder.find_last_not_of(' ') + 1);
    return holder;
}

}  // namespace

std::shared_ptr<SimulatedFileSystem> SimulatedFileSystem::make() {
    auto world = std::make_shared<SimulatedWorld>(std::make_unique<SimulatedDisk>());
    return std::shared_ptr<SimulatedFileSystem>(new SimulatedFileSystem(std::move(world)));
}

SimulatedFileSystem::SimulatedFileSystem(std::shared_ptr<SimulatedWorld> world)
    : world_(std::move(world)) {}
SimulatedFileSystem::~SimulatedFileSystem() = default;

void SimulatedFileSystem::crash_at(std::uint64_t number) {
    const MutexLock lock(world_->mutex);
    world_->crash_number = number;
}

void SimulatedFileSystem::crash_now() {
    const MutexLock lock(world_->mutex);
    world_->crashed = true;
}

bool SimulatedFileSystem::crashed() const {
    const MutexLock lock(world_->mutex);
    return world_->crashed;
}

std::uint64_t SimulatedFileSystem::mutations() const {
    const MutexLock lock(world_->mutex);
    return world_->mutations;
}

std::shared_ptr<SimulatedFileSystem> SimulatedFileSystem::recover(CrashPolicy policy,
                                                                  std::uint64_t seed) const {
    const MutexLock lock(world_->mutex);
    auto world = std::make_shared<SimulatedWorld>(world_->disk->after_crash(policy, seed));
    world->capacity = world_->capacity;
    return std::shared_ptr<SimulatedFileSystem>(new SimulatedFileSystem(std::move(world)));
}

void SimulatedFileSystem::fail_next(FileOperation operation, std::string path_part, Fault fault) {
    const MutexLock lock(world_->mutex);
    world_->faults.fail_next(operation, std::move(path_part), fault);
}

void SimulatedFileSystem::fail_always(FileOperation operation, std::string path_part, Fault fault) {
    const MutexLock lock(world_->mutex);
    world_->faults.fail_always(operation, std::move(path_part), fault);
}

void SimulatedFileSystem::fail_nth(std::uint64_t number, Fault fault) {
    const MutexLock lock(world_->mutex);
    world_->faults.fail_nth(number, fault);
}

void SimulatedFileSystem::clear_faults() {
    const MutexLock lock(world_->mutex);
    world_->faults.clear();
}

void SimulatedFileSystem::set_capacity(std::uint64_t bytes) {
    const MutexLock lock(world_->mutex);
    world_->capacity = bytes;
}

void SimulatedFileSystem::set_clones(bool works) {
    const MutexLock lock(world_->mutex);
    world_->clones = works;
}

std::uint64_t SimulatedFileSystem::used_bytes() const {
    const MutexLock lock(world_->mutex);
    return world_->disk->used_bytes();
}

Result<void> SimulatedFileSystem::corrupt(const std::string& path, std::uint64_t offset,
                                          std::uint8_t mask) {
    const MutexLock lock(world_->mutex);
    CATALOG_TRY(const Place place, world_->locate(path, true, FileOperation::kWriteAt));
    CATALOG_TRY_VOID(require_file(place.node, FileOperation::kWriteAt, path));
    const auto flip = [&](std::string& bytes, std::uint64_t start) {
        if (offset < start || offset - start >= bytes.size()) return;
        char& byte = bytes[static_cast<std::size_t>(offset - start)];
        byte = static_cast<char>(static_cast<unsigned char>(byte) ^ mask);
    };
    if (offset >= place.node->data.size())
        return fail_file(Errc::kEndOfFile, "the file ends before this byte",
                         FileOperation::kWriteAt, path);
    flip(place.node->data, 0);
    flip(place.node->durable_data, 0);
    for (DataChange& change : place.node->pending) flip(change.bytes, change.offset);
    return {};
}

std::vector<FileCall> SimulatedFileSystem::calls() const {
    const MutexLock lock(world_->mutex);
    return {world_->calls.begin(), world_->calls.end()};
}

std::string SimulatedFileSystem::call_log(std::size_t calls_max) const {
    const std::vector<FileCall> all = calls();
    std::string text;
    for (std::size_t i = all.size() > calls_max ? all.size() - calls_max : 0; i < all.size(); ++i)
        text.append(to_text(all[i])).append("\n");
    return text;
}

Result<std::unique_ptr<ReadableFile>> SimulatedFileSystem::open_read(const std::string& path) {
    const MutexLock lock(world_->mutex);
    CATALOG_TRY(const Place place, world_->locate(path, true, FileOperation::kOpenRead));
    CATALOG_TRY_VOID(world_->begin(FileOperation::kOpenRead, path));
    CATALOG_TRY_VOID(require_file(place.node, FileOperation::kOpenRead, path));
    return make_simulated_readable(world_, place.node, path);
}

Result<std::unique_ptr<WritableFile>> SimulatedFileSystem::open_write(const std::string& path,
                                                                      OpenMode open_mode,
                                                                      std::uint32_t mode) {
    const MutexLock lock(world_->mutex);
    const bool must_be_new = open_mode == OpenMode::kCreateNew;
    CATALOG_TRY(Place place, world_->locate(path, !must_be_new, FileOperation::kOpenWrite));
    if (must_be_new || (place.node == nullptr && open_mode != OpenMode::kReadWrite)) {
        if (must_be_new && place.node != nullptr)
            return fail_file(Errc::kFileExists, "there is already something",
                             FileOperation::kCreate, path);
        CATALOG_TRY(place.node, world_->create_at(place, mode, path));
        return make_simulated_writable(world_, place.node, path);
    }
    CATALOG_TRY_VOID(require_file(place.node, FileOperation::kOpenWrite, path));
    const bool cuts = open_mode == OpenMode::kTruncate && !place.node->data.empty();
    const auto operation = cuts ? FileOperation::kTruncate : FileOperation::kOpenWrite;
    CATALOG_TRY(const Ticket ticket, world_->begin(operation, path));
    if (cuts)
        world_->disk->change_data(*place.node, {DataChange::Kind::kTruncate, 0, {}, 0, false});
    CATALOG_TRY_VOID(world_->end<void>(ticket, operation, path, {}));
    return make_simulated_writable(world_, place.node, path);
}

Result<std::unique_ptr<MappedRegion>> SimulatedFileSystem::map(const std::string& path,
                                                               std::uint64_t offset,
                                                               std::uint64_t length) {
    const MutexLock lock(world_->mutex);
    CATALOG_TRY(const Place place, world_->locate(path, true, FileOperation::kMap));
    CATALOG_TRY_VOID(world_->begin(FileOperation::kMap, path));
    CATALOG_TRY_VOID(require_file(place.node, FileOperation::kMap, path));
    if (offset % kMapAlignment != 0)
        return fail_file(Errc::kInvalidArgument, "the offset is not a multiple of 4096",
                         FileOperation::kMap, path);
    const std::string& data = place.node->data;
    if (offset > data.size() || length > data.size() - offset)
        return fail_file(Errc::kEndOfFile, "the file ends before the range to map",
                         FileOperation::kMap, path);
    return std::make_unique<SimulatedRegion>(data.substr(offset, length));
}

Result<std::unique_ptr<SafeDirectory>> SimulatedFileSystem::open_directory(
    const std::string& path) {
    const MutexLock lock(world_->mutex);
    CATALOG_TRY(const Place place, world_->locate(path, true, FileOperation::kOpenDirectory));
    CATALOG_TRY_VOID(world_->begin(FileOperation::kOpenDirectory, path));
    CATALOG_TRY_VOID(require_folder(place.node, FileOperation::kOpenDirectory, path));
    return make_simulated_directory(world_, place.node, path);
}

Result<FileInfo> SimulatedFileSystem::info(const std::string& path) {
    const MutexLock lock(world_->mutex);
    CATALOG_TRY(const Place place, world_->locate(path, false, FileOperation::kInfo));
    CATALOG_TRY_VOID(world_->begin(FileOperation::kInfo, path));
    if (place.node == nullptr)
        return fail_file(Errc::kFileNotFound, "no such file", FileOperation::kInfo, path);
    return SimulatedWorld::info_of(*place.node);
}

Result<std::vector<DirectoryEntry>> SimulatedFileSystem::list(const std::string& path) {
    const MutexLock lock(world_->mutex);
    CATALOG_TRY(const Place place, world_->locate(path, true, FileOperation::kList));
    CATALOG_TRY_VOID(require_folder(place.node, FileOperation::kList, path));
    return world_->list_of(place.node, path);
}

Result<void> SimulatedFileSystem::make_directories(const std::string& path) {
    constexpr auto kOperation = FileOperation::kMakeDirectory;
    const MutexLock lock(world_->mutex);
    // As mkdir(2) on each: upwards to the first that is there or can be made, then downwards.
    const auto make_one = [&](const std::string& folder) -> Result<void> {
        CATALOG_TRY(Place place, world_->locate(folder, false, kOperation));
        if (place.node == nullptr) return world_->make_folder_at(place, folder);
        CATALOG_TRY(place, world_->locate(folder, true, kOperation));
        return require_folder(place.node, kOperation, path);
    };
    std::vector<std::string> missing;
    for (std::string folder = path;; folder = parent_path(folder)) {
        auto made = make_one(folder);
        if (made) break;
        const auto entry = world_->locate(folder, false, kOperation);
        const bool parent_missing = !entry && entry.error().code() == Errc::kFileNotFound;
        if (!parent_missing || folder.empty()) return made;
        missing.push_back(folder);
    }
    for (auto folder = missing.rbegin(); folder != missing.rend(); ++folder)
        CATALOG_TRY_VOID(make_one(*folder));
    return {};
}

Result<void> SimulatedFileSystem::rename(const std::string& from, const std::string& to) {
    constexpr auto kOperation = FileOperation::kRename;
    const MutexLock lock(world_->mutex);
    CATALOG_TRY(const Place old_place, world_->locate(from, false, kOperation));
    CATALOG_TRY(const Place new_place, world_->locate(to, false, kOperation));
    if (old_place.folder == nullptr || new_place.folder == nullptr)
        return fail_file(Errc::kBusy, "the path does not name an entry", kOperation, from);
    if (old_place.node == nullptr)
        return fail_file(Errc::kFileNotFound, "no such file", kOperation, from);
    CATALOG_TRY_VOID(check_rename(old_place, new_place, from));
    CATALOG_TRY(const Ticket ticket, world_->begin(kOperation, from, "to " + to));
    // POSIX: two names of one file stay as they are.
    if (old_place.node != new_place.node)
        world_->disk->change_names({{old_place.folder, old_place.name, nullptr},
                                    {new_place.folder, new_place.name, old_place.node}});
    return world_->end<void>(ticket, kOperation, from, {});
}

Result<void> SimulatedFileSystem::remove_file(const std::string& path) {
    const MutexLock lock(world_->mutex);
    CATALOG_TRY(const Place place, world_->locate(path, false, FileOperation::kRemoveFile));
    return world_->remove_file_at(place, path);
}

Result<void> SimulatedFileSystem::remove_directory(const std::string& path) {
    const MutexLock lock(world_->mutex);
    CATALOG_TRY(const Place place, world_->locate(path, false, FileOperation::kRemoveDirectory));
    return world_->remove_folder_at(place, path);
}

Result<void> SimulatedFileSystem::remove_tree(const std::string& path) {
    const MutexLock lock(world_->mutex);
    std::string trimmed = path;  // a link is removed itself, whatever slashes follow it
    while (trimmed.size() > 1 && trimmed.back() == '/') trimmed.pop_back();
    const std::string last = trimmed.substr(trimmed.rfind('/') + 1);
    if (last.empty() || last == "." || last == "..")
        return fail_file(Errc::kInvalidArgument, "the path does not name an entry",
                         FileOperation::kRemoveDirectory, path);
    auto place = world_->locate(trimmed, false, FileOperation::kRemoveDirectory);
    if (!place && place.error().code() == Errc::kFileNotFound && !path.empty()) return {};
    if (!place) return fail(std::move(place).error());
    return world_->remove_tree_at(*place, trimmed);
}

Result<void> SimulatedFileSystem::make_symlink(const std::string& target, const std::string& path) {
    const MutexLock lock(world_->mutex);
    CATALOG_TRY(const Place place, world_->locate(path, false, FileOperation::kMakeSymlink));
    return world_->make_symlink_at(place, target, path);
}

Result<std::string> SimulatedFileSystem::read_symlink(const std::string& path) {
    const MutexLock lock(world_->mutex);
    CATALOG_TRY(const Place place, world_->locate(path, false, FileOperation::kReadSymlink));
    CATALOG_TRY_VOID(world_->begin(FileOperation::kReadSymlink, path));
    if (place.node == nullptr)
        return fail_file(Errc::kFileNotFound, "no such file", FileOperation::kReadSymlink, path);
    if (place.node->kind != FileKind::kSymlink)
        return fail_file(Errc::kFileKind, "this is not a symbolic link",
                         FileOperation::kReadSymlink, path);
    return place.node->data;
}

Result<void> SimulatedFileSystem::hard_link(const std::string& from, const std::string& to) {
    constexpr auto kOperation = FileOperation::kHardLink;
    const MutexLock lock(world_->mutex);
    CATALOG_TRY(const Place old_place, world_->locate(from, false, kOperation));
    if (old_place.node == nullptr)
        return fail_file(Errc::kFileNotFound, "no such file", kOperation, from);
    CATALOG_TRY(const Place new_place, world_->locate(to, false, kOperation));
    return world_->hard_link_at(old_place, new_place, from, to);
}

Result<void> SimulatedFileSystem::sync_directory(const std::string& path) {
    const MutexLock lock(world_->mutex);
    CATALOG_TRY(const Place place, world_->locate(path, true, FileOperation::kSyncDirectory));
    CATALOG_TRY_VOID(require_folder(place.node, FileOperation::kSyncDirectory, path));
    return world_->sync_folder_of(place.node, path);
}

Result<std::uint64_t> SimulatedFileSystem::free_space(const std::string& path) {
    const MutexLock lock(world_->mutex);
    CATALOG_TRY(const Place place, world_->locate(path, true, FileOperation::kFreeSpace));
    CATALOG_TRY_VOID(world_->begin(FileOperation::kFreeSpace, path));
    if (place.node == nullptr)
        return fail_file(Errc::kFileNotFound, "no such file", FileOperation::kFreeSpace, path);
    return world_->free_bytes();
}

Result<std::unique_ptr<FileLock>> SimulatedFileSystem::try_lock(const std::string& path) {
    const MutexLock lock(world_->mutex);
    CATALOG_TRY(Place place, world_->locate(path, true, FileOperation::kLock));
    CATALOG_TRY_VOID(world_->begin(FileOperation::kLock, path));
    if (place.node == nullptr) {
        CATALOG_TRY(place.node, world_->create_at(place, 0644, path));
    }
    CATALOG_TRY_VOID(require_file(place.node, FileOperation::kLock, path));
    if (place.node->locked) {
        std::string holder = printable_holder(place.node->data);
        std::string message = "the lock is held by ";
        message += holder.empty() ? "another process or handle" : holder;
        return fail(Error(Errc::kBusy, std::move(message), BusyDetail{path, std::move(holder)})
                        .with_input(path));
    }
    if (!place.node->data.empty()) {
        CATALOG_TRY(const Ticket ticket, world_->begin(FileOperation::kTruncate, path));
        world_->disk->change_data(*place.node, {DataChange::Kind::kTruncate, 0, {}, 0, false});
        CATALOG_TRY_VOID(world_->end<void>(ticket, FileOperation::kTruncate, path, {}));
    }
    return make_simulated_lock(world_, place.node, path);
}

}  // namespace catalog::io::testing
