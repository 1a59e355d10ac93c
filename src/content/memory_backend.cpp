#include <algorithm>
#include <catalog/internal/mutex.hpp>
#include <catalog/internal/try.hpp>
#include <map>
#include <set>
#include <unordered_map>

#include "catalog/content/storage_backend.hpp"
#include "pack_scan.hpp"

namespace catalog::content {
namespace {

using internal::Mutex;
using internal::MutexLock;

class MemoryBackend final : public StorageBackend {
public:
    explicit MemoryBackend(const PackOptions& options) : options_(options) {}

    Result<void> recover(const StoreId& store, const ChunkProfile& profile,
                         const BackendMarks& committed) override {
        const MutexLock lock(mutex_);
        std::map<PackId, std::string> kept;
        open_ = PackId{};
        last_ = committed.last_pack;
        unreported_ = {};
        index_.clear();
        condemned_.clear();
        going_.clear();
        for (const PackMark& mark : committed.packs) {
            last_ = std::max(last_, mark.pack);
            const auto found = packs_.find(mark.pack);
            if (found == packs_.end()) continue;
            std::string& bytes = kept[mark.pack] = std::move(found->second);
            const bool whole = bytes.size() >= mark.bytes;
            if (whole) bytes.resize(mark.bytes);
            if (whole && !mark.sealed) open_ = mark.pack;
            CATALOG_TRY_VOID(scan_headers(reader_of(bytes), bytes.size(), mark, kPackHeaderBytes,
                                          [&](const IndexEntry& entry) CATALOG_REQUIRES(mutex_) {
                                              index_.try_emplace(entry.id, entry);
                                              return Result<void>();
                                          }));
        }
        packs_ = std::move(kept);
        header_ = PackHeader{PackId{}, store, profile};
        recovered_ = true;
        return {};
    }

    Result<void> refresh(const StoreId&, const BackendMarks&) override { return {}; }

    Result<std::optional<IndexEntry>> find(const ChunkId& id) override {
        const MutexLock lock(mutex_);
        const auto found = index_.find(id);
        if (found == index_.end()) return std::nullopt;
        return found->second;
    }

    Result<std::optional<IndexEntry>> find_kept(const ChunkId& id) override {
        const MutexLock lock(mutex_);
        return kept(id);
    }

    Result<void> for_each_copy(
        const std::function<Result<void>(const IndexEntry&)>& each) override {
        return for_each(each);  // The last copy of a chunk is the one that is known.
    }

    Result<void> for_each(const std::function<Result<void>(const IndexEntry&)>& each) override {
        std::vector<IndexEntry> entries;  // A copy, because `each` may call this backend.
        {
            const MutexLock lock(mutex_);
            for (const auto& [id, entry] : index_) entries.push_back(entry);
        }
        for (const IndexEntry& entry : entries) CATALOG_TRY_VOID(each(entry));
        return {};
    }

    Result<ChunkLocation> append(const NewRecord& record) override {
        const MutexLock lock(mutex_);
        if (!recovered_)
            return fail(Errc::kFailedPrecondition,
                        "the backend was not recovered before an append");
        const auto known = kept(record.id);
        if (known && stands_for(record, known->location)) return known->location;
        if (record.losses && *record.losses != losses())
            return fail(Errc::kFailedPrecondition, "records were lost since the base was found");
        if (open_ == PackId{}) {
            header_.pack = open_ = last_ = PackId{static_cast<std::uint32_t>(last_) + 1};
            packs_[open_] = encode_pack_header(header_);
        }
        std::string& bytes = packs_[open_];
        const ChunkLocation location{open_, bytes.size(),
                                     static_cast<std::uint32_t>(record.payload.size()),
                                     record.plain_bytes};
        append_record(
            bytes,
            {record.codec, record.plain_bytes, location.stored_bytes, record.id, 0, record.id_rule},
            record.payload);
        index_[record.id] = {record.id, location, record.codec};
        grown_ = true;
        if (bytes.size() >= options_.pack_bytes_max) {
            unreported_.packs.push_back({open_, bytes.size(), true, 0});
            open_ = PackId{};
            grown_ = false;
        }
        return location;
    }

    Result<BackendChanges> sync() override {
        const MutexLock lock(mutex_);
        if (grown_) unreported_.packs.push_back({open_, packs_[open_].size(), false, 0});
        grown_ = false;
        going_.insert(unreported_.packs_removed.begin(), unreported_.packs_removed.end());
        return std::exchange(unreported_, {});
    }

    void committed(const BackendChanges& changes) override {
        const MutexLock lock(mutex_);
        for (const PackId pack : changes.packs_removed) {
            packs_.erase(pack);
            condemned_.erase(pack);
            going_.erase(pack);
            std::erase_if(index_,
                          [&](const auto& entry) { return entry.second.location.pack == pack; });
        }
    }

