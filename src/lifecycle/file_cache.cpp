#include "catalog/lifecycle/file_cache.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "catalog/internal/try.hpp"
#include "catalog/merkle/tree.hpp"
#include "files_writer.hpp"
#include "tree_writer.hpp"

namespace catalog::lifecycle {

namespace {

constexpr std::string_view kIncoming = "incoming";
constexpr std::string_view kLockFile = "LOCK";
constexpr std::string_view kUsageFile = "usage";
constexpr std::string_view kExecutableEnd = "-x";
constexpr std::size_t kDigestDigits = 2 * ContentHash::kDigestBytes;
constexpr std::size_t kFolderDigits = 2;
constexpr std::size_t kVerifyBufferBytes = 1u << 20;

std::string cached_name(const CachedFile& file) {
    std::string name = to_hex(file.id.bytes());
    if (file.executable) name += kExecutableEnd;
    return name;
}

std::uint32_t cached_mode(bool executable) noexcept {
    return executable ? FileCache::kExecutableMode : FileCache::kPlainMode;
}

/// What of a cached file can be seen without reading it.
bool looks_untouched(const io::FileInfo& info, bool executable) noexcept {
    return info.kind == io::FileKind::kRegular && info.mode == cached_mode(executable) &&
           info.modified_ns == FileCache::kModifiedNs;
}

}  // namespace

/// A file as the cache's folders have it.
struct FileCache::Entry {
    std::string path;  // ab/cd...
    io::FileInfo info;
};

FileCache::FileCache(std::shared_ptr<io::FileSystem> fs, std::string directory,
                     const FileCacheOptions& options)
    : fs_(std::move(fs)), directory_(std::move(directory)), options_(options) {}
FileCache::~FileCache() = default;
FileCache::FileCache(FileCache&&) noexcept = default;
FileCache& FileCache::operator=(FileCache&&) noexcept = default;

// A host may allow few open files: what cannot be held open is reached from the root.
Result<FileCache::Slot> FileCache::slot_of(const CachedFile& file) {
    if (root_ == nullptr) {
        CATALOG_TRY(root_, fs_->open_directory(directory_));
    }
    const std::string name = cached_name(file);
    const std::string folder = name.substr(0, kFolderDigits);
    std::unique_ptr<io::SafeDirectory>& open =
        folders_[static_cast<std::size_t>(file.id.bytes().front())];
    if (open == nullptr) {
        Result<std::unique_ptr<io::SafeDirectory>> opened = root_->open_directory(folder);
        if (!opened && opened.error().code() == Errc::kTooManyOpenFiles)
            return Slot{root_.get(), folder + "/" + name.substr(kFolderDigits)};
        if (!opened) return fail(std::move(opened).error());
        open = *std::move(opened);
    }
    return Slot{open.get(), name.substr(kFolderDigits)};
}

CacheState FileCache::state(const CachedFile& file) {
    const Result<Slot> slot = slot_of(file);
    if (!slot) return CacheState::kMissing;
    const Result<io::FileInfo> info = slot->folder->info(slot->path);
    if (!info) return CacheState::kMissing;
    return info->size == file.size && looks_untouched(*info, file.executable)
               ? CacheState::kReady
               : CacheState::kChanged;
}

Result<std::uint64_t> FileCache::device() const {
    auto info = fs_->info(directory_);
    if (!info && info.error().code() == Errc::kFileNotFound)
        info = fs_->info(io::parent_path(directory_));
    if (!info) return fail(info.error());
    return info->device;
}

Result<void> FileCache::link(const CachedFile& file, const io::SafeDirectory& folder,
                             std::string_view name) {
    CATALOG_TRY(const Slot slot, slot_of(file));
    return folder.hard_link(*slot.folder, slot.path, name);
}

Result<void> FileCache::clone(const CachedFile& file, const io::SafeDirectory& folder,
                              std::string_view name, bool sync) {
    const std::uint32_t mode = file.executable ? 0755 : 0644;
    CATALOG_TRY(const Slot slot, slot_of(file));
    CATALOG_TRY(const std::unique_ptr<io::WritableFile> made,
                folder.clone_file(*slot.folder, slot.path, name, mode));
    CATALOG_TRY_VOID(made->set_mode(mode));
    if (sync) CATALOG_TRY_VOID(made->sync());
    return made->close();
}

Result<std::unique_ptr<io::FileLock>> FileCache::lock() {
    return fs_->try_lock(io::join_path(directory_, kLockFile));
}

Result<FillReport> FileCache::fill(std::span<const CachedFile> files,
                                   content::ContentStorage& content, const CallContext& context,
                                   const std::function<void(std::uint64_t)>& written) {
    CATALOG_TRY_VOID(fs_->make_directories(directory_));
    CATALOG_TRY(const std::unique_ptr<io::FileLock> locked, lock());
    const std::string incoming = io::join_path(directory_, kIncoming);
    // What a crash left there; nobody else writes there while we hold the lock.
    CATALOG_TRY_VOID(fs_->remove_tree(incoming));
    FillReport report;
    CATALOG_TRY(const std::vector<CachedFile> fitting, make_room(files, report));
    if (fitting.empty()) return report;
    CATALOG_TRY_VOID(fs_->make_directories(incoming));
    const auto add = [&]() -> Result<void> {
        CATALOG_TRY_VOID(write_incoming(fitting, content, context, written));
        return admit(fitting);
    };
    const Result<void> added = add();
    const Result<void> removed = fs_->remove_tree(incoming);
    if (!added) return fail(added.error());
    CATALOG_TRY_VOID(removed);
    report.added = fitting.size();
    for (const CachedFile& file : fitting) report.bytes += file.size;
    return report;
}

Result<void> FileCache::write_incoming(std::span<const CachedFile> files,
                                       content::ContentStorage& content, const CallContext& context,
                                       const std::function<void(std::uint64_t)>& written) {
    // Opened before anything is written: it reports what goes wrong since.
    CATALOG_TRY(const std::unique_ptr<io::SafeDirectory> folder,
                fs_->open_directory(io::join_path(directory_, kIncoming)));
    CATALOG_TRY(const FileSync sync, file_sync_in(*folder, files.size()));
    FileStyle style;
    style.plain_mode = kPlainMode;
    style.executable_mode = kExecutableMode;
    style.modified_ns = kModifiedNs;
    const std::string location;
    FilesWriter writer(*folder, location, sync, style, written);
    std::vector<package::FileEntry> entries(files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
        entries[i].path = cached_name(files[i]);
        entries[i].mode = files[i].executable ? 0755 : 0644;
        entries[i].size = files[i].size;
        entries[i].tree = files[i].id;
        writer.add(entries[i]);
    }
    CATALOG_TRY_VOID(writer.run(content, context));
    return sync == FileSync::kTogether ? folder->sync_file_system() : Result<void>();
}

// A name is given only to what is durable: a crash keeps a name and forgets bytes.
Result<void> FileCache::admit(std::span<const CachedFile> files) {
    const std::string incoming = io::join_path(directory_, kIncoming);
    std::set<std::string> made;
    for (const CachedFile& file : files) {
        const std::string name = cached_name(file);
        const std::string folder = io::join_path(directory_, name.substr(0, kFolderDigits));
        if (made.insert(folder).second) CATALOG_TRY_VOID(fs_->make_directories(folder));
        CATALOG_TRY_VOID(fs_->rename(io::join_path(incoming, name),
                                     io::join_path(folder, name.substr(kFolderDigits))));
    }
    return {};
}

// The number is a hint: one that is wrong after a crash is put right when the bound is reached.
std::uint64_t FileCache::read_usage() {
    const auto text = io::read_file(*fs_, io::join_path(directory_, kUsageFile), 64);
    std::uint64_t bytes = 0;
    if (!text) return options_.bytes_max;
    const auto read = std::from_chars(text->data(), text->data() + text->size(), bytes);
    const bool whole =
        read.ec == std::errc() && read.ptr != text->data() + text->size() && *read.ptr == '\n';
    return whole ? bytes : options_.bytes_max;
}

void FileCache::write_usage(std::uint64_t bytes) {
    const std::string text = std::to_string(bytes) + "\n";
    const auto file =
        fs_->open_write(io::join_path(directory_, kUsageFile), io::OpenMode::kTruncate);
    if (!file) return;
    static_cast<void>((*file)->append(as_bytes(text)));
    static_cast<void>((*file)->close());
}

Result<std::vector<CachedFile>> FileCache::make_room(std::span<const CachedFile> files,
                                                     FillReport& report) {
    std::uint64_t wanted = 0;
    std::vector<CachedFile> fitting;
    for (const CachedFile& file : files) {
        if (file.size > options_.bytes_max - wanted) continue;
        wanted += file.size;
        fitting.push_back(file);
    }
    std::uint64_t used = read_usage();
    if (used > options_.bytes_max - wanted) {
        CATALOG_TRY(std::vector<Entry> entries, scan());
        used = 0;
        for (const Entry& entry : entries) used += entry.info.size;
        // A link or its removal changes the file, so this is when it was used last.
        std::ranges::sort(entries, {}, [](const Entry& entry) {
            return std::tuple(entry.info.links > 1, entry.info.changed_ns, entry.path);
        });
        for (const Entry& entry : entries) {
            if (used <= options_.bytes_max - wanted) break;
            CATALOG_TRY_VOID(fs_->remove_file(io::join_path(directory_, entry.path)));
            used -= entry.info.size;
            ++report.evicted;
        }
    }
    // Before the files come: too much is put right, too little would pass the bound.
    write_usage(used + wanted);
    return fitting;
}

Result<std::vector<FileCache::Entry>> FileCache::scan() {
    std::vector<Entry> entries;
    const auto folders = fs_->list(directory_);
    if (!folders && folders.error().code() == Errc::kFileNotFound) return entries;
    if (!folders) return fail(folders.error());
    CATALOG_TRY(const std::unique_ptr<io::SafeDirectory> root, fs_->open_directory(directory_));
    for (const io::DirectoryEntry& folder : *folders) {
        if (folder.kind != io::FileKind::kDirectory || folder.name.size() != kFolderDigits)
            continue;
        CATALOG_TRY(const std::unique_ptr<io::SafeDirectory> open,
                    root->open_directory(folder.name));
        CATALOG_TRY(const std::vector<io::DirectoryEntry> names, open->list(""));
        for (const io::DirectoryEntry& name : names) {
            const Result<io::FileInfo> info = open->info(name.name);
            // Without the lock a file may go meanwhile.
            if (!info && info.error().code() == Errc::kFileNotFound) continue;
            if (!info) return fail(info.error());
            entries.push_back({folder.name + "/" + name.name, *info});
        }
    }
    return entries;
}

Result<FileCacheUsage> FileCache::usage() {
    CATALOG_TRY(const std::vector<Entry> entries, scan());
    FileCacheUsage usage;
    for (const Entry& entry : entries) {
        ++usage.files;
        usage.bytes += entry.info.size;
        if (entry.info.links > 1) continue;
        ++usage.unlinked_files;
        usage.unlinked_bytes += entry.info.size;
    }
    return usage;
}

Result<FileCacheUsage> FileCache::prune(bool dry_run) {
    CATALOG_TRY(const bool there, io::exists(*fs_, directory_));
    if (!there) return FileCacheUsage();
    std::unique_ptr<io::FileLock> locked;
    if (!dry_run) {
        CATALOG_TRY(locked, lock());
        CATALOG_TRY_VOID(fs_->remove_tree(io::join_path(directory_, kIncoming)));
    }
    CATALOG_TRY(const std::vector<Entry> entries, scan());
    FileCacheUsage gone;
    std::uint64_t left = 0;
    for (const Entry& entry : entries) {
        if (entry.info.links > 1) {
            left += entry.info.size;
            continue;
        }
        if (!dry_run) CATALOG_TRY_VOID(fs_->remove_file(io::join_path(directory_, entry.path)));
        ++gone.files;
        gone.bytes += entry.info.size;
    }
    gone.unlinked_files = gone.files;
    gone.unlinked_bytes = gone.bytes;
    if (!dry_run) write_usage(left);
    return gone;
}

namespace {

/// Returns what is wrong with a file of the cache, empty when nothing is.
std::string cached_problem(io::FileSystem& fs, const std::string& full, const std::string& path,
                           const io::FileInfo& info, Bytes& buffer) {
    std::string name = path.substr(0, kFolderDigits) + path.substr(kFolderDigits + 1);
    const bool executable = name.ends_with(kExecutableEnd);
    if (executable) name.resize(name.size() - kExecutableEnd.size());
    const Result<Bytes> digest = from_hex(name);
    if (!digest || name.size() != kDigestDigits || info.kind != io::FileKind::kRegular)
        return "unknown";
    if (!looks_untouched(info, executable)) return "changed";
    const auto file = fs.open_read(full);
    if (!file) return "unreadable";
    merkle::BlockTree tree;
    for (std::uint64_t offset = 0;;) {
        const Result<std::size_t> got = (*file)->read_at(offset, buffer);
        if (!got) return "unreadable";
        if (*got == 0) break;
        tree.update(ByteView(buffer).first(*got));
        offset += *got;
    }
    const ContentHash is = tree.finish();
    return std::ranges::equal(is.bytes(), *digest) ? "" : "changed";
}

}  // namespace

Result<std::vector<CachedFileDamage>> FileCache::verify(bool remove, const Clock& clock,
                                                        const CallContext& context) {
    std::vector<CachedFileDamage> damages;
    CATALOG_TRY(const bool there, io::exists(*fs_, directory_));
    if (!there) return damages;
    std::unique_ptr<io::FileLock> locked;
    if (remove) {
        CATALOG_TRY(locked, lock());
    }
    CATALOG_TRY(const std::vector<Entry> entries, scan());
    std::uint64_t total = 0;
    for (const Entry& entry : entries) total += entry.info.size;
    Bytes buffer(kVerifyBufferBytes);
    std::uint64_t done = 0;
    for (const Entry& entry : entries) {
        CATALOG_TRY_VOID(context.check(clock));
        const std::string full = io::join_path(directory_, entry.path);
        std::string what = cached_problem(*fs_, full, entry.path, entry.info, buffer);
        done += entry.info.size;
        context.report({"check", "cached files", "bytes", done, total});
        // Evicted meanwhile by somebody else.
        if (what == "unreadable" && !io::exists(*fs_, full).value_or(true)) continue;
        if (what.empty()) continue;
        if (remove) CATALOG_TRY_VOID(fs_->remove_tree(full));
        damages.push_back({full, std::move(what), entry.info.links - 1});
    }
    return damages;
}

}  // namespace catalog::lifecycle
