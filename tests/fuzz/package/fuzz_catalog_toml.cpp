// catalog.toml: what is read is valid, canonical, and can be written as a manifest that reads back.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "catalog/package/manifest.hpp"
#include "catalog/package/project.hpp"

using namespace catalog;           // NOLINT: one file, one program
using namespace catalog::package;  // NOLINT

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Result<Project> project = read_catalog_toml(text, "catalog.toml");
    if (!project) {
        const auto* at = project.error().detail_as<LocationDetail>();
        if (at == nullptr || at->line == 0 || at->column == 0 || at->offset > size) std::abort();
        return 0;
    }
    if (!validate(project->metadata, Limits{}, false)) std::abort();
    PackageMetadata again = project->metadata;
    canonicalise(again);
    if (again != project->metadata) std::abort();
    const Result<std::string> bytes = Manifest(project->metadata).encode();
    if (!bytes) return bytes.error().code() == Errc::kLimitExceeded ? 0 : (std::abort(), 0);
    const Result<Manifest> back = Manifest::decode(*bytes);
    if (!back || back->metadata != project->metadata) std::abort();
    for (const auto* globs : {&project->include, &project->exclude, &project->templates})
        for (const std::string& glob : *globs) (void)glob_matches(glob, "src/a/b.cpp");
    return 0;
}
