#include "catalog/resolve/graph_resolver.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <chrono>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "answer.hpp"
#include "phrases.hpp"
#include "walk.hpp"

namespace catalog::resolve {

namespace engine {

namespace {

/// Rounds that start from nothing but the last one; afterwards what was once demanded stays.
constexpr int kFreshRounds = 32;

/// What one round learnt about one slot.
struct SlotDemands {
    std::set<RequirementId> demands;
    std::set<FeatureId> features;
    /// Candidates that a package of the round excludes, and which package that is.
    std::set<std::pair<PackageId32, PackageId32>> excluded;
    friend bool operator==(const SlotDemands&, const SlotDemands&) = default;
};
using Known = std::unordered_map<SlotId, SlotDemands>;
/// Candidates that cannot be in any answer, because nothing meets what they need.
using Rejected = std::unordered_set<PackageId32>;

/// Takes for each slot the first candidate that everything known of it allows.
class WalkingChooser final : public Chooser {
public:
    WalkingChooser(Universe& universe, const Requirements& requirements, const Known& known,
                   const Rejected& rejected)
        : universe_(universe), requirements_(requirements), known_(known), rejected_(rejected) {}

    void choose(RequirementId id, std::span<const FeatureId> features,
                std::vector<PackageId32>& chosen) override {
        const Demand& demand = requirements_.demand(id);
        PackageId32 found = kNone;
        if (demand.choice) {
            for (const RequirementId part : requirements_.parts(id)) {
                if (found == kNone) found = taken(part);
            }
            for (const RequirementId part : requirements_.parts(id)) {
                if (found == kNone) found = pick(part, features);
            }
        } else {
            found = pick(id, features);
        }
        if (found != kNone) chosen.push_back(found);
    }

    PackageId32 choose_peer(RequirementId id, std::span<const FeatureId> /*features*/,
                            const std::function<bool(PackageId32)>& is_in) override {
        std::vector<RequirementId> parts(1, id);
        if (requirements_.demand(id).choice) {
            const auto all = requirements_.parts(id);
            parts.assign(all.begin(), all.end());
        }
        for (const RequirementId part : parts) {
            const PackageId32 found = taken(part);
            if (found != kNone && is_in(found)) return found;
        }
        for (const RequirementId part : parts) {
            const PackageId32 found = pick(part, {});
            if (found != kNone && universe_.package(found).locked) return found;
        }
        return kNone;
    }

    [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

private:
    /// What this round has in the demand's slot already, when it meets the demand.
    [[nodiscard]] PackageId32 taken(RequirementId id) const {
        const auto at = taken_.find(requirements_.demand(id).slot);
        if (at == taken_.end() || !requirements_.has_candidate(id, at->second)) return kNone;
        return at->second;
    }

    [[nodiscard]] PackageId32 pick(RequirementId id, std::span<const FeatureId> features) {
        const SlotId slot = requirements_.demand(id).slot;
        if (slot == kNone || taken_.find(slot) != taken_.end()) return taken(id);
        for (const PackageId32 candidate : requirements_.candidates(id)) {
            if (!is_allowed(candidate, slot, features)) continue;
            taken_.emplace(slot, candidate);
            return candidate;
        }
        return kNone;
    }

    [[nodiscard]] bool is_allowed(PackageId32 candidate, SlotId slot,
                                  std::span<const FeatureId> features) {
        if (rejected_.count(candidate) > 0) return false;
        const auto record = universe_.load_record(candidate);
        if (!record) {
            error_ = record.error();
            return false;
        }
        const auto has = [&](FeatureId id) {
            return (*record)->effect_of(id) != FeatureEffect::kRefused;
        };
        if (!std::all_of(features.begin(), features.end(), has)) return false;
        const auto at = known_.find(slot);
        if (at == known_.end()) return true;
        const SlotDemands& known = at->second;
        return std::all_of(
                   known.demands.begin(), known.demands.end(),
                   [&](RequirementId id) { return requirements_.has_candidate(id, candidate); }) &&
               std::all_of(known.features.begin(), known.features.end(), has) &&
               std::none_of(known.excluded.begin(), known.excluded.end(), [&](const auto& e) {
                   return e.first == candidate && e.second != candidate;
               });
    }

    Universe& universe_;
    const Requirements& requirements_;
    const Known& known_;
    const Rejected& rejected_;
    std::unordered_map<SlotId, PackageId32> taken_;
    std::optional<Error> error_;
};

/// One resolution by walking.
class GraphResolution {
public:
    GraphResolution(const Request& request, DependencyProvider& provider,
                    const CallContext& context, const Clock& clock)
        : universe_(request, provider, context, clock), requirements_(universe_) {}

