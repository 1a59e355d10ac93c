#pragma once
// FrozenResolution: one call of SatResolver after another over one frozen universe.

#include <chrono>

#include "catalog/resolve/sat_resolver.hpp"
#include "frozen_answer.hpp"
#include "frozen_world.hpp"

namespace catalog::resolve::engine {

class FrozenResolution {
public:
    explicit FrozenResolution(FrozenUniverse universe)
        : world_(std::move(universe)), answer_(world_) {}

    [[nodiscard]] bool is_of(const FrozenUniverse& universe) const noexcept {
        return &world_.universe().view() == &universe.view();
    }

    /// Resolves; false when the request is none for this engine. Errors: as SatResolver.
    [[nodiscard]] Result<bool> run(const Request& request, const CallContext& context,
                                   const Clock& clock, const SatOptions& options,
                                   const TimeBudget& time);
    /// What the last `run` that was false came to, for whoever resolves the request then.
    [[nodiscard]] const Handover& handover() const noexcept { return handover_; }
    [[nodiscard]] FrozenAnswer& answer() noexcept { return answer_; }
    void write_stats(SolveStats& stats, std::chrono::nanoseconds total);

private:
    /// Returns kUnsatisfiable, explained from what the contradiction rests on when that is wanted.
    [[nodiscard]] Result<bool> refuse(const Request& request, const CallContext& context,
                                      const Clock& clock, const SatOptions& options);

    /// Leaves roots out of `request` without which it cannot be met either, and leaves the world at
    /// the contradiction of the others. REQUIRES: the world is at the contradiction of all. False
    /// when it could not be brought there.
    [[nodiscard]] Result<bool> minimise(Request& request, const CallContext& context,
                                        const Clock& clock);
    /// Tells whether `request` was found to be contradictory.
    [[nodiscard]] Result<bool> contradicts(const Request& request, const CallContext& context,
                                           const Clock& clock, std::uint64_t conflicts_max);

    FrozenWorld world_;
    FrozenAnswer answer_;
    Handover handover_;
    TimeBudget time_;
};

}  // namespace catalog::resolve::engine
