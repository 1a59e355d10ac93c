#pragma once
// JSON writers: the canonical form that is signed (RFC 8785) and an indented form for people.

#include <string>

#include "catalog/json/value.hpp"

namespace catalog::json {

/// Returns the canonical form (RFC 8785, JSON Canonicalization Scheme): no white space, members
/// sorted by UTF-16 code units, numbers as ECMAScript prints them, shortest escapes. Strings must
/// be UTF-8 (invalid bytes become U+FFFD); infinities and NaN, which JSON does not have, become
/// null. Not recursive beyond the value's own depth. Cost: linear.
[[nodiscard]] std::string write_canonical(const Value& value);

/// Returns an indented form, two spaces a level, members in the same order, with a final newline.
[[nodiscard]] std::string write_pretty(const Value& value);

}  // namespace catalog::json
