#pragma once
// FileSystem: everything the library knows about disks goes through this interface, RocksDB
// included, so that a simulated one can crash at any call and drop, tear or reorder what was not
// synced (tests/support/io).

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"

namespace catalog::io {

enum class FileKind : std::uint8_t { kRegular, kDirectory, kSymlink, kOther };

/// What the file system knows of one entry, links not followed.
struct FileInfo {
    FileKind kind = FileKind::kRegular;
    std::uint64_t size = 0;        ///< Bytes; for a symbolic link the length of its target.
    std::uint32_t mode = 0;        ///< Permission bits, set-id and sticky bits (07777).
    std::int64_t modified_ns = 0;  ///< Of the bytes: nanoseconds since the Unix epoch.
    /// When bytes, mode, times or the number of names changed last: nanoseconds since the Unix
    /// epoch.
    std::int64_t changed_ns = 0;
    std::uint64_t links = 0;   ///< Names that the file has.
    std::uint64_t device = 0;  ///< With `inode`: identity of the file.
    std::uint64_t inode = 0;
};

struct DirectoryEntry {
    std::string name;
    FileKind kind = FileKind::kRegular;
};

/// A file open for reading at any offset. Thread safety: concurrent reads are safe.
class ReadableFile {
public:
    virtual ~ReadableFile() = default;

    /// Reads up to out.size() bytes at `offset` and returns how many; fewer only at the end of the
    /// file. Errors: kIo.
    [[nodiscard]] virtual Result<std::size_t> read_at(std::uint64_t offset,
                                                      std::span<std::byte> out) const = 0;
    /// Returns what fstat says now. Errors: kIo.
    [[nodiscard]] virtual Result<FileInfo> info() const = 0;
};

/// A file open for writing. Thread safety: one thread at a time. Destroying it closes it without
/// syncing.
class WritableFile {
public:
    virtual ~WritableFile() = default;

    /// Appends all of `bytes`. After an error the file's tail is unspecified. Errors: kStorageFull,
    /// kIo.
    [[nodiscard]] virtual Result<void> append(ByteView bytes) = 0;
    /// Overwrites at `offset`, extending the file when needed. Errors: kStorageFull, kIo.
    [[nodiscard]] virtual Result<void> write_at(std::uint64_t offset, ByteView bytes) = 0;
    /// Cuts or extends (with zeros) to `size` bytes. Errors: kIo, kStorageFull.
    [[nodiscard]] virtual Result<void> truncate(std::uint64_t size) = 0;
    /// Reserves `bytes` of space from `offset` without changing the size, where the file system
    /// can. Errors: kStorageFull, kIo.
    [[nodiscard]] virtual Result<void> allocate(std::uint64_t offset, std::uint64_t bytes) = 0;
    /// Makes bytes, size and mode durable (fdatasync; fsync after set_mode and set_modified, whose
    /// time it also makes durable); the file's name needs
    /// sync_directory. An error is final for this open file: what was written may be lost and must
    /// be written elsewhere; a second call never reports success for it. Errors: kSyncFailed.
    [[nodiscard]] virtual Result<void> sync() = 0;
    /// Returns the file's length, bytes.
    [[nodiscard]] virtual std::uint64_t size() const = 0;
    /// Sets permission bits. Errors: kIo.
    [[nodiscard]] virtual Result<void> set_mode(std::uint32_t mode) = 0;
    /// Sets when the bytes were modified, nanoseconds since the Unix epoch; the next write sets it
    /// anew. Errors: kIo.
    [[nodiscard]] virtual Result<void> set_modified(std::int64_t modified_ns) = 0;
    /// Closes the file and reports what the close reported. Errors: kIo. Further calls fail with
    /// kFailedPrecondition.
    [[nodiscard]] virtual Result<void> close() = 0;
};

/// Bytes of a file in memory. Unmapped when destroyed; the file may be removed before. Whether
/// later writes to the mapped range show is unspecified, and cutting the file below it makes an
/// access fatal (SIGBUS): map only what no longer changes.
class MappedRegion {
public:
    virtual ~MappedRegion() = default;
    [[nodiscard]] virtual ByteView bytes() const noexcept = 0;
};

/// An exclusive lock on a file, held while this object lives. The operating system releases it when
/// the process dies. Thread safety: one thread at a time.
class FileLock {
public:
    virtual ~FileLock() = default;

