// Manifests: what is accepted is byte for byte what would be written.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "catalog/package/manifest.hpp"

using namespace catalog;           // NOLINT: one file, one program
using namespace catalog::package;  // NOLINT

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const Result<Manifest> manifest = Manifest::decode(bytes);
    if (!manifest) return 0;
    const Result<std::string> again = manifest->encode();
    if (!again || *again != bytes) std::abort();
    PackageMetadata canonical = manifest->metadata;
    canonicalise(canonical);
    if (canonical != manifest->metadata) std::abort();
    (void)validate(manifest->metadata, Limits{}, true);
    return 0;
}
