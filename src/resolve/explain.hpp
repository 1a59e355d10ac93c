#pragma once
// Explain: why a request cannot be met, in sentences.

#include <vector>

#include "search.hpp"

namespace catalog::resolve::engine {

/// Returns kUnsatisfiable with ResolutionDetail for a search that has just failed. `roots` are the
/// demands that it was made with. Takes a bounded number of conflicts; what does not fit in is
/// said more coarsely.
[[nodiscard]] Error explain_failure(Universe& universe, Requirements& requirements, Search& search,
                                    const std::vector<RequirementId>& roots);

}  // namespace catalog::resolve::engine
