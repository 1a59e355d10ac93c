#pragma once
// SimulatedWorld: one simulated machine, shared by the file system and everything it handed out.
// Counts calls, loses power, injects faults, resolves paths, and changes the disk.

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/internal/mutex.hpp"
#include "support/io/fault_plan.hpp"
#include "support/io/simulated_disk.hpp"

namespace catalog::io::testing {

/// A name in a folder and what is there. `folder` is null for the root and for paths that end in
/// `.` or `..`; `node` is null when there is nothing.
struct Place {
    NodePtr folder;
    std::string name;
    NodePtr node;
    bool trailing_slash = false;
};

/// A call that has been counted. `power_lost`: it is the one at which power was lost.
struct Ticket {
    std::optional<Fault> fault;
    bool power_lost = false;
};

/// Members named `..._at` and `..._of` are one call each: they count it, log it, let it fail, do
/// it. `path` is only for rules, logs and messages. The caller holds `mutex` for every member.
class SimulatedWorld {
public:
    internal::Mutex mutex;

    explicit SimulatedWorld(std::unique_ptr<SimulatedDisk> disk_of_world)
        : disk(std::move(disk_of_world)) {}

    // State, for SimulatedFileSystem and its handles. Guarded by `mutex`.
    std::unique_ptr<SimulatedDisk> disk;
    FaultPlan faults;
    std::uint64_t mutations = 0;
    std::uint64_t crash_number = 0;
    bool crashed = false;
    std::uint64_t capacity = SimulatedFileSystem::kUnlimited;
    std::deque<FileCall> calls;
    bool clones = false;

    /// Counts and logs a call. Errors: the simulated crash, an injected fault; with `keep_fault`
    /// the fault is in the ticket instead.
    [[nodiscard]] Result<Ticket> begin(FileOperation operation, const std::string& path,
                                       std::string detail = {}, bool keep_fault = false);
    /// Returns `result`, or the simulated crash when power was lost at this call.
    template <class T>
    [[nodiscard]] Result<T> end(const Ticket& ticket, FileOperation operation,
                                const std::string& path, Result<T> result) const {
        if (ticket.power_lost) return power_lost(operation, path);
        return result;
    }
    /// Errors: the simulated crash.
    [[nodiscard]] Result<void> check_power(FileOperation operation, const std::string& path) const;

    /// Resolves a host's path. Errors: kFileNotFound (a folder on the way), kNotADirectory,
    /// kPathUnsafe (links that loop), kInvalidArgument.
    [[nodiscard]] Result<Place> locate(const std::string& path, bool follow_last,
                                       FileOperation operation) const;
    /// Resolves a package's path beneath `root`, through no link. Errors: kPathUnsafe,
    /// kFileNotFound, kNotADirectory.
    [[nodiscard]] Result<Place> locate_beneath(const NodePtr& root, std::string_view path,
                                               FileOperation operation,
                                               const std::string& full_path) const;

    [[nodiscard]] Result<NodePtr> create_at(const Place& place, std::uint32_t mode,
                                            const std::string& path);
    [[nodiscard]] Result<void> make_folder_at(const Place& place, const std::string& path);
    [[nodiscard]] Result<void> make_symlink_at(const Place& place, std::string_view target,
                                               const std::string& path);
    /// There is something at `old_place`.
    [[nodiscard]] Result<void> hard_link_at(const Place& old_place, const Place& new_place,
                                            const std::string& from, const std::string& to);
    [[nodiscard]] Result<void> remove_file_at(const Place& place, const std::string& path);
    [[nodiscard]] Result<void> remove_folder_at(const Place& place, const std::string& path);
    [[nodiscard]] Result<void> remove_tree_at(const Place& place, const std::string& path);
    [[nodiscard]] Result<void> sync_folder_of(const NodePtr& folder, const std::string& path);
    [[nodiscard]] Result<void> sync_everything(const std::string& path);
    [[nodiscard]] Result<std::vector<DirectoryEntry>> list_of(const NodePtr& folder,
                                                              const std::string& path);
    [[nodiscard]] static FileInfo info_of(const SimulatedNode& node);

    /// Writes as much as the capacity allows. Errors: kStorageFull.
    [[nodiscard]] Result<void> write_of(SimulatedNode& node, std::uint64_t offset, ByteView bytes,
                                        FileOperation operation, const std::string& path);
    [[nodiscard]] std::uint64_t free_bytes() const;

private:
    [[nodiscard]] static tl::unexpected<Error> power_lost(FileOperation operation,
                                                          const std::string& path);
    [[nodiscard]] Result<void> require_free(const Place& place, FileOperation operation,
                                            const std::string& path) const;
    [[nodiscard]] Result<void> remove_entry(const Place& place, FileOperation operation,
                                            const std::string& path);
};

// Handles. All take a node whose kind was checked, and a locked world.

[[nodiscard]] std::unique_ptr<ReadableFile> make_simulated_readable(
    std::shared_ptr<SimulatedWorld> world, NodePtr node, std::string path);
[[nodiscard]] std::unique_ptr<WritableFile> make_simulated_writable(
    std::shared_ptr<SimulatedWorld> world, NodePtr node, std::string path);
[[nodiscard]] std::unique_ptr<FileLock> make_simulated_lock(std::shared_ptr<SimulatedWorld> world,
                                                            NodePtr node, std::string path);
[[nodiscard]] std::unique_ptr<SafeDirectory> make_simulated_directory(
    std::shared_ptr<SimulatedWorld> world, NodePtr node, std::string path);

}  // namespace catalog::io::testing
