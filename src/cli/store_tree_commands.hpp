#pragma once
// The commands of the content store that know trees, and what the others need of them.

#include <string>

#include "catalog/content/content_storage.hpp"
#include "catalog/lifecycle/services.hpp"
#include "catalog/package/file_table.hpp"
#include "session.hpp"

namespace CLI {
class App;
}

namespace catalog::cli {

/// What of a library ContentExporter and put_tree need.
[[nodiscard]] lifecycle::Services store_services(Session& session, library::AssetLibrary& library);

/// What --json says of an object.
[[nodiscard]] json::Object object_json(const content::ObjectInfo& info);

/// Returns the file table that is the object. Errors: kFileKind (it is none), as
/// ContentStorage::retrieve.
[[nodiscard]] Result<package::FileTable> tree_of(Session& session, library::AssetLibrary& library,
                                                 const ContentHash& id);

/// Returns the object that `sha256:...` names, or with `sha256:.../PATH` the file at that path of a
/// tree. Errors: kInvalidHash, kFileNotFound, kFileKind, as `tree_of`.
[[nodiscard]] Result<ContentHash> object_of(Session& session, library::AssetLibrary& library,
                                            const std::string& text);

/// Returns the library's cache of exported files to look after it, encrypted or not.
[[nodiscard]] Result<lifecycle::FileCache> kept_files_of(const library::AssetLibrary& library);

/// Adds `put`, `ls`, `rm` and `export`.
void add_store_tree_commands(CLI::App& store, Session& session);

}  // namespace catalog::cli
