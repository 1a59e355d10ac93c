#include <algorithm>
#include <catalog/internal/try.hpp>
#include <map>
#include <unordered_map>

#include "catalog/merkle/hash.hpp"
#include "catalog/merkle/tree.hpp"
#include "content_core.hpp"

namespace catalog::content {
namespace {

// Cuts the bytes that are read into it; a chunk is always one piece of memory.
class ChunkBuffer {
public:
    explicit ChunkBuffer(const ChunkProfile& profile)
        : bytes_(std::size_t{profile.bytes_max} * 4) {}

    void clear() { begin_ = scanned_ = end_ = 0; }

    // Where the next bytes go. At least half of the buffer: what is not yet cut is shorter than a
    // quarter.
    std::span<std::byte> room() {
        if (end_ > bytes_.size() / 2) {
            std::copy(bytes_.begin() + static_cast<std::ptrdiff_t>(begin_),
                      bytes_.begin() + static_cast<std::ptrdiff_t>(end_), bytes_.begin());
            scanned_ -= begin_;
            end_ -= begin_;
            begin_ = 0;
        }
        return std::span(bytes_).subspan(end_);
    }
    ByteView filled(std::size_t count) {
        end_ += count;
        return ByteView(bytes_).subspan(end_ - count, count);
    }

    // Returns the next whole chunk, or nothing when more bytes are needed.
    ByteView next_chunk(ContentChunker& chunker) {
        if (scanned_ == end_) return {};
        const auto scan = chunker.scan(ByteView(bytes_).subspan(scanned_, end_ - scanned_));
        scanned_ += scan.bytes;
        return scan.boundary ? take() : ByteView();
    }
    // Returns what is left at the end of the stream.
    ByteView rest() { return take(); }

private:
    ByteView take() {
        const ByteView chunk = ByteView(bytes_).subspan(begin_, scanned_ - begin_);
        begin_ = scanned_;
        return chunk;
    }

    Bytes bytes_;
    std::size_t begin_ = 0;    // Of the current chunk.
    std::size_t scanned_ = 0;  // Up to here the chunker has seen it.
    std::size_t end_ = 0;
};

class StorageTransaction final : public ContentTransaction {
public:
    StorageTransaction(const ContentCore& core, std::unique_ptr<ContentChunker> chunker)
        : core_(core),
          chunker_(std::move(chunker)),
          buffer_(core.format.profile),
          compressor_(core.options.compression_level),
          losses_at_begin_(core.backend->losses()) {}

    using ContentTransaction::put;
    Result<ObjectInfo> put(const ByteSource& source) override;
    Result<void> add_reference(std::string_view owner, const ContentHash& id) override;
    Result<void> stage(kv::WriteBatch& batch) override;

private:
    Result<void> check_open() const;
    Result<void> reserve(std::uint64_t bytes);
    Result<void> cut(ObjectRecord& record);
    Result<void> add_chunk(ByteView bytes, ObjectRecord& record);
    Result<void> check_losses() const;

