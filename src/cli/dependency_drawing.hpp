#pragma once
// The closure of a package as Graphviz text or as a picture.

#include <string>

#include "catalog/core/result.hpp"
#include "catalog/resolve/request.hpp"
#include "session.hpp"

namespace catalog::cli {

/// Resolves `request` (`NAME` or `NAME@REQ`) and draws the answer. Errors: as resolve.
[[nodiscard]] Result<std::string> draw_dependencies(Session& session,
                                                    library::AssetLibrary& library,
                                                    const std::string& request, bool svg);

/// Returns Graphviz text: one node a package, one edge a dependency.
[[nodiscard]] std::string dot_of(const resolve::Solution& solution);

/// Returns an SVG picture: packages in layers, who needs above what is needed.
[[nodiscard]] std::string svg_of(const resolve::Solution& solution, const std::string& title);

}  // namespace catalog::cli
