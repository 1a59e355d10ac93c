#pragma once
// SimulatedDisk: files, folders and what of them is durable. The model is described in
// simulated_file_system.hpp; this is its data structure, without paths, faults or locking.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "catalog/io/file_system.hpp"
#include "support/io/seeded_random.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::io::testing {

/// An unsynced change of one file's bytes, size or mode.
struct DataChange {
    enum class Kind : std::uint8_t { kWrite, kTruncate, kMode };

    Kind kind = Kind::kWrite;
    std::uint64_t offset = 0;  ///< kWrite: where; kTruncate: the new size.
    std::string bytes;         ///< kWrite.
    std::uint32_t mode = 0;    ///< kMode.
    bool lost = false;         ///< A sync failed after it: no later sync makes it durable.
};

/// A file, folder or link: both of its sides.
struct SimulatedNode {
    using Pointer = std::shared_ptr<SimulatedNode>;
    using Entries = std::map<std::string, Pointer>;

    std::uint64_t id = 0;
    FileKind kind = FileKind::kRegular;

    // Volatile.
    std::uint32_t mode = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    std::string data;  // a link's is its target
    Entries entries;
    std::uint32_t links = 0;  // names it has
    std::uint32_t opens = 0;  // handles it has
    bool locked = false;

    // Durable.
    std::uint32_t durable_mode = 0;
    std::string durable_data;
    Entries durable_entries;
    std::uint32_t durable_links = 0;

    std::vector<DataChange> pending;  // what separates `data` from `durable_data`
};
using NodePtr = SimulatedNode::Pointer;

/// One name in one folder that changes; null: the name goes.
struct NameEdit {
    NodePtr folder;
    std::string name;
    NodePtr node;
    bool synced = false;  ///< The folder was synced since.
};

/// An unsynced change of names that survives as a whole or not at all.
struct NameChange {
    std::vector<NameEdit> edits;
    std::vector<std::uint64_t> needs;    ///< Numbers of changes without which it cannot survive.
    std::vector<std::uint64_t> folders;  ///< Numbers of the changes that made or moved its folders.
};

/// Applies one change to the bytes of a file and its mode.
void apply_change(const DataChange& change, std::string& data, std::uint32_t& mode);

/// Returns what is left of a file's bytes and mode under a policy that keeps a subset.
[[nodiscard]] std::pair<std::string, std::uint32_t> torn_file(const SimulatedNode& node,
                                                              CrashPolicy policy,
                                                              SeededRandom& random);

class SimulatedDisk {
public:
    SimulatedDisk();
    ~SimulatedDisk();
    SimulatedDisk(const SimulatedDisk&) = delete;
    SimulatedDisk& operator=(const SimulatedDisk&) = delete;

    [[nodiscard]] const NodePtr& root() const noexcept { return root_; }
    [[nodiscard]] NodePtr make_node(FileKind kind, std::uint32_t mode);

    void change_data(SimulatedNode& node, DataChange change);
    /// Survives every crash, whatever happens to the bytes.
    void set_modified(SimulatedNode& node, std::int64_t modified_ns) noexcept;
    void sync_data(SimulatedNode& node);
    /// What a failed fsync leaves behind.
    static void fail_sync(SimulatedNode& node);

    void change_names(std::vector<NameEdit> edits);
    void sync_names(const SimulatedNode& folder);

    /// Makes every pending change of bytes and names durable.
    void sync_everything();
    /// What a failed syncfs leaves behind: no later sync makes the bytes durable.
    void fail_everything();

    /// Returns the sum of the lengths of all files that have a name or are open.
    [[nodiscard]] std::uint64_t used_bytes() const;

    /// Returns the disk after a crash.
    [[nodiscard]] std::unique_ptr<SimulatedDisk> after_crash(CrashPolicy policy,
                                                             std::uint64_t seed) const;

private:
    using Slot = std::pair<std::uint64_t, std::string>;

    [[nodiscard]] bool is_pending(std::uint64_t number) const {
        return pending_.find(number) != pending_.end();
    }
    void collect_needs(NameChange& change) const;
    void add_folder_needs(NameChange& change) const;
    void remember(std::uint64_t number, const NameChange& change,
                  const std::vector<std::uint64_t>& touched);
    void make_durable(std::vector<std::uint64_t> numbers);
    [[nodiscard]] std::vector<std::uint64_t> choose_changes(SeededRandom& random) const;
    void touch(SimulatedNode& node) noexcept;

    NodePtr root_;
    std::uint64_t next_id_ = 1;
    std::uint64_t next_change_ = 1;
    std::int64_t clock_ns_;
    mutable std::vector<std::weak_ptr<SimulatedNode>> nodes_;
    std::size_t prune_at_ = 1024;

    std::map<std::uint64_t, NameChange> pending_;
    // The last pending change of each name, of each node, inside each folder, and of any folder's
    // place. Numbers that are no longer pending are ignored.
    std::map<Slot, std::uint64_t> last_of_slot_;
    std::unordered_map<std::uint64_t, std::uint64_t> last_of_node_;
    std::unordered_map<std::uint64_t, std::vector<std::uint64_t>> inside_folder_;
    std::uint64_t last_folder_move_ = 0;
};

}  // namespace catalog::io::testing
