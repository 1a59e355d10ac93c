#pragma once
// The file in which a library keeps its packages in frozen form: docs/formats/library.md.

#include <string>

#include "catalog/core/bytes.hpp"
#include "catalog/core/ids.hpp"
#include "catalog/core/result.hpp"
#include "catalog/index/index_changes.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/resolve/universe.hpp"

namespace catalog::library {

/// A frozen universe and the state of the index that it was made from.
struct FrozenIndex {
    resolve::FrozenUniverse universe;
    index::IndexState state;
};

/// Returns the file's path in a library's folder.
[[nodiscard]] std::string universe_path(const std::string& library);

/// What stands in the file before the universe, bytes.
inline constexpr std::size_t kUniverseFileHeaderBytes = 64;

/// Writes the file, durably and at once, and makes its folder. `file` is the universe behind
/// kUniverseFileHeaderBytes, which are filled in. Errors: see io::write_file_durably.
[[nodiscard]] Result<void> write_universe(io::FileSystem& fs, const std::string& library,
                                          const LibraryId& id, const index::IndexState& state,
                                          Bytes& file);

/// Maps the file and checks every byte of it. Errors: kFileNotFound, kUniverseInvalid (damaged, cut
/// off, another library's or another version's), kIo.
[[nodiscard]] Result<FrozenIndex> open_universe(io::FileSystem& fs, const std::string& library,
                                                const LibraryId& id);

/// Removes the file, when there is one.
[[nodiscard]] Result<bool> remove_universe(io::FileSystem& fs, const std::string& library);

}  // namespace catalog::library
