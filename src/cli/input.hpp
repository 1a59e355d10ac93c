#pragma once
// Files and standard input that the user names.

#include <string>

#include "catalog/content/content_storage.hpp"
#include "catalog/core/result.hpp"
#include "session.hpp"

namespace catalog::cli {

/// Opens a file, or standard input for "-". Errors: kFileNotFound, kIsADirectory, kAccessDenied,
/// each naming the path.
[[nodiscard]] Result<content::ByteSource> open_input(Session& session, const std::string& path);

}  // namespace catalog::cli
