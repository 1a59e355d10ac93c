#pragma once
// See ContentAddressedStorage::repair.

#include "catalog/content/content_repair.hpp"
#include "content_core.hpp"

namespace catalog::content {

[[nodiscard]] Result<RepairReport> repair_content(const ContentCore& core,
                                                  const RepairOptions& options,
                                                  const CallContext& context);

}  // namespace catalog::content
