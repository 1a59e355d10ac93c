// What is installed: each call checks access and is done by the installation manager.

#include "catalog/internal/try.hpp"
#include "catalog/library/asset_library.hpp"
#include "library_impl.hpp"

namespace catalog::library {

Result<lifecycle::InstallReceipt> AssetLibrary::install(const std::string& prefix,
                                                        const std::vector<std::string>& requests,
                                                        const lifecycle::InstallOptions& options,
                                                        const CallContext& context) {
    return impl_->metrics.measure(Operation::kInstall, [&]() -> Result<lifecycle::InstallReceipt> {
        CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kInstall, ""));
        for (const std::string& request : requests)
            CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kInstall,
                                          request.substr(0, request.find('@', 1))));
        Result<lifecycle::InstallReceipt> receipt =
            lifecycle::InstallationManager(impl_->services)
                .install(prefix, requests, options, context);
        if (receipt) {
            impl_->metrics.installed_bytes.add(receipt->file_bytes);
            impl_->settle_assets(installation_keys_of(prefix), context);
        }
        return receipt;
    });
}

Result<lifecycle::InstallReceipt> AssetLibrary::uninstall(const std::string& prefix,
                                                          const std::vector<std::string>& names,
                                                          const lifecycle::InstallOptions& options,
                                                          const CallContext& context) {
    return impl_->metrics.measure(
        Operation::kUninstall, [&]() -> Result<lifecycle::InstallReceipt> {
            CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kInstall, ""));
            Result<lifecycle::InstallReceipt> receipt =
                lifecycle::InstallationManager(impl_->services)
                    .uninstall(prefix, names, options, context);
            if (receipt) {
                impl_->metrics.installed_bytes.add(receipt->file_bytes);
                impl_->settle_assets(installation_keys_of(prefix), context);
            }
            return receipt;
        });
}

Result<lifecycle::InstallReceipt> AssetLibrary::update(const std::string& prefix,
                                                       const std::vector<std::string>& names,
                                                       const lifecycle::InstallOptions& options,
                                                       const CallContext& context) {
    return impl_->metrics.measure(Operation::kUpdate, [&]() -> Result<lifecycle::InstallReceipt> {
        CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kInstall, ""));
        Result<lifecycle::InstallReceipt> receipt =
            lifecycle::InstallationManager(impl_->services).update(prefix, names, options, context);
        if (receipt) {
            impl_->metrics.installed_bytes.add(receipt->file_bytes);
            impl_->settle_assets(installation_keys_of(prefix), context);
        }
        return receipt;
    });
}

Result<lifecycle::InstallReceipt> AssetLibrary::rollback(const std::string& prefix,
                                                         std::optional<std::uint64_t> generation,
                                                         const CallContext& context) {
    return impl_->metrics.measure(Operation::kRollback, [&]() -> Result<lifecycle::InstallReceipt> {
        CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kInstall, ""));
        Result<lifecycle::InstallReceipt> receipt =
            lifecycle::InstallationManager(impl_->services).rollback(prefix, generation, context);
        if (receipt) {
            impl_->metrics.installed_bytes.add(receipt->file_bytes);
            impl_->settle_assets(installation_keys_of(prefix), context);
        }
        return receipt;
    });
}

Result<std::vector<lifecycle::Generation>> AssetLibrary::history(const std::string& prefix,
                                                                 const CallContext& context) {
    CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kRead, ""));
    return lifecycle::InstallationManager(impl_->services).history(prefix);
}

Result<std::vector<lifecycle::PrefixDamage>> AssetLibrary::verify_prefix(
    const std::string& prefix, const CallContext& context) {
    return impl_->metrics.measure(
        Operation::kVerifyPrefix, [&]() -> Result<std::vector<lifecycle::PrefixDamage>> {
            CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kRead, ""));
            return lifecycle::InstallationManager(impl_->services).verify(prefix, context);
        });
}

}  // namespace catalog::library
