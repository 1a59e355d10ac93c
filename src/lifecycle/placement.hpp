#pragma once
// Where the packages of a solution stand in a generation.

#include <cstddef>
#include <string>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/lifecycle/installation.hpp"
#include "catalog/package/file_table.hpp"
#include "catalog/resolve/request.hpp"

namespace catalog::lifecycle {

/// One copy of one package.
struct Placement {
    std::size_t package = 0;  ///< Index into Solution::packages.
    std::string location;     ///< Folder below the generation, without a final slash; empty for the
                              ///< generation itself.
};

/// Returns where every package goes, sorted by location. `kNodeModules`: one version of each name
/// on top - a root's, else the one that most packages need, else the newest -, every other copy
/// inside the package that needs it, so that Node.js's lookup (nearest node_modules upwards) finds
/// what was resolved. Errors: kInstallConflict (versions nest more than 64 deep).
[[nodiscard]] Result<std::vector<Placement>> place_packages(const resolve::Solution& solution,
                                                            Layout layout);

/// Checks that the packages of a merged tree do not own the same path and that no path of one runs
/// through a file or link of another. `tables[i]` is of solution package i. Errors:
/// kInstallConflict naming both packages and the path.
[[nodiscard]] Result<void> check_merged(const resolve::Solution& solution,
                                        const std::vector<const package::FileTable*>& tables);

}  // namespace catalog::lifecycle
