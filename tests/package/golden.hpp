#pragma once
// Files that must never change: compared in tests, rewritten with CATALOG_UPDATE_GOLDEN=1.

#include <string>
#include <string_view>

namespace catalog::package {

/// Compares `actual` with the file at `path`. With CATALOG_UPDATE_GOLDEN set in the environment it
/// writes the file and skips the test, so that a run that records is never green.
void expect_golden(const std::string& path, std::string_view actual);

/// The path of a golden file of this module.
[[nodiscard]] std::string golden_path(std::string_view name);

}  // namespace catalog::package
