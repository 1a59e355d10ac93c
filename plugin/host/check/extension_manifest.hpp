#pragma once
// extension.toml: what an extension asks for and offers, readable before any of it is loaded. The
// format has a page: docs/formats/extension-manifest.md.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/result.hpp"

namespace catalog::host {

/// Something that another extension must provide.
struct ExtensionDependency {
    std::string id;
    std::string version_req;
    bool optional = false;
};

/// A manifest whose mandatory members are there and well-formed.
struct ExtensionManifest {
    // [metadata]
    std::string id;
    std::string name;
    std::string version;  ///< Semantic version.
    std::string description;
    std::string author;
    std::string license;
    std::string homepage;
    std::string category;
    std::string hypermesh_version;  ///< Requirement on the host's version.
    std::vector<std::string> aliases;
    std::vector<std::string> provided_assets;
    std::vector<ExtensionDependency> dependencies;
    // [library]
    std::string file;         ///< Name of the shared object in the manifest's folder.
    std::string entry_point;  ///< Name of the exported function.
    std::string sha256;       ///< 64 lower-case hexadecimal digits, or empty.
    std::string build_id;     ///< Hexadecimal, or empty.
    // [abi]
    std::uint32_t abi_major = 0;
    std::uint32_t abi_minor = 0;
    // [capabilities], as bits
    std::uint64_t required_capabilities = 0;
    std::uint64_t optional_capabilities = 0;
    // [services]
    std::vector<std::string> required_services;
    std::vector<std::string> optional_services;

    /// Keys that this reader does not know, with their place: not an error, because a newer
    /// extension may say more.
    std::vector<std::string> warnings;
};

/// Reads `extension.toml`. `file_name` stands in messages.
/// Errors: kTomlSyntax, kLimitExceeded (1 MiB), kManifestInvalid (a mandatory key is missing, a
/// value has another type or form; the place is the error's input). Thread safety: any thread.
[[nodiscard]] Result<ExtensionManifest> read_extension_manifest(std::string_view text,
                                                                std::string_view file_name);

}  // namespace catalog::host
