// Any text as a manifest and as a note: an error with its place, or mandatory members that are
// there.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "extension_manifest.hpp"
#include "extension_note.hpp"

namespace {

void require(bool condition) {
    if (!condition) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace catalog;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto manifest = host::read_extension_manifest(text, "extension.toml");
    if (manifest) {
        require(!manifest->id.empty() && !manifest->version.empty() && !manifest->file.empty());
        require(manifest->file.find('/') == std::string::npos);
        require(manifest->sha256.empty() || manifest->sha256.size() == 64);
    } else {
        require(manifest.error().input().starts_with("extension.toml"));
    }
    const auto note = host::read_extension_note(text);
    require(note.has_value() || !note.error().message().empty());
    return 0;
}
