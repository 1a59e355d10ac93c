#include "asset_records.hpp"

#include <algorithm>

#include "catalog/internal/try.hpp"
#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"
#include "catalog/merkle/hash.hpp"

namespace catalog::library {

namespace {

// Comparing with what would be written finds what reading lets pass: other members, other digits of
// the same number, a number that is too large for its field.
constexpr const char* kNotAsWritten = "it is not what is written";

Error bad_asset(std::string_view key, const std::string& what) {
    return Error(Errc::kDatabaseCorrupt, "the record of an asset is malformed: " + what)
        .with_input(std::string(key));
}

template <std::size_t Size>
Result<std::array<std::byte, Size>> bytes_in(const json::Object& object, std::string_view name) {
    CATALOG_TRY(const std::string text, json::require_string(object, name, "asset"));
    CATALOG_TRY(const Bytes bytes, from_hex(text));
    std::array<std::byte, Size> out{};
    if (bytes.size() != Size)
        return fail(Errc::kInvalidArgument, std::string(name) + " has another length");
    std::ranges::copy(bytes, out.begin());
    return out;
}

Result<RegisteredAsset> read_asset(std::string_view text) {
    CATALOG_TRY(const json::Value document, json::read(text));
    const json::Object* object = document.as_object();
    if (object == nullptr) return fail(Errc::kJsonType, "not an object");
    RegisteredAsset asset;
    CATALOG_TRY(const std::uint64_t type, json::require_uint(*object, "type", "asset"));
    asset.record.type = static_cast<std::uint32_t>(type);
    CATALOG_TRY(asset.record.type_name, json::require_string(*object, "kind", "asset"));
    CATALOG_TRY(asset.record.uuid, bytes_in<16>(*object, "uuid"));
    CATALOG_TRY(asset.record.chain_hash, bytes_in<32>(*object, "chain_hash"));
    const json::Value* created = document.find("created_us");
    if (created == nullptr || created->as_int() == nullptr)
        return fail(Errc::kJsonType, "created_us is missing");
    asset.record.created = WallTime(std::chrono::microseconds(*created->as_int()));
    CATALOG_TRY(asset.local, json::optional_bool(*object, "local", "asset", false));
    return asset;
}

Result<PendingAsset> read_pending(std::string_view key, std::string_view text) {
    CATALOG_TRY(const json::Value document, json::read(text));
    const json::Object* object = document.as_object();
    if (object == nullptr) return fail(Errc::kJsonType, "not an object");
    PendingAsset pending;
    pending.spec.key = std::string(key);
    CATALOG_TRY(pending.remove, json::optional_bool(*object, "remove", "mark", false));
    CATALOG_TRY(pending.spec.kind, json::require_string(*object, "kind", "mark"));
    CATALOG_TRY(pending.spec.name, json::require_string(*object, "name", "mark"));
    if (pending.remove) return pending;
    CATALOG_TRY(pending.spec.description, json::require_string(*object, "description", "mark"));
    CATALOG_TRY(pending.spec.size_bytes, json::require_uint(*object, "size_bytes", "mark"));
    CATALOG_TRY(const std::string digest, json::require_string(*object, "digest", "mark"));
    CATALOG_TRY(pending.spec.digest, ContentHash::parse(digest));
    const json::Value* metadata = document.find("metadata");
    if (metadata == nullptr || metadata->as_object() == nullptr)
        return fail(Errc::kJsonType, "metadata is missing");
    pending.spec.metadata = *metadata->as_object();
    return pending;
}

}  // namespace

std::string AssetRecord::to_string() const {
    const std::string hex = to_hex(uuid);
    std::string text = type == kNamedAssetType ? type_name : std::to_string(type);
    text += ":" + hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
            hex.substr(16, 4) + "-" + hex.substr(20);
    text += ":" + to_hex(chain_hash);
    return text + ":" + std::to_string(created.time_since_epoch().count());
}

std::array<std::byte, 32> asset_chain_hash(std::uint32_t type,
                                           const std::array<std::byte, 16>& uuid,
                                           WallTime created) {
    std::string text(1, static_cast<char>(type < 255 ? type : 255));
    text += as_text(uuid);
    append_le(text, static_cast<std::uint64_t>(created.time_since_epoch().count()));
    append_le(text, std::uint64_t{0});  // no time of this library needs the upper half
    text += "HYPERMESH_V1";
    return merkle::hash_of(as_bytes(text)).digest;
}

std::string asset_record_key(std::string_view key) { return "a" + std::string(key); }
std::string asset_mark_key(std::string_view key) { return "w" + std::string(key); }

std::string package_asset_key(const PackageId& id) { return id.to_string(); }

std::string installation_keys_of(std::string_view prefix) { return std::string(prefix) + "#"; }

std::string installation_asset_key(std::string_view prefix, const PackageId& id) {
    return installation_keys_of(prefix) + id.to_string();
}

std::string encode_asset(const RegisteredAsset& asset) {
    return json::write_canonical(
        json::Object{{"type", asset.record.type},
                     {"kind", asset.record.type_name},
                     {"uuid", to_hex(asset.record.uuid)},
                     {"chain_hash", to_hex(asset.record.chain_hash)},
                     {"created_us", asset.record.created.time_since_epoch().count()},
                     {"local", asset.local}});
}

Result<RegisteredAsset> decode_asset(std::string_view key, std::string_view text) {
    Result<RegisteredAsset> asset = read_asset(text);
    if (!asset) return fail(bad_asset(key, asset.error().to_string()));
    if (encode_asset(*asset) != text) return fail(bad_asset(key, kNotAsWritten));
    return asset;
}

std::string encode_pending(const PendingAsset& pending) {
    json::Object object{
        {"remove", pending.remove}, {"kind", pending.spec.kind}, {"name", pending.spec.name}};
    if (!pending.remove) {
        object.emplace("description", pending.spec.description);
        object.emplace("size_bytes", pending.spec.size_bytes);
        object.emplace("digest", pending.spec.digest.to_string());
        object.emplace("metadata", pending.spec.metadata);
    }
    return json::write_canonical(object);
}

Result<PendingAsset> decode_pending(std::string_view key, std::string_view text) {
    Result<PendingAsset> pending = read_pending(key, text);
    if (!pending) return fail(bad_asset(key, pending.error().to_string()));
    if (encode_pending(*pending) != text) return fail(bad_asset(key, kNotAsWritten));
    return pending;
}

Result<AssetRecord> make_asset_record(std::string_view kind, Random& random, const Clock& clock) {
    AssetRecord record;
    record.type_name = std::string(kind);
    CATALOG_TRY_VOID(random.fill(record.uuid));
    record.uuid[6] = (record.uuid[6] & std::byte{0x0f}) | std::byte{0x40};
    record.uuid[8] = (record.uuid[8] & std::byte{0x3f}) | std::byte{0x80};
    record.created = clock.now_wall();
    record.chain_hash = asset_chain_hash(record.type, record.uuid, record.created);
    return record;
}

}  // namespace catalog::library
