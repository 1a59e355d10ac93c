#include <algorithm>
#include <atomic>
#include <catalog/internal/mutex.hpp>
#include <catalog/internal/try.hpp>
#include <map>
#include <optional>
#include <utility>

#include "catalog/content/storage_backend.hpp"
#include "pack_scan.hpp"

namespace catalog::content {
namespace {

using internal::Mutex;
using internal::MutexLock;

// The pack that receives appends.
struct OpenPack {
    PackId id{};
    std::unique_ptr<io::WritableFile> file;
    std::uint64_t end = 0;       // Where the next record goes.
    std::uint64_t durable = 0;   // What a sync has confirmed.
    bool entry_durable = false;  // Its name survives a crash.
};

class PackBackend final : public StorageBackend {
public:
    PackBackend(std::shared_ptr<io::FileSystem> fs, std::string directory, bool read_only,
                const PackOptions& options)
        : fs_(std::move(fs)),
          directory_(std::move(directory)),
          read_only_(read_only),
          options_(options) {}

    Result<void> recover(const StoreId& store, const ChunkProfile& profile,
                         std::span<const PackMark> committed) override;
    Result<ChunkLocation> append(const NewRecord& record) override;
    Result<std::vector<PackMark>> sync() override;
    bool is_lost(const ChunkLocation& location) const override;
    std::uint64_t losses() const override { return losses_.load(); }
    Result<RecordHeader> peek(const ChunkLocation& location) override;
    Result<StoredRecord> read(const ChunkLocation& location, Bytes& buffer) override;
    Result<PackHeader> inspect(const PackMark& mark) override;
    Result<void> scan(const PackMark& mark, PackVisitor& visitor) override;
    Result<BackendStats> stats() override;

private:
    struct CachedFile {
        std::shared_ptr<io::ReadableFile> file;
        std::uint64_t used = 0;
    };

    std::string path_of(PackId pack) const {
        return io::join_path(directory_, pack_file_name(pack));
    }
    static PackReader reader_of(const io::ReadableFile& file) {
        return [&file](std::uint64_t offset, std::span<std::byte> out) {
            return file.read_at(offset, out);
        };
    }

    Result<std::vector<std::pair<PackId, std::uint64_t>>> list_packs() const;
    Result<void> recover_file(PackId pack, std::uint64_t size, const PackMark* mark)
        CATALOG_REQUIRES(mutex_);
    Result<void> open_for_append() CATALOG_REQUIRES(mutex_);
    Result<void> continue_pack(const PackMark& mark) CATALOG_REQUIRES(mutex_);
    Result<void> create_pack() CATALOG_REQUIRES(mutex_);
    Result<void> sync_open_pack() CATALOG_REQUIRES(mutex_);
    void abandon_open_pack() CATALOG_REQUIRES(mutex_);
    void forget_files();
    Result<std::shared_ptr<io::ReadableFile>> file_of(PackId pack);

    const std::shared_ptr<io::FileSystem> fs_;
    const std::string directory_;
    const bool read_only_;
    const PackOptions options_;

    mutable Mutex mutex_;
    bool recovered_ CATALOG_GUARDED_BY(mutex_) = false;
    bool directory_made_ CATALOG_GUARDED_BY(mutex_) = false;
    PackHeader header_ CATALOG_GUARDED_BY(mutex_);
    PackId last_ CATALOG_GUARDED_BY(mutex_){};
    std::optional<PackMark> unfinished_ CATALOG_GUARDED_BY(mutex_);  ///< May be continued.
    std::optional<OpenPack> open_ CATALOG_GUARDED_BY(mutex_);
    std::vector<PackMark> unreported_ CATALOG_GUARDED_BY(mutex_);
    std::map<PackId, std::uint64_t> lost_ CATALOG_GUARDED_BY(mutex_);  ///< From which offset on.
    std::string scratch_ CATALOG_GUARDED_BY(mutex_);
    std::atomic<std::uint64_t> losses_{0};

