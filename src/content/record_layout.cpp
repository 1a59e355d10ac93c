#include "record_layout.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <catalog/internal/try.hpp>

#include "catalog/internal/crc32c.hpp"

namespace catalog::content {

std::uint64_t sealed_padding_bytes(std::uint64_t offset, std::uint64_t grain,
                                   std::uint64_t past) noexcept {
    const std::uint64_t over = (offset + past) % grain;
    if (over == 0) return 0;
    const std::uint64_t gap = grain - over;
    return gap < sealed_record_bytes(1) ? gap + grain : gap;
}

std::uint64_t padded_pack_bytes(std::uint64_t bytes) noexcept {
    const auto highest = static_cast<unsigned>(std::bit_width(bytes | 1)) - 1;
    const auto bits_kept = static_cast<unsigned>(std::bit_width(highest));
    const std::uint64_t padme = std::uint64_t{1} << (highest - std::min(highest, bits_kept));
    const std::uint64_t step = std::clamp(padme, kSealedGrainBytes, kSealedStepBytesMax);
    return (bytes + step - 1) / step * step;
}

std::uint32_t padding_payload_bytes(std::uint64_t bytes) noexcept {
    return static_cast<std::uint32_t>(bytes - kSealedHeaderBytes - kCipherTagBytes);
}

std::uint64_t RecordLayout::bytes_of(const RecordHeader& header) const noexcept {
    if (!is_sealed()) return record_bytes(header.stored_bytes);
    if (header.codec == Codec::kIndex) return kSealedIndexHeadBytes + header.stored_bytes;
    return sealed_record_bytes(header.stored_bytes);
}

Result<RecordHeader> RecordLayout::read_header(std::uint64_t offset, ByteView record) const {
    if (!is_sealed()) return decode_record_header(record);
    std::array<std::byte, kRecordHeaderBytes> header{};
    CATALOG_TRY_VOID(cipher_->open_header(offset, record, header));
    return decode_record_header(header);
}

Result<ByteView> RecordLayout::read_payload(std::uint64_t offset, const RecordHeader& header,
                                            ByteView record, std::span<std::byte> plain) const {
    if (!is_sealed()) {
        const ByteView payload = record.subspan(kRecordHeaderBytes, header.stored_bytes);
        if (internal::crc32c(payload) == header.payload_crc) return payload;
        return fail(Errc::kContentCorrupted, "payload does not match its checksum");
    }
    const ByteView sealed =
        record.subspan(kSealedHeaderBytes, sealed_payload_bytes(header.stored_bytes));
    if (cipher_->open_payload(offset, record.first(kSealedHeaderBytes), sealed, plain))
        return ByteView(plain);
    return fail(Errc::kContentCorrupted, "sealed payload does not match its tag");
}

}  // namespace catalog::content
