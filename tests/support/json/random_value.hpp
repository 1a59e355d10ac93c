#pragma once
// Random documents and a writer that spells them in a random way: what readers of JSON are tested
// with.

#include <cstdint>
#include <random>
#include <string>

#include "catalog/json/value.hpp"

namespace catalog::json::testing {

/// Source of all randomness of one test; print its seed.
using RandomEngine = std::mt19937_64;

/// Shape of random documents.
class DocumentShape {
public:
    DocumentShape() = default;

    std::uint32_t depth_max = 6;     ///< Nesting of arrays and objects, at least 2.
    std::uint32_t children_max = 6;  ///< Elements or members of one container.
    /// Only values that survive a canonical round trip unchanged: integers within 2^53, doubles
    /// that are no integers.
    bool exact_only = true;
};

/// Makes a document: every type, awkward strings (escapes, U+0000, characters beyond U+FFFF),
/// numbers of every magnitude.
[[nodiscard]] Value random_value(RandomEngine& random, const DocumentShape& shape = {});

/// Makes a string of at most 12 awkward characters, valid UTF-8.
[[nodiscard]] std::string random_text(RandomEngine& random);

/// Writes `value` with random white space, member order and escapes: another text of the same
/// document. Independent of the library's writer. Recursive.
[[nodiscard]] std::string write_loosely(const Value& value, RandomEngine& random);

}  // namespace catalog::json::testing
