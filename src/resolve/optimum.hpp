#pragma once
// Optimum: what a request wants beyond the best roots. Each goal starts from an answer on the
// search's trail, adds to the assumptions what pins it down, and leaves an answer on the trail.

#include <functional>
#include <utility>
#include <vector>

#include "search.hpp"

namespace catalog::resolve::engine {

class Optimum {
public:
    /// `assumptions` grows; under it the search must be satisfiable. `on_better` is called whenever
    /// a better answer than those before is on the trail.
    Optimum(Universe& universe, Search& search, std::vector<Lit>& assumptions,
            std::function<void()> on_better)
        : universe_(universe),
          search_(search),
          assumptions_(assumptions),
          on_better_(std::move(on_better)) {}

    /// Pins down the smallest number of packages that are not locked as they are: a counter over
    /// packages (Sinz 2005) whose bound goes down until nothing fits. Errors: as Search::run;
    /// kBudgetExhausted when the counter would be too large.
    [[nodiscard]] Result<void> fewest_changes();

    /// Pins down every package, in ascending order of names and the newest line of a name first:
    /// not in the answer if that is possible, else the most wanted version. Errors: as Search::run.
    [[nodiscard]] Result<void> every_package();

private:
    [[nodiscard]] std::vector<SlotId> slots_in_order();
    [[nodiscard]] std::vector<PackageId32> wanted_first(SlotId slot) const;
    [[nodiscard]] PackageId32 chosen(SlotId slot);
    [[nodiscard]] Result<bool> holds_with(Lit trial);
    [[nodiscard]] Result<void> settle(SlotId slot, PackageId32& in);
    [[nodiscard]] std::vector<Lit> change_literals();
    void add(std::vector<Lit> literals);

    Universe& universe_;
    Search& search_;
    std::vector<Lit>& assumptions_;
    std::function<void()> on_better_;
    std::vector<PackageId32> model_;  ///< By slot: the version in the last answer, or kNone.
    bool on_trail_ = true;
};

}  // namespace catalog::resolve::engine
