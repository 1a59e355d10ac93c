#pragma once
// The build id of the shared object that this code is linked into: the linker's digest of what it
// wrote, the same for the same sources, compiler and options.

#include <string_view>

namespace catalog::extension {

/// Returns it as lower-case hexadecimal digits, read from the loaded image's own ELF note; empty
/// where it was linked without one. Lives as long as the image. Allocates nothing.
[[nodiscard]] std::string_view own_build_id() noexcept;

}  // namespace catalog::extension
