#pragma once
// Followers: reading a store that another process may be writing.

#include <memory>
#include <string>

#include "catalog/kv/key_value_store.hpp"

namespace catalog::kv {

/// Opens a follower of the store in `path`, see open_rocksdb.
[[nodiscard]] Result<std::unique_ptr<KeyValueStore>> open_follower(
    std::shared_ptr<io::FileSystem> fs, const std::string& path, const OpenOptions& options);

/// Returns the sum of file lengths in a folder; files that vanish meanwhile do not count. Errors:
/// kDatabaseIo.
[[nodiscard]] Result<std::uint64_t> folder_bytes(io::FileSystem& fs, const std::string& path);

}  // namespace catalog::kv
