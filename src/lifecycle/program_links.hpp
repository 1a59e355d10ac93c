#pragma once
// Links to programs in the node_modules layout: `node_modules/.bin/NAME`, as npm makes them.

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"
#include "catalog/lifecycle/package_reader.hpp"
#include "catalog/lifecycle/services.hpp"
#include "placement.hpp"

namespace catalog::lifecycle {

/// One link, relative and inside the generation.
struct ProgramLink {
    std::size_t package = 0;  ///< Index into the packages.
    std::string path;         ///< Below the generation.
    std::string target;       ///< As the link's text.
};

/// Returns the links to the programs of packages that are placed as `node_modules`, in byte order
/// of paths: for each copy in the `.bin` of the node_modules folder where it stands. A program's
/// name is what the package's own package.json says under `bin`; of a package without one it is the
/// name of the file. Only executable files that the metadata names as binaries get links. When
/// two packages of one folder have a program of the same name, a root of the installation wins,
/// else the package whose name comes first. What a package itself carries there stays. `roots`
/// holds indexes into `packages`. Errors: kContentCorrupted, kCancelled, kIo ...
[[nodiscard]] Result<std::vector<ProgramLink>> program_links(
    const Services& services, const std::vector<VerifiedPackage>& packages,
    const std::vector<Placement>& placements, const std::set<std::size_t>& roots,
    const CallContext& context);

}  // namespace catalog::lifecycle
