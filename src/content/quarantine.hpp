#pragma once
// Where damaged packs are kept aside.

#include "catalog/content/content_addressed_storage.hpp"

namespace catalog::content {

/// Gives the file of a pack a second name, `quarantine/XXXXXXXX.pack` in the library's folder, that
/// stays when the pack goes; a copy where the file system has no second names. With the name taken
/// by another file it gets a number behind it. A pack that is missing, or not in a file, is fine.
/// Durable when it returns. Errors: kIo, kStorageFull, kSyncFailed, kAccessDenied.
[[nodiscard]] Result<void> keep_aside(const ContentOptions& options, PackId pack);

}  // namespace catalog::content
