#pragma once
// SimulatedFileSystem: a complete file system in memory that can lose power at any call.
//
// THE MODEL. Every file and folder exists twice: as running programs see it (volatile) and as the
// disk holds it (durable). A call changes the volatile side at once and leaves a pending change.
//
//   Bytes. append, write_at, truncate, set_mode and opening with kTruncate are pending changes of
//   one file. WritableFile::sync makes all pending changes of that file durable, whoever made them.
//   allocate changes nothing that can be seen. A time that set_modified gave survives every crash,
//   with or without the bytes it was given to.
//
//   Names. Creating, renaming, removing and linking are pending changes of one or two folders.
//   sync_directory(D) makes durable every pending change that touches D and no other folder that
//   has not been synced since. Hence a rename between two folders needs both synced. Syncing a file
//   does not make its name durable, syncing a folder does not make its own name in its parent
//   durable: ext4 and XFS often do both, POSIX promises neither.
//
//   SafeDirectory::sync_file_system makes every pending change of bytes and names durable.
//
//   A crash at call n (crash_at) means: call n and all later ones return kIo "simulated crash".
//   What call n would have changed is pending like everything unsynced before it; a sync at n
//   makes nothing durable. recover() then builds the file system that is found after power is back:
//
//   kDropUnsynced  The durable side alone. A file that was created and not synced, but whose name
//                  was, is empty.
//   kKeepAll       The volatile side: the disk wrote everything, also call n.
//   kRandomSubset  The durable side and a subset of the pending changes, chosen by the seed:
//
//     Names: each pending change survives or not, as a whole (a rename is atomic, also between two
//     folders). A change that needs an earlier one survives only with it: one of the same name or
//     the same file or folder, a move of a folder after an earlier move of a folder, the removal of
//     a folder after changes inside it. Otherwise order is free: a later rename may survive an
//     earlier creation's loss. A third of all seeds keep a prefix of all pending changes instead,
//     which is what one journal does.
//
//     Bytes: let versions 0..k of a file be its states after 0..k of its pending changes. Size and
//     mode come from one version t. Each sector of 512 bytes comes from a version of its own, so
//     writes may be lost, reordered and torn at sector boundaries; a sector is never torn. A name
//     may survive whose bytes did not (rename before data), a size may survive whose bytes did not:
//     sectors that were never written are zeros or, in some seeds, garbage. Bytes that a truncate
//     cut never come back under a size from after it, nor new ones under a size from before it.
//     Seeds choose among four characters: a clean prefix, every sector for itself, whole writes
//     kept or dropped, and the newest size with most data missing.
//
//   kWholeWrites, kTornSectors, kSizesFirst  The same with one of these characters: whole writes
//   kept
//                  or dropped, every sector for itself, sizes ahead of bytes, for tests that go
//                  through them one by one.
//
//   A sync that was made to fail (fail_next(kSync, ...)) leaves the changes before it pending for
//   ever, as Linux does after a write error: a later sync through another handle succeeds without
//   them. A sync of the file system that fails leaves so all changes of bytes before it.
//
//   Locks vanish in a crash. Damage by corrupt() is in the volatile and the durable side.
//
// NOT MODELLED: permission checks, device files, access times, several devices, the finer rules for
// trailing slashes, space held by allocate(). Mapped regions are copies of the bytes at the time of
// the call.
//
// Everything is determined by the calls and the seed. Times are a counter.

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/io/file_system.hpp"
#include "support/io/fault_plan.hpp"

namespace catalog::io::testing {

/// What the disk did with unsynced changes before power was lost; see the model above.
enum class CrashPolicy : std::uint8_t {
    kDropUnsynced,
    kKeepAll,
    kRandomSubset,
    kWholeWrites,
    kTornSectors,
    kSizesFirst,
};

[[nodiscard]] std::string_view policy_name(CrashPolicy policy) noexcept;

class SimulatedWorld;

/// See the top of this file. `/` exists from the start; relative paths start there. Thread safety:
/// any thread. Files, folders and locks that it handed out may outlive it.
class SimulatedFileSystem final : public FileSystem {
public:
    static constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();
    static constexpr std::uint64_t kSectorBytes = 512;

