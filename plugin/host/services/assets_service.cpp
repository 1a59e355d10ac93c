#include <algorithm>
#include <cstring>
#include <utility>

#include "catalog/json/read.hpp"
#include "catalog/merkle/hash.hpp"
#include "host.hpp"
#include "service.hpp"
#include "service_operations.hpp"

namespace catalog::host {

namespace {

constexpr std::size_t kAssetTypesMax = 1000;
constexpr std::size_t kAssetsMax = 1'000'000;

class AssetsService final : public Service {
public:
    AssetsService(Host& host, Violations& violations)
        : host_(host), violations_(violations), operations_(host.timer) {
        table_.iface = {sizeof table_, kServiceVersion};
        table_.ctx = this;
        table_.type_id = [](void* ctx, hmx_str name, std::uint32_t* out) -> hmx_status {
            if (out == nullptr || name.data == nullptr || name.size == 0)
                return HMX_E_INVALID_ARGUMENT;
            *out = self(ctx).host_.assets.type_id({name.data, name.size});
            return *out == 0 ? HMX_E_QUOTA_EXCEEDED : HMX_OK;
        };
        table_.create = [](void* ctx, const hmx_call* call, std::uint32_t name_id, hmx_str spec,
                           const hmx_completion* completion, hmx_op* op) -> hmx_status {
            AssetsService& service = self(ctx);
            hmx_asset_id id{};
            std::string message;
            const std::string text(from_abi(spec, service.violations_));
            const hmx_status status = service.host_.assets.create(name_id, text, id, message);
            return service.answer(call, completion, op, status, message, id);
        };
        table_.update = [](void* ctx, const hmx_call* call, const hmx_asset_id* id, hmx_str update,
                           const hmx_completion* completion, hmx_op* op) -> hmx_status {
            if (id == nullptr) return HMX_E_INVALID_ARGUMENT;
            AssetsService& service = self(ctx);
            std::string message;
            const std::string text(from_abi(update, service.violations_));
            const hmx_status status = service.host_.assets.update(*id, text, message);
            return service.answer(call, completion, op, status, message, *id);
        };
        table_.remove = [](void* ctx, const hmx_call* call, const hmx_asset_id* id,
                           const hmx_completion* completion, hmx_op* op) -> hmx_status {
            if (id == nullptr) return HMX_E_INVALID_ARGUMENT;
            AssetsService& service = self(ctx);
            const hmx_status status = service.host_.assets.remove(*id);
            return service.answer(call, completion, op, status, "there is no such asset", *id);
        };
        table_.cancel = [](void* ctx, hmx_op op) -> hmx_status {
            return self(ctx).operations_.cancel(op);
        };
    }

    [[nodiscard]] std::string_view id() const noexcept override { return HMX_SVC_ASSETS; }
    [[nodiscard]] std::uint64_t capabilities() const noexcept override {
        return std::uint64_t{1} << HMX_CAP_ASSET_MANAGEMENT;
    }
    [[nodiscard]] const hmx_iface* table() const noexcept override { return &table_.iface; }
    [[nodiscard]] std::size_t close(int) override { return operations_.drop(); }

private:
    static AssetsService& self(void* ctx) { return *static_cast<AssetsService*>(ctx); }

    hmx_status answer(const hmx_call* call, const hmx_completion* completion, hmx_op* op,
                      hmx_status status, const std::string& message, const hmx_asset_id& id) {
        if (completion == nullptr || completion->done == nullptr || op == nullptr)
            return HMX_E_INVALID_ARGUMENT;
        *op = operations_.begin(
            call, *completion, 0,
            [status, message, id](const std::function<void(ServiceOutcome)>& end) {
                end({status, &id, message, 0});
            });
        return HMX_OK;
    }

