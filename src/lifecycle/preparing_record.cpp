#include "preparing_record.hpp"

#include "catalog/core/bytes.hpp"
#include "catalog/internal/crc32c.hpp"
#include "catalog/internal/try.hpp"

namespace catalog::lifecycle {

namespace {

constexpr std::string_view kPreparingMagic = "CPRP";
constexpr std::uint32_t kPreparingVersion = 1;
constexpr std::size_t kTableBytes = 32;
constexpr std::size_t kPreparingFixedBytes = 4 + 4 + 8 + kTableBytes;
constexpr std::size_t kPreparingCrcBytes = 4;

Error damaged_preparing(std::string_view key, const std::string& what) {
    return Error(Errc::kDatabaseCorrupt,
                 "the record of a package that waits for consensus is damaged: " + what)
        .with_input(std::string(key))
        .with_hint("abandon the package and publish it again");
}

void append_field(std::string& out, std::string_view text) {
    append_le(out, static_cast<std::uint32_t>(text.size()));
    out += text;
}

/// Takes the next text off `rest`.
Result<std::string_view> take_field(std::string_view& rest) {
    constexpr std::size_t kLengthBytes = sizeof(std::uint32_t);
    if (rest.size() < kLengthBytes) return fail(Errc::kInvalidArgument, "a length is missing");
    const std::size_t size = load_le<std::uint32_t>(as_bytes(rest).data());
    rest.remove_prefix(kLengthBytes);
    if (rest.size() < size) return fail(Errc::kInvalidArgument, "a text is cut short");
    const std::string_view text = rest.substr(0, size);
    rest.remove_prefix(size);
    return text;
}

/// Reads the texts behind the fixed part.
Result<PreparingRecord> read_fields(std::string_view rest, const Limits& limits) {
    CATALOG_TRY(const std::string_view principal, take_field(rest));
    CATALOG_TRY(const std::string_view manifest_bytes, take_field(rest));
    CATALOG_TRY(const std::string_view envelope, take_field(rest));
    if (!rest.empty()) return fail(Errc::kInvalidArgument, "there are bytes behind its end");
    CATALOG_TRY(package::Manifest manifest, package::Manifest::decode(manifest_bytes, limits));
    PreparingRecord record(Publication(std::move(manifest)));
    record.publication.manifest_bytes = std::string(manifest_bytes);
    record.publication.digest = package::digest_of_manifest(manifest_bytes);
    record.publication.principal = std::string(principal);
    CATALOG_TRY(record.publication.envelope, security::Envelope::decode(envelope));
    return record;
}

}  // namespace

std::string preparing_key(const PackageId& id) { return id.to_string(); }

std::string encode_preparing(const PreparingRecord& record) {
    const Publication& publication = record.publication;
    std::string out(kPreparingMagic);
    append_le(out, kPreparingVersion);
    append_le(out, static_cast<std::uint64_t>(record.since.time_since_epoch().count()));
    out += as_text(publication.table_object.bytes());
    append_field(out, publication.principal);
    append_field(out, publication.manifest_bytes);
    append_field(out, publication.envelope.encode());
    append_le(out, internal::crc32c(as_bytes(out)));
    return out;
}

Result<PreparingRecord> decode_preparing(std::string_view key, std::string_view value,
                                         const Limits& limits) {
    if (value.size() < kPreparingFixedBytes + kPreparingCrcBytes ||
        !value.starts_with(kPreparingMagic))
        return fail(damaged_preparing(key, "it is no such record"));
    const std::string_view body = value.substr(0, value.size() - kPreparingCrcBytes);
    if (load_le<std::uint32_t>(as_bytes(value.substr(body.size())).data()) !=
        internal::crc32c(as_bytes(body)))
        return fail(damaged_preparing(key, "its checksum is wrong"));
    const ByteView bytes = as_bytes(body);
    if (load_le<std::uint32_t>(bytes.data() + 4) != kPreparingVersion)
        return fail(damaged_preparing(key, "this program does not know its version"));
    Result<PreparingRecord> record = read_fields(body.substr(kPreparingFixedBytes), limits);
    if (!record)
        return fail(damaged_preparing(key, std::string(record.error().message()))
                        .with_cause(record.error()));
    record->since = WallTime(std::chrono::microseconds(
        static_cast<std::int64_t>(load_le<std::uint64_t>(bytes.data() + 8))));
    CATALOG_TRY(record->publication.table_object,
                ContentHash::from_digest(HashAlgorithm::kSha256, bytes.subspan(16, kTableBytes)));
    if (preparing_key(record->publication.manifest.metadata.id()) != key)
        return fail(damaged_preparing(key, "it is of another package"));
    return record;
}

}  // namespace catalog::lifecycle
