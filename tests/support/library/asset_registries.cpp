#include "support/library/asset_registries.hpp"

#include "catalog/internal/try.hpp"

namespace catalog::library::testing {

std::map<std::string, AssetSpec> FakeAssetRegistry::assets() const {
    const internal::MutexLock lock(mutex_);
    std::map<std::string, AssetSpec> specs;
    for (const auto& [key, asset] : assets_) specs.emplace(key, asset.spec);
    return specs;
}

std::vector<std::string> FakeAssetRegistry::calls() const {
    const internal::MutexLock lock(mutex_);
    return calls_;
}

Result<void> FakeAssetRegistry::begin(const std::string& call, const std::string& key,
                                      const CallContext& context) {
    CATALOG_TRY_VOID(context.check(*clock_));
    {
        const internal::MutexLock lock(mutex_);
        calls_.push_back(call + " " + key);
    }
    if (hook_) hook_(key);
    return {};
}

Result<AssetRecord> FakeAssetRegistry::register_asset(const AssetSpec& spec,
                                                      const CallContext& context) {
    CATALOG_TRY_VOID(begin("register", spec.key, context));
    const internal::MutexLock lock(mutex_);
    const auto [found, added] = assets_.try_emplace(spec.key);
    Asset& asset = found->second;
    if (added) {
        asset.spec = spec;
        asset.record.type_name = spec.kind;
        const std::uint32_t number = next_++;
        asset.record.uuid.fill(static_cast<std::byte>(number & 0xff));
        asset.record.uuid[14] = static_cast<std::byte>(number >> 16 & 0xff);
        asset.record.uuid[15] = static_cast<std::byte>(number >> 8 & 0xff);
        asset.record.created = clock_->now_wall();
        asset.record.chain_hash =
            asset_chain_hash(asset.record.type, asset.record.uuid, asset.record.created);
    }
    return asset.record;
}

Result<void> FakeAssetRegistry::update_asset(const AssetRecord& record, const AssetSpec& spec,
                                             const CallContext& context) {
    CATALOG_TRY_VOID(begin("update", spec.key, context));
    const internal::MutexLock lock(mutex_);
    for (auto& [key, asset] : assets_) {
        if (asset.record != record) continue;
        asset.spec = spec;
        return {};
    }
    return fail(Errc::kNotFound, "no such asset");
}

Result<void> FakeAssetRegistry::remove_asset(std::string_view key, const AssetRecord& record,
                                             const CallContext& context) {
    CATALOG_TRY_VOID(begin("remove", std::string(key), context));
    const internal::MutexLock lock(mutex_);
    for (auto at = assets_.begin(); at != assets_.end(); ++at) {
        if (at->second.record != record) continue;
        assets_.erase(at);
        return {};
    }
    return fail(Errc::kNotFound, "no such asset");
}

template <class T>
Result<T> FaultyAssetRegistry::carry_out(const std::function<Result<T>()>& call) {
    const bool faulty = fails_(calls_++);
    if (faulty && !after_) return fail(error_);
    Result<T> result = call();
    if (faulty) return fail(error_);
    return result;
}

Result<AssetRecord> FaultyAssetRegistry::register_asset(const AssetSpec& spec,
                                                        const CallContext& context) {
    return carry_out<AssetRecord>([&] { return base_->register_asset(spec, context); });
}

Result<void> FaultyAssetRegistry::update_asset(const AssetRecord& record, const AssetSpec& spec,
                                               const CallContext& context) {
    return carry_out<void>([&] { return base_->update_asset(record, spec, context); });
}

Result<void> FaultyAssetRegistry::remove_asset(std::string_view key, const AssetRecord& record,
                                               const CallContext& context) {
    return carry_out<void>([&] { return base_->remove_asset(key, record, context); });
}

}  // namespace catalog::library::testing
