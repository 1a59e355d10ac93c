#pragma once
// Resolution: one call of SatResolver, from the request to the answer.
//
// First an ordered search: roots as given, each from its most wanted version downwards, then
// breadth first. A root's version is only given up when the clauses and the roots before it imply
// so, hence the roots of its answer are lexicographically best. A request that takes many conflicts
// is solved by activity instead, and its roots are then moved to their best versions one by one.

#include <chrono>
#include <optional>
#include <vector>

#include "search.hpp"
#include "walk.hpp"

namespace catalog::resolve::engine {

/// Conflicts after which the order of roots and of demands no longer decides what is tried next.
inline constexpr std::uint64_t kOrderedConflicts = 2'000;

class Resolution {
public:
    Resolution(const Request& request, DependencyProvider& provider, const CallContext& context,
               const Clock& clock, std::uint64_t ordered_conflicts = kOrderedConflicts);

    /// Errors: those of Resolver::resolve but kDependencyCycle.
    [[nodiscard]] Result<Solution> run();
    /// REQUIRES: `run` returned a solution.
    void write_stats(SolveStats& stats, std::chrono::nanoseconds total) const;

private:
    [[nodiscard]] Result<Solution> answer();
    [[nodiscard]] Result<Reached> walk(bool every_part);
    [[nodiscard]] Result<Solution> improved_answer();
    [[nodiscard]] Result<Solution> improve();

    std::uint64_t ordered_conflicts_;
    Universe universe_;
    Requirements requirements_;
    std::optional<Search> search_;
    std::vector<RequirementId> roots_;
    std::vector<Lit> assumptions_;
};

}  // namespace catalog::resolve::engine
