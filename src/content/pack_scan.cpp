#include "pack_scan.hpp"

#include <algorithm>
#include <array>
#include <catalog/internal/try.hpp>

#include "catalog/content/compressor.hpp"
#include "catalog/internal/crc32c.hpp"
#include "index_run.hpp"

namespace catalog::content {
namespace {

// A sliding view of a pack, so that a scan reads large pieces.
class PackWindow {
public:
    PackWindow(const PackReader& reader, std::uint64_t end) : reader_(reader), end_(end) {}

    // Returns `bytes` bytes at `offset`, which both lie before the end that was given.
    Result<ByteView> view(std::uint64_t offset, std::uint64_t bytes) {
        if (offset < begin_ || offset + bytes > begin_ + filled_) {
            buffer_.resize(std::min(std::max(bytes, kReadBytes), end_ - offset));
            CATALOG_TRY(filled_, reader_(offset, buffer_));
            begin_ = offset;
            if (filled_ < bytes) return fail(Errc::kIo, "pack became shorter while it was read");
        }
        return ByteView(buffer_).subspan(offset - begin_, bytes);
    }

private:
    static constexpr std::uint64_t kReadBytes = 1u << 20;

    const PackReader& reader_;
    std::uint64_t end_;
    std::uint64_t begin_ = 0;
    std::uint64_t filled_ = 0;
    Bytes buffer_;
};

class PackScan {
public:
    PackScan(const PackReader& reader, PackId pack, std::uint64_t end, PackVisitor* visitor)
        : window_(reader, end), pack_(pack), end_(end), visitor_(visitor) {}

    Result<void> run() {
        std::uint64_t offset = kPackHeaderBytes;
        while (offset < end_) {
            CATALOG_TRY(const auto header, header_at(offset));
            if (header) {
                CATALOG_TRY_VOID(visit(offset, *header));
                offset += record_bytes(header->stored_bytes);
                continue;
            }
            CATALOG_TRY(const std::uint64_t next, next_record(offset + kRecordAlignment));
            CATALOG_TRY_VOID(visitor_->damage(pack_, offset, next - offset,
                                              "no readable record where one should begin"));
            offset = next;
        }
        return {};
    }

    Result<void> run_headers(std::uint64_t offset,
                             const std::function<Result<void>(const IndexEntry&)>& each) {
        while (offset < end_) {
            CATALOG_TRY(const auto header, header_at(offset));
            if (!header) {
                CATALOG_TRY(offset, next_record(offset + kRecordAlignment));
                continue;
            }
            if (holds_chunk(header->codec))
                CATALOG_TRY_VOID(each({header->id,
                                       {pack_, offset, header->stored_bytes, header->plain_bytes},
                                       header->codec}));
            offset += record_bytes(header->stored_bytes);
        }
        return {};
    }

private:
    Result<std::optional<RecordHeader>> header_at(std::uint64_t offset) {
        if (end_ - offset < kRecordHeaderBytes) return std::nullopt;
        CATALOG_TRY(const ByteView bytes, window_.view(offset, kRecordHeaderBytes));
        const auto header = decode_record_header(bytes);
        if (!header || record_bytes(header->stored_bytes) > end_ - offset) return std::nullopt;
        return *header;
    }

    // Records stand on multiples of eight: the next one that can be recognised goes on.
    Result<std::uint64_t> next_record(std::uint64_t offset) {
        for (; offset < end_; offset += kRecordAlignment) {
            CATALOG_TRY(const auto found, header_at(offset));
            if (found) break;
        }
        return std::min(offset, end_);
    }

    Result<void> visit(std::uint64_t offset, const RecordHeader& header) {
        if (header.codec == Codec::kIndex) return visit_index(offset, header);
        const std::uint64_t bytes = record_bytes(header.stored_bytes);
        CATALOG_TRY(const ByteView record, window_.view(offset, bytes));
        const ByteView payload = record.subspan(kRecordHeaderBytes, header.stored_bytes);
        if (internal::crc32c(payload) != header.payload_crc)
            return visitor_->damage(pack_, offset, bytes, "payload does not match its checksum");
        const ByteView padding = record.subspan(kRecordHeaderBytes + header.stored_bytes);
        if (std::any_of(padding.begin(), padding.end(),
                        [](std::byte b) { return b != std::byte{}; }))
            CATALOG_TRY_VOID(visitor_->damage(pack_, offset + bytes - padding.size(),
                                              padding.size(),
                                              "padding is not zero; no content is hurt"));
        if (!holds_chunk(header.codec)) return {};
        return visitor_->record({pack_, offset, header.stored_bytes, header.plain_bytes}, header,
                                payload);
    }