    [[nodiscard]] Result<Solution> run() {
        CATALOG_TRY(const auto roots, make_roots(universe_, requirements_));
        Known known;
        for (int round = 0;; ++round) {
            CATALOG_TRY_VOID(universe_.check());
            WalkingChooser chooser(universe_, requirements_, known, rejected_);
            auto walked = Walk(universe_, requirements_, chooser).run(roots);
            if (chooser.error()) return fail(*chooser.error());
            if (!walked) return fail(walked.error());
            const Reached& reached = *walked;
            CATALOG_TRY(Known learnt, learn(reached));
            if (reached.unmet.empty() && !is_violated(reached, learnt)) {
                return make_solution(universe_, requirements_, reached);
            }
            if (round >= kFreshRounds) merge(known, learnt);
            if (!reject(reached) && learnt == known) return fail(failure(reached));
            known = std::move(learnt);
        }
    }

    [[nodiscard]] std::chrono::nanoseconds load_time() const { return universe_.load_time(); }

private:
    void learn_demand(const Link& link, Known& known) const {
        const Demand& demand = requirements_.demand(link.demand);
        std::vector<RequirementId> parts(1, link.demand);
        if (demand.choice) {
            // Which part an unmet choice should have taken is not known.
            if (link.to == kNone) return;
            const auto all = requirements_.parts(link.demand);
            parts.assign(all.begin(), all.end());
        }
        for (const RequirementId part : parts) {
            const SlotId slot = requirements_.demand(part).slot;
            if (slot == kNone) continue;
            if (demand.choice && slot != link_slot(link)) continue;
            known[slot].demands.insert(part);
        }
    }

    [[nodiscard]] SlotId link_slot(const Link& link) const {
        return universe_.package((*members_)[link.to].package).slot;
    }

    [[nodiscard]] Result<Known> learn(const Reached& reached) {
        Known known;
        members_ = &reached.members;
        for (const Link& link : reached.links) learn_demand(link, known);
        for (const Link& link : reached.unmet) learn_demand(link, known);
        for (const Member& member : reached.members) {
            SlotDemands& slot = known[universe_.package(member.package).slot];
            slot.features.insert(member.features.begin(), member.features.end());
            CATALOG_TRY_VOID(learn_exclusions(member, known));
        }
        return known;
    }

    [[nodiscard]] Result<void> learn_exclusions(const Member& member, Known& known) {
        const Record& record = *universe_.package(member.package).record;
        const auto exclude = [&](ExclusionId id, PackageId32 by) {
            for (const PackageId32 other : requirements_.excluded(id)) {
                if (other == member.package && by == member.package) continue;
                known[universe_.package(other).slot].excluded.emplace(other, by);
            }
        };
        for (const Target& conflict : record.source.conflicts) {
            CATALOG_TRY(const ExclusionId id, requirements_.exclusion(conflict, false));
            exclude(id, member.package);
        }
        if (universe_.request().policy != VersionPolicy::kSingle) return {};
        for (const Dependency& dependency : record.dependencies) {
            const Requirement& source = *dependency.source;
            if (source.kind != DependencyKind::kPeer || !source.any_of.empty()) continue;
            CATALOG_TRY(const ExclusionId id, requirements_.exclusion(source.target, true));
            exclude(id, kNone);
        }
        return {};
    }

