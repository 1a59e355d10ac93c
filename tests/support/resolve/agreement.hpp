#pragma once
// Agreement: a resolver's answers against exhaustive search and the independent checker.

#include <cstdint>
#include <string>

#include "support/resolve/brute_force.hpp"
#include "support/resolve/random_world.hpp"

namespace catalog::resolve::testing {

struct Tally {
    int satisfiable = 0;
    int unsatisfiable = 0;
    int unknown = 0;  ///< Too many steps for exhaustive search.
};

/// Returns what is wrong with the resolver's answer: not valid, another verdict than exhaustive
/// search, or a root that could be served by a more wanted version. Empty when nothing is.
[[nodiscard]] std::string disagreement(Resolver& resolver, World& world, Tally& tally);

/// The same of an answer, given what exhaustive search found.
[[nodiscard]] std::string disagreement(const Result<Solution>& actual,
                                       const BruteForceAnswer& expected, World& world,
                                       Tally& tally);

/// Compares on `count` worlds made from consecutive seeds; fails the running test at the first
/// disagreement and prints the world.
void expect_agreement(Resolver& resolver, const WorldShape& shape, std::uint64_t seed, int count);

/// Returns the answer as text, `a 1.0.0, b 2.0.0 +fast`, or the error as `code: message`. Fails the
/// running test when the checker does not accept the answer.
[[nodiscard]] std::string answer(Resolver& resolver, Repo& repo, const Request& request);
/// As above, with a SatResolver.
[[nodiscard]] std::string answer(Repo& repo, const Request& request);

/// Returns the derivation of an unsatisfiable request, one step a line.
[[nodiscard]] std::string derivation(Repo& repo, const Request& request);

/// Returns the problems that the checker finds, one a line.
[[nodiscard]] std::string check_text(const Request& request, DependencyProvider& provider,
                                     const Solution& solution);

}  // namespace catalog::resolve::testing
