#include "local_asset_registry.hpp"

#include <optional>

#include "asset_records.hpp"
#include "catalog/internal/try.hpp"

namespace catalog::library {

Result<AssetRecord> LocalAssetRegistry::register_asset(const AssetSpec& spec,
                                                       const CallContext& context) {
    CATALOG_TRY_VOID(context.check(*place_.clock));
    const std::string key = asset_record_key(spec.key);
    CATALOG_TRY(AssetRecord record, make_asset_record(spec.kind, *place_.random, *place_.clock));
    kv::Commit commit;
    commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& batch) -> Result<void> {
        CATALOG_TRY(const std::optional<std::string> there, view.get(place_.family, key));
        if (!there) {
            batch.put(place_.family, key, encode_asset({record, true}));
            return {};
        }
        CATALOG_TRY(const RegisteredAsset asset, decode_asset(spec.key, *there));
        record = asset.record;
        return {};
    };
    CATALOG_TRY_VOID(place_.queue->submit(std::move(commit)));
    return record;
}

Result<void> LocalAssetRegistry::require(std::string_view key, const AssetRecord& record) const {
    CATALOG_TRY(const std::optional<std::string> text,
                place_.store->get(place_.family, asset_record_key(key)));
    if (text) {
        CATALOG_TRY(const RegisteredAsset asset, decode_asset(key, *text));
        if (asset.record == record) return {};
    }
    return fail(Error(Errc::kNotFound, "there is no such asset",
                      NotFoundDetail{"asset", record.to_string()})
                    .with_input(std::string(key)));
}

Result<void> LocalAssetRegistry::update_asset(const AssetRecord& record, const AssetSpec& spec,
                                              const CallContext& context) {
    CATALOG_TRY_VOID(context.check(*place_.clock));
    return require(spec.key, record);  // identities are all that is kept: the index has the rest
}

Result<void> LocalAssetRegistry::remove_asset(std::string_view key, const AssetRecord& record,
                                              const CallContext& context) {
    CATALOG_TRY_VOID(context.check(*place_.clock));
    CATALOG_TRY_VOID(require(key, record));
    kv::Commit commit;
    commit.batch.remove(place_.family, asset_record_key(key));
    return place_.queue->submit(std::move(commit));
}

}  // namespace catalog::library
