#pragma once
// The neutral package list, JSON Lines, as a provider for the resolvers. Format page:
// docs/formats/package-list.md.

#include <memory>
#include <string>
#include <vector>

#include "catalog/content/content_storage.hpp"
#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"
#include "catalog/resolve/provider.hpp"

namespace catalog::cli {

struct PackageList {
    std::unique_ptr<resolve::MemoryProvider> provider;
    std::vector<Error> refused;  ///< With keep_going: why lines were left out, the first 100.
};

/// Reads a package list. Errors: what `source` returned; without `keep_going` the first bad line,
/// named "NAME:LINE".
[[nodiscard]] Result<PackageList> read_package_list(const content::ByteSource& source,
                                                    const std::string& name, bool keep_going,
                                                    const Clock& clock, const CallContext& context);

}  // namespace catalog::cli
