#pragma once
// What a content store in files keeps for the day when its disk is full: 1 MiB, in `packs/reserve`.

#include <string>

#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::content {

/// Gives away the space that the store in `directory` (the library's folder) keeps for removals, so
/// that its database can be opened on a full disk. Returns whether there was any. Open stores do
/// this themselves when they have to; whoever calls it is the only writer. Errors: kIo,
/// kAccessDenied.
[[nodiscard]] Result<bool> release_space_reserve(io::FileSystem& fs, const std::string& directory);

}  // namespace catalog::content
