#include "catalog/content/content_records.hpp"
#include "catalog/internal/crc32c.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>

namespace catalog::content {
namespace {

constexpr std::uint8_t kObjectVersion = 2;
constexpr std::size_t kSizeBytes = 6;    // Of an object.
constexpr std::size_t kLengthBytes = 3;  // Of a chunk.
constexpr std::size_t kObjectHeadBytes = 1 + kSizeBytes;
constexpr std::uint8_t kObjectVersion1 = 1;
constexpr std::size_t kObjectHeadBytesV1 = 16;
constexpr std::size_t kObjectChunkBytesV1 = ContentHash::kDigestBytes + 4;
constexpr std::size_t kCrcBytes = 4;
constexpr std::size_t kPackKeyBytes = 5;
constexpr std::size_t kPackMarkBytes = 20;
constexpr std::size_t kPackMarkBytesV1 = 12;
constexpr std::size_t kRunKeyBytes = 5;
constexpr std::size_t kRunHeadBytes = 8;
constexpr std::size_t kFormatBytes = 4 + 16 + kChunkProfileBytes + kCrcBytes;

constexpr char kPackKeyKind = 'p';
constexpr char kRunKeyKind = 'i';
constexpr char kFormatKeyKind = 'f';
constexpr char kLastPackKeyKind = 'u';
constexpr char kRepackedKeyKind = 'x';
constexpr std::size_t kRepackedBytes = 9;
constexpr char kOwnerKeyKind = 'o';
constexpr char kReferrerKeyKind = 'r';
constexpr char kListKeyKind = 'l';

const std::byte* record_bytes_of(std::string_view text) { return as_bytes(text).data(); }

// Covers the key too, so that a record under another object's id is found out.
std::uint32_t object_crc(const ContentHash& id, std::string_view value) {
    return internal::crc32c(as_bytes(value), internal::crc32c(as_bytes(hash_key(id))));
}

std::string prefix_of_owner(char kind, std::string_view owner) {
    std::string key;
    key.push_back(kind);
    append_be(key, static_cast<std::uint16_t>(owner.size()));
    return key.append(owner);
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

namespace {

// Reads the parts of a record in their order. Nothing is checked: the callers know the length.
class RecordFields {
public:
    explicit RecordFields(std::string_view value) : at_(record_bytes_of(value)) {}

    // Little-endian, 1 to 8 bytes.
    std::uint64_t number(std::size_t bytes) {
        std::uint64_t value = 0;
        for (std::size_t i = bytes; i-- > 0;)
            value = value << 8 | std::to_integer<std::uint64_t>(at_[i]);
        at_ += bytes;
        return value;
    }
    ChunkId id() {
        ChunkId id;
        std::copy_n(at_, id.digest.size(), id.digest.begin());
        at_ += id.digest.size();
        return id;
    }

private:
    const std::byte* at_;
};

void append_number(std::string& out, std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i, value >>= 8) out.push_back(static_cast<char>(value));
}

// Version 2: the last chunk's length follows from the object's size, and the id of an only chunk
// that is named as its object from the key.
Result<ObjectRecord> decode_object_fields(const ContentHash& id, std::string_view checked) {
    constexpr std::size_t kChunk = ContentHash::kDigestBytes + kLengthBytes;
    const std::size_t rest = checked.size() - kObjectHeadBytes + kLengthBytes;
    if (rest % kChunk != (rest == kLengthBytes ? kLengthBytes : 0))
        return object_damaged("has an impossible length");
    RecordFields fields(checked.substr(1));
    ObjectRecord record;
    record.size = fields.number(kSizeBytes);
    record.chunks.resize(rest / kChunk);
    for (ChunkRef& chunk : record.chunks) chunk.id = fields.id();
    // Left out where it is written: a record has one form.
    if (record.chunks.size() == 1 && record.chunks.front().id == id)
        return object_damaged("names the chunk that has its own id");
    if (record.chunks.empty() && record.size != 0) record.chunks.push_back({id, 0});
    std::uint64_t left = record.size;
    for (ChunkRef& chunk : record.chunks) {
        const bool last = &chunk == &record.chunks.back();
        const std::uint64_t bytes = last ? left : fields.number(kLengthBytes);
        if (bytes == 0 || bytes > kChunkBytesMax || bytes > left)
            return object_damaged("has a chunk of impossible length");
        chunk.bytes = static_cast<std::uint32_t>(bytes);
        left -= bytes;
    }
    if (left != 0) return object_damaged("has chunks that do not add up to its size");
    return record;
}

Result<ObjectRecord> decode_object_fields_v1(std::string_view checked) {
    if (checked.size() < kObjectHeadBytesV1) return object_damaged("is cut short");
    RecordFields fields(checked.substr(4));
    ObjectRecord record;
    record.size = fields.number(8);
    const std::uint64_t count = fields.number(4);
    if (checked.size() - kObjectHeadBytesV1 != count * kObjectChunkBytesV1)
        return object_damaged("has another length than its number of chunks asks for");
    record.chunks.resize(count);
    std::uint64_t sum = 0;
    for (ChunkRef& chunk : record.chunks) {
        chunk.id = fields.id();
        chunk.bytes = static_cast<std::uint32_t>(fields.number(4));
        if (chunk.bytes == 0 || chunk.bytes > kChunkBytesMax)
            return object_damaged("has a chunk of impossible length");
        sum += chunk.bytes;
    }
    if (sum != record.size) return object_damaged("has chunks that do not add up to its size");
    return record;
}

}  // namespace

std::string encode_object(const ContentHash& id, const ObjectRecord& record) {
    std::string value;
    value.reserve(kObjectHeadBytes +
                  record.chunks.size() * (ContentHash::kDigestBytes + kLengthBytes) + kCrcBytes);
    append_number(value, kObjectVersion, 1);
    append_number(value, record.size, kSizeBytes);
    if (record.chunks.size() != 1 || record.chunks.front().id != id)
        for (const ChunkRef& chunk : record.chunks) value.append(as_text(chunk.id.bytes()));
    for (std::size_t i = 1; i < record.chunks.size(); ++i)
        append_number(value, record.chunks[i - 1].bytes, kLengthBytes);
    append_le(value, object_crc(id, value));
    return value;
}

Result<ObjectRecord> decode_object(const ContentHash& id, std::string_view value) {
    if (value.size() < kObjectHeadBytes + kCrcBytes) return object_damaged("is cut short");
    const std::string_view checked = value.substr(0, value.size() - kCrcBytes);
    if (object_crc(id, checked) != load_le<std::uint32_t>(record_bytes_of(value) + checked.size()))
        return object_damaged("does not match its checksum");
    switch (static_cast<std::uint8_t>(value.front())) {
        case kObjectVersion:
            return decode_object_fields(id, checked);
        case kObjectVersion1:
            return decode_object_fields_v1(checked);
        default:
            return object_damaged("has an unknown version");
    }
}

std::string owner_prefix(std::string_view owner) { return prefix_of_owner(kOwnerKeyKind, owner); }

std::string owner_key(std::string_view owner, const ContentHash& id) {
    return owner_prefix(owner).append(hash_key(id));
}

std::string list_prefix(std::string_view owner) { return prefix_of_owner(kListKeyKind, owner); }

std::string lists_prefix() { return std::string(1, kListKeyKind); }

std::string list_key(std::string_view owner, const ContentHash& id) {
    return list_prefix(owner).append(hash_key(id));
}

std::string referrers_prefix() { return std::string(1, kReferrerKeyKind); }

std::string referrer_prefix(const ContentHash& id) {
    return referrers_prefix().append(hash_key(id));
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
        if ((key.front() != kOwnerKeyKind && key.front() != kListKeyKind) ||
            key.size() <= kOwnerHead + kHashKeyBytes)
            return malformed();
        object = key.substr(key.size() - kHashKeyBytes);
        owner = key.substr(kOwnerHead, key.size() - kOwnerHead - kHashKeyBytes);
        if (load_be<std::uint16_t>(key.data() + 1) != owner.size()) return malformed();
    }
    if (owner.size() > kOwnerBytesMax) return malformed();
    CATALOG_TRY(const ContentHash id, decode_hash_key(object));
    return Reference{std::string(owner), id, key.front() == kListKeyKind};
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
    append_le(value, mark.index_offset);
    return value;
}

Result<PackMark> decode_pack_mark(std::string_view key, std::string_view value) {
    if (key.size() != kPackKeyBytes || key.front() != kPackKeyKind ||
        (value.size() != kPackMarkBytes && value.size() != kPackMarkBytesV1))
        return fail(Errc::kDatabaseCorrupt, "pack record has another length");
    const PackId pack{load_be<std::uint32_t>(key.data() + 1)};
    RecordFields fields(value);
    PackMark mark{pack, fields.number(8), false, 0};
    const std::uint64_t flags = fields.number(4);
    mark.sealed = flags == 1;
    if (value.size() == kPackMarkBytes) mark.index_offset = fields.number(8);
    if (pack == PackId{} || flags > 1 || mark.bytes < kPackHeaderBytes ||
        mark.index_offset > mark.bytes || mark.index_offset % kPageBytes != 0 ||
        (mark.index_offset != 0 && !mark.sealed))
        return fail(Errc::kDatabaseCorrupt, "pack record says an impossible state");
    return mark;
}

std::string run_key(RunId run) {
    std::string key;
    key.push_back(kRunKeyKind);
    append_be(key, static_cast<std::uint32_t>(run));
    return key;
}

std::string encode_run_mark(const RunMark& mark) {
    std::string value;
    value.reserve(kRunHeadBytes + 4 * mark.packs.size());
    append_le(value, mark.bytes);
    for (const PackId pack : mark.packs) append_le(value, static_cast<std::uint32_t>(pack));
    return value;
}

Result<RunMark> decode_run_mark(std::string_view key, std::string_view value) {
    if (key.size() != kRunKeyBytes || key.front() != kRunKeyKind || value.size() < kRunHeadBytes ||
        value.size() % 4 != 0)
        return fail(Errc::kDatabaseCorrupt, "record of an index file has another length");
    RecordFields fields(value);
    RunMark mark{RunId{load_be<std::uint32_t>(key.data() + 1)}, fields.number(8), {}};
    mark.packs.resize((value.size() - kRunHeadBytes) / 4);
    PackId last{};
    for (PackId& pack : mark.packs) {
        pack = PackId{static_cast<std::uint32_t>(fields.number(4))};
        if (pack <= last)
            return fail(Errc::kDatabaseCorrupt, "record of an index file has packs out of order");
        last = pack;
    }
    if (mark.run == RunId{})
        return fail(Errc::kDatabaseCorrupt, "record of an index file has number 0");
    return mark;
}

std::string last_pack_key() { return std::string(1, kLastPackKeyKind); }

std::string encode_last_pack(PackId pack) {
    std::string value;
    append_le(value, static_cast<std::uint32_t>(pack));
    return value;
}

Result<PackId> decode_last_pack(std::string_view value) {
    if (value.size() != 4)
        return fail(Errc::kDatabaseCorrupt, "record of the last pack has another length");
    return PackId{load_le<std::uint32_t>(record_bytes_of(value))};
}

std::string repacked_key() { return std::string(1, kRepackedKeyKind); }

std::string encode_repacked(std::span<const RepackedPacks> ranges) {
    std::string value;
    for (const RepackedPacks& range : ranges) {
        value.push_back(static_cast<char>(range.level));
        append_le(value, static_cast<std::uint32_t>(range.first));
        append_le(value, static_cast<std::uint32_t>(range.last));
    }
    return value;
}

Result<std::vector<RepackedPacks>> decode_repacked(std::string_view value) {
    if (value.size() % kRepackedBytes != 0)
        return fail(Errc::kDatabaseCorrupt, "record of what was repacked has another length");
    std::vector<RepackedPacks> ranges;
    for (; !value.empty(); value.remove_prefix(kRepackedBytes)) {
        const std::byte* const at = record_bytes_of(value);
        ranges.push_back({static_cast<int>(at[0]), PackId{load_le<std::uint32_t>(at + 1)},
                          PackId{load_le<std::uint32_t>(at + 5)}});
    }
    return ranges;
}

std::string format_key() { return std::string(1, kFormatKeyKind); }

std::string encode_format(const FormatRecord& record) {
    std::string value;
    append_le(value, record.version);
    value.append(as_text(record.store));
    append_profile(value, record.profile);
    append_le(value, internal::crc32c(as_bytes(value)));
    return value;
}

Result<FormatRecord> decode_format(std::string_view value) {
    if (value.size() < 4) return fail(Errc::kDatabaseCorrupt, "format record is cut short");
    const std::byte* data = record_bytes_of(value);
    const auto version = load_le<std::uint32_t>(data);
    if (version == 0 || version > kContentFormatVersionSealed)
        return fail(Error(Errc::kLibraryFormat, "content store has format version " +
                                                    std::to_string(version) +
                                                    ", and this library reads 1 to " +
                                                    std::to_string(kContentFormatVersionSealed))
                        .with_hint("open it with the version of Catalog that wrote it"));
    if (value.size() != kFormatBytes ||
        internal::crc32c(as_bytes(value.substr(0, kFormatBytes - kCrcBytes))) !=
            load_le<std::uint32_t>(data + kFormatBytes - kCrcBytes))
        return fail(Errc::kDatabaseCorrupt, "format record does not match its checksum");
    FormatRecord record;
    record.version = version;
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