    [[nodiscard]] bool is_violated(const Reached& reached, const Known& known) const {
        return std::any_of(
            reached.members.begin(), reached.members.end(), [&](const Member& member) {
                const auto at = known.find(universe_.package(member.package).slot);
                const auto& excluded = at->second.excluded;
                return std::any_of(excluded.begin(), excluded.end(), [&](const auto& e) {
                    return e.first == member.package && e.second != member.package;
                });
            });
    }

    /// Rejects members with a dependency that nothing can meet; true when there was one.
    [[nodiscard]] bool reject(const Reached& reached) {
        bool changed = false;
        for (const Link& link : reached.unmet) {
            if (link.from == kNone) continue;
            const PackageId32 owner = reached.members[link.from].package;
            const Dependency& dependency =
                universe_.package(owner).record->dependencies[link.dependency];
            if (dependency.switched || !is_hopeless(link.demand)) continue;
            changed = rejected_.insert(owner).second || changed;
        }
        return changed;
    }

    [[nodiscard]] bool is_hopeless(RequirementId id) const {
        if (requirements_.demand(id).choice) {
            const auto parts = requirements_.parts(id);
            return std::all_of(parts.begin(), parts.end(),
                               [this](RequirementId part) { return is_hopeless(part); });
        }
        const auto candidates = requirements_.candidates(id);
        return std::all_of(candidates.begin(), candidates.end(),
                           [this](PackageId32 p) { return rejected_.count(p) > 0; });
    }

    static void merge(const Known& from, Known& into) {
        for (const auto& [slot, demands] : from) {
            SlotDemands& target = into[slot];
            target.demands.insert(demands.demands.begin(), demands.demands.end());
            target.features.insert(demands.features.begin(), demands.features.end());
            target.excluded.insert(demands.excluded.begin(), demands.excluded.end());
        }
    }

    [[nodiscard]] Error failure(const Reached& reached) const {
        const Phrases phrases(universe_, requirements_);
        ResolutionDetail detail;
        std::string message = "the packages chosen first do not fit together";
        if (!reached.unmet.empty()) {
            const Link& link = reached.unmet.front();
            const bool root = link.from == kNone;
            message =
                phrases.fact(root ? Fact{FactKind::kRoot, link.dependency, link.demand, 0}
                                  : Fact{FactKind::kDependency, reached.members[link.from].package,
                                         link.dependency, 0});
            detail.steps.push_back(message);
            message += ", which does not fit what else was chosen";
        }
        for (const Root& root : universe_.request().roots) {
            detail.roots.push_back(root.target.name + " " + root.target.constraint.to_string());
        }
        return Error(Errc::kUnsatisfiable, std::move(message), std::move(detail))
            .with_hint("this resolver does not take choices back; SatResolver does");
    }

    Universe universe_;
    Requirements requirements_;
    const std::vector<Member>* members_ = nullptr;
    Rejected rejected_;
};

}  // namespace

}  // namespace engine

struct GraphResolver::Impl {
    std::shared_ptr<Clock> clock;
};

GraphResolver::GraphResolver(std::shared_ptr<Clock> clock)
    : impl_(std::make_unique<Impl>(Impl{std::move(clock)})) {}

GraphResolver::~GraphResolver() = default;

Result<Solution> GraphResolver::resolve(const Request& request, DependencyProvider& provider,
                                        const CallContext& context) {
    const MonotonicTime start = impl_->clock->now_monotonic();
    CATALOG_TRY_VOID(engine::check_request(request));
    CATALOG_TRY_VOID(context.check(*impl_->clock));
    engine::GraphResolution resolution(request, provider, context, *impl_->clock);
    CATALOG_TRY(Solution solution, resolution.run());
    CATALOG_TRY_VOID(engine::check_cycles(request, solution));
    const auto us = [](std::chrono::nanoseconds time) {
        return static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(time).count());
    };
    const std::chrono::nanoseconds total = impl_->clock->now_monotonic() - start;
    solution.proven = request.optimality == Optimality::kGreedy;
    solution.stats.load_us = us(resolution.load_time());
    solution.stats.solve_us = us(total - resolution.load_time());
    return solution;
}

}  // namespace catalog::resolve
