#pragma once
// What the extension says of itself: the table's metadata, from the same list as the ELF note and
// extension.toml (identity.cmake).

#include "catalog/abi/extension.h"

namespace catalog::extension {

/// Returns it, the same for every call. Allocates nothing.
[[nodiscard]] const hmx_metadata& own_metadata() noexcept;

}  // namespace catalog::extension
