#pragma once
// Answer: writes what a walk reached as a Solution.

#include "walk.hpp"

namespace catalog::resolve::engine {

/// Returns the solution, without statistics. REQUIRES: nothing unmet.
[[nodiscard]] Solution make_solution(const Universe& universe, const Requirements& requirements,
                                     const Reached& reached);

/// Returns kDependencyCycle (CycleDetail) when the request refuses cycles and there is one.
[[nodiscard]] Result<void> check_cycles(const Request& request, const Solution& solution);

/// Returns kInvalidArgument when the request itself makes no sense: an empty name among its roots,
/// constraints, locks, host's packages or optional names.
[[nodiscard]] Result<void> check_request(const Request& request);

/// Returns the demands of the request's roots, in order. Errors: kUnknownPackage (NotFoundDetail)
/// for a root that has neither versions nor providers; as Universe.
[[nodiscard]] Result<std::vector<RequirementId>> make_roots(Universe& universe,
                                                            Requirements& requirements);

}  // namespace catalog::resolve::engine
