#include "frozen_resolution.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>

#include "resolution.hpp"

namespace catalog::resolve::engine {

namespace {

/// The universe without what a contradiction does not rest on: as contradictory, and far smaller.
class UsedProvider final : public DependencyProvider {
public:
    explicit UsedProvider(const FrozenWorld& world)
        : world_(world), view_(world.universe().view()), all_(world.universe()) {}

    [[nodiscard]] Result<std::vector<Candidate>> versions(std::string_view name) override {
        return all_.versions(name);
    }
    [[nodiscard]] Result<PackageRecord> record(std::string_view name,
                                               const Candidate& candidate) override {
        const std::uint32_t id = view_.find(name);
        const std::uint32_t version = view_.find_version(id, candidate);
        if (version == frozen::kNone) return all_.record(name, candidate);
        return frozen::read_record(view_, version,
                                   [&](std::uint32_t item) { return world_.is_used(id, item); });
    }
    [[nodiscard]] Result<std::vector<VirtualProvider>> providers(std::string_view name) override {
        return all_.providers(name);
    }

private:
    const FrozenWorld& world_;
    const FrozenUniverse::View& view_;
    UniverseProvider all_;
};

}  // namespace

Result<std::optional<Solution>> FrozenResolution::run(const Request& request,
                                                      const CallContext& context,
                                                      const Clock& clock,
                                                      const SatOptions& options) {
    const bool covered = world_.begin(request, context, clock);
    if (const Error* failure = world_.universe().view().failure()) return fail(*failure);
    if (!covered) return std::optional<Solution>();
    if (!world_.is_consistent()) return explain(request, context, clock, options.engine);
    const std::uint64_t bound =
        options.engine == Engine::kDomains ? ~std::uint64_t{0} : options.domain_conflicts_max;
    const std::uint64_t allowed = std::min(bound, request.conflicts_max);
    CATALOG_TRY(const DomainOutcome outcome, world_.solver().run(allowed));
    switch (outcome) {
        case DomainOutcome::kSat: {
            Solution solution = world_.answer();
            if (const Error* failure = world_.universe().view().failure()) return fail(*failure);
            return solution;
        }
        case DomainOutcome::kUnsat:
            return explain(request, context, clock, options.engine);
        case DomainOutcome::kLimit:
        case DomainOutcome::kRestart:
            break;
    }
    return std::optional<Solution>();
}

Result<std::optional<Solution>> FrozenResolution::explain(const Request& request,
                                                          const CallContext& context,
                                                          const Clock& clock, Engine engine) {
    world_.collect_used();
    UsedProvider used(world_);
    SatOptions options;
    options.engine = Engine::kBoolean;
    Resolution resolution(request, used, context, clock, options);
    auto explained = resolution.run();
    if (!explained) return fail(explained.error());
    // The engines disagree: an answer that can be checked is worth more than the other's word.
    if (engine != Engine::kDomains) return std::optional<Solution>();
    return fail(engines_disagree());
}

void FrozenResolution::write_stats(SolveStats& stats, std::chrono::nanoseconds total) {
    stats.load_us = 0;
    stats.solve_us = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(total).count());
    stats.decisions = world_.solver().decisions();
    stats.conflicts = world_.solver().conflicts();
    stats.propagations = world_.solver().propagations();
}

}  // namespace catalog::resolve::engine
