#pragma once
// FaultyFileSystem: a working file system, broken at chosen calls.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalog/io/file_system.hpp"
#include "support/io/fault_plan.hpp"

namespace catalog::io::testing {

class FaultyState;

/// Passes every call on to another file system, except those that a rule makes fail. Every call of
/// the file system, its files, folders and locks counts, reads included.
///
/// A call that fails does not reach the file system beneath, except that a write with
/// Fault::bytes_kept writes that much. A failed sync stays failed for that open file, as the
/// interface asks. make_directories and remove_tree count as one call.
///
/// Thread safety: any thread. Files that it handed out may outlive it.
class FaultyFileSystem final : public FileSystem {
public:
    /// Called before each call, without a lock held: to delay it, to stop it at a barrier, to
    /// watch.
    using Hook = std::function<void(const FileCall&)>;

    explicit FaultyFileSystem(std::shared_ptr<FileSystem> base);
    ~FaultyFileSystem() override;
    FaultyFileSystem(const FaultyFileSystem&) = delete;
    FaultyFileSystem& operator=(const FaultyFileSystem&) = delete;

    void fail_next(FileOperation operation, std::string path_part, Fault fault);
    void fail_always(FileOperation operation, std::string path_part, Fault fault);
    /// Fails the call with this number, 1-based.
    void fail_nth(std::uint64_t number, Fault fault);
    void clear_faults();
    /// Replaces the hook; an empty one is none.
    void before_each(Hook hook);
    /// Returns how many calls there were.
    [[nodiscard]] std::uint64_t calls() const;

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
    std::shared_ptr<FaultyState> state_;
};

}  // namespace catalog::io::testing