    Mutex files_mutex_;
    std::map<PackId, CachedFile> files_ CATALOG_GUARDED_BY(files_mutex_);
    std::uint64_t uses_ CATALOG_GUARDED_BY(files_mutex_) = 0;
};

Result<std::vector<std::pair<PackId, std::uint64_t>>> PackBackend::list_packs() const {
    std::vector<std::pair<PackId, std::uint64_t>> packs;
    const auto entries = fs_->list(directory_);
    if (!entries) {
        if (entries.error().code() == Errc::kFileNotFound) return packs;
        return fail(entries.error());
    }
    for (const io::DirectoryEntry& entry : *entries) {
        const auto pack = parse_pack_file_name(entry.name);
        if (!pack || entry.kind != io::FileKind::kRegular) continue;
        const auto info = fs_->info(path_of(*pack));
        if (!info) {
            if (info.error().code() == Errc::kFileNotFound) continue;
            return fail(info.error());
        }
        packs.emplace_back(*pack, info->size);
    }
    return packs;
}

Result<void> PackBackend::recover(const StoreId& store, const ChunkProfile& profile,
                                  std::span<const PackMark> committed) {
    const MutexLock lock(mutex_);
    if (read_only_)
        return fail(Errc::kFailedPrecondition, "a read-only backend has nothing to recover");
    CATALOG_TRY(const auto packs, list_packs());
    header_ = PackHeader{PackId{}, store, profile};
    last_ = PackId{};
    open_.reset();
    unfinished_.reset();
    unreported_.clear();
    forget_files();
    std::map<PackId, const PackMark*> marks;
    for (const PackMark& mark : committed) {
        marks[mark.pack] = &mark;
        last_ = std::max(last_, mark.pack);
    }
    for (const auto& [pack, size] : packs) {
        const auto found = marks.find(pack);
        CATALOG_TRY_VOID(recover_file(pack, size, found == marks.end() ? nullptr : found->second));
    }
    recovered_ = true;
    return {};
}

Result<void> PackBackend::recover_file(PackId pack, std::uint64_t size, const PackMark* mark) {
    if (mark == nullptr) return fs_->remove_file(path_of(pack));
    if (size < mark->bytes) return {};
    if (size > mark->bytes) {
        CATALOG_TRY(const auto file, fs_->open_write(path_of(pack), io::OpenMode::kReadWrite));
        CATALOG_TRY_VOID(file->truncate(mark->bytes));
        CATALOG_TRY_VOID(file->close());
    }
    if (!mark->sealed && mark->bytes < options_.pack_bytes_max) {
        // Nothing is added to a pack that does not say whose it is.
        const auto header = inspect(*mark);
        if (header && header->store == header_.store) unfinished_ = *mark;
        if (!header && header.error().code() != Errc::kContentCorrupted)
            return fail(header.error());
    }
    return {};
}

Result<void> PackBackend::open_for_append() {
    if (open_) return {};
    if (read_only_ || !recovered_)
        return fail(Errc::kFailedPrecondition,
                    read_only_ ? "the content store is open read-only"
                               : "the backend was not recovered before an append");
    if (unfinished_) {
        const PackMark mark = *std::exchange(unfinished_, std::nullopt);
        if (continue_pack(mark)) return {};
    }
    return create_pack();
}

Result<void> PackBackend::continue_pack(const PackMark& mark) {
    CATALOG_TRY(auto file, fs_->open_write(path_of(mark.pack), io::OpenMode::kAppend));
    if (file->size() != mark.bytes)
        return fail(Errc::kPackInvalid, "pack changed behind the store's back");
    open_ = OpenPack{mark.pack, std::move(file), mark.bytes, mark.bytes, true};
    return {};
}

Result<void> PackBackend::create_pack() {
    if (static_cast<std::uint32_t>(last_) == ~std::uint32_t{0})
        return fail(Errc::kLimitExceeded, "the content store has used up its pack numbers");
    const PackId id{static_cast<std::uint32_t>(last_) + 1};
    if (!directory_made_) CATALOG_TRY_VOID(io::make_directories_durably(*fs_, directory_));
    directory_made_ = true;
    CATALOG_TRY(auto file, fs_->open_write(path_of(id), io::OpenMode::kCreateNew));
    header_.pack = id;
    if (auto written = file->append(as_bytes(encode_pack_header(header_))); !written) {
        // Best effort: what stays behind is unknown to the index and goes with the next recovery.
        (void)file->close();
        (void)fs_->remove_file(path_of(id));
        return written;
    }
    last_ = id;
    open_ = OpenPack{id, std::move(file), kPackHeaderBytes, 0, false};
    return {};
}

Result<ChunkLocation> PackBackend::append(const NewRecord& record) {
    const MutexLock lock(mutex_);
    CATALOG_TRY_VOID(open_for_append());
    const ChunkLocation location{open_->id, open_->end,
                                 static_cast<std::uint32_t>(record.payload.size()),
                                 record.plain_bytes};
    scratch_.clear();
    append_record(scratch_, {record.codec, record.plain_bytes, location.stored_bytes, record.id, 0},
                  record.payload);
    if (auto written = open_->file->append(as_bytes(scratch_)); !written) {
        if (!open_->file->truncate(open_->end)) abandon_open_pack();
        return fail(written.error());
    }
    open_->end += scratch_.size();
    if (open_->end >= options_.pack_bytes_max) {
        CATALOG_TRY_VOID(sync_open_pack());
        unreported_.push_back({open_->id, open_->end, true});
        (void)open_->file->close();  // Everything in it is durable.
        open_.reset();
    }
    return location;
}

Result<std::vector<PackMark>> PackBackend::sync() {
    const MutexLock lock(mutex_);
    if (open_ && open_->end > open_->durable) {
        CATALOG_TRY_VOID(sync_open_pack());
        unreported_.push_back({open_->id, open_->end, false});
    }
    return std::exchange(unreported_, {});
}

Result<void> PackBackend::sync_open_pack() {
    auto synced = open_->file->sync();
    if (synced && !open_->entry_durable) synced = fs_->sync_directory(directory_);
    if (!synced) {
        abandon_open_pack();
        return synced;
    }
    open_->durable = open_->end;
    open_->entry_durable = true;
    return {};
}

// After a failed sync the kernel may have dropped the written pages and marked them clean: a
// second sync would report success for bytes that are gone.
void PackBackend::abandon_open_pack() {
    lost_[open_->id] = open_->durable;
    if (open_->durable > 0) unreported_.push_back({open_->id, open_->durable, true});
    open_.reset();
    losses_.fetch_add(1);
}

bool PackBackend::is_lost(const ChunkLocation& location) const {
    const MutexLock lock(mutex_);
    const auto found = lost_.find(location.pack);
    return found != lost_.end() && location.offset >= found->second;
}

void PackBackend::forget_files() {
    const MutexLock lock(files_mutex_);
    files_.clear();
}

Result<std::shared_ptr<io::ReadableFile>> PackBackend::file_of(PackId pack) {
    const MutexLock lock(files_mutex_);
    if (const auto found = files_.find(pack); found != files_.end()) {
        found->second.used = ++uses_;
        return found->second.file;
    }
    auto file = fs_->open_read(path_of(pack));
    if (!file) {
        if (file.error().code() == Errc::kFileNotFound)
            return pack_damaged(pack, 0, "pack is missing");
        return fail(file.error());
    }
    if (files_.size() >= std::max<std::size_t>(options_.open_packs_max, 1))
        files_.erase(std::min_element(files_.begin(), files_.end(), [](auto& a, auto& b) {
            return a.second.used < b.second.used;
        }));
    std::shared_ptr<io::ReadableFile> shared = std::move(*file);
    files_[pack] = CachedFile{shared, ++uses_};
    return shared;
}

Result<RecordHeader> PackBackend::peek(const ChunkLocation& location) {
    CATALOG_TRY(const auto file, file_of(location.pack));
    return peek_record(reader_of(*file), location);
}

Result<StoredRecord> PackBackend::read(const ChunkLocation& location, Bytes& buffer) {
    CATALOG_TRY(const auto file, file_of(location.pack));
    return read_record(reader_of(*file), location, buffer);
}

Result<PackHeader> PackBackend::inspect(const PackMark& mark) {
    CATALOG_TRY(const auto file, file_of(mark.pack));
    CATALOG_TRY(const auto info, file->info());
    return inspect_pack(reader_of(*file), info.size, mark);
}

Result<void> PackBackend::scan(const PackMark& mark, PackVisitor& visitor) {
    const auto file = file_of(mark.pack);
    if (!file) {
        if (file.error().code() != Errc::kContentCorrupted) return fail(file.error());
        return visitor.damage(mark.pack, 0, mark.bytes, std::string(file.error().message()));
    }
    CATALOG_TRY(const auto info, (*file)->info());
    return scan_pack(reader_of(**file), info.size, mark, visitor);
}

Result<BackendStats> PackBackend::stats() {
    CATALOG_TRY(const auto packs, list_packs());
    BackendStats stats;
    stats.packs = packs.size();
    for (const auto& [pack, size] : packs) stats.bytes += size;
    return stats;
}

}  // namespace

std::unique_ptr<StorageBackend> make_pack_backend(std::shared_ptr<io::FileSystem> file_system,
                                                  std::string directory, bool read_only,
                                                  const PackOptions& options) {
    return std::make_unique<PackBackend>(std::move(file_system), std::move(directory), read_only,
                                         options);
}

}  // namespace catalog::content
