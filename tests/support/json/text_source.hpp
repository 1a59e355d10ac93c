#pragma once
// Byte sources for LineReader: text in pieces, and one that fails.

#include <cstddef>
#include <functional>
#include <string>

#include "catalog/json/lines.hpp"

namespace catalog::json::testing {

/// Gives `text` in pieces of at most `piece_bytes`.
[[nodiscard]] ByteSource text_source(std::string text, std::size_t piece_bytes = 4096);

/// Gives what `source` gives, but the `failing_call`th call (0-based) fails with `error`; later
/// calls go on where the source is.
[[nodiscard]] ByteSource faulty_source(ByteSource source, std::size_t failing_call, Error error);

}  // namespace catalog::json::testing
