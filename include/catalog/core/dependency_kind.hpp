#pragma once
// DependencyKind: why one package names another. Shared by module package, which reads it, and
// resolve, which acts on it.

#include <cstdint>
#include <string_view>

#include "catalog/core/result.hpp"

namespace catalog {

/// Values are stored in manifests by name and crossed over the C ABI by number; neither changes.
enum class DependencyKind : std::uint8_t {
    kRequired = 0,     ///< Always part of the closure.
    kOptional = 1,     ///< In only through a feature or when asked for by name; constrains nothing
                       ///< while it is out.
    kDevelopment = 2,  ///< Of roots only, when asked for.
    kBuild = 3,        ///< Of roots only, when asked for.
    kPeer = 4,         ///< Constrains, and must be supplied by another root, the lock or the host.
};

/// Returns "required", "optional", "development", "build" or "peer".
[[nodiscard]] std::string_view dependency_kind_name(DependencyKind kind) noexcept;

/// Reads those names, and "dev" for kDevelopment. Errors: kInvalidArgument.
[[nodiscard]] Result<DependencyKind> parse_dependency_kind(std::string_view text);

}  // namespace catalog
