#pragma once
// Explain: why a request cannot be met, in sentences.

#include <optional>
#include <string>
#include <vector>

#include "search.hpp"

namespace catalog::resolve::engine {

/// Returns a root as ResolutionDetail::roots has it.
[[nodiscard]] std::string root_text(const Root& root);

/// Returns kUnsatisfiable with ResolutionDetail for a search that has just failed. `roots` are the
/// demands that it was made with. Takes a bounded number of conflicts; what does not fit in is
/// said more coarsely.
[[nodiscard]] Error explain_failure(Universe& universe, Requirements& requirements, Search& search,
                                    const std::vector<RequirementId>& roots);

/// The same for a request whose roots are known to contradict each other, none of them without
/// need, which took `conflicts` to find out. Nothing when there is an answer after all.
[[nodiscard]] std::optional<Error> explain_contradiction(Universe& universe,
                                                         Requirements& requirements,
                                                         const std::vector<RequirementId>& roots,
                                                         std::uint64_t conflicts);

}  // namespace catalog::resolve::engine
