#include "services/assets.hpp"

#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "catalog/internal/mutex.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/json/write.hpp"
#include "services/host_call.hpp"

namespace catalog::extension {

namespace {

using library::AssetRecord;
using library::AssetSpec;

constexpr std::string_view kRegister = "the host's register of assets";

std::string spec_json(const AssetSpec& spec) {
    return json::write_canonical(json::Object{{"key", spec.key},
                                              {"kind", spec.kind},
                                              {"name", spec.name},
                                              {"description", spec.description},
                                              {"size_bytes", spec.size_bytes},
                                              {"digest", spec.digest.to_string()},
                                              {"metadata", spec.metadata}});
}

AssetRecord to_record(const hmx_asset_id& id, const std::string& kind) {
    AssetRecord record;
    record.type = id.type;
    record.type_name = kind;
    std::memcpy(record.uuid.data(), id.uuid, sizeof(id.uuid));
    std::memcpy(record.chain_hash.data(), id.chain_hash, sizeof(id.chain_hash));
    record.created = WallTime(std::chrono::microseconds(id.created_us));
    return record;
}

class HostAssets final : public library::AssetRegistry {
public:
    HostAssets(const hmx_svc_assets* table, std::shared_ptr<const Clock> clock)
        : table_(table), calls_(std::move(clock)) {}

    Result<AssetRecord> register_asset(const AssetSpec& spec, const CallContext& context) override {
        CATALOG_TRY(const std::uint32_t name_id, number_of(spec.kind));
        const std::string text = spec_json(spec);
        hmx_asset_id id{};
        CATALOG_TRY_VOID(carry_out(
            context,
            [&](const hmx_call& call, const hmx_completion& completion, hmx_op* op) {
                return table_->create(table_->ctx, &call, name_id, to_abi(text), &completion, op);
            },
            [&](const void* result) {
                if (result == nullptr) return HostAnswer{HMX_E_UNKNOWN, "there is no id"};
                std::memcpy(&id, result, sizeof(hmx_asset_id));
                return HostAnswer{HMX_OK, {}};
            }));
        return to_record(id, spec.kind);
    }

    Result<void> update_asset(const AssetRecord& record, const AssetSpec& spec,
                              const CallContext& context) override {
        if (!HMX_IFACE_HAS(table_, update))
            return fail(Errc::kUnsupported, std::string(kRegister) + " has no updates");
        CATALOG_TRY(const hmx_asset_id id, to_id(record));
        const std::string text = spec_json(spec);
        return carry_out(
            context,
            [&](const hmx_call& call, const hmx_completion& completion, hmx_op* op) {
                return table_->update(table_->ctx, &call, &id, to_abi(text), &completion, op);
            },
            [](const void*) { return HostAnswer{HMX_OK, {}}; });
    }

    Result<void> remove_asset(std::string_view, const AssetRecord& record,
                              const CallContext& context) override {
        CATALOG_TRY(const hmx_asset_id id, to_id(record));
        return carry_out(
            context,
            [&](const hmx_call& call, const hmx_completion& completion, hmx_op* op) {
                return table_->remove(table_->ctx, &call, &id, &completion, op);
            },
            [](const void*) { return HostAnswer{HMX_OK, {}}; });
    }

private:
    Result<void> carry_out(const CallContext& context, const HostCalls::Start& start,
                           const HostCalls::Read& read) {
        const auto cancel = [this](hmx_op op) {
            if (HMX_IFACE_HAS(table_, cancel)) static_cast<void>(table_->cancel(table_->ctx, op));
        };
        CATALOG_TRY(const HostAnswer answer, calls_.run(context, start, cancel, read));
        if (answer.status != HMX_OK) return fail(host_error(kRegister, answer, Errc::kIo));
        return {};
    }

    /// Returns the host's number of a kind, asked for once.
    Result<std::uint32_t> number_of(const std::string& kind) {
        {
            const internal::MutexLock lock(mutex_);
            const auto found = numbers_.find(kind);
            if (found != numbers_.end()) return found->second;
        }
        std::uint32_t number = 0;
        const hmx_status status = table_->type_id(table_->ctx, to_abi(kind), &number);
        if (status != HMX_OK)
            return fail(
                host_error(kRegister, HostAnswer{status, "no number of " + kind}, Errc::kIo));
        const internal::MutexLock lock(mutex_);
        numbers_.emplace(kind, number);
        return number;
    }

    Result<hmx_asset_id> to_id(const AssetRecord& record) {
        hmx_asset_id id{};
        id.type = record.type;
        if (record.type == HMX_ASSET_NAMED) {
            CATALOG_TRY(id.name_id, number_of(record.type_name));
        }
        std::memcpy(id.uuid, record.uuid.data(), sizeof(id.uuid));
        std::memcpy(id.chain_hash, record.chain_hash.data(), sizeof(id.chain_hash));
        id.created_us = record.created.time_since_epoch().count();
        return id;
    }

    const hmx_svc_assets* table_;
    HostCalls calls_;
    internal::Mutex mutex_;
    std::map<std::string, std::uint32_t> numbers_ CATALOG_GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<library::AssetRegistry> make_host_assets(const hmx_svc_assets* table,
                                                         std::shared_ptr<const Clock> clock) {
    if (table == nullptr || !HMX_IFACE_HAS(table, type_id) || !HMX_IFACE_HAS(table, create) ||
        !HMX_IFACE_HAS(table, remove))
        return nullptr;
    return std::make_shared<HostAssets>(table, std::move(clock));
}

}  // namespace catalog::extension
