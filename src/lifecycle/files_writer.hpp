#pragma once
// Writing regular files from a content store, in the order in which the store has them.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/content/content_storage.hpp"
#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"
#include "catalog/internal/mutex.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/package/file_table.hpp"
#include "open_folders.hpp"

namespace catalog::lifecycle {

/// Who makes files durable.
enum class FileSync : std::uint8_t {
    kEach,      ///< Each file is synced when it is written.
    kTogether,  ///< The caller, with `sync_tree`, when all are written.
};

/// What files get besides their bytes.
class FileStyle {
public:
    FileStyle() = default;
    std::uint32_t plain_mode = 0644;
    std::uint32_t executable_mode = 0755;
    std::optional<std::int64_t> modified_ns;  ///< None: when they are written.

    [[nodiscard]] std::uint32_t mode_of(const package::FileEntry& entry) const noexcept {
        return entry.mode == 0755 ? executable_mode : plain_mode;
    }
};

/// Returns `path` below `location`, either of which may be empty.
[[nodiscard]] std::string path_below(const std::string& location, const std::string& path);

/// Writes regular files, each when its bytes come: from several threads, the bytes of one file from
/// one. Everything given to it is borrowed.
class FilesWriter {
public:
    /// `written` is told the bytes of each piece, by one thread at a time.
    FilesWriter(const io::SafeDirectory& root, const std::string& location, FileSync sync,
                const FileStyle& style, const std::function<void(std::uint64_t)>& written)
        : root_(root),
          folders_(root),
          location_(location),
          sync_(sync),
          style_(style),
          written_(written) {}

    /// Adds a regular file whose folder exists.
    void add(const package::FileEntry& entry);

    /// Writes all. Errors: as ContentStorage::retrieve_each, kContentCorrupted (another size than
    /// the entry says), kFileExists, kPathUnsafe, kStorageFull, kSyncFailed, kIo.
    [[nodiscard]] Result<void> run(content::ContentStorage& content, const CallContext& context);

private:
    struct File {
        File(const package::FileEntry* of, std::unique_ptr<io::WritableFile> with)
            : entry(of), open(std::move(with)) {}
        const package::FileEntry* entry;
        std::unique_ptr<io::WritableFile> open;
        bool done = false;
    };
    /// Whether a file that is created with a mode has it then: the process's umask takes bits away,
    /// and a folder's default access list may too, alike in the whole tree.
    enum class Kept : std::uint8_t { kUnknown, kYes, kNo };

    [[nodiscard]] Error other_size(const package::FileEntry& entry) const;
    [[nodiscard]] Result<void> write_empty(std::size_t index);
    [[nodiscard]] Result<void> create(std::size_t index);
    [[nodiscard]] Result<void> take(std::size_t index, ByteView bytes);
    [[nodiscard]] Result<void> finish(std::size_t index);
    [[nodiscard]] Result<void> set_mode(File& file);

    const io::SafeDirectory& root_;
    OpenFolders folders_;
    const std::string& location_;
    const FileSync sync_;
    const FileStyle style_;
    const std::function<void(std::uint64_t)>& written_;
    std::vector<ContentHash> ids_;
    std::vector<File> files_;
    std::atomic<Kept> plain_kept_ = Kept::kUnknown;
    std::atomic<Kept> executables_kept_ = Kept::kUnknown;
    internal::Mutex mutex_;  // Of `written_`.
};

}  // namespace catalog::lifecycle