    /// Writes who holds the lock into the file, for example "pid 4711 (catalog publish)", so that
    /// the kBusy error of others can name it; at most 256 bytes are shown. Not durable. Errors:
    /// kStorageFull, kIo.
    [[nodiscard]] virtual Result<void> set_holder(std::string_view holder) = 0;
};

enum class OpenMode : std::uint8_t {
    kCreateNew,  ///< Fails with kFileExists when the path is there, whatever it is.
    kTruncate,   ///< Creates or empties.
    kAppend,     ///< Creates or continues at the end.
    kReadWrite,  ///< Opens an existing file without changing it.
};

/// A folder whose contents are reached by relative paths only, never through a symbolic link and
/// never outside it (openat2 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
/// Linux 5.6; component by component elsewhere). The folder itself is held open: renaming it or one
/// above it does not matter.
///
/// Every path here is relative, `/`-separated, without `.`, `..` or empty components: anything else
/// is kPathUnsafe. This is the only way in which package paths touch a disk. Thread safety: any
/// thread.
class SafeDirectory {
public:
    virtual ~SafeDirectory() = default;

    /// Opens a regular file. Errors: kFileNotFound, kIsADirectory, kFileKind (a device, pipe or
    /// socket), kPathUnsafe (a symbolic link, also at the end of the path), kIo.
    [[nodiscard]] virtual Result<std::unique_ptr<ReadableFile>> open_read(
        std::string_view path) const = 0;
    /// Creates a regular file that must not exist. `mode` is reduced by the process's umask;
    /// WritableFile::set_mode is not. Errors: kFileExists, kFileNotFound (parent), kPathUnsafe,
    /// kStorageFull, kIo.
    [[nodiscard]] virtual Result<std::unique_ptr<WritableFile>> create_file(
        std::string_view path, std::uint32_t mode) const = 0;
    /// Creates a folder and the missing ones above it; existing ones are fine. Errors:
    /// kNotADirectory, kPathUnsafe, kIo.
    [[nodiscard]] virtual Result<void> make_directories(std::string_view path) const = 0;
    /// Opens a folder beneath for the same safe access: many calls on entries of one folder are
    /// faster by plain names. Errors: kFileNotFound, kNotADirectory, kPathUnsafe, kIo.
    [[nodiscard]] virtual Result<std::unique_ptr<SafeDirectory>> open_directory(
        std::string_view path) const = 0;
    /// A second name, `path` in this folder, for the file `from_path` beneath `from`, which is a
    /// folder of the same file system object. Errors: kFileExists, kFileNotFound, kPathUnsafe,
    /// kUnsupported (other device, a file system without hard links, as many names as a file can
    /// have), kAccessDenied (also: the kernel lets only the owner of a file link it), kStorageFull,
    /// kIo.
    [[nodiscard]] virtual Result<void> hard_link(const SafeDirectory& from,
                                                 std::string_view from_path,
                                                 std::string_view path) const = 0;
    /// A new file `path` with the bytes of `from_path` beneath `from`; both share space on the disk
    /// until one is written (FICLONE: btrfs, XFS, bcachefs). `mode` is reduced by the process's
    /// umask. After an error nothing is there. Errors: kUnsupported (other device, or a file system
    /// that cannot), kFileExists, kFileNotFound, kPathUnsafe, kStorageFull, kIo.
    [[nodiscard]] virtual Result<std::unique_ptr<WritableFile>> clone_file(
        const SafeDirectory& from, std::string_view from_path, std::string_view path,
        std::uint32_t mode) const = 0;
    /// Creates a symbolic link with exactly that target text. Errors: kFileExists, kPathUnsafe,
    /// kIo.
    [[nodiscard]] virtual Result<void> make_symlink(std::string_view target,
                                                    std::string_view path) const = 0;
    /// Returns the target text. Errors: kFileNotFound, kFileKind (not a link), kPathUnsafe, kIo.
    [[nodiscard]] virtual Result<std::string> read_symlink(std::string_view path) const = 0;
    /// Links not followed. `path` may be empty for the folder itself. Errors: kFileNotFound,
    /// kPathUnsafe, kIo.
    [[nodiscard]] virtual Result<FileInfo> info(std::string_view path) const = 0;
    /// Returns entries in byte order of their names. `path` may be empty for the folder itself.
    [[nodiscard]] virtual Result<std::vector<DirectoryEntry>> list(std::string_view path) const = 0;
    /// Removes a file or link. Errors: kFileNotFound, kIsADirectory, kIo.
    [[nodiscard]] virtual Result<void> remove_file(std::string_view path) const = 0;
    /// Removes what is at `path`, a folder with everything in it, links as links; absent is fine.
    /// Errors: kIo, kPathUnsafe (also: the tree was moved meanwhile), kNotEmpty (somebody added to
    /// it meanwhile).
    [[nodiscard]] virtual Result<void> remove_tree(std::string_view path) const = 0;
    /// Makes the entries of the folder `path` durable (fsync of the folder); empty for the folder
    /// itself. Errors: kSyncFailed.
    [[nodiscard]] virtual Result<void> sync(std::string_view path) const = 0;
    /// Makes everything durable that anybody has changed on the folder's file system: bytes, modes
    /// and names, in this folder and elsewhere (syncfs). For many files this costs a fraction of a
    /// sync of each; it also waits for what other programs have written. An error of any write on
    /// the file system since this folder was opened is reported, so open it before writing. Errors:
    /// kSyncFailed, kUnsupported (Linux before 5.8, whose syncfs keeps errors to itself: sync file
    /// by file).
    [[nodiscard]] virtual Result<void> sync_file_system() const = 0;
};

/// A file system. Paths are absolute or relative to the process's folder, as the host gives them;
/// this interface is for the library's own files. Paths that come from packages go through
/// SafeDirectory.
///
/// Thread safety: any thread. Blocking: yes. Every error of the machine carries StorageDetail and
/// names the path as its input. Beyond the errors listed, every call may fail with kIo,
/// kAccessDenied, kReadOnlyFileSystem, kTooManyOpenFiles, kOutOfMemory, kPathUnsafe (links that
/// loop) and kInvalidArgument (a name that is too long or contains a zero byte).
class FileSystem {
public:
    virtual ~FileSystem() = default;

