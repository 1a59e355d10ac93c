#pragma once
// The bytes of a pack file: a 4 KiB header, then records, each on a multiple of 8 bytes; the last
// record of a sealed pack is its index.
// docs/formats/pack.md is the specification.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/content/chunker.hpp"
#include "catalog/content/store_key.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// Name of a chunk: a SHA-256 of its bytes before compression. Private to a store.
using ChunkId = ContentHash;

/// How a chunk's name follows from its bytes. Values are stored on disk and never change.
enum class IdRule : std::uint8_t {
    kBytes = 0,  ///< SHA-256 of the bytes: packs of version 1.
    /// SHA-256 of a zero byte and the bytes: what the chunk would be as a leaf of an object's tree
    /// (RFC 6962). An object of one chunk and one block has the chunk's name.
    kLeaf = 1,
};

/// Returns the name of a chunk.
[[nodiscard]] ChunkId chunk_id_of(ByteView bytes, IdRule rule = IdRule::kLeaf);

/// Number of a pack in its store, from 1; never used twice for committed bytes.
enum class PackId : std::uint32_t {};

/// Number of an index file, from 1.
enum class RunId : std::uint32_t {};

/// Marks everything that belongs to one store: 16 random bytes.
using StoreId = std::array<std::byte, 16>;

/// How a record's payload encodes its chunk, or what else the record is. Values are stored on disk
/// and never change.
enum class Codec : std::uint8_t {
    kRaw = 0,             ///< The chunk itself.
    kZstd = 1,            ///< One zstd frame (RFC 8878) that says its content size.
    kZstdDictionary = 2,  ///< Such a frame, made with the dictionary that its pack begins with.
    kDelta = 3,  ///< Id of a base chunk (32 bytes), then such a frame with the base as prefix.
    kDictionary = 253,  ///< No chunk: the dictionary of the pack, as its first record.
    kIndex = 254,       ///< No chunk: the sealed pack's index run (docs/formats/index-run.md).
    kPadding = 255,     ///< No chunk: zeros that put the next payload on a page.
};

/// Tells whether records of that codec hold a chunk.
[[nodiscard]] constexpr bool holds_chunk(Codec codec) noexcept { return codec <= Codec::kDelta; }

inline constexpr std::size_t kPackHeaderBytes = 4096;
inline constexpr std::size_t kRecordHeaderBytes = 56;
inline constexpr std::size_t kRecordAlignment = 8;
/// Payloads that are mapped begin on a multiple of it.
inline constexpr std::size_t kPageBytes = 4096;
/// Raw chunks from this length on are put on a page, bytes.
inline constexpr std::uint32_t kPagedBytesMin = 64u << 10;
inline constexpr std::uint32_t kPackFormatVersion = 2;
/// Of packs whose records are sealed (docs/formats/encryption.md).
inline constexpr std::uint32_t kPackFormatVersionSealed = 3;
/// The oldest version that is read.
inline constexpr std::uint32_t kPackFormatVersionMin = 1;

/// How records are sealed. Values are stored on disk and never change.
enum class CipherAlgorithm : std::uint8_t {
    kAes256Gcm = 1,         ///< NIST SP 800-38D: where the processor has AES.
    kChaCha20Poly1305 = 2,  ///< RFC 8439: elsewhere. Every machine reads both.
};

/// What a pack's header keeps in the clear so that who has the store's key can read the pack.
struct PackCipherHeader {
    CipherAlgorithm algorithm = CipherAlgorithm::kAes256Gcm;
    KeyGeneration generation{};
    std::array<std::byte, 32> salt{};
    std::array<std::byte, 32> commitment{};  ///< Says which key, and nothing about it.
    friend bool operator==(const PackCipherHeader&, const PackCipherHeader&) = default;
};

/// What a pack says of itself.
struct PackHeader {
    PackId pack{};
    StoreId store{};
    ChunkProfile profile;
    std::optional<PackCipherHeader> cipher = std::nullopt;  ///< Of a pack that is sealed.
    friend bool operator==(const PackHeader&, const PackHeader&) = default;
};

/// What stands in front of a record's payload.
struct RecordHeader {
    Codec codec = Codec::kRaw;
    /// 1 to kChunkBytesMax, of a dictionary to kDictionaryBytesMax; 0 of an index and of padding.
    std::uint32_t plain_bytes = 0;
    std::uint32_t stored_bytes = 0;  ///< Of the payload; 1 to plain_bytes where that is not 0.
    ChunkId id;  ///< Of a chunk; of a dictionary what dictionary_id gives; otherwise all zero.
    std::uint32_t payload_crc = 0;  ///< 0 for an index, whose pages have their own.
    IdRule id_rule = IdRule::kLeaf;
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
/// profile, cipher).
[[nodiscard]] Result<PackHeader> decode_pack_header(ByteView bytes);

/// Returns what the two places of a sealed pack's header say of its cipher, whatever else of the
/// header is damaged, and without looking at its checksum: the commitment proves which is right.
/// One when both are the same, none when there are not 4096 bytes.
[[nodiscard]] std::vector<PackCipherHeader> cipher_headers_of(ByteView bytes);

/// Appends header, payload and padding of a record to `out`. `payload` has header.stored_bytes
/// bytes; the checksums are made here, `header.payload_crc` is ignored.
void append_record(std::string& out, const RecordHeader& header, ByteView payload);

/// Appends the header alone, with `header.payload_crc` as it is.
void append_record_header(std::string& out, const RecordHeader& header);

/// Returns how many bytes a padding record takes that is put at `offset` so that the payload of the
/// record behind it begins on a page; 0 when none is needed.
[[nodiscard]] std::uint64_t padding_bytes(std::uint64_t offset) noexcept;

/// Appends a padding record of that many bytes in all: 56 or more, a multiple of 8.
void append_padding(std::string& out, std::uint64_t bytes);

/// Reads a record's header from its first 56 bytes. Errors: kPackInvalid (short, other magic,
/// checksum, lengths out of range, unknown codec).
[[nodiscard]] Result<RecordHeader> decode_record_header(ByteView bytes);

/// Returns the name of a pack's file in `packs/`: eight hexadecimal digits and ".pack".
[[nodiscard]] std::string pack_file_name(PackId pack);

/// Reads such a name. Errors: kPackInvalid for any other text, and for number 0.
[[nodiscard]] Result<PackId> parse_pack_file_name(std::string_view name);

/// The same for index files, which end in ".run".
[[nodiscard]] std::string run_file_name(RunId run);
[[nodiscard]] Result<RunId> parse_run_file_name(std::string_view name);

}  // namespace catalog::content
