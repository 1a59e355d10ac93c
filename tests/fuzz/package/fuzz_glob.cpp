// Globs: the first line of the input against the rest.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "catalog/package/project.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::size_t line = text.find('\n');
    if (line == std::string_view::npos) return 0;
    const std::string_view glob = text.substr(0, line);
    const std::string_view path = text.substr(line + 1);
    const bool matches = catalog::package::glob_matches(glob, path);
    // Text without magic matches itself alone.
    const bool plain = glob.find_first_of("*?[") == std::string_view::npos &&
                       !glob.ends_with('/') && glob.size() <= catalog::package::kGlobBytesMax;
    if (plain && matches != (glob == path)) std::abort();
    if (matches && !catalog::package::glob_matches("**", path)) std::abort();
    return 0;
}
