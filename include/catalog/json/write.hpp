#pragma once
// JSON writers: the canonical form that is signed (RFC 8785) and an indented form for people.

#include <string>

#include "catalog/json/value.hpp"

namespace catalog::json {

/// Returns the canonical form (RFC 8785, JSON Canonicalization Scheme): no white space, members
/// sorted by UTF-16 code units, numbers as ECMAScript prints them, shortest escapes. Strings must
/// be UTF-8 (each invalid byte becomes U+FFFD); infinities and NaN, which JSON does not have,
/// become null. As in ECMAScript every number is a double: an integer beyond 2^53 in magnitude is
/// rounded to the nearest one, so such numbers belong in strings. Not recursive. Cost: linear, plus
/// sorting the objects that have names beyond U+FFFF.
[[nodiscard]] std::string write_canonical(const Value& value);

/// Returns an indented form, two spaces a level, members in the same order, with a final newline.
/// Integers are exact; everything else is written as in the canonical form.
[[nodiscard]] std::string write_pretty(const Value& value);

}  // namespace catalog::json