    [[nodiscard]] static std::shared_ptr<SimulatedFileSystem> make();
    ~SimulatedFileSystem() override;
    SimulatedFileSystem(const SimulatedFileSystem&) = delete;
    SimulatedFileSystem& operator=(const SimulatedFileSystem&) = delete;

    // Crashes.

    /// Loses power at the mutating call with this number (see mutations()); 0: never.
    void crash_at(std::uint64_t number);
    /// Loses power now, between two calls.
    void crash_now();
    [[nodiscard]] bool crashed() const;
    /// Returns how many mutating calls were made so far; the next one has this number plus one.
    [[nodiscard]] std::uint64_t mutations() const;
    /// Returns what is on the disk after a crash at this moment, everything of it durable, without
    /// faults, counting from zero. May be called often, with any policy; changes nothing here.
    [[nodiscard]] std::shared_ptr<SimulatedFileSystem> recover(CrashPolicy policy,
                                                               std::uint64_t seed = 0) const;

    // Faults. A call that fails by these changes nothing, except as Fault::bytes_kept says.

    void fail_next(FileOperation operation, std::string path_part, Fault fault);
    void fail_always(FileOperation operation, std::string path_part, Fault fault);
    /// Fails the mutating call with this number.
    void fail_nth(std::uint64_t number, Fault fault);
    void clear_faults();
    /// Bounds the sum of all file lengths: a write past it writes what fits and fails with
    /// kStorageFull.
    void set_capacity(std::uint64_t bytes);
    [[nodiscard]] std::uint64_t used_bytes() const;
    /// Whether SafeDirectory::clone_file works; as on ext4 it does not at first.
    void set_clones(bool works);
    /// Flips the bits of `mask` in one byte, as a bad disk does. Errors: kFileNotFound, kEndOfFile.
    [[nodiscard]] Result<void> corrupt(const std::string& path, std::uint64_t offset,
                                       std::uint8_t mask);

    // What happened.

    /// Returns the last calls except reads and queries, oldest first; at most 10,000.
    [[nodiscard]] std::vector<FileCall> calls() const;
    /// Returns the same as text, one call a line; the last `calls_max` of them.
    [[nodiscard]] std::string call_log(std::size_t calls_max = 60) const;

    // FileSystem.

    Result<std::unique_ptr<ReadableFile>> open_read(const std::string& path) override;
    Result<std::unique_ptr<WritableFile>> open_write(const std::string& path, OpenMode open_mode,
                                                     std::uint32_t mode = 0644) override;
    Result<std::unique_ptr<MappedRegion>> map(const std::string& path, std::uint64_t offset,
                                              std::uint64_t length) override;
    Result<std::unique_ptr<SafeDirectory>> open_directory(const std::string& path) override;
    Result<FileInfo> info(const std::string& path) override;
    Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
    Result<void> make_directories(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<void> remove_file(const std::string& path) override;
    Result<void> remove_directory(const std::string& path) override;
    Result<void> remove_tree(const std::string& path) override;
    Result<void> make_symlink(const std::string& target, const std::string& path) override;
    Result<std::string> read_symlink(const std::string& path) override;
    Result<void> hard_link(const std::string& from, const std::string& to) override;
    Result<void> sync_directory(const std::string& path) override;
    Result<std::uint64_t> free_space(const std::string& path) override;
    Result<std::unique_ptr<FileLock>> try_lock(const std::string& path) override;

private:
    explicit SimulatedFileSystem(std::shared_ptr<SimulatedWorld> world);

    std::shared_ptr<SimulatedWorld> world_;
};

}  // namespace catalog::io::testing
