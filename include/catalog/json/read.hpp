#pragma once
// The one strict JSON reader for all foreign input (RFC 8259): UTF-8 without BOM, no NUL, no
// duplicate member names, no bytes after the document, bounded size and nesting, never recursive on
// the input's depth.

#include <cstdint>
#include <string_view>

#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"
#include "catalog/json/value.hpp"

namespace catalog::json {

/// Bounds of one read.
struct ReadLimits {
    std::uint64_t bytes_max = Limits{}.json_bytes_max;  ///< Length of the text, bytes.
    std::uint32_t depth_max = Limits{}.json_depth_max;  ///< Nesting of arrays and objects.
    std::uint64_t values_max =
        10'000'000;  ///< Values in the document, members and elements included.
};

/// Reads one document.
///
/// Errors, each with LocationDetail: kJsonSyntax, kJsonDepth, kJsonDuplicateKey, kJsonEncoding (not
/// UTF-8, BOM, NUL), kJsonNumber (out of the range of a double), kLimitExceeded (LimitDetail).
/// Cost: linear in the text.
[[nodiscard]] Result<Value> read(std::string_view text, const ReadLimits& limits = {});

/// Reads one document and requires that `text` is its canonical form (RFC 8785), so that one
/// document has one byte string. Errors: as `read`, and kJsonNotCanonical.
[[nodiscard]] Result<Value> read_canonical(std::string_view text, const ReadLimits& limits = {});

}  // namespace catalog::json
