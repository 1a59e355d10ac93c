#pragma once
// PinnedFolder: the files of a store as they stood at one moment, held open, so that a follower can
// read them at its leisure while the writer replaces and removes them.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/io/file_system.hpp"

namespace catalog::kv {

/// What tells one state of a store's files from another.
struct StoreStamp {
    std::string current;               ///< Text of CURRENT: which manifest.
    std::uint64_t manifest_bytes = 0;  ///< Grows with every flush and compaction.
    std::uint64_t wal = 0;             ///< Youngest write-ahead log.
    std::uint64_t wal_bytes = 0;       ///< Grows with every commit.
    friend bool operator==(const StoreStamp&, const StoreStamp&) = default;
};

/// Reads the stamp of the store in folder `path`: a few calls, no data. Errors: those of the file
/// system; kFileNotFound also when the writer removed a file between two of the calls.
[[nodiscard]] Result<StoreStamp> take_stamp(io::FileSystem& fs, const std::string& path);

/// A read-only file system that holds one folder: the manifest cut where it ended at that moment,
/// every table and log that it names, and a CURRENT that names it. Logs go on growing, as the
/// writer commits. Whatever would change something is kReadOnlyFileSystem.
///
/// Thread safety: any thread.
class PinnedFolder final : public io::FileSystem {
public:
    /// Pins the store in folder `path` of `fs`. Files that `former`, which may be null, holds
    /// already are not opened again.
    ///
    /// A writer syncs a manifest before it removes what that no longer names. So if the manifest
    /// has not grown while the files were opened, all that it names were there. Otherwise the rest
    /// is opened anew: what it takes are few short calls, and a writer that foils it must finish a
    /// flush, with its syncs, during each of ten thousand attempts in a row.
    ///
    /// Errors: those of the file system; kBusy when the attempts are used up.
    [[nodiscard]] static Result<std::shared_ptr<PinnedFolder>> pin(io::FileSystem& fs,
                                                                   const std::string& path,
                                                                   const PinnedFolder* former);

    Result<std::unique_ptr<io::ReadableFile>> open_read(const std::string& path) override;
    Result<io::FileInfo> info(const std::string& path) override;
    Result<std::vector<io::DirectoryEntry>> list(const std::string& path) override;

    Result<std::unique_ptr<io::WritableFile>> open_write(const std::string& path, io::OpenMode,
                                                         std::uint32_t) override;
    Result<std::unique_ptr<io::MappedRegion>> map(const std::string& path, std::uint64_t,
                                                  std::uint64_t) override;
    Result<std::unique_ptr<io::SafeDirectory>> open_directory(const std::string& path) override;
    Result<void> make_directories(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string&) override;
    Result<void> remove_file(const std::string& path) override;
    Result<void> remove_directory(const std::string& path) override;
    Result<void> remove_tree(const std::string& path) override;
    Result<void> make_symlink(const std::string&, const std::string& path) override;
    Result<std::string> read_symlink(const std::string& path) override;
    Result<void> hard_link(const std::string& from, const std::string&) override;
    Result<void> sync_directory(const std::string& path) override;
    Result<std::uint64_t> free_space(const std::string& path) override;
    Result<std::unique_ptr<io::FileLock>> try_lock(const std::string& path) override;

private:
    using File = std::shared_ptr<const io::ReadableFile>;
    using Files = std::map<std::string, File>;

    explicit PinnedFolder(std::string path) : path_(std::move(path)) {}

    Result<bool> try_pin(io::FileSystem& fs, Files& known);
    [[nodiscard]] Result<File> find(const std::string& path) const;

    std::string path_;
    Files files_;
};

}  // namespace catalog::kv
