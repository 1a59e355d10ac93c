#pragma once
// Resolution: one call of SatResolver, from the request to the answer.
//
// First an ordered search: roots as given, each from its most wanted version downwards, then
// breadth first. A root's version is only given up when the clauses and the roots before it imply
// so, hence the roots of its answer are lexicographically best. A request that takes many conflicts
// is solved by activity instead, and its roots are then moved to their best versions one by one.

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "catalog/resolve/sat_resolver.hpp"
#include "provider_world.hpp"
#include "search.hpp"
#include "walk.hpp"

namespace catalog::resolve::engine {

/// Conflicts after which the order of roots and of demands no longer decides what is tried next.
inline constexpr std::uint64_t kOrderedConflicts = 2'000;

/// Tells whether only the Boolean engine can give the answer that a request wants.
[[nodiscard]] bool needs_clauses(const Request& request);

/// Returns how long the domain engine may search, counted from now.
[[nodiscard]] DomainBounds domain_bounds(const SatOptions& options, const Request& request,
                                         const Clock& clock);

/// What a search that was forced to one engine says when the other finds an answer where it saw a
/// contradiction.
[[nodiscard]] Error engines_disagree();
/// kUnsatisfiable for callers that do not want to be told why.
[[nodiscard]] Error unexplained();

/// An answer of a search, taken down.
struct Model {
    std::vector<std::uint8_t> truths;  ///< By variable; those that came later are false.
    std::vector<RootPick> picks;
};

class Resolution {
public:
    Resolution(const Request& request, DependencyProvider& provider, const CallContext& context,
               const Clock& clock, const SatOptions& options = SatOptions(),
               std::uint64_t ordered_conflicts = kOrderedConflicts);

    /// Makes `run` begin where a search over the same request ended. Both stay until it is done.
    void continue_from(const Handover& from) noexcept { handover_ = from; }
    /// Replaces the time budget that began with this object.
    void count_time_with(const TimeBudget& time) noexcept { universe_.count_time_with(time); }
    /// Errors: those of Resolver::resolve but kDependencyCycle.
    [[nodiscard]] Result<Solution> run();
    /// Explains why roots that are known to contradict each other do, none of them without need,
    /// which took `conflicts` to find out. Nothing when there is an answer after all. Errors: as
    /// `run`.
    [[nodiscard]] Result<std::optional<Error>> explain(std::uint64_t conflicts);
    /// REQUIRES: `run` returned a solution.
    void write_stats(SolveStats& stats, std::chrono::nanoseconds total) const;

private:
    /// The domain engine's answer; nothing when it has to be left to the Boolean one.
    [[nodiscard]] Result<std::optional<Solution>> run_domains();
    [[nodiscard]] Result<Solution> run_boolean();
    /// Takes down the answer on the trail.
    void keep();
    /// Writes down the answer that was kept last.
    [[nodiscard]] Result<Solution> answer();
    [[nodiscard]] Result<Reached> walk(bool every_part);
    /// The best answer, or the best that was found before a budget ran out.
    [[nodiscard]] Result<Solution> improved_answer();
    [[nodiscard]] Result<void> improve();
    [[nodiscard]] Result<void> improve_root(std::size_t root, std::vector<RootPick>& picks);
    [[nodiscard]] Result<bool> try_for_root(const std::vector<Lit>& wish,
                                            std::vector<RootPick>& picks);

    SatOptions options_;
    std::uint64_t ordered_conflicts_;
    Universe universe_;
    Requirements requirements_;
    std::optional<ProviderWorld> world_;
    std::unique_ptr<Search> search_;
    bool contradicted_ = false;  ///< The domain engine found a contradiction.
    Handover handover_;          ///< Of a domain search that took too many conflicts.
    Model kept_;
    bool proven_ = false;  ///< What was kept last is what the request wants.
    std::vector<RequirementId> roots_;
    std::vector<Lit> assumptions_;
};

}  // namespace catalog::resolve::engine
