#pragma once
// What a library knows about the dependencies of a project that is about to be published.

#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/call_context.hpp"
#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"
#include "catalog/library/asset_library.hpp"
#include "catalog/lifecycle/package_builder.hpp"

namespace catalog::library {

/// Returns what resolve::ConstraintValidator finds in the dependencies of a `catalog.toml`, in the
/// order of the text: "FILE:LINE:COLUMN: sentence". Compared with each other are dependencies that
/// hold together: without platform or alternatives, and none that only users of the package supply
/// (peers). Errors: as package::read_catalog_toml and AssetLibrary::check_constraints.
[[nodiscard]] Result<std::vector<std::string>> constraint_remarks(AssetLibrary& library,
                                                                  std::string_view text,
                                                                  std::string_view file_name,
                                                                  const CallContext& context = {},
                                                                  const Limits& limits = {});

/// Appends the remarks on the `catalog.toml` in `folder`, in the library's file system, to the
/// draft's warnings. They are no more than that: whatever keeps them from being made is left out.
void add_constraint_remarks(AssetLibrary& library, const std::string& folder,
                            lifecycle::PackageDraft& draft, const CallContext& context = {});

}  // namespace catalog::library
