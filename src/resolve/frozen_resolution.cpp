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

Result<bool> FrozenResolution::run(const Request& request, const CallContext& context,
                                   const Clock& clock, const SatOptions& options) {
    const bool covered = world_.begin(request, context, clock);
    if (const Error* failure = world_.universe().view().failure()) return fail(*failure);
    if (!covered) return false;
    if (!world_.is_consistent()) return refuse(request, context, clock, options);
    const std::uint64_t bound =
        options.engine == Engine::kDomains ? ~std::uint64_t{0} : options.domain_conflicts_max;
    const std::uint64_t allowed = std::min(bound, request.conflicts_max);
    CATALOG_TRY(const DomainOutcome outcome, world_.solver().run(allowed));
    if (outcome == DomainOutcome::kUnsat) return refuse(request, context, clock, options);
    if (outcome != DomainOutcome::kSat) return false;
    answer_.take();
    if (const Error* failure = world_.universe().view().failure()) return fail(*failure);
    return true;
}

Result<bool> FrozenResolution::refuse(const Request& request, const CallContext& context,
                                      const Clock& clock, const SatOptions& options) {
    if (!options.explain) return fail(unexplained());
    world_.collect_used();
    UsedProvider used(world_);
    SatOptions boolean;
    boolean.engine = Engine::kBoolean;
    Resolution resolution(request, used, context, clock, boolean);
    auto explained = resolution.run();
    if (!explained) return fail(explained.error());
    // The engines disagree: an answer that can be checked is worth more than the other's word.
    if (options.engine != Engine::kDomains) return false;
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
