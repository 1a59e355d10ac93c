#include "catalog/resolve/universe_resolver.hpp"

#include <catalog/internal/try.hpp>
#include <utility>

#include "answer.hpp"
#include "frozen_answer.hpp"
#include "frozen_resolution.hpp"
#include "resolution.hpp"
#include "steady_progress.hpp"

namespace catalog::resolve {

std::span<const std::uint32_t> FrozenSolution::versions() const noexcept {
    return answer_->versions();
}
std::span<const std::uint32_t> FrozenSolution::roots() const noexcept { return answer_->roots(); }
std::span<const FrozenEdge> FrozenSolution::edges() const { return answer_->edges(); }
std::span<const std::uint32_t> FrozenSolution::order() const { return answer_->order().nodes(); }
std::span<const std::uint32_t> FrozenSolution::order_ends() const {
    return answer_->order().ends();
}
std::string_view FrozenSolution::name(std::uint32_t place) const { return answer_->name(place); }
Candidate FrozenSolution::candidate(std::uint32_t place) const { return answer_->candidate(place); }
std::string_view FrozenSolution::asked_as(const FrozenEdge& edge) const {
    return answer_->asked_as(edge);
}
bool FrozenSolution::proven() const noexcept { return answer_->is_proven(); }
const SolveStats& FrozenSolution::stats() const noexcept { return answer_->stats; }
Solution FrozenSolution::to_solution() const { return answer_->to_solution(); }

struct UniverseResolver::Impl {
    Impl(FrozenUniverse universe, std::shared_ptr<Clock> clock_of, SatOptions how)
        : provider(universe),
          clock(std::move(clock_of)),
          options(how),
          frozen(std::move(universe)) {}

    /// What the numbers do not cover.
    [[nodiscard]] Result<void> resolve_elsewhere(const Request& request, const CallContext& context,
                                                 const engine::TimeBudget& time,
                                                 MonotonicTime start, bool tried) {
        engine::Resolution resolution(request, provider, context, *clock, options);
        resolution.count_time_with(time);
        if (tried) resolution.continue_from(frozen.handover());
        CATALOG_TRY(Solution solution, resolution.run());
        CATALOG_TRY_VOID(frozen.answer().take(std::move(solution)));
        frozen.answer().stats = {};
        resolution.write_stats(frozen.answer().stats, clock->now_monotonic() - start);
        return {};
    }

    UniverseProvider provider;
    std::shared_ptr<Clock> clock;
    SatOptions options;
    engine::FrozenResolution frozen;
};

UniverseResolver::UniverseResolver(FrozenUniverse universe, std::shared_ptr<Clock> clock,
                                   SatOptions options)
    : impl_(std::make_unique<Impl>(std::move(universe), std::move(clock), options)) {}
UniverseResolver::~UniverseResolver() = default;
UniverseResolver::UniverseResolver(UniverseResolver&&) noexcept = default;
UniverseResolver& UniverseResolver::operator=(UniverseResolver&&) noexcept = default;

Result<FrozenSolution> UniverseResolver::resolve(const Request& request,
                                                 const CallContext& caller) {
    Impl& self = *impl_;
    const MonotonicTime start = self.clock->now_monotonic();
    CATALOG_TRY_VOID(engine::check_request(request));
    CATALOG_TRY_VOID(caller.check(*self.clock));
    engine::SteadyProgress progress(caller);
    const CallContext& context = progress.context();
    const engine::TimeBudget time(request, *self.clock);
    bool found = false;
    const bool tried = self.options.engine != Engine::kBoolean && !engine::needs_clauses(request);
    if (tried) {
        CATALOG_TRY(found, self.frozen.run(request, context, *self.clock, self.options, time));
    }
    if (found) {
        self.frozen.write_stats(self.frozen.answer().stats, self.clock->now_monotonic() - start);
    } else {
        CATALOG_TRY_VOID(self.resolve_elsewhere(request, context, time, start, tried));
    }
    if (request.refuse_cycles) {
        CATALOG_TRY_VOID(engine::check_cycles(request, self.frozen.answer().to_solution()));
    }
    return FrozenSolution(self.frozen.answer());
}

}  // namespace catalog::resolve
