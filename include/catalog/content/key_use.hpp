#pragma once
// Which generations of keys the files of an encrypted store are under, read without any key.

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/content/store_key.hpp"
#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::content {

/// What lies under one generation.
struct KeyUse {
    KeyGeneration generation{};  ///< 0: files that do not tell, damaged ones for example.
    std::uint64_t packs = 0;
    std::uint64_t bytes = 0;            ///< Of packs and index files.
    std::uint64_t bytes_put_aside = 0;  ///< Of damaged packs that a repair put aside.
    friend bool operator==(const KeyUse&, const KeyUse&) = default;
};

/// Looks at every pack and index file of the store in folder `directory` (ContentOptions) and of
/// its `quarantine`, whether they are committed or not. Ascending by generation; those without
/// files are not there. What a file says of its generation is believed: who opens it checks it.
/// Cost: one page of each file. Errors: kIo, kAccessDenied.
[[nodiscard]] Result<std::vector<KeyUse>> find_key_use(io::FileSystem& fs,
                                                       const std::string& directory);

/// Tells which of `generations` (ascending) nothing in `use` needs any more: all but the newest
/// that have no bytes, none as long as there are files that do not tell.
[[nodiscard]] std::vector<KeyGeneration> unused_generations(
    const std::vector<KeyGeneration>& generations, const std::vector<KeyUse>& use);

}  // namespace catalog::content