    /// Opens a regular file. Errors: kFileNotFound, kIsADirectory, kFileKind (a device, pipe or
    /// socket), kAccessDenied, kTooManyOpenFiles, kIo.
    [[nodiscard]] virtual Result<std::unique_ptr<ReadableFile>> open_read(
        const std::string& path) = 0;
    /// Opens or creates a regular file. `mode` holds for a file that is created and is reduced by
    /// the process's umask. A created file's name is durable only after sync_directory. Errors:
    /// kFileExists, kFileNotFound, kIsADirectory, kFileKind, kAccessDenied, kStorageFull, kIo.
    [[nodiscard]] virtual Result<std::unique_ptr<WritableFile>> open_write(
        const std::string& path, OpenMode open_mode, std::uint32_t mode = 0644) = 0;
    /// Maps `length` bytes at `offset` (a multiple of 4096, else kInvalidArgument) read-only; no
    /// bytes are an empty region. Errors: kEndOfFile (the file is shorter), as open_read.
    [[nodiscard]] virtual Result<std::unique_ptr<MappedRegion>> map(const std::string& path,
                                                                    std::uint64_t offset,
                                                                    std::uint64_t length) = 0;
    /// Opens a folder for safe access beneath it; links in `path` itself are followed. Errors:
    /// kFileNotFound, kNotADirectory, kAccessDenied, kIo.
    [[nodiscard]] virtual Result<std::unique_ptr<SafeDirectory>> open_directory(
        const std::string& path) = 0;

