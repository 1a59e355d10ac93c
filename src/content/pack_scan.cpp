#include "pack_scan.hpp"

#include <algorithm>
#include <array>
#include <catalog/internal/try.hpp>

#include "catalog/content/compressor.hpp"
#include "dictionary_record.hpp"
#include "index_run.hpp"
#include "page_cipher.hpp"

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

RecordLayout layout_of(const PackSeal* seal) {
    return RecordLayout(seal == nullptr ? nullptr : seal->records.get());
}

class PackScan {
public:
    PackScan(const PackReader& reader, PackId pack, std::uint64_t end, PackVisitor* visitor,
             const PackSeal* seal)
        : window_(reader, end),
          pack_(pack),
          end_(end),
          visitor_(visitor),
          seal_(seal),
          layout_(layout_of(seal)) {}

    Result<void> run() {
        std::uint64_t offset = kPackHeaderBytes;
        while (offset < end_) {
            CATALOG_TRY(const auto header, header_at(offset));
            if (header) {
                CATALOG_TRY_VOID(visit(offset, *header));
                offset += layout_.bytes_of(*header);
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
            offset += layout_.bytes_of(*header);
        }
        return {};
    }

private:
    Result<std::optional<RecordHeader>> header_at(std::uint64_t offset) {
        if (end_ - offset < layout_.head_bytes()) return std::nullopt;
        CATALOG_TRY(const ByteView bytes, window_.view(offset, layout_.head_bytes()));
        const auto header = layout_.read_header(offset, bytes);
        if (!header || layout_.bytes_of(*header) > end_ - offset) return std::nullopt;
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
        const std::uint64_t bytes = layout_.bytes_of(header);
        CATALOG_TRY(const ByteView record, window_.view(offset, bytes));
        if (layout_.is_sealed()) plain_.resize(header.stored_bytes);
        const auto payload = layout_.read_payload(offset, header, record, plain_);
        if (!payload)
            return visitor_->damage(pack_, offset, bytes, std::string(payload.error().message()));
        if (!layout_.is_sealed()) CATALOG_TRY_VOID(check_padding(offset, header, record));
        if (header.codec == Codec::kDictionary)
            if (const auto plain = decode_dictionary(header, *payload); !plain)
                return visitor_->damage(pack_, offset, bytes, std::string(plain.error().message()));
        if (!holds_chunk(header.codec)) return {};
        return visitor_->record({pack_, offset, header.stored_bytes, header.plain_bytes}, header,
                                *payload);
    }

    // Of a bare record; that of a sealed one is covered by its tag.
    Result<void> check_padding(std::uint64_t offset, const RecordHeader& header, ByteView record) {
        const ByteView padding = record.subspan(kRecordHeaderBytes + header.stored_bytes);
        if (std::all_of(padding.begin(), padding.end(),
                        [](std::byte b) { return b == std::byte{}; }))
            return {};
        return visitor_->damage(pack_, offset + record.size() - padding.size(), padding.size(),
                                "padding is not zero; no content is hurt");
    }

    Result<void> visit_index(std::uint64_t offset, const RecordHeader& header) {
        const std::uint64_t bytes = layout_.bytes_of(header);
        CATALOG_TRY(const ByteView record, window_.view(offset, bytes));
        const auto whole = check_index(record.subspan(layout_.payload_begin(header)));
        if (whole) return {};
        if (whole.error().code() == Errc::kIo) return whole;
        return visitor_->damage(pack_, offset, bytes,
                                std::string(whole.error().message()) + "; no content is hurt");
    }

    // `pages` is not empty: the header says so.
    Result<void> check_index(ByteView pages) const {
        std::unique_ptr<PageCipher> cipher;
        if (seal_ != nullptr) {
            const IndexRunInfo info{seal_->store->store, RunOrigin::kPackFooter,
                                    static_cast<std::uint32_t>(pack_)};
            CATALOG_TRY(cipher, open_page_cipher(seal_->store->keys, info,
                                                 IndexPageView(pages.last<kIndexPageBytes>())));
        }
        CATALOG_TRY(const auto run, IndexRun::open(pages, nullptr, cipher.get()));
        return run->verify();
    }

    PackWindow window_;
    PackId pack_;
    std::uint64_t end_;
    PackVisitor* visitor_;  // Null when only headers are looked at.
    const PackSeal* seal_;
    RecordLayout layout_;
    Bytes plain_;
};

Result<RecordHeader> promised_header(const RecordLayout& layout, ByteView bytes,
                                     const ChunkLocation& location) {
    const auto header = layout.read_header(location.offset, bytes);
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

Result<RecordHeader> peek_record(const PackReader& reader, const ChunkLocation& location,
                                 const PackSeal* seal) {
    const RecordLayout layout = layout_of(seal);
    std::array<std::byte, kSealedHeaderBytes> bytes{};
    CATALOG_TRY(const std::size_t count,
                reader(location.offset, std::span(bytes).first(layout.head_bytes())));
    return promised_header(layout, ByteView(bytes).first(count), location);
}

Result<StoredRecord> read_record(const PackReader& reader, const ChunkLocation& location,
                                 Bytes& buffer, const PackSeal* seal) {
    const RecordLayout layout = layout_of(seal);
    if (location.stored_bytes > kChunkBytesMax)
        return pack_damaged(location.pack, location.offset, "record is longer than any chunk");
    RecordHeader promised;
    promised.stored_bytes = location.stored_bytes;
    const std::size_t bytes = layout.is_sealed()
                                  ? layout.bytes_of(promised)
                                  : kRecordHeaderBytes + std::size_t{location.stored_bytes};
    if (buffer.size() < bytes) buffer.resize(bytes);
    const std::span<std::byte> record = std::span(buffer).first(bytes);
    CATALOG_TRY(const std::size_t count, reader(location.offset, record));
    CATALOG_TRY(const RecordHeader header,
                promised_header(layout, ByteView(record).first(count), location));
    if (count < bytes)
        return pack_damaged(location.pack, location.offset, "record goes beyond the pack's end");
    if (header.codec == Codec::kIndex)
        return pack_damaged(location.pack, location.offset, "record holds no chunk");
    const auto payload = layout.read_payload(
        location.offset, header, record, record.subspan(layout.head_bytes(), header.stored_bytes));
    if (!payload)
        return pack_damaged(location.pack, location.offset, std::string(payload.error().message()));
    return StoredRecord{header, *payload, location.pack};
}

Result<ChunkId> base_of_record(const PackReader& reader, const ChunkLocation& location,
                               const PackSeal* seal) {
    Bytes buffer;
    RecordHeader header;
    ByteView payload;
    if (seal != nullptr) {
        // Part of what is sealed does not open.
        CATALOG_TRY(const StoredRecord record, read_record(reader, location, buffer, seal));
        header = record.header;
        payload = record.payload;
    } else {
        buffer.resize(kRecordHeaderBytes + ContentHash::kDigestBytes + 1);
        CATALOG_TRY(const std::size_t count, reader(location.offset, buffer));
        CATALOG_TRY(header,
                    promised_header(RecordLayout(), ByteView(buffer).first(count), location));
        payload = ByteView(buffer).subspan(
            kRecordHeaderBytes,
            std::min<std::size_t>(count - kRecordHeaderBytes, header.stored_bytes));
    }
    const auto base = delta_base(payload);
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
                          const std::function<Result<void>(const IndexEntry&)>& each,
                          const PackSeal* seal) {
    PackScan scan(reader, mark.pack, std::min(size, mark.bytes), nullptr, seal);
    return scan.run_headers(from, each);
}

Result<void> scan_pack(const PackReader& reader, std::uint64_t size, const PackMark& mark,
                       PackVisitor& visitor, const PackSeal* seal) {
    const std::uint64_t end = std::min(size, mark.bytes);
    CATALOG_TRY_VOID(PackScan(reader, mark.pack, end, &visitor, seal).run());
    if (end < mark.bytes)
        return visitor.damage(mark.pack, end, mark.bytes - end,
                              "pack is shorter than its committed length");
    return {};
}

}  // namespace catalog::content
