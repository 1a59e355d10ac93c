#pragma once
// PlainCnf: a request as clauses, written down directly from the packages, for other solvers.
// Shares nothing with the engines' own clauses.

#include <string>
#include <vector>

#include "support/resolve/repo.hpp"

namespace catalog::resolve::testing {

struct PlainCnf {
    int vars = 0;  ///< One for each entry, in their order, counted from 1.
    std::vector<std::vector<int>> clauses;

    [[nodiscard]] std::string to_dimacs() const;
};

/// REQUIRES: one version of a name, releases of a registry only, required dependencies only (with
/// alternatives, provided names and conflicts), no features.
[[nodiscard]] PlainCnf make_plain_cnf(const std::vector<RepoEntry>& entries,
                                      const Request& request);

}  // namespace catalog::resolve::testing
