#pragma once
// The host's register of assets as the library uses it.

#include <memory>

#include "catalog/abi/services.h"
#include "catalog/core/clock.hpp"
#include "catalog/library/asset_registry.hpp"

namespace catalog::extension {

/// Makes a registry over a host's service; null when there is no table, or one that cannot number
/// kinds, create and remove. The table must outlive the registry.
[[nodiscard]] std::shared_ptr<library::AssetRegistry> make_host_assets(
    const hmx_svc_assets* table, std::shared_ptr<const Clock> clock);

}  // namespace catalog::extension
