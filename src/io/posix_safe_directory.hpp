#pragma once
// SafeDirectory on Linux.

#include <memory>
#include <string>
#include <string_view>

#include "posix_descriptor.hpp"
#include "posix_resolver.hpp"

namespace catalog::io::posix {

/// Counts a file that is about to be opened; nothing where `files` is null. Errors:
/// kTooManyOpenFiles.
[[nodiscard]] Result<CountedFile> count_file(const std::shared_ptr<OpenFiles>& files,
                                             std::string_view operation, std::string_view path);

/// Takes ownership of an open folder. `path` is how the host names it, for messages. What is opened
/// beneath it is counted in `files`, which may be null.
[[nodiscard]] std::unique_ptr<SafeDirectory> make_safe_directory(
    Descriptor root, std::string path, std::shared_ptr<const SafeResolver> resolver,
    std::shared_ptr<OpenFiles> files);

}  // namespace catalog::io::posix
