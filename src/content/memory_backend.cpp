#include <algorithm>
#include <catalog/internal/mutex.hpp>
#include <map>

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
                         std::span<const PackMark> committed) override {
        const MutexLock lock(mutex_);
        std::map<PackId, std::string> kept;
        open_ = PackId{};
        last_ = PackId{};
        unreported_.clear();
        for (const PackMark& mark : committed) {
            last_ = std::max(last_, mark.pack);
            const auto found = packs_.find(mark.pack);
            if (found == packs_.end()) continue;
            std::string& bytes = kept[mark.pack] = std::move(found->second);
            const bool whole = bytes.size() >= mark.bytes;
            if (whole) bytes.resize(mark.bytes);
            if (whole && !mark.sealed) open_ = mark.pack;
        }
        packs_ = std::move(kept);
        header_ = PackHeader{PackId{}, store, profile};
        recovered_ = true;
        return {};
    }

    Result<ChunkLocation> append(const NewRecord& record) override {
        const MutexLock lock(mutex_);
        if (!recovered_)
            return fail(Errc::kFailedPrecondition,
                        "the backend was not recovered before an append");
        if (open_ == PackId{}) {
            header_.pack = open_ = last_ = PackId{static_cast<std::uint32_t>(last_) + 1};
            packs_[open_] = encode_pack_header(header_);
        }
        std::string& bytes = packs_[open_];
        const ChunkLocation location{open_, bytes.size(),
                                     static_cast<std::uint32_t>(record.payload.size()),
                                     record.plain_bytes};
        append_record(bytes,
                      {record.codec, record.plain_bytes, location.stored_bytes, record.id, 0},
                      record.payload);
        grown_ = true;
        if (bytes.size() >= options_.pack_bytes_max) {
            unreported_.push_back({open_, bytes.size(), true});
            open_ = PackId{};
            grown_ = false;
        }
        return location;
    }

    Result<std::vector<PackMark>> sync() override {
        const MutexLock lock(mutex_);
        if (grown_) unreported_.push_back({open_, packs_[open_].size(), false});
        grown_ = false;
        return std::exchange(unreported_, {});
    }

    bool is_lost(const ChunkLocation&) const override { return false; }
    std::uint64_t losses() const override { return 0; }

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
    std::vector<PackMark> unreported_ CATALOG_GUARDED_BY(mutex_);
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
