#pragma once
// A generation as it is written down in `PREFIX/.catalog/records/N.json`. Format page:
// docs/formats/prefix.md.

#include <string>
#include <string_view>

#include "catalog/core/result.hpp"
#include "catalog/lifecycle/installation.hpp"

namespace catalog::lifecycle {

/// Returns pretty JSON; `current` is not part of it.
[[nodiscard]] std::string encode_generation(const Generation& generation);

/// Errors: kPrefixDamaged (not what encode_generation writes).
[[nodiscard]] Result<Generation> decode_generation(std::string_view text, const std::string& path);

}  // namespace catalog::lifecycle
