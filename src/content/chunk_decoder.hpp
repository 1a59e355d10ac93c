#pragma once
// ChunkDecoder: the bytes of a chunk from its record, and from those of its bases.

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base_cache.hpp"
#include "catalog/content/compressor.hpp"
#include "catalog/content/storage_backend.hpp"

namespace catalog::content {

/// Longest way from a delta over deltas to a chunk that is none. Writers make shorter ones
/// (EncoderOptions::delta_depth_max); a longer way is damage, a circle for example.
inline constexpr std::size_t kDeltaDepthMax = 8;

/// Returns "00000001.pack at 4096", as errors and reports name a place.
[[nodiscard]] std::string place_of(const ChunkLocation& location);

/// Decodes records and checks them against the ids in their headers. Thread safety: one thread at a
/// time.
class ChunkDecoder {
public:
    /// `backend` outlives it and is where bases are found; `bases` (may be null) keeps them.
    /// `sources` (may be null) outlives it and gives the marks of what is decoded; without it, and
    /// for what starts from a base that was kept without a mark, they are kNone.
    explicit ChunkDecoder(StorageBackend& backend, std::shared_ptr<BaseCache> bases = nullptr,
                          const VerifiedSources* sources = nullptr)
        : backend_(backend), bases_(std::move(bases)), sources_(sources) {}

    /// Decodes a record. The result is valid until `plain` or the record's payload changes. Memory:
    /// the chunk, its base, and the payload of the base. Errors: kContentCorrupted with
    /// CorruptionDetail (the chunk, or one of its bases: then the input is the base's place), kIo.
    [[nodiscard]] Result<ByteView> decode(const StoredRecord& record, Bytes& plain);

    /// The same into `out`, which has the length that the header says, and without the check
    /// against the id in the header, which is left to the caller: the bytes may be others. With
    /// `source` the mark of what they were decoded from is put there.
    [[nodiscard]] Result<void> decode_unchecked(const StoredRecord& record,
                                                std::span<std::byte> out,
                                                SourceMark* source = nullptr);

    /// Returns a chunk that may be a base, or nothing when the index does not have it. Its payload
    /// matched its checksum; its digest is not checked. Errors: as `decode`.
    [[nodiscard]] Result<std::optional<BaseChunk>> load(const ChunkId& id);

    /// A chunk with the id that its record says.
    struct Loaded {
        ChunkId id;
        BaseChunk chunk;
    };
    /// The same for the record at a place, whatever chunk it holds.
    [[nodiscard]] Result<Loaded> load_at(const ChunkLocation& location) {
        return load_row(location, kDeltaDepthMax + 1);
    }

private:
    struct Link {
        RecordHeader header;
        ByteView payload;
        PackId pack{};
    };

    [[nodiscard]] Result<BaseChunk> base_of(const StoredRecord& record);
    [[nodiscard]] Result<ByteView> decode_delta(const StoredRecord& record, Bytes& plain);
    [[nodiscard]] Result<Loaded> load_row(const ChunkLocation& location, std::size_t links_max);
    [[nodiscard]] Result<BaseChunk> decode_link(const Link& link, const BaseChunk* base);
    [[nodiscard]] SourceMark mark_of(const RecordHeader& header, ByteView payload,
                                     SourceMark base) const noexcept {
        return sources_ == nullptr ? SourceMark::kNone : sources_->mark_of(header, payload, base);
    }
    [[nodiscard]] Result<void> decode_alone(const StoredRecord& record, Bytes& plain);
    [[nodiscard]] Result<std::shared_ptr<const Dictionary>> dictionary_of(
        const StoredRecord& record);
    [[nodiscard]] Result<void> decode_with_dictionary(const StoredRecord& record, Bytes& plain);

    StorageBackend& backend_;
    std::shared_ptr<BaseCache> bases_;
    const VerifiedSources* const sources_;
    Compressor compressor_;
    std::vector<Link> links_;  ///< Of a row of deltas, the first to be decoded last.
    std::array<Bytes, kDeltaDepthMax + 1> records_;  ///< What `links_` looks at.
};

}  // namespace catalog::content