    /// Links not followed. Errors: kFileNotFound, kNotADirectory, kAccessDenied, kIo.
    [[nodiscard]] virtual Result<FileInfo> info(const std::string& path) = 0;
    /// Entries without `.` and `..`, in byte order of their names. Errors: kFileNotFound,
    /// kNotADirectory, kAccessDenied, kIo.
    [[nodiscard]] virtual Result<std::vector<DirectoryEntry>> list(const std::string& path) = 0;
    /// Creates a folder and the missing ones above it with mode 0777 less the umask; existing is
    /// fine. Durable after sync_directory of each parent, see make_directories_durably. Errors:
    /// kNotADirectory, kAccessDenied, kStorageFull, kIo.
    [[nodiscard]] virtual Result<void> make_directories(const std::string& path) = 0;
    /// Replaces `to` atomically; a link is moved or replaced itself. Durable only after
    /// sync_directory of both folders. Errors: kFileNotFound, kIsADirectory, kNotADirectory,
    /// kNotEmpty (`to` is a folder with entries), kUnsupported (other device), kInvalidArgument (a
    /// folder into itself), kIo.
    [[nodiscard]] virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
    /// Removes a file or link. Errors: kFileNotFound, kIsADirectory, kIo.
    [[nodiscard]] virtual Result<void> remove_file(const std::string& path) = 0;
    /// Removes an empty folder. Errors: kFileNotFound, kNotEmpty, kIo.
    [[nodiscard]] virtual Result<void> remove_directory(const std::string& path) = 0;
    /// Removes what is at `path`, a folder with everything in it, however deep; absent is fine.
    /// Links are removed as links, never followed. Errors: kIo, kPathUnsafe (the tree was moved
    /// meanwhile), kNotEmpty (somebody added to it meanwhile). Cost: a constant number of open
    /// files, memory for the names of one folder per level.
    [[nodiscard]] virtual Result<void> remove_tree(const std::string& path) = 0;
    /// Creates a symbolic link with exactly that target text. Errors: kFileExists, kFileNotFound,
    /// kIo.
    [[nodiscard]] virtual Result<void> make_symlink(const std::string& target,
                                                    const std::string& path) = 0;
    /// Returns the target text. Errors: kFileNotFound, kFileKind (not a link), kIo.
    [[nodiscard]] virtual Result<std::string> read_symlink(const std::string& path) = 0;
    /// A second name for the same file. Errors: kFileExists, kUnsupported (other device), kIo.
    [[nodiscard]] virtual Result<void> hard_link(const std::string& from,
                                                 const std::string& to) = 0;
    /// Makes creations, renames and removals in the folder durable. Errors: kSyncFailed,
    /// kFileNotFound, kNotADirectory.
    [[nodiscard]] virtual Result<void> sync_directory(const std::string& path) = 0;
    /// Returns free bytes for this user where `path` is. Errors: kIo.
    [[nodiscard]] virtual Result<std::uint64_t> free_space(const std::string& path) = 0;
    /// Takes an exclusive advisory lock without waiting; creates the file when it is missing and
    /// empties it. It holds against other processes and against other holders in this process.
    /// Errors: kBusy with BusyDetail, whose holder is what the holder wrote with set_holder (empty
    /// when it wrote nothing), kIo.
    [[nodiscard]] virtual Result<std::unique_ptr<FileLock>> try_lock(const std::string& path) = 0;
};

/// How SafeDirectory of the machine's file system keeps links out.
enum class SafePathMethod : std::uint8_t {
    kAutomatic,   ///< openat2 where the kernel has it and a sandbox permits it, else kComponents.
    kComponents,  ///< One openat with O_NOFOLLOW a component: same answers, a call a component.
};

/// Counts open files and bounds them. Thread safety: any thread.
class OpenFiles final {
public:
    /// `most` 0: no bound.
    explicit OpenFiles(std::uint64_t most) noexcept : most_(most) {}

