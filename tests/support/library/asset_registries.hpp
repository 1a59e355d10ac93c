#pragma once
// A host's register of assets in memory, and one that fails.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/internal/mutex.hpp"
#include "catalog/library/asset_registry.hpp"

namespace catalog::library::testing {

/// A complete AssetRegistry in memory; identities are counted, so every run gives the same. Thread
/// safety: any thread.
class FakeAssetRegistry final : public AssetRegistry {
public:
    explicit FakeAssetRegistry(std::shared_ptr<const Clock> clock) : clock_(std::move(clock)) {}

    /// Every call that changes something runs `hook` first, with the asset's key and no lock.
    void before_each(std::function<void(const std::string& key)> hook) { hook_ = std::move(hook); }

    [[nodiscard]] std::map<std::string, AssetSpec> assets() const;
    [[nodiscard]] std::vector<std::string> calls() const;  ///< "register KEY", "remove KEY" ...

    [[nodiscard]] Result<AssetRecord> register_asset(const AssetSpec& spec,
                                                     const CallContext& context) override;
    [[nodiscard]] Result<void> update_asset(const AssetRecord& record, const AssetSpec& spec,
                                            const CallContext& context) override;
    [[nodiscard]] Result<void> remove_asset(std::string_view key, const AssetRecord& record,
                                            const CallContext& context) override;

private:
    struct Asset {
        AssetRecord record;
        AssetSpec spec;
    };
    [[nodiscard]] Result<void> begin(const std::string& call, const std::string& key,
                                     const CallContext& context);

    const std::shared_ptr<const Clock> clock_;
    std::function<void(const std::string&)> hook_;
    mutable internal::Mutex mutex_;
    std::map<std::string, Asset> assets_ CATALOG_GUARDED_BY(mutex_);
    std::vector<std::string> calls_ CATALOG_GUARDED_BY(mutex_);
    std::uint32_t next_ CATALOG_GUARDED_BY(mutex_) = 1;
};

/// Gives what another register gives, but the calls of which `fails` (by number from 0, all kinds
/// counted together) says so fail with `error`: before they reach it, or with `after` when it has
/// done them. Thread safety: as the base.
class FaultyAssetRegistry final : public AssetRegistry {
public:
    FaultyAssetRegistry(std::shared_ptr<AssetRegistry> base, std::function<bool(std::size_t)> fails,
                        Error error, bool after = false)
        : base_(std::move(base)),
          fails_(std::move(fails)),
          error_(std::move(error)),
          after_(after) {}

    [[nodiscard]] std::size_t calls() const noexcept { return calls_; }

    [[nodiscard]] Result<AssetRecord> register_asset(const AssetSpec& spec,
                                                     const CallContext& context) override;
    [[nodiscard]] Result<void> update_asset(const AssetRecord& record, const AssetSpec& spec,
                                            const CallContext& context) override;
    [[nodiscard]] Result<void> remove_asset(std::string_view key, const AssetRecord& record,
                                            const CallContext& context) override;

private:
    template <class T>
    [[nodiscard]] Result<T> carry_out(const std::function<Result<T>()>& call);

    std::shared_ptr<AssetRegistry> base_;
    std::function<bool(std::size_t)> fails_;
    Error error_;
    bool after_;
    std::atomic<std::size_t> calls_ = 0;
};

}  // namespace catalog::library::testing