    Result<std::uint64_t> seal(PackId pack) override {
        const MutexLock lock(mutex_);
        const auto found = packs_.find(pack);
        if (found == packs_.end()) return pack_damaged(pack, 0, "pack is missing");
        const std::uint64_t bytes = found->second.size();
        if (open_ != pack) return bytes;
        unreported_.packs.push_back({open_, bytes, true, 0});
        open_ = PackId{};
        grown_ = false;
        return bytes;
    }

    void condemn(PackId pack) override {
        const MutexLock lock(mutex_);
        condemned_.insert(pack);
    }

    void pardon(PackId pack) override {
        const MutexLock lock(mutex_);
        std::erase(unreported_.packs_removed, pack);
        if (!going_.contains(pack)) condemned_.erase(pack);
    }

    Result<void> remove_pack(PackId pack, std::uint64_t losses) override {
        const MutexLock lock(mutex_);
        if (losses != 0) return fail(Errc::kSyncFailed, "records were lost");
        if (pack == open_)
            return fail(Errc::kFailedPrecondition, pack_file_name(pack) + " still grows");
        unreported_.packs_removed.push_back(pack);
        return {};
    }

    std::uint64_t losses() const override { return 0; }

    Result<ChunkId> base_of(const ChunkLocation& location) override {
        return with_pack<ChunkId>(location.pack, [&](const PackReader& reader, std::uint64_t) {
            return base_of_record(reader, location);
        });
    }

    Result<RecordHeader> peek(const ChunkLocation& location) override {
        return with_pack<RecordHeader>(location.pack, [&](const PackReader& reader, std::uint64_t) {
            return peek_record(reader, location);
        });
    }

    Result<StoredRecord> read(const ChunkLocation& location, Bytes& buffer) override {
        return with_pack<StoredRecord>(location.pack, [&](const PackReader& reader, std::uint64_t) {
            return read_record(reader, location, buffer);
        });
    }

    Result<PackHeader> inspect(const PackMark& mark) override {
        return with_pack<PackHeader>(mark.pack, [&](const PackReader& reader, std::uint64_t size) {
            return inspect_pack(reader, size, mark);
        });
    }

    Result<void> scan(const PackMark& mark, PackVisitor& visitor) override {
        // A copy, because the visitor may call this backend.
        std::string bytes;
        {
            const MutexLock lock(mutex_);
            if (const auto found = packs_.find(mark.pack); found != packs_.end())
                bytes = found->second;
        }
        return scan_pack(reader_of(bytes), bytes.size(), mark, visitor);
    }

    Result<BackendStats> stats() override {
        const MutexLock lock(mutex_);
        BackendStats stats;
        for (const auto& [pack, bytes] : packs_) {
            ++stats.packs;
            stats.bytes += bytes.size();
        }
        return stats;
    }

private:
    static PackReader reader_of(const std::string& bytes) {
        return [&bytes](std::uint64_t offset, std::span<std::byte> out) -> Result<std::size_t> {
            if (offset >= bytes.size()) return std::size_t{0};
            const ByteView from = as_bytes(bytes).subspan(offset);
            const std::size_t count = std::min(from.size(), out.size());
            std::copy_n(from.begin(), count, out.begin());
            return count;
        };
    }

    std::optional<IndexEntry> kept(const ChunkId& id) const CATALOG_REQUIRES(mutex_) {
        const auto found = index_.find(id);
        if (found == index_.end() || condemned_.contains(found->second.location.pack))
            return std::nullopt;
        return found->second;
    }

    template <class T, class Body>
    Result<T> with_pack(PackId pack, const Body& body) {
        const MutexLock lock(mutex_);
        const auto found = packs_.find(pack);
        if (found == packs_.end()) return pack_damaged(pack, 0, "pack is missing");
        return body(reader_of(found->second), found->second.size());
    }

    const PackOptions options_;
    Mutex mutex_;
    std::map<PackId, std::string> packs_ CATALOG_GUARDED_BY(mutex_);
    std::unordered_map<ChunkId, IndexEntry> index_ CATALOG_GUARDED_BY(mutex_);
    BackendChanges unreported_ CATALOG_GUARDED_BY(mutex_);
    std::set<PackId> condemned_ CATALOG_GUARDED_BY(mutex_);
    std::set<PackId> going_ CATALOG_GUARDED_BY(mutex_);  ///< Their removal was reported.
    PackHeader header_ CATALOG_GUARDED_BY(mutex_);
    PackId open_ CATALOG_GUARDED_BY(mutex_){};  ///< Receives appends; 0 when none does.
    PackId last_ CATALOG_GUARDED_BY(mutex_){};
    bool grown_ CATALOG_GUARDED_BY(mutex_) = false;
    bool recovered_ CATALOG_GUARDED_BY(mutex_) = false;
};

}  // namespace

std::unique_ptr<StorageBackend> make_memory_backend(const PackOptions& options) {
    return std::make_unique<MemoryBackend>(options);
}

}  // namespace catalog::content
