#include "frozen_resolution.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>

#include "resolution.hpp"

namespace catalog::resolve::engine {

namespace {

/// To find out whether roots can be left out: conflicts for one trial, and changes of domains for
/// all, as a multiple of what the contradiction took.
constexpr std::uint64_t kConflictsPerSubset = 500;
constexpr std::uint64_t kEffortRatio = 4;
constexpr std::uint64_t kEffortAtLeast = 20'000;
/// Of more roots many are tried at once.
constexpr std::size_t kOneByOneMax = 4;

/// `roots` are ascending.
void keep_roots(const std::vector<std::size_t>& roots, Request& request) {
    std::vector<Root> kept;
    kept.reserve(roots.size());
    for (const std::size_t root : roots) kept.push_back(std::move(request.roots[root]));
    request.roots = std::move(kept);
}

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
                                   const Clock& clock, const SatOptions& options,
                                   const TimeBudget& time) {
    handover_ = {};
    time_ = time;
    world_.count_time_with(time);
    const bool covered = world_.begin(request, context, clock);
    if (const Error* failure = world_.universe().view().failure()) return fail(*failure);
    if (!covered) return false;
    const auto refused = [&]() -> Result<bool> {
        Result<bool> told = refuse(request, context, clock, options);
        // The verdict stands, whatever the account of it would have taken.
        if (!told && told.error().code() == Errc::kBudgetExhausted) return fail(unexplained());
        return told;
    };
    if (!world_.is_consistent()) return refused();
    CATALOG_TRY(const DomainOutcome outcome,
                world_.solver().run(domain_bounds(options, request, clock)));
    if (outcome == DomainOutcome::kLimit) handover_ = {&world_.solver(), &world_};
    if (outcome == DomainOutcome::kUnsat) return refused();
    if (outcome != DomainOutcome::kSat) return false;
    answer_.take();
    if (const Error* failure = world_.universe().view().failure()) return fail(*failure);
    return true;
}

Result<bool> FrozenResolution::contradicts(const Request& request, const CallContext& context,
                                           const Clock& clock, std::uint64_t conflicts_max) {
    if (!world_.begin(request, context, clock)) return false;
    if (!world_.is_consistent()) return true;
    CATALOG_TRY(const DomainOutcome outcome, world_.solver().run({conflicts_max, nullptr, {}}));
    return outcome == DomainOutcome::kUnsat;
}

Result<bool> FrozenResolution::minimise(Request& request, const CallContext& context,
                                        const Clock& clock) {
    keep_roots(world_.collect_used(), request);
    bool is_at_contradiction = true;
    std::uint64_t effort = kEffortAtLeast + kEffortRatio * world_.solver().propagations();
    std::size_t chunk = request.roots.size() > kOneByOneMax ? request.roots.size() / 2 : 1;
    // The last `needed` roots have been found necessary.
    for (std::size_t needed = 0; request.roots.size() > 1 && needed < request.roots.size();) {
        chunk = std::min(chunk, request.roots.size() - needed);
        Request fewer = request;
        const auto end = fewer.roots.end() - static_cast<std::ptrdiff_t>(needed);
        fewer.roots.erase(end - static_cast<std::ptrdiff_t>(chunk), end);
        CATALOG_TRY(is_at_contradiction, contradicts(fewer, context, clock, kConflictsPerSubset));
        if (is_at_contradiction) {
            keep_roots(world_.collect_used(), fewer);
            request.roots = std::move(fewer.roots);
        } else if (chunk > 1) {
            chunk /= 2;
        } else {
            ++needed;
        }
        const std::uint64_t spent = world_.solver().propagations();
        if (spent >= effort) break;
        effort -= spent;
    }
    if (is_at_contradiction) return true;
    CATALOG_TRY(is_at_contradiction, contradicts(request, context, clock, request.conflicts_max));
    if (is_at_contradiction) keep_roots(world_.collect_used(), request);
    return is_at_contradiction;
}

Result<bool> FrozenResolution::refuse(const Request& request, const CallContext& context,
                                      const Clock& clock, const SatOptions& options) {
    if (!options.explain) return fail(unexplained());
    Request unmet = request;
    CATALOG_TRY(const bool minimised, minimise(unmet, context, clock));
    if (!minimised) return false;
    UsedProvider used(world_);
    UniverseProvider all(world_.universe());
    // What the contradiction rests on suffices to explain it, or else everything does.
    for (DependencyProvider* const provider :
         {static_cast<DependencyProvider*>(&used), static_cast<DependencyProvider*>(&all)}) {
        Resolution resolution(unmet, *provider, context, clock);
        resolution.count_time_with(time_);
        CATALOG_TRY(const std::optional<Error> account,
                    resolution.explain(world_.solver().conflicts()));
        if (account) return fail(*account);
    }
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
