// package.json: programs' names are one safe component each, metadata has a canonical form, and
// looking for an entry point asks for bounded, normalised paths.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "catalog/io/file_system.hpp"
#include "npm_package_json.hpp"

using namespace catalog;             // NOLINT: one file, one program
using namespace catalog::lifecycle;  // NOLINT

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

bool is_normalised(std::string_view path) {
    return !path.starts_with('/') && !path.ends_with('/') &&
           path.find("//") == std::string_view::npos && !path.starts_with("./") &&
           path.find("/./") == std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Limits limits;
    for (const auto& [name, path] : read_npm_programs(text, "@scope/kit", limits)) {
        require(io::check_relative_path(name).has_value());
        require(name.find_first_of("/\\:") == std::string::npos);
        require(is_normalised(path));
    }
    const Result<NpmPackageJson> read = read_package_json(text, "package.json", "", limits);
    if (!read) {
        require(read.error().input() == "package.json");
        return 0;
    }
    for (const std::string& path : read->bin) require(is_normalised(path));
    package::PackageMetadata metadata = read->metadata;
    package::canonicalise(metadata);
    package::PackageMetadata again = metadata;
    package::canonicalise(again);
    require(again == metadata);
    (void)package::validate(metadata, limits, true);
    std::size_t asked = 0;
    const std::string entry = entry_point_of(read->main, [&](const std::string& path) {
        require(is_normalised(path) && !path.empty());
        return ++asked == 5;
    });
    require(asked <= 10 && entry.empty() == (asked != 5));
    const auto alias = read_package_json(text, "package.json", "alias", limits);
    require(alias.has_value() && alias->metadata.name.view() == "alias");
    return 0;
}