    Result<void> visit_index(std::uint64_t offset, const RecordHeader& header) {
        CATALOG_TRY(const ByteView record, window_.view(offset, record_bytes(header.stored_bytes)));
        const auto run = IndexRun::open(record.subspan(kRecordHeaderBytes), nullptr, nullptr);
        const auto whole = run ? (*run)->verify() : fail(run.error());
        if (whole) return {};
        if (whole.error().code() == Errc::kIo) return whole;
        return visitor_->damage(pack_, offset, record_bytes(header.stored_bytes),
                                std::string(whole.error().message()) + "; no content is hurt");
    }

    PackWindow window_;
    PackId pack_;
    std::uint64_t end_;
    PackVisitor* visitor_;  // Null when only headers are looked at.
};

Result<RecordHeader> promised_header(ByteView bytes, const ChunkLocation& location) {
    const auto header = decode_record_header(bytes);
    if (!header)
        return pack_damaged(location.pack, location.offset, std::string(header.error().message()));
    if (header->stored_bytes != location.stored_bytes ||
        header->plain_bytes != location.plain_bytes)
        return pack_damaged(location.pack, location.offset,
                            "record has other lengths than the index says");
    return *header;
}

}  // namespace

tl::unexpected<Error> pack_damaged(PackId pack, std::uint64_t offset, const std::string& what) {
    return fail(Error(Errc::kContentCorrupted, what, CorruptionDetail{})
                    .with_input(pack_file_name(pack) + " at " + std::to_string(offset)));
}

Result<RecordHeader> peek_record(const PackReader& reader, const ChunkLocation& location) {
    std::array<std::byte, kRecordHeaderBytes> bytes{};
    CATALOG_TRY(const std::size_t count, reader(location.offset, bytes));
    return promised_header(ByteView(bytes).first(count), location);
}

Result<StoredRecord> read_record(const PackReader& reader, const ChunkLocation& location,
                                 Bytes& buffer) {
    const std::size_t bytes = kRecordHeaderBytes + std::size_t{location.stored_bytes};
    if (buffer.size() < bytes) buffer.resize(bytes);
    CATALOG_TRY(const std::size_t count, reader(location.offset, std::span(buffer).first(bytes)));
    CATALOG_TRY(const RecordHeader header,
                promised_header(ByteView(buffer).first(count), location));
    if (count < bytes)
        return pack_damaged(location.pack, location.offset, "record goes beyond the pack's end");
    const ByteView payload = ByteView(buffer).subspan(kRecordHeaderBytes, header.stored_bytes);
    if (internal::crc32c(payload) != header.payload_crc)
        return pack_damaged(location.pack, location.offset, "payload does not match its checksum");
    return StoredRecord{header, payload};
}

Result<ChunkId> base_of_record(const PackReader& reader, const ChunkLocation& location) {
    std::array<std::byte, kRecordHeaderBytes + ContentHash::kDigestBytes + 1> bytes{};
    CATALOG_TRY(const std::size_t count, reader(location.offset, bytes));
    CATALOG_TRY(const RecordHeader header, promised_header(ByteView(bytes).first(count), location));
    const std::size_t payload =
        std::min<std::size_t>(count - kRecordHeaderBytes, header.stored_bytes);
    const auto base = delta_base(ByteView(bytes).subspan(kRecordHeaderBytes, payload));
    if (header.codec != Codec::kDelta || !base)
        return pack_damaged(location.pack, location.offset, "record is no delta");
    return *base;
}

Result<PackHeader> inspect_pack(const PackReader& reader, std::uint64_t size,
                                const PackMark& mark) {
    Bytes bytes(kPackHeaderBytes);
    CATALOG_TRY(const std::size_t count, reader(0, bytes));
    const auto header = decode_pack_header(ByteView(bytes).first(count));
    if (!header) return pack_damaged(mark.pack, 0, std::string(header.error().message()));
    if (header->pack != mark.pack)
        return pack_damaged(mark.pack, 0, "pack says that it is " + pack_file_name(header->pack));
    if (size < mark.bytes)
        return pack_damaged(mark.pack, size,
                            "pack ends here, " + std::to_string(mark.bytes - size) +
                                " bytes before its committed length");
    return *header;
}

Result<void> scan_headers(const PackReader& reader, std::uint64_t size, const PackMark& mark,
                          std::uint64_t from,
                          const std::function<Result<void>(const IndexEntry&)>& each) {
    PackScan scan(reader, mark.pack, std::min(size, mark.bytes), nullptr);
    return scan.run_headers(from, each);
}

Result<void> scan_pack(const PackReader& reader, std::uint64_t size, const PackMark& mark,
                       PackVisitor& visitor) {
    const std::uint64_t end = std::min(size, mark.bytes);
    CATALOG_TRY_VOID(PackScan(reader, mark.pack, end, &visitor).run());
    if (end < mark.bytes)
        return visitor.damage(mark.pack, end, mark.bytes - end,
                              "pack is shorter than its committed length");
    return {};
}

}  // namespace catalog::content
