#include "pinned_folder.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <chrono>
#include <limits>
#include <thread>

#include "recovery_guard.hpp"

namespace catalog::kv {
namespace {

using io::FileInfo;
using io::ReadableFile;

constexpr std::uint64_t kCurrentBytesMax = 4096;
constexpr std::string_view kCurrent = "CURRENT";

constexpr int kPinAttemptsMax = 10'000;
/// From this attempt on the writer gets some of the processor between two of them.
constexpr int kPinAttemptsInARow = 16;
constexpr std::chrono::microseconds kPinPause(200);

/// The first bytes of a file that others hold too.
class SharedFile final : public ReadableFile {
public:
    SharedFile(std::shared_ptr<const ReadableFile> file, std::uint64_t bytes_max)
        : file_(std::move(file)), bytes_max_(bytes_max) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
        const std::uint64_t there = bytes_max_ - std::min(offset, bytes_max_);
        return file_->read_at(
            offset,
            out.first(static_cast<std::size_t>(std::min<std::uint64_t>(there, out.size()))));
    }
    Result<FileInfo> info() const override {
        CATALOG_TRY(FileInfo info, file_->info());
        info.size = std::min(info.size, bytes_max_);
        return info;
    }

private:
    std::shared_ptr<const ReadableFile> file_;
    std::uint64_t bytes_max_;
};

/// A short file in memory.
class TextFile final : public ReadableFile {
public:
    explicit TextFile(std::string text) : text_(std::move(text)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
        const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset, text_.size()));
        const ByteView rest = as_bytes(text_).subspan(from);
        const std::size_t count = std::min(rest.size(), out.size());
        std::copy_n(rest.begin(), count, out.begin());
        return count;
    }
    Result<FileInfo> info() const override {
        FileInfo info;
        info.size = text_.size();
        info.mode = 0444;
        return info;
    }

private:
    std::string text_;
};

std::string manifest_named_by(std::string_view current) {
    return std::string(current.substr(0, current.find('\n')));
}

bool is_table_or_log(std::string_view name) {
    return name.ends_with(".sst") || wal_number(name).has_value();
}

/// Opens a file, or takes the open one if it is still what that name means: numbers of files that
/// no manifest named come back after a crash. Null when the file is gone.
Result<std::shared_ptr<const ReadableFile>> open_or_reuse(
    io::FileSystem& fs, const std::string& path, std::shared_ptr<const ReadableFile>& known) {
    if (known != nullptr) {
        CATALOG_TRY(const FileInfo held, known->info());
        const auto there = fs.info(path);
        if (there && there->device == held.device && there->inode == held.inode) return known;
    }
    auto opened = fs.open_read(path);
    if (opened) return known = *std::move(opened);
    if (opened.error().code() != Errc::kFileNotFound) return fail(opened.error());
    return std::shared_ptr<const ReadableFile>();
}

tl::unexpected<Error> refuse(const std::string& path) {
    return fail(Error(Errc::kReadOnlyFileSystem, "a follower changes nothing",
                      StorageDetail{path, "write", 0})
                    .with_input(path));
}

}  // namespace

Result<StoreStamp> take_stamp(io::FileSystem& fs, const std::string& path) {
    StoreStamp stamp;
    CATALOG_TRY(stamp.current, io::read_file(fs, io::join_path(path, kCurrent), kCurrentBytesMax));
    CATALOG_TRY(const FileInfo manifest,
                fs.info(io::join_path(path, manifest_named_by(stamp.current))));
    stamp.manifest_bytes = manifest.size;
    CATALOG_TRY(const auto entries, fs.list(path));
    std::string youngest;
    for (const io::DirectoryEntry& entry : entries)
        if (const auto number = wal_number(entry.name); number && *number >= stamp.wal) {
            stamp.wal = *number;
            youngest = entry.name;
        }
    if (youngest.empty()) return stamp;
    CATALOG_TRY(const FileInfo wal, fs.info(io::join_path(path, youngest)));
    stamp.wal_bytes = wal.size;
    return stamp;
}

Result<std::shared_ptr<PinnedFolder>> PinnedFolder::pin(io::FileSystem& fs, const std::string& path,
                                                        const PinnedFolder* former) {
    std::shared_ptr<PinnedFolder> folder(new PinnedFolder(path));
    Files known;
    if (former != nullptr)
        for (const auto& [name, file] : former->files_)
            if (is_table_or_log(name)) known.emplace(name, file);
    for (int attempt = 0; attempt < kPinAttemptsMax; ++attempt) {
        CATALOG_TRY(const bool pinned, folder->try_pin(fs, known));
        if (pinned) return folder;
        if (attempt >= kPinAttemptsInARow) std::this_thread::sleep_for(kPinPause);
    }
    return fail(Error(Errc::kBusy, "the writer replaces files faster than they can be opened",
                      BusyDetail{path, {}})
                    .with_input(path)
                    .with_hint("try again"));
}

