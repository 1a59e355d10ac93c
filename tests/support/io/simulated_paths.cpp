// Path resolution of the simulated machine, and the calls on names.

#include <algorithm>
#include <utility>

#include "catalog/internal/try.hpp"
#include "support/io/simulated_world.hpp"

namespace catalog::io::testing {

namespace {

constexpr std::size_t kCallsKept = 10'000;
constexpr unsigned kLinksMax = 40;  // as Linux
constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kPathBytesMax = 4095;

std::deque<std::string> components_of(std::string_view path) {
    std::deque<std::string> components;
    for (std::size_t start = 0; start < path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        if (end > start) components.emplace_back(path.substr(start, end - start));
        start = end + 1;
    }
    return components;
}

}  // namespace

tl::unexpected<Error> SimulatedWorld::power_lost(FileOperation operation, const std::string& path) {
    return fail_file(Errc::kIo, "simulated crash", operation, path);
}

Result<void> SimulatedWorld::check_power(FileOperation operation, const std::string& path) const {
    if (crashed) return power_lost(operation, path);
    return {};
}

Result<Ticket> SimulatedWorld::begin(FileOperation operation, const std::string& path,
                                     std::string detail, bool keep_fault) {
    CATALOG_TRY_VOID(check_power(operation, path));
    const bool counted = is_mutation(operation);
    if (counted) {
        ++mutations;
        calls.push_back({mutations, operation, path, std::move(detail)});
        if (calls.size() > kCallsKept) calls.pop_front();
    }
    Ticket ticket;
    ticket.fault = faults.take(operation, path, counted ? mutations : UINT64_MAX);
    const auto mark = [&](std::string_view what) {
        std::string& text = calls.back().detail;
        text.append(text.empty() ? "" : ", ").append(what);
    };
    if (ticket.fault && counted) mark("fault");
    if (counted && mutations == crash_number) {
        mark("power lost");
        ticket.power_lost = crashed = true;
        ticket.fault.reset();
    }
    if (ticket.fault && !keep_fault)
        return fail_file(ticket.fault->error, "simulated fault", operation, path);
    return ticket;
}

Result<Place> SimulatedWorld::locate(const std::string& path, bool follow_last,
                                     FileOperation operation) const {
    CATALOG_TRY_VOID(check_power(operation, path));
    if (path.find('\0') != std::string::npos || path.size() > kPathBytesMax)
        return fail_file(Errc::kInvalidArgument, "the path is too long or contains a zero byte",
                         operation, path);
    if (path.empty()) return fail_file(Errc::kFileNotFound, "no such file", operation, path);
    std::deque<std::string> open = components_of(path);
    std::vector<NodePtr> folders{disk->root()};
    Place place{nullptr, "", disk->root(), path.back() == '/'};
    unsigned links = 0;
    while (!open.empty()) {
        std::string name = std::move(open.front());
        open.pop_front();
        if (place.node == nullptr)
            return fail_file(Errc::kFileNotFound, "no such folder", operation, path);
        if (place.node->kind != FileKind::kDirectory)
            return fail_file(Errc::kNotADirectory, "this is not a folder", operation, path);
        if (name == ".") {
            place.folder = nullptr;
            continue;
        }
        if (name == "..") {
            if (folders.size() > 1) folders.pop_back();
            place.node = folders.back();
            place.folder = nullptr;
            continue;
        }
        if (name.size() > kNameBytesMax)
            return fail_file(Errc::kInvalidArgument, "a name has more than 255 bytes", operation,
                             path);
        const NodePtr folder = place.node;
        const auto entry = folder->entries.find(name);
        NodePtr node = entry == folder->entries.end() ? nullptr : entry->second;
        const bool follow = !open.empty() || follow_last || place.trailing_slash;
        if (node != nullptr && node->kind == FileKind::kSymlink && follow) {
            if (++links > kLinksMax)
                return fail_file(Errc::kPathUnsafe, "too many symbolic links", operation, path);
            if (node->data.front() == '/') {
                folders.resize(1);
                place.node = disk->root();
            }
            const std::deque<std::string> target = components_of(node->data);
            open.insert(open.begin(), target.begin(), target.end());
            continue;
        }
        place.folder = folder;
        place.name = std::move(name);
        place.node = node;
        if (node != nullptr && node->kind == FileKind::kDirectory) folders.push_back(node);
    }
    if (place.trailing_slash && place.node != nullptr && place.node->kind != FileKind::kDirectory)
        return fail_file(Errc::kNotADirectory, "this is not a folder", operation, path);
    return place;
}

Result<Place> SimulatedWorld::locate_beneath(const NodePtr& root, std::string_view path,
                                             FileOperation operation,
                                             const std::string& full_path) const {
    CATALOG_TRY_VOID(check_power(operation, full_path));
    CATALOG_TRY_VOID(check_relative_path(path));
    Place place{nullptr, "", root};
    for (std::string& name : components_of(path)) {
        if (place.node == nullptr)
            return fail_file(Errc::kFileNotFound, "no such folder", operation, full_path);
        if (place.node->kind == FileKind::kSymlink)
            return fail_file(Errc::kPathUnsafe, "there is a symbolic link in the path", operation,
                             full_path);
        if (place.node->kind != FileKind::kDirectory)
            return fail_file(Errc::kNotADirectory, "this is not a folder", operation, full_path);
        place.folder = place.node;
        const auto entry = place.folder->entries.find(name);
        place.node = entry == place.folder->entries.end() ? nullptr : entry->second;
        place.name = std::move(name);
    }
    return place;
}

Result<void> SimulatedWorld::require_free(const Place& place, FileOperation operation,
                                          const std::string& path) const {
    if (place.node != nullptr)
        return fail_file(Errc::kFileExists, "there is already something", operation, path);
    // A folder that was removed while it was open takes nothing any more.
    if (place.folder->links == 0)
        return fail_file(Errc::kFileNotFound, "the folder was removed", operation, path);
    return {};
}

Result<NodePtr> SimulatedWorld::create_at(const Place& place, std::uint32_t mode,
                                          const std::string& path) {
    constexpr auto kOperation = FileOperation::kCreate;
    CATALOG_TRY_VOID(require_free(place, kOperation, path));
    if (place.trailing_slash)
        return fail_file(Errc::kIsADirectory, "the path names a folder", kOperation, path);
    CATALOG_TRY(const Ticket ticket, begin(kOperation, path));
    NodePtr node = disk->make_node(FileKind::kRegular, mode & 07777 & ~022u);
    disk->change_names({{place.folder, place.name, node}});
    return end<NodePtr>(ticket, kOperation, path, node);
}

Result<void> SimulatedWorld::make_folder_at(const Place& place, const std::string& path) {
    constexpr auto kOperation = FileOperation::kMakeDirectory;
    CATALOG_TRY_VOID(require_free(place, kOperation, path));
    CATALOG_TRY(const Ticket ticket, begin(kOperation, path));
    disk->change_names({{place.folder, place.name, disk->make_node(FileKind::kDirectory, 0755)}});
    return end<void>(ticket, kOperation, path, {});
}

Result<void> SimulatedWorld::make_symlink_at(const Place& place, std::string_view target,
                                             const std::string& path) {
    constexpr auto kOperation = FileOperation::kMakeSymlink;
    CATALOG_TRY_VOID(require_free(place, kOperation, path));
    if (target.empty() || place.trailing_slash)
        return fail_file(Errc::kFileNotFound, "an empty target or name", kOperation, path);
    if (target.size() > kPathBytesMax || target.find('\0') != std::string_view::npos)
        return fail_file(Errc::kInvalidArgument, "the target is too long or contains a zero byte",
                         kOperation, path);
    CATALOG_TRY(const Ticket ticket, begin(kOperation, path, "to " + std::string(target)));
    NodePtr node = disk->make_node(FileKind::kSymlink, 0777);
    node->data = node->durable_data = target;
    disk->change_names({{place.folder, place.name, node}});
    return end<void>(ticket, kOperation, path, {});
}

Result<void> SimulatedWorld::remove_entry(const Place& place, FileOperation operation,
                                          const std::string& path) {
    CATALOG_TRY(const Ticket ticket, begin(operation, path));
    disk->change_names({{place.folder, place.name, nullptr}});
    return end<void>(ticket, operation, path, {});
}

Result<void> SimulatedWorld::remove_file_at(const Place& place, const std::string& path) {
    constexpr auto kOperation = FileOperation::kRemoveFile;
    if (place.node == nullptr)
        return fail_file(Errc::kFileNotFound, "no such file", kOperation, path);
    if (place.node->kind == FileKind::kDirectory)
        return fail_file(Errc::kIsADirectory, "this is a folder", kOperation, path);
    return remove_entry(place, kOperation, path);
}

Result<void> SimulatedWorld::remove_folder_at(const Place& place, const std::string& path) {
    constexpr auto kOperation = FileOperation::kRemoveDirectory;
    if (place.node == nullptr)
        return fail_file(Errc::kFileNotFound, "no such folder", kOperation, path);
    if (place.node->kind != FileKind::kDirectory)
        return fail_file(Errc::kNotADirectory, "this is not a folder", kOperation, path);
    if (place.folder == nullptr)  // as Linux: `d/..` is not empty, `d/.` is no name
        return fail_file(path.ends_with("..") ? Errc::kNotEmpty : Errc::kInvalidArgument,
                         "the path does not name an entry", kOperation, path);
    if (!place.node->entries.empty())
        return fail_file(Errc::kNotEmpty, "the folder is not empty", kOperation, path);
    return remove_entry(place, kOperation, path);
}

Result<void> SimulatedWorld::remove_tree_at(const Place& place, const std::string& path) {
    if (place.node == nullptr) return {};
    if (place.folder == nullptr)
        return fail_file(Errc::kInvalidArgument, "the path does not name an entry",
                         FileOperation::kRemoveDirectory, path);
    std::vector<std::pair<Place, std::string>> open{{place, path}};
    while (!open.empty()) {
        const auto [current, name] = open.back();
        if (current.node->kind != FileKind::kDirectory) {
            CATALOG_TRY_VOID(remove_file_at(current, name));
            open.pop_back();
        } else if (current.node->entries.empty()) {
            CATALOG_TRY_VOID(remove_folder_at(current, name));
            open.pop_back();
        } else {
            const auto& [entry, node] = *current.node->entries.begin();
            open.push_back({Place{current.node, entry, node}, join_path(name, entry)});
        }
    }
    return {};
}

Result<void> SimulatedWorld::sync_folder_of(const NodePtr& folder, const std::string& path) {
    constexpr auto kOperation = FileOperation::kSyncDirectory;
    CATALOG_TRY(const Ticket ticket, begin(kOperation, path));
    if (!ticket.power_lost) disk->sync_names(*folder);
    return end<void>(ticket, kOperation, path, {});
}

Result<void> SimulatedWorld::sync_everything(const std::string& path) {
    constexpr auto kOperation = FileOperation::kSyncFileSystem;
    CATALOG_TRY(const Ticket ticket, begin(kOperation, path, {}, true));
    if (ticket.fault) {
        // What says that there is no such call has not tried it.
        if (ticket.fault->error != Errc::kUnsupported) disk->fail_everything();
        if (!ticket.power_lost)
            return fail_file(
                ticket.fault->error == Errc::kUnsupported ? Errc::kUnsupported : Errc::kSyncFailed,
                "the file system could not be synced", kOperation, path);
    }
    if (!ticket.power_lost) disk->sync_everything();
    return end<void>(ticket, kOperation, path, {});
}

Result<std::vector<DirectoryEntry>> SimulatedWorld::list_of(const NodePtr& folder,
                                                            const std::string& path) {
    CATALOG_TRY_VOID(begin(FileOperation::kList, path));
    if (folder->kind != FileKind::kDirectory)
        return fail_file(Errc::kNotADirectory, "this is not a folder", FileOperation::kList, path);
    std::vector<DirectoryEntry> entries;
    for (const auto& [name, node] : folder->entries) entries.push_back({name, node->kind});
    return entries;
}

Result<void> SimulatedWorld::hard_link_at(const Place& old_place, const Place& new_place,
                                          const std::string& from, const std::string& to) {
    constexpr auto kOperation = FileOperation::kHardLink;
    if (new_place.node != nullptr)
        return fail_file(Errc::kFileExists, "there is already something", kOperation, to);
    if (new_place.trailing_slash)
        return fail_file(Errc::kFileNotFound, "no such folder", kOperation, to);
    if (old_place.node->kind == FileKind::kDirectory)
        return fail_file(Errc::kAccessDenied, "a folder has one name", kOperation, from);
    if (new_place.folder->links == 0)
        return fail_file(Errc::kFileNotFound, "the folder was removed", kOperation, to);
    CATALOG_TRY(const Ticket ticket, begin(kOperation, from, "to " + to));
    disk->change_names({{new_place.folder, new_place.name, old_place.node}});
    return end<void>(ticket, kOperation, from, {});
}

FileInfo SimulatedWorld::info_of(const SimulatedNode& node) {
    FileInfo info;
    info.kind = node.kind;
    info.size = node.kind == FileKind::kDirectory ? 4096 : node.data.size();
    info.mode = node.mode;
    info.modified_ns = node.modified_ns;
    info.changed_ns = node.changed_ns;
    info.links = node.links;
    info.device = 1;
    info.inode = node.id;
    return info;
}

std::uint64_t SimulatedWorld::free_bytes() const {
    if (capacity == SimulatedFileSystem::kUnlimited) return std::uint64_t{1} << 40;
    const std::uint64_t used = disk->used_bytes();
    return used < capacity ? capacity - used : 0;
}

Result<void> SimulatedWorld::write_of(SimulatedNode& node, std::uint64_t offset, ByteView bytes,
                                      FileOperation operation, const std::string& path) {
    const std::uint64_t end_offset = offset + bytes.size();
    std::size_t fits = bytes.size();
    if (capacity != SimulatedFileSystem::kUnlimited && end_offset > node.data.size()) {
        const std::uint64_t end_max = node.data.size() + free_bytes();
        if (end_offset > end_max)
            fits = end_max > offset ? static_cast<std::size_t>(end_max - offset) : 0;
    }
    if (fits > 0)
        disk->change_data(node, {DataChange::Kind::kWrite, offset,
                                 std::string(as_text(bytes.first(fits))), 0, false});
    if (fits < bytes.size())
        return fail_file(Errc::kStorageFull, "the simulated disk is full", operation, path);
    return {};
}

}  // namespace catalog::io::testing
