// Lines of a neutral package list: what is read and can be written as a manifest reads back equal.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"
#include "catalog/package/manifest.hpp"

using namespace catalog;           // NOLINT: one file, one program
using namespace catalog::package;  // NOLINT

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Result<json::Value> value =
        json::read(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!value || value->as_object() == nullptr) return 0;
    (void)yanked_in(*value->as_object(), "line 1");
    Result<PackageMetadata> metadata = metadata_from_json(*value->as_object(), "line 1");
    if (!metadata) {
        if (!metadata.error().message().starts_with("line 1: ")) std::abort();
        return 0;
    }
    canonicalise(*metadata);
    (void)validate(*metadata, Limits{}, true);
    const Result<std::string> bytes = Manifest(*metadata).encode();
    if (!bytes) return 0;
    const Result<Manifest> back = Manifest::decode(*bytes);
    if (!back || back->metadata != *metadata) std::abort();
    return 0;
}
