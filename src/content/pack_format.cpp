#include "catalog/content/pack_format.hpp"
#include "catalog/content/dictionary.hpp"
#include "catalog/internal/crc32c.hpp"
#include "catalog/merkle/hash.hpp"
#include "catalog/merkle/tree.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <optional>

namespace catalog::content {
namespace {

constexpr std::string_view kPackMagic("CATPACK\n", 8);
constexpr std::size_t kPackCrcOffset = kPackHeaderBytes - 4;
constexpr std::size_t kPackStoreOffset = 24;
constexpr std::size_t kPackProfileOffset = 40;
// The cipher's fields stand twice: with the salt a whole pack would be lost.
constexpr std::array<std::size_t, 2> kPackCipherOffsets{64, 2048};

constexpr std::uint32_t kRecordMagic = 0x4b484343;  // "CCHK" in the file
constexpr std::size_t kRecordIdOffset = 16;
constexpr std::size_t kRecordPayloadCrcOffset = 48;
constexpr std::size_t kRecordHeaderCrcOffset = 52;

constexpr std::string_view kPackSuffix = ".pack";
constexpr std::string_view kRunSuffix = ".run";
constexpr std::size_t kNameDigits = 8;

std::string numbered_name(std::uint32_t number, std::string_view suffix) {
    std::string big_endian;
    append_be(big_endian, number);
    return to_hex(as_bytes(big_endian)).append(suffix);
}

std::optional<std::uint32_t> parse_numbered_name(std::string_view name, std::string_view suffix) {
    if (name.size() != kNameDigits + suffix.size() || !name.ends_with(suffix)) return {};
    const auto bytes = from_hex(name.substr(0, kNameDigits));
    if (!bytes) return {};
    const auto number = load_be<std::uint32_t>(reinterpret_cast<const char*>(bytes->data()));
    // Upper-case digits are not what numbered_name writes.
    if (number == 0 || numbered_name(number, suffix) != name) return {};
    return number;
}

bool is_codec(std::uint8_t number) {
    const auto codec = static_cast<Codec>(number);
    return holds_chunk(codec) || codec == Codec::kIndex || codec == Codec::kPadding ||
           codec == Codec::kDictionary;
}

bool possible_lengths(const RecordHeader& header) {
    if (header.codec == Codec::kPadding)
        return header.plain_bytes == 0 && header.stored_bytes < 2 * kPageBytes;
    if (header.codec == Codec::kIndex)
        return header.plain_bytes == 0 && header.stored_bytes != 0 &&
               header.stored_bytes % kPageBytes == 0;
    if (header.codec == Codec::kDictionary)
        return header.plain_bytes != 0 && header.plain_bytes <= kDictionaryBytesMax &&
               header.stored_bytes != 0 && header.stored_bytes <= header.plain_bytes;
    return header.plain_bytes != 0 && header.plain_bytes <= kChunkBytesMax &&
           header.stored_bytes != 0 && header.stored_bytes <= header.plain_bytes &&
           (header.codec != Codec::kRaw || header.stored_bytes == header.plain_bytes);
}

void append_view(std::string& out, ByteView bytes) { out.append(as_text(bytes)); }

void append_cipher_header(std::string& out, const PackCipherHeader& cipher) {
    append_le(out, static_cast<std::uint32_t>(cipher.algorithm));
    append_le(out, static_cast<std::uint32_t>(cipher.generation));
    append_view(out, cipher.salt);
    append_view(out, cipher.commitment);
}

PackCipherHeader cipher_header_at(ByteView bytes) {
    PackCipherHeader cipher;
    cipher.algorithm = static_cast<CipherAlgorithm>(bytes[0]);
    cipher.generation = KeyGeneration{load_le<std::uint32_t>(&bytes[4])};
    std::copy_n(bytes.begin() + 8, cipher.salt.size(), cipher.salt.begin());
    std::copy_n(bytes.begin() + 40, cipher.commitment.size(), cipher.commitment.begin());
    return cipher;
}

bool is_cipher(std::uint32_t number) {
    return number == static_cast<std::uint32_t>(CipherAlgorithm::kAes256Gcm) ||
           number == static_cast<std::uint32_t>(CipherAlgorithm::kChaCha20Poly1305);
}

}  // namespace

ChunkId chunk_id_of(ByteView bytes, IdRule rule) {
    return rule == IdRule::kLeaf ? merkle::leaf_hash(bytes) : merkle::hash_of(bytes);
}

std::string encode_pack_header(const PackHeader& header) {
    std::string out;
    out.reserve(kPackHeaderBytes);
    out.append(kPackMagic);
    append_le(out, header.cipher ? kPackFormatVersionSealed : kPackFormatVersion);
    append_le(out, static_cast<std::uint32_t>(kPackHeaderBytes));
    append_le(out, static_cast<std::uint32_t>(header.pack));
    append_le(out, std::uint32_t{0});
    append_view(out, header.store);
    append_profile(out, header.profile);
    if (header.cipher)
        for (const std::size_t offset : kPackCipherOffsets) {
            out.resize(offset, '\0');
            append_cipher_header(out, *header.cipher);
        }
    out.resize(kPackCrcOffset, '\0');
    append_le(out, internal::crc32c(as_bytes(out)));
    return out;
}

Result<PackHeader> decode_pack_header(ByteView bytes) {
    if (bytes.size() < kPackHeaderBytes)
        return fail(Errc::kPackInvalid,
                    "pack header is cut short at " + std::to_string(bytes.size()) + " bytes");
    bytes = bytes.first(kPackHeaderBytes);
    if (as_text(bytes.first(kPackMagic.size())) != kPackMagic)
        return fail(Errc::kPackInvalid, "pack header has another magic");
    if (internal::crc32c(bytes.first(kPackCrcOffset)) !=
        load_le<std::uint32_t>(&bytes[kPackCrcOffset]))
        return fail(Errc::kPackInvalid, "pack header does not match its checksum");
    const auto version = load_le<std::uint32_t>(&bytes[8]);
    if (version < kPackFormatVersionMin || version > kPackFormatVersionSealed)
        return fail(Errc::kPackInvalid, "pack has format version " + std::to_string(version) +
                                            ", which this library does not read");
    if (load_le<std::uint32_t>(&bytes[12]) != kPackHeaderBytes)
        return fail(Errc::kPackInvalid, "pack header says another length than 4096");

    PackHeader header;
    header.pack = PackId{load_le<std::uint32_t>(&bytes[16])};
    const ByteView store = bytes.subspan(kPackStoreOffset, header.store.size());
    std::copy(store.begin(), store.end(), header.store.begin());
    auto profile = decode_profile(bytes.subspan(kPackProfileOffset, kChunkProfileBytes));
    if (!profile)
        return fail(Error(Errc::kPackInvalid, "pack header holds no usable profile")
                        .with_cause(profile.error()));
    header.profile = *profile;
    if (version == kPackFormatVersionSealed) {
        if (const auto number = load_le<std::uint32_t>(&bytes[kPackCipherOffsets[0]]);
            !is_cipher(number))
            return fail(Errc::kPackInvalid,
                        "pack header names unknown cipher " + std::to_string(number));
        header.cipher = cipher_header_at(bytes.subspan(kPackCipherOffsets[0]));
    }
    return header;
}

std::vector<PackCipherHeader> cipher_headers_of(ByteView bytes) {
    std::vector<PackCipherHeader> headers;
    if (bytes.size() < kPackHeaderBytes) return headers;
    for (const std::size_t offset : kPackCipherOffsets) {
        const PackCipherHeader header = cipher_header_at(bytes.subspan(offset));
        if (headers.empty() || headers.front() != header) headers.push_back(header);
    }
    return headers;
}

void append_record_header(std::string& out, const RecordHeader& header) {
    const std::size_t begin = out.size();
    append_le(out, kRecordMagic);
    out.push_back(static_cast<char>(header.codec));
    out.push_back(static_cast<char>(header.id_rule));
    out.append(2, '\0');
    append_le(out, header.plain_bytes);
    append_le(out, header.stored_bytes);
    append_view(out, header.id.bytes());
    append_le(out, header.payload_crc);
    append_le(out, internal::crc32c(as_bytes(std::string_view(out).substr(begin))));
}

void append_record(std::string& out, const RecordHeader& header, ByteView payload) {
    const std::size_t begin = out.size();
    RecordHeader with_crc = header;
    with_crc.payload_crc = internal::crc32c(payload);
    append_record_header(out, with_crc);
    append_view(out, payload);
    out.resize(begin + record_bytes(header.stored_bytes), '\0');
}

std::uint64_t padding_bytes(std::uint64_t offset) noexcept {
    const std::uint64_t past = (offset + kRecordHeaderBytes) % kPageBytes;
    if (past == 0) return 0;
    const std::uint64_t gap = kPageBytes - past;
    return gap < kRecordHeaderBytes ? gap + kPageBytes : gap;
}

void append_padding(std::string& out, std::uint64_t bytes) {
    const auto stored = static_cast<std::uint32_t>(bytes - kRecordHeaderBytes);
    const Bytes zeros(stored);
    append_record(out, {Codec::kPadding, 0, stored, ChunkId(), 0}, zeros);
}

Result<RecordHeader> decode_record_header(ByteView bytes) {
    if (bytes.size() < kRecordHeaderBytes)
        return fail(Errc::kPackInvalid, "record header is cut short");
    if (load_le<std::uint32_t>(bytes.data()) != kRecordMagic)
        return fail(Errc::kPackInvalid, "there is no record here");
    if (internal::crc32c(bytes.first(kRecordHeaderCrcOffset)) !=
        load_le<std::uint32_t>(&bytes[kRecordHeaderCrcOffset]))
        return fail(Errc::kPackInvalid, "record header does not match its checksum");

    RecordHeader header;
    const auto codec = std::to_integer<std::uint8_t>(bytes[4]);
    if (!is_codec(codec))
        return fail(Errc::kPackInvalid, "record has unknown codec " + std::to_string(codec));
    const auto rule = std::to_integer<std::uint8_t>(bytes[5]);
    if (load_le<std::uint32_t>(&bytes[4]) >> 16 != 0 ||
        rule > static_cast<std::uint8_t>(IdRule::kLeaf))
        return fail(Errc::kPackInvalid, "record has an unknown rule of ids, or reserved bytes");
    header.id_rule = static_cast<IdRule>(rule);
    header.codec = static_cast<Codec>(codec);
    header.plain_bytes = load_le<std::uint32_t>(&bytes[8]);
    header.stored_bytes = load_le<std::uint32_t>(&bytes[12]);
    if (!possible_lengths(header))
        return fail(Errc::kPackInvalid, "record says impossible lengths");
    CATALOG_TRY(header.id,
                ChunkId::from_digest(HashAlgorithm::kSha256,
                                     bytes.subspan(kRecordIdOffset, ContentHash::kDigestBytes)));
    header.payload_crc = load_le<std::uint32_t>(&bytes[kRecordPayloadCrcOffset]);
    return header;
}

std::string pack_file_name(PackId pack) {
    return numbered_name(static_cast<std::uint32_t>(pack), kPackSuffix);
}

Result<PackId> parse_pack_file_name(std::string_view name) {
    if (const auto number = parse_numbered_name(name, kPackSuffix)) return PackId{*number};
    return fail(Errc::kPackInvalid, "this is not the name of a pack");
}

std::string run_file_name(RunId run) {
    return numbered_name(static_cast<std::uint32_t>(run), kRunSuffix);
}

Result<RunId> parse_run_file_name(std::string_view name) {
    if (const auto number = parse_numbered_name(name, kRunSuffix)) return RunId{*number};
    return fail(Errc::kPackInvalid, "this is not the name of an index file");
}

}  // namespace catalog::content