    const ContentCore& core_;
    std::unique_ptr<ContentChunker> chunker_;
    ChunkBuffer buffer_;
    Compressor compressor_;
    std::uint64_t losses_at_begin_;
    std::uint64_t record_bytes_ = 0;
    bool staged_ = false;
    std::unordered_map<ChunkId, ChunkLocation> chunks_;
    std::unordered_map<ContentHash, std::string> objects_;  // Encoded records.
    std::map<std::string, std::vector<ContentHash>, std::less<>> references_;
};

Result<void> StorageTransaction::check_open() const {
    if (staged_) return fail(Errc::kFailedPrecondition, "the content session was staged already");
    return {};
}

Result<void> StorageTransaction::reserve(std::uint64_t bytes) {
    const std::uint64_t allowed = core_.options.session_bytes_max;
    if (record_bytes_ + bytes > allowed)
        return fail(
            Error(Errc::kLimitExceeded,
                  "one session has more than " + std::to_string(allowed) + " bytes of records",
                  LimitDetail{"session_bytes_max", allowed, record_bytes_ + bytes})
                .with_hint("commit in several sessions"));
    record_bytes_ += bytes;
    return {};
}

Result<ObjectInfo> StorageTransaction::put(const ByteSource& source) {
    CATALOG_TRY_VOID(check_open());
    chunker_->reset();
    buffer_.clear();
    merkle::BlockTree tree;
    ObjectRecord record;
    const std::uint64_t bytes_max = core_.options.object_bytes_max;
    while (true) {
        CATALOG_TRY(const std::size_t count, source(buffer_.room()));
        if (count == 0) break;
        record.size += count;
        if (record.size > bytes_max)
            return fail(Errc::kLimitExceeded,
                        "object is larger than " + std::to_string(bytes_max) + " bytes",
                        LimitDetail{"object_bytes_max", bytes_max, record.size});
        tree.update(buffer_.filled(count));
        CATALOG_TRY_VOID(cut(record));
    }
    if (const ByteView rest = buffer_.rest(); !rest.empty())
        CATALOG_TRY_VOID(add_chunk(rest, record));

    const ObjectInfo info{tree.finish(), record.size,
                          static_cast<std::uint32_t>(record.chunks.size())};
    if (!objects_.contains(info.id)) {
        std::string value = encode_object(info.id, record);
        CATALOG_TRY_VOID(reserve(kHashKeyBytes + value.size()));
        objects_.emplace(info.id, std::move(value));
    }
    return info;
}

Result<void> StorageTransaction::cut(ObjectRecord& record) {
    while (true) {
        const ByteView chunk = buffer_.next_chunk(*chunker_);
        if (chunk.empty()) return {};
        CATALOG_TRY_VOID(add_chunk(chunk, record));
    }
}

Result<void> StorageTransaction::add_chunk(ByteView bytes, ObjectRecord& record) {
    const ChunkRef chunk{merkle::hash_of(bytes), static_cast<std::uint32_t>(bytes.size())};
    record.chunks.push_back(chunk);
    if (chunks_.contains(chunk.id)) return {};
    CATALOG_TRY(const auto known, core_.find_chunk(chunk.id));
    if (known) return {};
    CATALOG_TRY_VOID(reserve(kHashKeyBytes + kLocationBytes));
    const Compressor::Encoded encoded = compressor_.compress(bytes);
    CATALOG_TRY(const ChunkLocation location,
                core_.backend->append({chunk.id, encoded.codec, chunk.bytes, encoded.payload}));
    chunks_.emplace(chunk.id, location);
    return {};
}

Result<void> StorageTransaction::add_reference(std::string_view owner, const ContentHash& id) {
    CATALOG_TRY_VOID(check_open());
    if (owner.empty() || owner.size() > kOwnerBytesMax)
        return fail(Errc::kInvalidArgument, "the owner of a reference has 1 to " +
                                                std::to_string(kOwnerBytesMax) + " bytes, not " +
                                                std::to_string(owner.size()));
    if (!objects_.contains(id)) CATALOG_TRY_VOID(core_.find_object(id));
    CATALOG_TRY_VOID(reserve(2 * (kHashKeyBytes + owner.size())));
    auto found = references_.find(owner);
    if (found == references_.end()) found = references_.try_emplace(std::string(owner)).first;
    found->second.push_back(id);
    return {};
}

Result<void> StorageTransaction::check_losses() const {
    if (core_.backend->losses() == losses_at_begin_) return {};
    for (const auto& [id, location] : chunks_)
        if (core_.backend->is_lost(location))
            return fail(Error(Errc::kSyncFailed,
                              "bytes of this session were lost when the disk failed to sync")
                            .with_hint("store the content again"));
    return {};
}

Result<void> StorageTransaction::stage(kv::WriteBatch& batch) {
    CATALOG_TRY_VOID(check_open());
    CATALOG_TRY_VOID(check_losses());
    staged_ = true;
    const ContentFamilies& families = core_.options.families;
    for (const auto& [id, location] : chunks_)
        batch.put(families.chunks, hash_key(id), encode_location(location));
    // Also those that are there: then a removal that commits before this batch takes nothing away.
    for (auto& [id, value] : objects_) batch.put(families.objects, hash_key(id), std::move(value));
    for (const auto& [owner, ids] : references_)
        for (const ContentHash& id : ids) {
            batch.put(families.references, owner_key(owner, id), {});
            batch.put(families.references, referrer_key(id, owner), {});
        }
    chunks_.clear();
    objects_.clear();
    references_.clear();
    return {};
}

}  // namespace

Result<std::unique_ptr<ContentTransaction>> make_transaction(const ContentCore& core) {
    CATALOG_TRY(auto chunker, make_chunker(core.format.profile));
    return std::make_unique<StorageTransaction>(core, std::move(chunker));
}

}  // namespace catalog::content