    /// Counts one more; false when as many as allowed are open.
    [[nodiscard]] bool take() noexcept {
        if (open_.fetch_add(1, std::memory_order_relaxed) < most_ || most_ == 0) return true;
        give_back();
        return false;
    }
    void give_back() noexcept { open_.fetch_sub(1, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t open() const noexcept {
        return open_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t most() const noexcept { return most_; }

private:
    const std::uint64_t most_;
    std::atomic<std::uint64_t> open_{0};
};

class PosixOptions {
public:
    PosixOptions() = default;

    /// Counts what is held open: files, locks, folders, and files below safe folders. One more than
    /// its bound is kTooManyOpenFiles. Null: nothing is counted.
    std::shared_ptr<OpenFiles> open_files;

    SafePathMethod safe_path_method = SafePathMethod::kAutomatic;
};

/// The machine's file system (Linux). Sync calls go to the device as far as the kernel takes them;
/// what is assumed of the machine is in docs/durability.md.
[[nodiscard]] std::shared_ptr<FileSystem> make_posix_file_system(const PosixOptions& options = {});

// Helpers over any FileSystem.

/// Reads a whole file of at most `bytes_max` bytes. Errors: as open_read, kLimitExceeded with
/// LimitDetail.
[[nodiscard]] Result<std::string> read_file(FileSystem& fs, const std::string& path,
                                            std::uint64_t bytes_max);

/// Replaces a file durably: temporary file in the same folder, write, sync, rename, sync of the
/// folder. After a crash the file holds the old or the new bytes, never a mix; a temporary file may
/// stay behind (is_temporary_name). Several writers of one path: one of them wins. `mode` is
/// reduced by the umask. Errors: kFileNotFound (no such folder), kStorageFull, kSyncFailed, kIo:
/// the file is as before, except when the folder's sync failed: then it may be old or new after a
/// crash.
[[nodiscard]] Result<void> write_file_durably(FileSystem& fs, const std::string& path,
                                              ByteView bytes, std::uint32_t mode = 0644);

/// Tells whether `name` (without folders) is one that write_file_durably gives to its temporary
/// files. Such a file is garbage when no writer is at work, for example after taking the lock.
[[nodiscard]] bool is_temporary_name(std::string_view name) noexcept;

/// Creates a folder and the missing ones above it, and makes each new name durable. Errors: as
/// make_directories, kSyncFailed.
[[nodiscard]] Result<void> make_directories_durably(FileSystem& fs, const std::string& path);

/// Tells whether there is an entry at `path`, links not followed. Errors: kAccessDenied, kIo.
[[nodiscard]] Result<bool> exists(FileSystem& fs, const std::string& path);

/// Joins with one slash; an absolute `tail` is not treated specially.
[[nodiscard]] std::string join_path(std::string_view head, std::string_view tail);

/// Returns everything before the last slash ("." without one, "/" for the root's entries).
[[nodiscard]] std::string parent_path(std::string_view path);

/// Tells whether `path` is a relative path that SafeDirectory accepts: not empty, no leading,
/// trailing or double slash, no `.` or `..` component, no zero byte, at most 4095 bytes, no
/// component over 255 bytes. Errors: kPathUnsafe with the reason.
[[nodiscard]] Result<void> check_relative_path(std::string_view path);

}  // namespace catalog::io
