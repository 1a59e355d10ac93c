// The register of assets as the facade keeps it and shows it.

#include <optional>

#include "catalog/internal/try.hpp"
#include "library_impl.hpp"

namespace catalog::library {

namespace {

/// What one call settles of its own, and of what others left: a host that was away for long must
/// not make the first call after it pay for everything.
constexpr std::size_t kSettledOfOwnMax = 100'000;
constexpr std::size_t kSettledOfOthersMax = 16;

Result<AssetRecord> find_asset(const kv::KeyValueStore& store, const std::string& key) {
    CATALOG_TRY(const std::optional<std::string> text,
                store.get(family(FamilyNumber::kAssets), asset_record_key(key)));
    if (!text)
        return fail(
            Error(Errc::kNotFound, "no asset is registered for it", NotFoundDetail{"asset", key})
                .with_input(key)
                .with_hint("publish or install it, or register what is missing with: "
                           "catalog repair"));
    CATALOG_TRY(RegisteredAsset asset, decode_asset(key, *text));
    return std::move(asset.record);
}

}  // namespace

void AssetLibrary::Impl::settle_assets(std::string_view prefix, const CallContext& context) {
    // The library's own register has been told in the commit itself.
    if (!assets || !environment.assets) return;
    Result<std::uint64_t> settled = assets->settle(prefix, kSettledOfOwnMax, context);
    if (settled) settled = assets->settle("", kSettledOfOthersMax, context);
    if (settled) return;
    const std::string text = settled.error().to_string();
    const LogField field{"error", text};
    environment.log_sink->write({LogLevel::kWarning,
                                 "library",
                                 "the register of assets could not be told; it will be later",
                                 {&field, 1}});
}

Result<AssetRecord> AssetLibrary::asset_of(const PackageId& id, const CallContext& context) {
    CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kRead, id.name().view()));
    return find_asset(*impl_->store, package_asset_key(id));
}

Result<AssetRecord> AssetLibrary::asset_of(const std::string& prefix, const PackageId& id,
                                           const CallContext& context) {
    CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kRead, id.name().view()));
    return find_asset(*impl_->store, installation_asset_key(prefix, id));
}

Result<AssetPage> AssetLibrary::assets(std::size_t limit, std::string_view cursor,
                                       const CallContext& context) {
    CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kList, ""));
    if (limit == 0) return fail(Errc::kInvalidArgument, "the limit of a page is at least 1");
    AssetPage page;
    const std::unique_ptr<kv::Iterator> walk = impl_->store->iterate(family(FamilyNumber::kAssets));
    // A cursor is the last key of the page before it.
    walk->seek(asset_record_key(cursor));
    if (walk->valid() && !cursor.empty() && walk->key() == asset_record_key(cursor)) walk->next();
    for (; walk->valid() && walk->key().front() == 'a'; walk->next()) {
        if (page.assets.size() == limit) {
            page.next = page.assets.back().key;
            break;
        }
        const std::string key(walk->key().substr(1));
        CATALOG_TRY(RegisteredAsset asset, decode_asset(key, walk->value()));
        page.assets.push_back({key, std::move(asset.record)});
    }
    for (walk->seek("w"); walk->valid(); walk->next()) ++page.pending;
    CATALOG_TRY_VOID(walk->status());
    return page;
}

}  // namespace catalog::library
