#include "catalog/content/content_records.hpp"
#include "catalog/internal/crc32c.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>

namespace catalog::content {
namespace {

constexpr std::uint32_t kRecordsVersion = 1;
constexpr std::size_t kObjectHeadBytes = 16;
constexpr std::size_t kObjectChunkBytes = ContentHash::kDigestBytes + 4;
constexpr std::size_t kCrcBytes = 4;
constexpr std::size_t kPackKeyBytes = 5;
constexpr std::size_t kPackMarkBytes = 12;
constexpr std::size_t kFormatBytes = 4 + 16 + kChunkProfileBytes + kCrcBytes;

constexpr char kPackKeyKind = 'p';
constexpr char kFormatKeyKind = 'f';
constexpr char kOwnerKeyKind = 'o';
constexpr char kReferrerKeyKind = 'r';

const std::byte* record_bytes_of(std::string_view text) { return as_bytes(text).data(); }

// Covers the key too, so that a record under another object's id is found out.
std::uint32_t object_crc(const ContentHash& id, std::string_view value) {
    return internal::crc32c(as_bytes(value), internal::crc32c(as_bytes(hash_key(id))));
}

tl::unexpected<Error> object_damaged(const char* what) {
    return fail(Errc::kContentCorrupted, std::string("object record ") + what);
}

}  // namespace

std::string hash_key(const ContentHash& id) {
    std::string key;
    key.reserve(kHashKeyBytes);
    key.push_back(static_cast<char>(id.algorithm));
    key.append(as_text(id.bytes()));
    return key;
}

Result<ContentHash> decode_hash_key(std::string_view key) {
    if (key.size() != kHashKeyBytes || key.front() != static_cast<char>(HashAlgorithm::kSha256))
        return fail(Errc::kDatabaseCorrupt, "key is not that of a SHA-256 digest");
    return ContentHash::from_digest(HashAlgorithm::kSha256, as_bytes(key.substr(1)));
}

std::string encode_location(const ChunkLocation& location) {
    std::string value;
    value.reserve(kLocationBytes);
    append_le(value, static_cast<std::uint32_t>(location.pack));
    append_le(value, location.offset);
    append_le(value, location.stored_bytes);
    append_le(value, location.plain_bytes);
    return value;
}

Result<ChunkLocation> decode_location(std::string_view value) {
    if (value.size() != kLocationBytes)
        return fail(Errc::kDatabaseCorrupt, "chunk location has another length than 20 bytes");
    const std::byte* data = record_bytes_of(value);
    const ChunkLocation location{
        PackId{load_le<std::uint32_t>(data)}, load_le<std::uint64_t>(data + 4),
        load_le<std::uint32_t>(data + 12), load_le<std::uint32_t>(data + 16)};
    if (location.plain_bytes == 0 || location.plain_bytes > kChunkBytesMax ||
        location.stored_bytes == 0 || location.stored_bytes > location.plain_bytes)
        return fail(Errc::kDatabaseCorrupt, "chunk location says impossible lengths");
    return location;
}

std::string encode_object(const ContentHash& id, const ObjectRecord& record) {
    std::string value;
    value.reserve(kObjectHeadBytes + record.chunks.size() * kObjectChunkBytes + kCrcBytes);
    append_le(value, kRecordsVersion);
    append_le(value, record.size);
    append_le(value, static_cast<std::uint32_t>(record.chunks.size()));
    for (const ChunkRef& chunk : record.chunks) {
        value.append(as_text(chunk.id.bytes()));
        append_le(value, chunk.bytes);
    }
    append_le(value, object_crc(id, value));
    return value;
}

Result<ObjectRecord> decode_object(const ContentHash& id, std::string_view value) {
    if (value.size() < kObjectHeadBytes + kCrcBytes) return object_damaged("is cut short");
    const std::byte* data = record_bytes_of(value);
    if (load_le<std::uint32_t>(data) != kRecordsVersion)
        return object_damaged("has an unknown version");
    const auto chunk_count = load_le<std::uint32_t>(data + 12);
    const std::uint64_t chunks_bytes = value.size() - kObjectHeadBytes - kCrcBytes;
    if (chunks_bytes != std::uint64_t{chunk_count} * kObjectChunkBytes)
        return object_damaged("has another length than its number of chunks asks for");
    const std::string_view checked = value.substr(0, value.size() - kCrcBytes);
    if (object_crc(id, checked) != load_le<std::uint32_t>(data + checked.size()))
        return object_damaged("does not match its checksum");

    ObjectRecord record;
    record.size = load_le<std::uint64_t>(data + 4);
    record.chunks.reserve(chunk_count);
    std::uint64_t sum = 0;
    for (std::size_t at = kObjectHeadBytes; at < checked.size(); at += kObjectChunkBytes) {
        ChunkRef chunk;
        CATALOG_TRY(chunk.id,
                    ChunkId::from_digest(HashAlgorithm::kSha256,
                                         as_bytes(checked.substr(at, ContentHash::kDigestBytes))));
        chunk.bytes = load_le<std::uint32_t>(data + at + ContentHash::kDigestBytes);
        if (chunk.bytes == 0 || chunk.bytes > kChunkBytesMax)
            return object_damaged("has a chunk of impossible length");
        sum += chunk.bytes;
        record.chunks.push_back(chunk);
    }
    if (sum != record.size) return object_damaged("has chunks that do not add up to its size");
    return record;
}

std::string owner_prefix(std::string_view owner) {
    std::string key;
    key.push_back(kOwnerKeyKind);
    append_be(key, static_cast<std::uint16_t>(owner.size()));
    return key.append(owner);
}

std::string owner_key(std::string_view owner, const ContentHash& id) {
    return owner_prefix(owner).append(hash_key(id));
}

std::string referrer_prefix(const ContentHash& id) {
    std::string key;
    key.push_back(kReferrerKeyKind);
    return key.append(hash_key(id));
}

std::string referrer_key(const ContentHash& id, std::string_view owner) {
    return referrer_prefix(id).append(owner);
}

Result<Reference> decode_reference_key(std::string_view key) {
    const auto malformed = [] {
        return fail(Errc::kDatabaseCorrupt, "key is not that of a reference");
    };
    constexpr std::size_t kOwnerHead = 1 + 2;
    if (key.size() <= 1 + kHashKeyBytes) return malformed();
    std::string_view owner;
    std::string_view object;
    if (key.front() == kReferrerKeyKind) {
        object = key.substr(1, kHashKeyBytes);
        owner = key.substr(1 + kHashKeyBytes);
    } else {
        if (key.front() != kOwnerKeyKind || key.size() <= kOwnerHead + kHashKeyBytes)
            return malformed();
        object = key.substr(key.size() - kHashKeyBytes);
        owner = key.substr(kOwnerHead, key.size() - kOwnerHead - kHashKeyBytes);
        if (load_be<std::uint16_t>(key.data() + 1) != owner.size()) return malformed();
    }
    if (owner.size() > kOwnerBytesMax) return malformed();
    CATALOG_TRY(const ContentHash id, decode_hash_key(object));
    return Reference{std::string(owner), id};
}

std::string pack_key(PackId pack) {
    std::string key;
    key.push_back(kPackKeyKind);
    append_be(key, static_cast<std::uint32_t>(pack));
    return key;
}

std::string encode_pack_mark(const PackMark& mark) {
    std::string value;
    append_le(value, mark.bytes);
    append_le(value, std::uint32_t{mark.sealed});
    return value;
}

Result<PackMark> decode_pack_mark(std::string_view key, std::string_view value) {
    if (key.size() != kPackKeyBytes || key.front() != kPackKeyKind ||
        value.size() != kPackMarkBytes)
        return fail(Errc::kDatabaseCorrupt, "pack record has another length");
    const PackId pack{load_be<std::uint32_t>(key.data() + 1)};
    const std::byte* data = record_bytes_of(value);
    const auto flags = load_le<std::uint32_t>(data + 8);
    const PackMark mark{pack, load_le<std::uint64_t>(data), flags == 1};
    if (pack == PackId{} || flags > 1 || mark.bytes < kPackHeaderBytes)
        return fail(Errc::kDatabaseCorrupt, "pack record says an impossible state");
    return mark;
}

std::string format_key() { return std::string(1, kFormatKeyKind); }

std::string encode_format(const FormatRecord& record) {
    std::string value;
    append_le(value, kRecordsVersion);
    value.append(as_text(record.store));
    append_profile(value, record.profile);
    append_le(value, internal::crc32c(as_bytes(value)));
    return value;
}

Result<FormatRecord> decode_format(std::string_view value) {
    if (value.size() < 4) return fail(Errc::kDatabaseCorrupt, "format record is cut short");
    const std::byte* data = record_bytes_of(value);
    if (const auto version = load_le<std::uint32_t>(data); version != kRecordsVersion)
        return fail(Error(Errc::kLibraryFormat,
                          "content store has format version " + std::to_string(version) + ", not 1")
                        .with_hint("open it with the version of Catalog that wrote it"));
    if (value.size() != kFormatBytes ||
        internal::crc32c(as_bytes(value.substr(0, kFormatBytes - kCrcBytes))) !=
            load_le<std::uint32_t>(data + kFormatBytes - kCrcBytes))
        return fail(Errc::kDatabaseCorrupt, "format record does not match its checksum");
    FormatRecord record;
    const ByteView store = as_bytes(value.substr(4, record.store.size()));
    std::copy(store.begin(), store.end(), record.store.begin());
    auto profile = decode_profile(as_bytes(value.substr(20, kChunkProfileBytes)));
    if (!profile)
        return fail(Error(Errc::kDatabaseCorrupt, "format record holds no usable profile")
                        .with_cause(profile.error()));
    record.profile = *profile;
    return record;
}

}  // namespace catalog::content
