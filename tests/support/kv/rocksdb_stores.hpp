#pragma once
// Opening RocksDB stores in tests, on a folder of the machine or on a simulated disk.

#include <memory>
#include <string>
#include <vector>

#include "catalog/io/file_system.hpp"
#include "catalog/kv/key_value_store.hpp"

namespace catalog::kv::testing {

/// A key for encrypted stores.
[[nodiscard]] ByteView store_key();

/// Returns options for a small writable store with families "family0", "family1", ..., which is
/// made when it is missing. With CATALOG_KV_ENCRYPTED in the environment it is encrypted, so that
/// whole suites can be run over encrypted stores.
[[nodiscard]] OpenOptions small_store(std::size_t families);

/// Returns the same for a follower.
[[nodiscard]] OpenOptions small_follower(std::size_t families);

/// Returns where in the files of such a store its contents begin.
[[nodiscard]] std::uint64_t contents_at();

/// Opens a store; throws, and so fails the test, when that fails.
[[nodiscard]] std::unique_ptr<KeyValueStore> must_open(const std::shared_ptr<io::FileSystem>& fs,
                                                       const std::string& path,
                                                       const OpenOptions& options);

/// Returns the names in a folder that end with `suffix`, in byte order.
[[nodiscard]] std::vector<std::string> names_ending(io::FileSystem& fs, const std::string& path,
                                                    std::string_view suffix);

/// Makes an empty store in a temporary folder that goes with it.
[[nodiscard]] std::unique_ptr<KeyValueStore> make_store_in_temporary_folder(std::size_t families);

/// Returns the value of an environment variable as a number, for tests that take longer when asked.
[[nodiscard]] std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise);

}  // namespace catalog::kv::testing
