#pragma once
// BruteForce: tries everything, for requests of a few packages. Shares nothing with the library's
// engines and its checker but the public types.

#include <cstdint>
#include <optional>
#include <vector>

#include "support/resolve/repo.hpp"

namespace catalog::resolve::testing {

struct BruteForceAnswer {
    bool gave_up = false;  ///< More steps than allowed; nothing else is known.
    bool satisfiable = false;
    /// For each root the entry that serves it in the best answer: the first root as wanted as
    /// possible, then the second, and so on.
    std::vector<std::size_t> roots;
};

[[nodiscard]] BruteForceAnswer solve_by_brute_force(const std::vector<RepoEntry>& entries,
                                                    const Request& request,
                                                    std::uint64_t steps_max = 20'000);

}  // namespace catalog::resolve::testing
