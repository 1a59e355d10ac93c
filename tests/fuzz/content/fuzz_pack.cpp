// A pack of any bytes: every backend call answers or says damage, and what is decoded is what its
// header promises. Inputs that are no pack are tried as the bytes behind a right header, too.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "catalog/content/compressor.hpp"
#include "catalog/content/pack_format.hpp"
#include "catalog/content/storage_backend.hpp"
#include "catalog/internal/crc32c.hpp"
#include "catalog/merkle/hash.hpp"
#include "one_file.hpp"

namespace {

using namespace catalog;
using namespace catalog::content;

void require(bool condition) {
    if (!condition) std::abort();
}

// Every byte behind the header is part of a record or of a damage, once; of records without a
// chunk, which are not shown, the headers tell how long they are.
class Covering final : public PackVisitor {
public:
    Covering(StorageBackend& backend, ByteView pack) : backend_(backend), pack_(pack) {}

    Result<void> record(const ChunkLocation& location, const RecordHeader& header,
                        ByteView payload) override {
        cover(location.offset, record_bytes(header.stored_bytes));
        require(payload.size() == header.stored_bytes &&
                internal::crc32c(payload) == header.payload_crc);
        const auto peeked = backend_.peek(location);
        require(peeked && *peeked == header);
        Bytes buffer;
        const auto read = backend_.read(location, buffer);
        require(read && std::equal(payload.begin(), payload.end(), read->payload.begin()));
        Bytes plain;
        if (compressor_.decompress(header.codec, payload, header.plain_bytes, plain))
            require(plain.size() == header.plain_bytes);
        require(plain.size() <= kChunkBytesMax);
        return {};
    }
    Result<void> damage(PackId, std::uint64_t offset, std::uint64_t bytes,
                        const std::string&) override {
        // Padding that is not zero belongs to a record that comes next.
        if (bytes >= kRecordAlignment || offset % kRecordAlignment == 0) cover(offset, bytes);
        return {};
    }
    // Passes over records without a chunk up to `offset`.
    void pass_to(std::uint64_t offset) {
        while (covered_ < offset) {
            const auto header = decode_record_header(pack_.subspan(covered_));
            require(header && !holds_chunk(header->codec));
            covered_ += record_bytes(header->stored_bytes);
        }
        require(covered_ == offset);
    }

private:
    void cover(std::uint64_t offset, std::uint64_t bytes) {
        pass_to(offset);
        require(bytes > 0);
        covered_ += bytes;
    }

    StorageBackend& backend_;
    ByteView pack_;
    Compressor compressor_;
    std::uint64_t covered_ = kPackHeaderBytes;
};

void try_pack(const std::string& bytes) {
    const auto decoded = decode_pack_header(as_bytes(bytes));
    if (decoded && bytes[8] == kPackFormatVersion)
        require(encode_pack_header(*decoded) ==
                std::string_view(bytes).substr(0, kPackHeaderBytes));
    const auto backend = make_pack_backend(std::make_shared<fuzz::OneFileSystem>(bytes), "packs",
                                           /*read_only=*/true);
    const PackMark mark{PackId{1}, bytes.size(), true, 0};
    (void)backend->inspect(mark);
    if (bytes.size() < kPackHeaderBytes) return;
    Covering visitor(*backend, as_bytes(bytes));
    require(backend->scan(mark, visitor).has_value());
    visitor.pass_to(bytes.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(reinterpret_cast<const char*>(data), size);
    try_pack(input);
    PackHeader header;
    header.pack = PackId{1};
    try_pack(encode_pack_header(header) + input);
    // Anything under right checksums and a digest that fits: the decoder meets every payload.
    if (size > 1 && size < kChunkBytesMax / 2) {
        const ByteView payload = as_bytes(input).subspan(1);
        RecordHeader record;
        record.codec = static_cast<Codec>(data[0] % 4);
        record.stored_bytes = static_cast<std::uint32_t>(payload.size());
        record.plain_bytes = record.stored_bytes + (record.codec == Codec::kRaw ? 0 : data[0] / 2);
        record.id = merkle::hash_of(payload);
        std::string pack = encode_pack_header(header);
        append_record(pack, record, payload);
        try_pack(pack);
    }
    return 0;
}
