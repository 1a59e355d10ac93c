#pragma once
// Where the constraints of a `catalog.toml` stand, for remarks that lead to the place.

#include <cstdint>
#include <string_view>
#include <vector>

#include "catalog/core/dependency_kind.hpp"
#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::package {

/// One dependency or alternative, and where it is written.
struct ConstraintPlace {
    DependencyTarget target;
    DependencyKind kind = DependencyKind::kRequired;
    bool conditional = false;  ///< It applies on some platforms only.
    bool alternative = false;  ///< It is one of several of which one is enough.
    std::uint64_t line = 1;    ///< 1-based.
    std::uint64_t column = 1;  ///< 1-based, in bytes: of the requirement, else of its value.
    std::uint64_t offset = 0;  ///< Bytes from the beginning of the text.
    bool verbatim = false;     ///< The requirement's own text begins there, letter by letter.
};

/// Returns the places of all dependencies, in the order of the text. Errors: as read_catalog_toml.
/// Cost: linear. Thread safety: any thread.
[[nodiscard]] Result<std::vector<ConstraintPlace>> constraint_places(std::string_view text,
                                                                     std::string_view file_name,
                                                                     const Limits& limits = {});

}  // namespace catalog::package
