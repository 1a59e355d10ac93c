#pragma once
// The part of a full check that looks through terms.

#include "segment_view.hpp"

namespace catalog::index {

/// Checks dictionary, postings, bounds, champions and lengths. Errors: kIndexCorrupted.
[[nodiscard]] Result<void> check_terms(const Segment::View& view);

}  // namespace catalog::index
