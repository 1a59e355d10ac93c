#pragma once
// Rules of paths and links that file tables share with the public checks. Never installed.

#include <functional>
#include <string_view>

#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"

namespace catalog::package {

/// Tells whether `text` holds a control character (C0, DEL or C1). REQUIRES: UTF-8.
[[nodiscard]] bool has_control_character(std::string_view text, bool line_ends_allowed) noexcept;

/// Tells whether some path is a link.
using IsLink = std::function<bool(std::string_view path)>;

/// check_link_target, and refuses a target that goes up after it went through a link: there the
/// file system goes to the parent of what the link points to, and the text to the parent of the
/// link. `is_link` may be empty.
[[nodiscard]] Result<void> check_link_walk(std::string_view path, std::string_view target,
                                           const Limits& limits, const IsLink& is_link);

}  // namespace catalog::package
