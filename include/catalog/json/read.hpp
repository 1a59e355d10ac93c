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

/// Nesting that no limit can raise: values are destroyed, copied and compared recursively.
inline constexpr std::uint32_t kDepthHardMax = 512;

/// Bounds of one read.
class ReadLimits {
public:
    ReadLimits() =
        default;  // keeps this type a non-aggregate: docs/decisions/0001-no-coroutines.md

    std::uint64_t bytes_max = Limits{}.json_bytes_max;  ///< Length of the text, bytes.
    /// Nesting of arrays and objects; 0 admits neither. More than kDepthHardMax counts as
    /// kDepthHardMax.
    std::uint32_t depth_max = Limits{}.json_depth_max;
    /// Values in the document, members and elements included.
    std::uint64_t values_max = 10'000'000;
};

/// Reads one document.
///
/// A number without fraction and exponent that fits 64 bits becomes an exact integer (so `-0` is
/// 0), every other number the nearest double. Two names are duplicates when they are equal after
/// their escapes are resolved.
///
/// Errors, each with LocationDetail and the place in the message: kJsonSyntax, kJsonDepth,
/// kJsonDuplicateKey, kJsonEncoding (not UTF-8, BOM, NUL byte, half of a surrogate pair),
/// kJsonNumber (too large for a double, or so small that it would become 0). kLimitExceeded has
/// LimitDetail ("json_bytes_max", "json_values_max"). Depth, values and duplicates are found while
/// reading, so a hostile text costs no more than the part before them.
/// Cost: linear in the text. Thread safety: any thread.
[[nodiscard]] Result<Value> read(std::string_view text, const ReadLimits& limits = {});

/// Reads one document and requires that `text` is its canonical form (RFC 8785), so that one
/// document has one byte string. Errors: as `read`, and kJsonNotCanonical.
[[nodiscard]] Result<Value> read_canonical(std::string_view text, const ReadLimits& limits = {});

}  // namespace catalog::json
