#pragma once
// FileCache: whole files as they are exported, kept beside a content store, so that the next export
// of the same file is a hard link.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "catalog/content/content_storage.hpp"
#include "catalog/core/call_context.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::lifecycle {

class FileCacheOptions {
public:
    FileCacheOptions() = default;
    /// What all cached files have together at most, bytes. Whether others link them makes no
    /// difference, though such a file takes no space of the cache's own.
    std::uint64_t bytes_max = std::uint64_t{16} << 30;
    /// Of an encrypted library: its files may be kept here as they are, without encryption.
    bool plain_files_of_encrypted = false;
};

/// What a cached file is: the same bytes are another file when they may be executed.
struct CachedFile {
    ContentHash id;
    bool executable = false;
    std::uint64_t size = 0;
};

/// Whether the cache has a file.
enum class CacheState : std::uint8_t {
    kReady,
    kMissing,
    kChanged,  ///< Somebody changed it since it was cached: it must not be used.
};

struct FileCacheUsage {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::uint64_t unlinked_files = 0;  ///< Of them those that nothing outside links.
    std::uint64_t unlinked_bytes = 0;
};

/// A cached file that is not what it should be.
struct CachedFileDamage {
    std::string path;
    std::string what;         ///< "changed", "unreadable" or "unknown" (no file of a cache).
    std::uint64_t links = 0;  ///< Names outside of the cache that are this file too.
};

/// What `fill` did.
struct FillReport {
    std::uint64_t added = 0;  ///< Files.
    std::uint64_t bytes = 0;
    std::uint64_t evicted = 0;  ///< Files that went to make room.
};

/// A folder of read-only files by what is in them (docs/formats/file-cache.md):
/// `DIR/ab/cd...` for an object whose id begins with the byte 0xab, with `-x` at the end when it
/// may be executed.
///
/// Trust. A file is verified while it is written to `DIR/incoming`, is durable there, and only then
/// is renamed to its name: what has such a name was right once, also after a crash. Whoever uses
/// one asks `state` first, which compares kind, size, mode and the time of modification, the same
/// for all: a write through another link of it, which needs that its mode was changed or the
/// rights of root, shows by its time. What does not show: a write by somebody who sets the time
/// back, and bytes that rot on the disk. `verify` reads everything.
///
/// Processes. Files come and go under `DIR/LOCK`, in one process at a time; using them needs no
/// lock: a file that goes meanwhile is one that is missing.
///
/// Memory: what `fill` and `usage` hold is about 200 bytes a file. Up to 256 folders stay open.
/// Thread safety: one thread at a time.
class FileCache {
public:
    /// The time of modification of every cached file: 1985-10-26 08:15:00 UTC, which is also that
    /// of all files in npm packages. Tools that refuse times before 1980 take it.
    static constexpr std::int64_t kModifiedNs = 499'162'500'000'000'000;
    static constexpr std::uint32_t kPlainMode = 0444;
    static constexpr std::uint32_t kExecutableMode = 0555;

    /// Of the cache in the folder `directory`, which the first `fill` makes.
    FileCache(std::shared_ptr<io::FileSystem> fs, std::string directory,
              const FileCacheOptions& options = {});
    ~FileCache();
    FileCache(FileCache&&) noexcept;
    FileCache& operator=(FileCache&&) noexcept;

    /// Tells whether the cache has the file, without reading its bytes. A cache that cannot be
    /// looked into has nothing.
    [[nodiscard]] CacheState state(const CachedFile& file);
    /// Returns on which device the cache is, or its folder is going to be. Errors: kFileNotFound
    /// (nor is there a folder above it), kAccessDenied, kIo.
    [[nodiscard]] Result<std::uint64_t> device() const;
    /// Makes a hard link of a file, `name` in `folder`. Errors: kFileNotFound, kUnsupported (other
    /// file system, too many links), kAccessDenied, kFileExists, kStorageFull, kIo.
    [[nodiscard]] Result<void> link(const CachedFile& file, const io::SafeDirectory& folder,
                                    std::string_view name);
    /// Makes a copy that shares space with the cached file but nothing else, with mode 0644 or
    /// 0755, and syncs it if asked; see io::SafeDirectory::clone_file. Errors: as it, kSyncFailed.
    [[nodiscard]] Result<void> clone(const CachedFile& file, const io::SafeDirectory& folder,
                                     std::string_view name, bool sync);

    /// Adds files that are missing or changed, each verified, and makes room for them: first go
    /// those that nothing outside links, the longest unused first. Takes as many as fit, the first
    /// ones first. `written` is told the bytes of each piece, by one thread at a time. After an
    /// error nothing was added, but for kIo of a rename. Errors: kBusy (another process fills,
    /// trims or prunes), kContentNotFound, kContentCorrupted, kStorageFull, kSyncFailed,
    /// kAccessDenied, kReadOnlyFileSystem, kCancelled, kDeadlineExceeded, kIo.
    [[nodiscard]] Result<FillReport> fill(std::span<const CachedFile> files,
                                          content::ContentStorage& content,
                                          const CallContext& context,
                                          const std::function<void(std::uint64_t)>& written);

    /// Counts what is cached. Cost: looks at every file. Errors: kIo, kAccessDenied.
    [[nodiscard]] Result<FileCacheUsage> usage();
    /// Removes the files that nothing outside links, and what a crash left behind; with `dry_run`
    /// only counts. Returns what went. Errors: kBusy, kIo, kAccessDenied.
    [[nodiscard]] Result<FileCacheUsage> prune(bool dry_run);
    /// Reads and hashes every file; with `remove` those that are wrong are removed, which makes
    /// nothing better of what links them. Reports progress as operation "check", phase "cached
    /// files". Errors: kBusy (`remove` only), kIo, kCancelled, kDeadlineExceeded.
    [[nodiscard]] Result<std::vector<CachedFileDamage>> verify(bool remove, const Clock& clock,
                                                               const CallContext& context);

    [[nodiscard]] const std::string& directory() const noexcept { return directory_; }

private:
    struct Entry;
    struct Slot {
        const io::SafeDirectory* folder = nullptr;
        std::string path;
    };

    [[nodiscard]] Result<Slot> slot_of(const CachedFile& file);
    [[nodiscard]] Result<std::vector<Entry>> scan();
    [[nodiscard]] Result<std::unique_ptr<io::FileLock>> lock();
    [[nodiscard]] std::uint64_t read_usage();
    void write_usage(std::uint64_t bytes);
    [[nodiscard]] Result<std::vector<CachedFile>> make_room(std::span<const CachedFile> files,
                                                            FillReport& report);
    [[nodiscard]] Result<void> write_incoming(std::span<const CachedFile> files,
                                              content::ContentStorage& content,
                                              const CallContext& context,
                                              const std::function<void(std::uint64_t)>& written);
    [[nodiscard]] Result<void> admit(std::span<const CachedFile> files);

    std::shared_ptr<io::FileSystem> fs_;
    std::string directory_;
    FileCacheOptions options_;
    std::unique_ptr<io::SafeDirectory> root_;
    std::array<std::unique_ptr<io::SafeDirectory>, 256> folders_;
};

}  // namespace catalog::lifecycle
