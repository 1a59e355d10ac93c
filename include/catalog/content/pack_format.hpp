#pragma once
// The bytes of a pack file: a 4 KiB header, then records, each on a multiple of 8 bytes.
// docs/formats/pack.md is the specification.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "catalog/content/chunker.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// Name of a chunk: SHA-256 of its bytes before compression. Private to a store.
using ChunkId = ContentHash;

/// Number of a pack in its store, from 1; never used twice for committed bytes.
enum class PackId : std::uint32_t {};

/// Marks everything that belongs to one store: 16 random bytes.
using StoreId = std::array<std::byte, 16>;

/// How a record's payload encodes its chunk. Values are stored on disk and never change.
enum class Codec : std::uint8_t {
    kRaw = 0,             ///< The chunk itself.
    kZstd = 1,            ///< One zstd frame (RFC 8878) that says its content size.
    kZstdDictionary = 2,  ///< Such a frame, made with a trained dictionary, whose number it says.
    kDelta =
        3,  ///< Id of a base chunk (32 bytes), then such a frame, made with the base as prefix.
};

inline constexpr std::size_t kPackHeaderBytes = 4096;
inline constexpr std::size_t kRecordHeaderBytes = 56;
inline constexpr std::size_t kRecordAlignment = 8;
inline constexpr std::uint32_t kPackFormatVersion = 1;

/// What a pack says of itself.
struct PackHeader {
    PackId pack{};
    StoreId store{};
    ChunkProfile profile;
    friend bool operator==(const PackHeader&, const PackHeader&) = default;
};

/// What stands in front of a record's payload.
struct RecordHeader {
    Codec codec = Codec::kRaw;
    std::uint32_t plain_bytes = 0;   ///< 1 to kChunkBytesMax.
    std::uint32_t stored_bytes = 0;  ///< Of the payload; 1 to plain_bytes.
    ChunkId id;
    std::uint32_t payload_crc = 0;
    friend bool operator==(const RecordHeader&, const RecordHeader&) = default;
};

/// Returns how many bytes a record with that payload takes in a pack, padding included.
[[nodiscard]] constexpr std::uint64_t record_bytes(std::uint32_t stored_bytes) noexcept {
    return (kRecordHeaderBytes + std::uint64_t{stored_bytes} + kRecordAlignment - 1) /
           kRecordAlignment * kRecordAlignment;
}

/// Returns the 4096 bytes of a pack's header.
[[nodiscard]] std::string encode_pack_header(const PackHeader& header);

/// Reads a pack's header. Errors: kPackInvalid (short, other magic, checksum, other version,
/// profile).
[[nodiscard]] Result<PackHeader> decode_pack_header(ByteView bytes);

/// Appends header, payload and padding of a record to `out`. `payload` has header.stored_bytes
/// bytes; the checksums are made here, `header.payload_crc` is ignored.
void append_record(std::string& out, const RecordHeader& header, ByteView payload);

/// Reads a record's header from its first 56 bytes. Errors: kPackInvalid (short, other magic,
/// checksum, lengths out of range, unknown codec).
[[nodiscard]] Result<RecordHeader> decode_record_header(ByteView bytes);

/// Returns the name of a pack's file in `packs/`: eight hexadecimal digits and ".pack".
[[nodiscard]] std::string pack_file_name(PackId pack);

/// Reads such a name. Errors: kPackInvalid for any other text, and for number 0.
[[nodiscard]] Result<PackId> parse_pack_file_name(std::string_view name);

}  // namespace catalog::content
