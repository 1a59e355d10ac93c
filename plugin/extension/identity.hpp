#pragma once
// What the extension says of itself: the table's metadata, from the same list as the ELF note and
// extension.toml (identity.cmake).

#include "catalog/abi/extension.h"

namespace catalog::extension {

extern const hmx_metadata kMetadata;

}  // namespace catalog::extension
