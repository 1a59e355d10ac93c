#pragma once
// An independent checker: reads only the request, the provider and the answer, and shares no code
// with any engine.

#include <string>
#include <vector>

#include "catalog/resolve/request.hpp"

namespace catalog::resolve {

/// Returns everything that is wrong with `solution` as an answer to `request`; empty when it is
/// valid: every requirement met, no conflict, version policy kept, nothing superfluous (each
/// package is reached from a root), features closed, yanked only by lock, order sound. Asks the
/// provider anew. Cost: about quadratic in the packages of the solution. Errors: kProviderFailed.
[[nodiscard]] Result<std::vector<std::string>> check_solution(const Request& request,
                                                              DependencyProvider& provider,
                                                              const Solution& solution);

}  // namespace catalog::resolve