    Host& host_;
    Violations& violations_;
    ServiceOperations operations_;
    hmx_svc_assets table_{};
};

}  // namespace

std::unique_ptr<Service> make_assets_service(Host& host, Violations& violations) {
    return std::make_unique<AssetsService>(host, violations);
}

std::uint32_t AssetRegister::type_id(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(types_, name);
    if (found != types_.end()) return static_cast<std::uint32_t>(found - types_.begin()) + 1;
    if (types_.size() >= kAssetTypesMax) return 0;
    types_.emplace_back(name);
    return static_cast<std::uint32_t>(types_.size());
}

hmx_status AssetRegister::create(std::uint32_t name_id, std::string_view spec_json,
                                 hmx_asset_id& out, std::string& message) {
    const std::lock_guard lock(mutex_);
    if (name_id == 0 || name_id > types_.size()) {
        message = "kind " + std::to_string(name_id) + " has no name";
        return HMX_E_INVALID_ARGUMENT;
    }
    Result<json::Value> spec = json::read(spec_json);
    const json::Value* key = spec ? spec->find("key") : nullptr;
    if (key == nullptr || key->as_string() == nullptr || key->as_string()->empty()) {
        message = "the spec is no JSON object with a key";
        return HMX_E_INVALID_ARGUMENT;
    }
    const Key name{name_id, *key->as_string()};
    const auto found = assets_.find(name);
    if (found != assets_.end()) {
        out = found->second.id;
        return HMX_OK;
    }
    if (assets_.size() >= kAssetsMax) return HMX_E_QUOTA_EXCEEDED;
    Asset asset;
    asset.id.type = HMX_ASSET_NAMED;
    asset.id.name_id = name_id;
    asset.id.created_us = wall_ns() / 1000;
    const std::string text = types_[name_id - 1] + '\0' + name.second;
    const ContentHash digest = merkle::hash_of(as_bytes(text));
    std::memcpy(asset.id.uuid, digest.digest.data(), sizeof asset.id.uuid);
    const ContentHash chain = merkle::hash_of(digest.bytes());
    std::memcpy(asset.id.chain_hash, chain.digest.data(), sizeof asset.id.chain_hash);
    asset.spec = *std::move(spec);
    out = asset.id;
    assets_.emplace(name, std::move(asset));
    return HMX_OK;
}

std::map<AssetRegister::Key, AssetRegister::Asset>::iterator AssetRegister::find(
    const hmx_asset_id& id) {
    return std::ranges::find_if(assets_, [&](const auto& entry) {
        return std::memcmp(&entry.second.id, &id, sizeof id) == 0;
    });
}

hmx_status AssetRegister::update(const hmx_asset_id& id, std::string_view update_json,
                                 std::string& message) {
    const std::lock_guard lock(mutex_);
    const auto found = find(id);
    if (found == assets_.end()) {
        message = "there is no such asset";
        return HMX_E_NOT_FOUND;
    }
    Result<json::Value> update = json::read(update_json);
    if (!update || update->as_object() == nullptr) {
        message = "the update is no JSON object";
        return HMX_E_INVALID_ARGUMENT;
    }
    json::Object* spec = found->second.spec.as_object();
    for (auto& [key, value] : *update->as_object())
        if (key != "key") spec->insert_or_assign(key, value);
    ++found->second.updates;
    return HMX_OK;
}

hmx_status AssetRegister::remove(const hmx_asset_id& id) {
    const std::lock_guard lock(mutex_);
    const auto found = find(id);
    if (found == assets_.end()) return HMX_E_NOT_FOUND;
    assets_.erase(found);
    return HMX_OK;
}

json::Array AssetRegister::to_json() const {
    const std::lock_guard lock(mutex_);
    json::Array out;
    for (const auto& [key, asset] : assets_)
        out.emplace_back(json::Object{
            {"id", to_hex(std::as_bytes(std::span(asset.id.uuid)))},
            {"type", types_[key.first - 1]},
            {"key", key.second},
            {"spec", asset.spec},
            {"updates", asset.updates},
        });
    return out;
}

}  // namespace catalog::host
