#pragma once
// The table of similar chunks between two openings of a store.

#include <string>

#include "catalog/content/similarity_table.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::content {

/// Reads the table from a file. It is a hint: a file that is missing, too long or damaged leaves
/// the table empty.
void load_similarity(io::FileSystem& fs, const std::string& path, SimilarityTable& table);

/// Writes the table to a file, replacing it. Nothing is synced: a crash costs the hint. Errors:
/// kIo, kStorageFull; the file is as before.
[[nodiscard]] Result<void> save_similarity(io::FileSystem& fs, const std::string& path,
                                           const SimilarityTable& table);

}  // namespace catalog::content
