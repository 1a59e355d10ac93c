#include "chunk_decoder.hpp"

#include <catalog/internal/try.hpp>
#include <utility>

#include "catalog/content/chunk_encoder.hpp"

namespace catalog::content {
namespace {

tl::unexpected<Error> undecodable(const ChunkId& id, const Error& cause) {
    if (cause.code() != Errc::kDecompression) return fail(cause);
    return fail(Error(Errc::kContentCorrupted, "chunk cannot be decoded",
                      CorruptionDetail{id.to_string(), {}, {}})
                    .with_cause(cause));
}

tl::unexpected<Error> base_damaged(const ChunkId& id, const char* what) {
    return fail(Errc::kContentCorrupted, what, CorruptionDetail{id.to_string(), {}, {}});
}

tl::unexpected<Error> another_chunk(const ChunkLocation& location, const ChunkId& found) {
    return fail(Error(Errc::kContentCorrupted, "another chunk is where the index says",
                      CorruptionDetail{{}, found.to_string(), {}})
                    .with_input(place_of(location)));
}

Result<void> check_digest(IdRule rule, const ChunkId& id, ByteView bytes) {
    const ChunkId actual = chunk_id_of(bytes, rule);
    if (actual == id) return {};
    return fail(Errc::kContentCorrupted, "chunk does not match its digest",
                CorruptionDetail{id.to_string(), actual.to_string(), {}});
}

}  // namespace

std::string place_of(const ChunkLocation& location) {
    return pack_file_name(location.pack) + " at " + std::to_string(location.offset);
}

Result<void> ChunkDecoder::decode_alone(const StoredRecord& record, Bytes& plain) {
    if (record.header.codec == Codec::kRaw) {
        plain.assign(record.payload.begin(), record.payload.end());
        return {};
    }
    if (record.header.codec == Codec::kZstdDictionary) return decode_with_dictionary(record, plain);
    const auto decoded = compressor_.decompress(record.header.codec, record.payload,
                                                record.header.plain_bytes, plain);
    if (!decoded) return undecodable(record.header.id, decoded.error());
    return {};
}

Result<std::shared_ptr<const Dictionary>> ChunkDecoder::dictionary_of(const StoredRecord& record) {
    const auto number = dictionary_number(record.payload);
    if (!number) return undecodable(record.header.id, number.error());
    return backend_.dictionary(record.pack, *number);
}

Result<void> ChunkDecoder::decode_with_dictionary(const StoredRecord& record, Bytes& plain) {
    CATALOG_TRY(const auto dictionary, dictionary_of(record));
    const auto decoded =
        compressor_.decompress_with(*dictionary, record.payload, record.header.plain_bytes, plain);
    if (!decoded) return undecodable(record.header.id, decoded.error());
    return {};
}

Result<ByteView> ChunkDecoder::decode(const StoredRecord& record, Bytes& plain) {
    const RecordHeader& header = record.header;
    if (header.codec == Codec::kDelta) return decode_delta(record, plain);
    ByteView bytes = record.payload;
    if (header.codec != Codec::kRaw) {
        CATALOG_TRY_VOID(decode_alone(record, plain));
        bytes = plain;
    }
    CATALOG_TRY_VOID(check_digest(header.id_rule, header.id, bytes));
    return bytes;
}

Result<void> ChunkDecoder::decode_unchecked(const StoredRecord& record, std::span<std::byte> out,
                                            SourceMark* source) {
    const RecordHeader& header = record.header;
    SourceMark base_mark = SourceMark::kNone;
    Result<void> decoded;
    if (header.codec == Codec::kDelta) {
        CATALOG_TRY(const BaseChunk base, base_of(record));
        base_mark = base.source;
        decoded = compressor_.decompress_delta(record.payload, *base.plain, out);
    } else if (header.codec == Codec::kZstdDictionary) {
        CATALOG_TRY(const auto dictionary, dictionary_of(record));
        decoded = compressor_.decompress_with(*dictionary, record.payload, out);
    } else {
        decoded = compressor_.decompress(header.codec, record.payload, out);
    }
    if (!decoded) return undecodable(header.id, decoded.error());
    if (source != nullptr) *source = mark_of(header, record.payload, base_mark);
    return {};
}

Result<BaseChunk> ChunkDecoder::base_of(const StoredRecord& record) {
    const auto base_id = delta_base(record.payload);
    if (!base_id) return undecodable(record.header.id, base_id.error());
    CATALOG_TRY(auto base, load(*base_id));
    if (!base) return base_damaged(*base_id, "the chunk that a delta starts from is missing");
    return *std::move(base);
}

Result<ByteView> ChunkDecoder::decode_delta(const StoredRecord& record, Bytes& plain) {
    const RecordHeader& header = record.header;
    CATALOG_TRY(const BaseChunk base, base_of(record));
    const auto decoded =
        compressor_.decompress_delta(record.payload, *base.plain, header.plain_bytes, plain);
    const Result<void> checked = decoded ? check_digest(header.id_rule, header.id, plain)
                                         : Result<void>(undecodable(header.id, decoded.error()));
    if (checked) return plain;
    CATALOG_TRY(const ChunkId base_id, delta_base(record.payload));
    if (checked.error().code() == Errc::kContentCorrupted &&
        chunk_id_of(*base.plain, base.id_rule) != base_id)
        return base_damaged(base_id, "the chunk that a delta starts from is damaged");
    return fail(checked.error());
}

Result<std::optional<BaseChunk>> ChunkDecoder::load(const ChunkId& id) {
    if (bases_)
        if (auto kept = bases_->find(id)) return kept;
    CATALOG_TRY(const auto entry, backend_.find(id));
    if (!entry) return std::nullopt;
    CATALOG_TRY(Loaded loaded, load_row(entry->location, kDeltaDepthMax));
    if (loaded.id != id) return another_chunk(entry->location, loaded.id);
    return std::move(loaded.chunk);
}

// Goes from delta to base until it meets a chunk that stands alone, then decodes the way back.
Result<ChunkDecoder::Loaded> ChunkDecoder::load_row(const ChunkLocation& location,
                                                    std::size_t links_max) {
    std::optional<BaseChunk> base;
    links_.clear();
    std::optional<ChunkId> wanted;
    for (ChunkLocation next = location;;) {
        CATALOG_TRY(const StoredRecord record, backend_.read(next, records_[links_.size()]));
        links_.push_back({record.header, record.payload, record.pack});
        if (wanted && record.header.id != *wanted) return another_chunk(next, record.header.id);
        if (record.header.codec != Codec::kDelta) break;
        const auto further = delta_base(record.payload);
        if (!further) return undecodable(record.header.id, further.error());
        if (bases_) base = bases_->find(*further);
        if (base) break;
        if (links_.size() == links_max)
            return base_damaged(*further, "delta starts from too long a row of deltas");
        CATALOG_TRY(const auto entry, backend_.find(*further));
        if (!entry) return base_damaged(*further, "the chunk that a delta starts from is missing");
        wanted = *further;
        next = entry->location;
    }
    const ChunkId id = links_.front().header.id;
    for (; !links_.empty(); links_.pop_back()) {
        CATALOG_TRY(base, decode_link(links_.back(), base ? &*base : nullptr));
        if (bases_) bases_->add(links_.back().header.id, *base);
    }
    return Loaded{id, *std::move(base)};
}

Result<BaseChunk> ChunkDecoder::decode_link(const Link& link, const BaseChunk* base) {
    const RecordHeader& header = link.header;
    auto plain = bases_ ? bases_->buffer(header.plain_bytes) : std::make_shared<Bytes>();
    if (header.codec != Codec::kDelta) {
        CATALOG_TRY_VOID(decode_alone({header, link.payload, link.pack}, *plain));
        return BaseChunk{std::move(plain), header.stored_bytes, 0, header.id_rule,
                         mark_of(header, link.payload, SourceMark::kNone)};
    }
    const auto decoded =
        compressor_.decompress_delta(link.payload, *base->plain, header.plain_bytes, *plain);
    if (!decoded) return undecodable(header.id, decoded.error());
    const std::uint32_t alone =
        estimate_alone(plain->size(), base->alone_bytes, base->plain->size());
    return BaseChunk{std::move(plain), alone, base->depth + 1, header.id_rule,
                     mark_of(header, link.payload, base->source)};
}

}  // namespace catalog::content