/// Returns false when the writer changed the set of files meanwhile.
Result<bool> PinnedFolder::try_pin(io::FileSystem& fs, Files& known) {
    const std::string current_path = io::join_path(path_, kCurrent);
    CATALOG_TRY(const std::string current, io::read_file(fs, current_path, kCurrentBytesMax));
    const auto same_current = [&]() -> Result<bool> {
        CATALOG_TRY(const std::string now, io::read_file(fs, current_path, kCurrentBytesMax));
        return now == current;
    };
    const std::string manifest_name = manifest_named_by(current);
    auto manifest_opened = fs.open_read(io::join_path(path_, manifest_name));
    if (!manifest_opened) {
        CATALOG_TRY(const bool same, same_current());
        if (same) return fail(manifest_opened.error());
        return false;
    }
    const File manifest = *std::move(manifest_opened);
    CATALOG_TRY(const FileInfo before, manifest->info());

    files_.clear();
    CATALOG_TRY(const auto entries, fs.list(path_));
    for (const io::DirectoryEntry& entry : entries) {
        if (!is_table_or_log(entry.name)) continue;
        // What is gone by now the manifest no longer names, or it has grown.
        CATALOG_TRY(File file,
                    open_or_reuse(fs, io::join_path(path_, entry.name), known[entry.name]));
        if (file != nullptr) files_.emplace(entry.name, std::move(file));
    }
    files_.emplace(manifest_name, std::make_shared<SharedFile>(manifest, before.size));
    files_.emplace(kCurrent, std::make_shared<TextFile>(current));

    CATALOG_TRY(const FileInfo after, manifest->info());
    if (after.size != before.size) return false;
    return same_current();
}

Result<PinnedFolder::File> PinnedFolder::find(const std::string& path) const {
    const auto found =
        io::parent_path(path) == path_ ? files_.find(std::string(file_name(path))) : files_.end();
    if (found != files_.end()) return found->second;
    return fail(Error(Errc::kFileNotFound, "the store did not have this file",
                      StorageDetail{path, "open", 0})
                    .with_input(path));
}

Result<std::unique_ptr<ReadableFile>> PinnedFolder::open_read(const std::string& path) {
    CATALOG_TRY(File file, find(path));
    return std::make_unique<SharedFile>(std::move(file), std::numeric_limits<std::uint64_t>::max());
}
Result<FileInfo> PinnedFolder::info(const std::string& path) {
    if (path == path_) {
        FileInfo folder;
        folder.kind = io::FileKind::kDirectory;
        folder.mode = 0555;
        return folder;
    }
    CATALOG_TRY(const File file, find(path));
    return file->info();
}
Result<std::vector<io::DirectoryEntry>> PinnedFolder::list(const std::string& path) {
    std::vector<io::DirectoryEntry> entries;
    if (path != path_)
        return fail(
            Error(Errc::kFileNotFound, "there is one folder here", StorageDetail{path, "list", 0})
                .with_input(path));
    for (const auto& [name, file] : files_) entries.push_back({name, io::FileKind::kRegular});
    return entries;
}

Result<std::unique_ptr<io::WritableFile>> PinnedFolder::open_write(const std::string& path,
                                                                   io::OpenMode, std::uint32_t) {
    return refuse(path);
}
Result<std::unique_ptr<io::MappedRegion>> PinnedFolder::map(const std::string& path, std::uint64_t,
                                                            std::uint64_t) {
    return refuse(path);
}
Result<std::unique_ptr<io::SafeDirectory>> PinnedFolder::open_directory(const std::string& path) {
    return refuse(path);
}
Result<void> PinnedFolder::make_directories(const std::string& path) { return refuse(path); }
Result<void> PinnedFolder::rename(const std::string& from, const std::string&) {
    return refuse(from);
}
Result<void> PinnedFolder::remove_file(const std::string& path) { return refuse(path); }
Result<void> PinnedFolder::remove_directory(const std::string& path) { return refuse(path); }
Result<void> PinnedFolder::remove_tree(const std::string& path) { return refuse(path); }
Result<void> PinnedFolder::make_symlink(const std::string&, const std::string& path) {
    return refuse(path);
}
Result<std::string> PinnedFolder::read_symlink(const std::string& path) { return refuse(path); }
Result<void> PinnedFolder::hard_link(const std::string& from, const std::string&) {
    return refuse(from);
}
Result<void> PinnedFolder::sync_directory(const std::string& path) { return refuse(path); }
Result<std::uint64_t> PinnedFolder::free_space(const std::string& path) { return refuse(path); }
Result<std::unique_ptr<io::FileLock>> PinnedFolder::try_lock(const std::string& path) {
    return refuse(path);
}

}  // namespace catalog::kv
