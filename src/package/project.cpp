#include "catalog/package/project.hpp"

#include "catalog/internal/try.hpp"
#include "quote.hpp"

namespace catalog::package {

namespace {

Result<std::vector<std::string>> matching_paths(const std::vector<std::string>& globs,
                                                const std::vector<std::string>& paths,
                                                const char* role) {
    std::vector<std::string> out;
    for (const std::string& glob : globs) {
        const std::size_t before = out.size();
        for (const std::string& path : paths)
            if (glob_matches(glob, path)) out.push_back(path);
        if (out.size() == before)
            return fail(
                Error(Errc::kMetadataInvalid,
                      std::string(role) + ": no file of the package matches " + quoted(glob))
                    .with_hint("* stays within a folder, ** crosses folders, a glob that "
                               "ends in / means everything below"));
    }
    return out;
}

}  // namespace

Result<PackageMetadata> Project::metadata_for(const std::vector<std::string>& paths) const {
    PackageMetadata out = metadata;
    CATALOG_TRY(out.binaries, matching_paths(binaries, paths, "binaries"));
    CATALOG_TRY(out.templates, matching_paths(templates, paths, "templates"));
    CATALOG_TRY(out.resources, matching_paths(resources, paths, "resources"));
    canonicalise(out);
    return out;
}

std::string new_catalog_toml(const PackageName& name, const version::SemVer& version,
                             PackageType type) {
    // Neither a name nor a version can hold a character that needs an escape.
    std::string out;
    out += "[package]\n";
    out += "name = \"" + name.str() + "\"\n";
    out += "version = \"" + version.to_string() + "\"\n";
    out += "type = \"" + std::string(package_type_name(type)) + "\"";
    out += "  # library application vm container dataset model template resource\n";
    out += R"(description = ""
license = ""  # an SPDX expression, for example "MIT" or "Apache-2.0 OR MIT"
authors = []  # "Name <mail>"
keywords = []
# entry = "bin/main"  # what is run or loaded first

[dependencies]
# "acme/blas" = "^2.1"
# "acme/gpu" = { version = "~1.3", platform = "linux-x86_64", features = ["cuda"], optional = true }
# "acme/tip" = { git = "https://example.org/tip", rev = "main" }
# "acme/near" = { path = "../near" }  # not in a package that is published
# Also: [optional-dependencies] [dev-dependencies] [build-dependencies] [peer-dependencies]
# [conflicts] [provides] [consensus]

[features]
# default = ["fast"]
# fast = ["dep:acme/gpu", "acme/blas/simd"]

[requirements]
# cpu = 2
# memory = "4 GiB"
# storage = "10 GB"
# gpu = 1
# network = true

[files]
# Globs: * within a folder, ** across folders, a final / means everything below.
# include = ["src/", "README.md"]  # everything when absent
exclude = ["build/"]
# binaries = ["bin/*"]
# templates = ["templates/"]
# resources = ["assets/**/*.png"]
)";
    return out;
}

}  // namespace catalog::package
