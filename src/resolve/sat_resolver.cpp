#include "catalog/resolve/sat_resolver.hpp"

#include <catalog/internal/try.hpp>
#include <utility>

#include "answer.hpp"
#include "frozen_resolution.hpp"
#include "resolution.hpp"
#include "steady_progress.hpp"

namespace catalog::resolve {

struct SatResolver::Impl {
    std::shared_ptr<Clock> clock;
    SatOptions options;
    /// Kept from call to call: it is for one universe, and mostly memory.
    std::unique_ptr<engine::FrozenResolution> frozen;
};

SatResolver::SatResolver(std::shared_ptr<Clock> clock, SatOptions options)
    : impl_(std::make_unique<Impl>(Impl{std::move(clock), options, nullptr})) {}

SatResolver::~SatResolver() = default;

Result<Solution> SatResolver::resolve(const Request& request, DependencyProvider& provider,
                                      const CallContext& caller) {
    const MonotonicTime start = impl_->clock->now_monotonic();
    CATALOG_TRY_VOID(engine::check_request(request));
    CATALOG_TRY_VOID(caller.check(*impl_->clock));
    engine::SteadyProgress progress(caller);
    const CallContext& context = progress.context();
    const engine::TimeBudget time(request, *impl_->clock);
    engine::Handover handover;
    const FrozenUniverse* universe = engine::needs_clauses(request) ? nullptr : provider.universe();
    if (universe != nullptr && impl_->options.engine != Engine::kBoolean) {
        if (impl_->frozen == nullptr || !impl_->frozen->is_of(*universe)) {
            impl_->frozen = std::make_unique<engine::FrozenResolution>(*universe);
        }
        CATALOG_TRY(const bool found,
                    impl_->frozen->run(request, context, *impl_->clock, impl_->options, time));
        if (found) {
            Solution solution = impl_->frozen->answer().to_solution();
            CATALOG_TRY_VOID(engine::check_cycles(request, solution));
            impl_->frozen->write_stats(solution.stats, impl_->clock->now_monotonic() - start);
            return solution;
        }
        handover = impl_->frozen->handover();
    }
    engine::Resolution resolution(request, provider, context, *impl_->clock, impl_->options);
    resolution.count_time_with(time);
    resolution.continue_from(handover);
    CATALOG_TRY(Solution solution, resolution.run());
    CATALOG_TRY_VOID(engine::check_cycles(request, solution));
    resolution.write_stats(solution.stats, impl_->clock->now_monotonic() - start);
    return solution;
}

}  // namespace catalog::resolve
