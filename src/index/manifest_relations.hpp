#pragma once
// Reads of a stored manifest what resolvers need, and nothing else.

#include <string_view>

#include "catalog/resolve/record_text.hpp"

namespace catalog::index {

/// Reads canonical manifest bytes whose digest was compared. Texts in `out` lie in `bytes`. Returns
/// false for what is not plain: escapes or bytes that are not ASCII in a text that is read, another
/// order of members or another kind of value than a manifest is written with; package::Manifest
/// reads those, or says what is wrong. Cost: linear, no memory but that of `out`'s lists.
[[nodiscard]] bool read_relations(std::string_view bytes, resolve::RecordText& out);

}  // namespace catalog::index
