#pragma once
// The embedded register of assets: the library's own, in its database.

#include "catalog/core/clock.hpp"
#include "catalog/core/random.hpp"
#include "catalog/kv/commit_queue.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "catalog/library/asset_registry.hpp"

namespace catalog::library {

/// Where the library keeps its assets. Borrowed.
struct AssetPlace {
    kv::KeyValueStore* store = nullptr;
    kv::CommitQueue* queue = nullptr;
    kv::Family family{};
    const Clock* clock = nullptr;
    Random* random = nullptr;
};

/// Registers assets in the family `assets`. Thread safety: any thread. Errors besides those of the
/// interface: kRandomUnavailable, kCommitFailed, kDatabaseIo, kDatabaseCorrupt.
class LocalAssetRegistry final : public AssetRegistry {
public:
    explicit LocalAssetRegistry(AssetPlace place) : place_(place) {}

    [[nodiscard]] Result<AssetRecord> register_asset(const AssetSpec& spec,
                                                     const CallContext& context) override;
    [[nodiscard]] Result<void> update_asset(const AssetRecord& record, const AssetSpec& spec,
                                            const CallContext& context) override;
    [[nodiscard]] Result<void> remove_asset(std::string_view key, const AssetRecord& record,
                                            const CallContext& context) override;

private:
    /// Returns an error unless the asset with that key has that identity.
    [[nodiscard]] Result<void> require(std::string_view key, const AssetRecord& record) const;

    AssetPlace place_;
};

}  // namespace catalog::library
