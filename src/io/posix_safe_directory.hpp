#pragma once
// SafeDirectory on Linux.

#include <memory>
#include <string>

#include "posix_resolver.hpp"

namespace catalog::io::posix {

/// Takes ownership of an open folder. `path` is how the host names it, for messages.
[[nodiscard]] std::unique_ptr<SafeDirectory> make_safe_directory(
    Descriptor root, std::string path, std::shared_ptr<const SafeResolver> resolver);

}  // namespace catalog::io::posix
