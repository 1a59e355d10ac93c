#pragma once
// Stored trees: a folder with its names, modes, links and empty folders as one object of a content
// store: a file table (docs/formats/file-table.md) that is referenced as a list.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/content/content_storage.hpp"
#include "catalog/core/call_context.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"
#include "catalog/lifecycle/services.hpp"
#include "catalog/package/file_table.hpp"

namespace catalog::lifecycle {

/// What became of a folder.
struct StoredTree {
    ContentHash id;  ///< Of the file table. Equal for equal trees, in every store.
    std::uint64_t files = 0;
    std::uint64_t links = 0;
    std::uint64_t folders = 0;  ///< Empty ones.
    std::uint64_t bytes = 0;    ///< Of all files.
};

/// Stores everything below `directory`, referenced by `owner`. Of modes it keeps whether the owner
/// may execute a file. The same tree again adds nothing. Of `services` it takes fs, clock, content
/// and limits. Commits now and then; the tree is there with the last commit, and what was committed
/// before an error or a crash is found by the next attempt, until a collection. Reports progress as
/// operation "put", phase "files". Memory: about 200 bytes a file. Errors: kFileNotFound,
/// kNotADirectory, kFileKind (a device, pipe or socket), kModeRefused (a set-id file),
/// kContentChanged (a file changed meanwhile), as FileTable::make (kPathUnsafe, kLinkRefused:
/// a link that leads out of the tree; kLimitExceeded), ContentStorage, kCancelled,
/// kDeadlineExceeded.
[[nodiscard]] Result<StoredTree> put_tree(const Services& services, const std::string& directory,
                                          std::string_view owner, const CallContext& context);

/// Tells what the file table of a stored tree, or of a package, holds; nullopt when the object is
/// something else. Errors: as ContentStorage::retrieve, FileTable::decode.
[[nodiscard]] Result<std::optional<package::FileTable>> find_tree(content::ContentStorage& content,
                                                                  const ContentHash& id,
                                                                  const Limits& limits,
                                                                  const CallContext& context);

}  // namespace catalog::lifecycle
