#include "resolution.hpp"

#include <algorithm>
#include <catalog/internal/check.hpp>
#include <catalog/internal/try.hpp>
#include <utility>

#include "answer.hpp"
#include "explain.hpp"
#include "optimum.hpp"

namespace catalog::resolve::engine {

namespace {

constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};

/// Reads choices off the answer on a search's trail.
class TrailChooser final : public Chooser {
public:
    TrailChooser(const Universe& universe, const Requirements& requirements, Search& search,
                 const std::vector<RequirementId>& roots, bool every_part)
        : universe_(universe),
          requirements_(requirements),
          search_(search),
          every_part_(every_part) {
        const std::vector<RootPick> picks = search.picks();
        for (std::size_t i = 0; i < roots.size(); ++i) root_picks_[roots[i]] = picks[i].package;
    }

    void choose(RequirementId demand, std::span<const FeatureId> /*features*/,
                std::vector<PackageId32>& chosen) override {
        const auto root = root_picks_.find(demand);
        if (root != root_picks_.end()) chosen.push_back(root->second);
        if (!chosen.empty() && !every_part_) return;
        if (!requirements_.demand(demand).choice) {
            add(true_candidate(demand), chosen);
            return;
        }
        for (const RequirementId part : requirements_.parts(demand)) {
            if (!holds(part)) continue;
            add(true_candidate(part), chosen);
            if (!chosen.empty() && !every_part_) return;
        }
    }

    PackageId32 choose_peer(RequirementId demand, std::span<const FeatureId> /*features*/,
                            const std::function<bool(PackageId32)>& is_in) override {
        std::vector<PackageId32> there;
        if (requirements_.demand(demand).choice) {
            for (const RequirementId part : requirements_.parts(demand)) {
                if (holds(part)) add(true_candidate(part), there);
            }
        } else {
            add(true_candidate(demand), there);
        }
        for (const PackageId32 candidate : there) {
            if (is_in(candidate)) return candidate;
        }
        for (const PackageId32 candidate : there) {
            if (universe_.package(candidate).locked) return candidate;
        }
        return kNone;
    }

private:
    [[nodiscard]] bool holds(RequirementId demand) {
        return search_.core().is_true(positive(search_.clauses().demand(demand)));
    }

    [[nodiscard]] PackageId32 true_candidate(RequirementId demand) {
        for (const PackageId32 candidate : requirements_.candidates(demand)) {
            if (search_.core().is_true(positive(search_.clauses().package(candidate)))) {
                return candidate;
            }
        }
        return kNone;
    }

    static void add(PackageId32 candidate, std::vector<PackageId32>& chosen) {
        if (candidate == kNone) return;
        for (const PackageId32 known : chosen) {
            if (known == candidate) return;
        }
        chosen.push_back(candidate);
    }

    const Universe& universe_;
    const Requirements& requirements_;
    Search& search_;
    bool every_part_;
    std::unordered_map<RequirementId, PackageId32> root_picks_;
};

}  // namespace

Resolution::Resolution(const Request& request, DependencyProvider& provider,
                       const CallContext& context, const Clock& clock, const SatOptions& options,
                       std::uint64_t ordered_conflicts)
    : options_(options),
      ordered_conflicts_(ordered_conflicts),
      universe_(request, provider, context, clock),
      requirements_(universe_) {}

bool needs_clauses(const Request& request) {
    return request.optimality == Optimality::kLexAll ||
           request.optimality == Optimality::kMinChange;
}

DomainBounds domain_bounds(const SatOptions& options, const Request& request, const Clock& clock) {
    DomainBounds bounds;
    bounds.conflicts_max = request.conflicts_max;
    if (options.engine == Engine::kDomains) return bounds;
    bounds.conflicts_max = std::min(bounds.conflicts_max, options.domain_conflicts_max);
    if (options.domain_time_max.count() > 0) {
        bounds.clock = &clock;
        bounds.until = clock.now_monotonic() + options.domain_time_max;
    }
    return bounds;
}

Error engines_disagree() {
    return Error(Errc::kInternal, "the engines of the resolver disagree")
        .with_hint("report this with the request and the packages");
}

Error unexplained() {
    return Error(Errc::kUnsatisfiable, "no set of packages meets the request")
        .with_hint("resolve it with explanations to be told why");
}

Result<Solution> Resolution::run() {
    CATALOG_TRY(roots_, make_roots(universe_, requirements_));
    const bool domains_first = options_.engine != Engine::kBoolean && handover_.solver == nullptr;
    if (domains_first && !needs_clauses(universe_.request())) {
        CATALOG_TRY(std::optional<Solution> found, run_domains());
        if (found) return *std::move(found);
        if (contradicted_ && !options_.explain) return fail(unexplained());
    }
    auto answer = run_boolean();
    if (answer && contradicted_ && options_.engine == Engine::kDomains) {
        return fail(engines_disagree());
    }
    return answer;
}

Result<std::optional<Error>> Resolution::explain(std::uint64_t conflicts) {
    CATALOG_TRY(roots_, make_roots(universe_, requirements_));
    return explain_contradiction(universe_, requirements_, roots_, conflicts);
}

Result<std::optional<Solution>> Resolution::run_domains() {
    world_.emplace(universe_, requirements_, roots_);
    const DomainBounds bounds = domain_bounds(options_, universe_.request(), universe_.clock());
    CATALOG_TRY(bool consistent, world_->begin());
    DomainOutcome outcome = DomainOutcome::kUnsat;
    while (consistent) {
        CATALOG_TRY(outcome, world_->solver().run(bounds));
        if (outcome != DomainOutcome::kRestart) break;
        CATALOG_TRY(consistent, world_->restart());
        outcome = DomainOutcome::kUnsat;
    }
    contradicted_ = outcome == DomainOutcome::kUnsat;
    if (outcome == DomainOutcome::kLimit) handover_ = {&world_->solver(), &*world_};
    if (outcome != DomainOutcome::kSat) return std::optional<Solution>();
    CATALOG_TRY(const Reached reached, Walk(universe_, requirements_, *world_).run(roots_));
    if (!reached.unmet.empty()) return std::optional<Solution>();
    return make_solution(universe_, requirements_, reached);
}

Result<Solution> Resolution::run_boolean() {
    search_ = std::make_unique<Search>(universe_, requirements_, roots_, false);
    for (std::size_t i = 0; i < roots_.size(); ++i) assumptions_.push_back(search_->root(i));
    if (handover_.solver != nullptr) search_->take_over(handover_);

    CATALOG_TRY(Outcome outcome,
                search_->run(assumptions_, Order::kBreadthFirst, ordered_conflicts_));
    const Optimality wanted = universe_.request().optimality;
    if (outcome == Outcome::kSat) {
        return needs_clauses(universe_.request()) ? improved_answer() : answer();
    }
    if (outcome == Outcome::kLimit) {
        CATALOG_TRY(outcome, search_->run(assumptions_, Order::kActivity, kNoLimit));
        if (outcome == Outcome::kSat) {
            return wanted == Optimality::kGreedy ? answer() : improved_answer();
        }
    }
    if (!options_.explain) return fail(unexplained());
    return fail(explain_failure(universe_, requirements_, *search_, roots_));
}

void Resolution::write_stats(SolveStats& stats, std::chrono::nanoseconds total) const {
    const auto us = [](std::chrono::nanoseconds time) {
        return static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(time).count());
    };
    stats.load_us = us(universe_.load_time());
    stats.solve_us = us(total - universe_.load_time());
    const DomainSolver* solver = world_ ? &world_->solver() : handover_.solver;
    if (solver != nullptr) {
        stats.decisions += solver->decisions();
        stats.conflicts += solver->conflicts();
        stats.propagations += solver->propagations();
    }
    if (search_) {
        stats.decisions += search_->decisions();
        stats.conflicts += search_->conflicts();
        stats.propagations += search_->core().propagations();
    }
}

Result<Solution> Resolution::answer() {
    CATALOG_TRY(Reached reached, walk(false));
    // Only a peer can be lacking: what supplies it came in as a further part of a choice.
    if (!reached.unmet.empty()) {
        CATALOG_TRY(reached, walk(true));
    }
    CATALOG_CHECK(reached.unmet.empty());
    return make_solution(universe_, requirements_, reached);
}

Result<Reached> Resolution::walk(bool every_part) {
    TrailChooser chooser(universe_, requirements_, *search_, roots_, every_part);
    return Walk(universe_, requirements_, chooser).run(roots_);
}

Result<Solution> Resolution::improved_answer() {
    CATALOG_TRY(Solution first, answer());
    auto better = improve();
    if (better) return better;
    // The answer at hand is valid; only the proof that the roots are the newest is missing.
    if (better.error().code() == Errc::kBudgetExhausted) return first;
    return better;
}

Result<bool> Resolution::try_for_root(const std::vector<Lit>& wish, std::vector<RootPick>& picks) {
    std::vector<Lit> trial = assumptions_;
    trial.insert(trial.end(), wish.begin(), wish.end());
    CATALOG_TRY(const Outcome outcome, search_->run(trial, Order::kActivity, kNoLimit));
    if (outcome != Outcome::kSat) return false;
    picks = search_->picks();
    return true;
}

/// Moves a root to its best version, given those of the roots before it. Leaves an answer on the
/// trail.
Result<void> Resolution::improve_root(std::size_t root, std::vector<RootPick>& picks) {
    const std::vector<RootPick> options = search_->options(root);
    const auto current = [&] { return std::find(options.begin(), options.end(), picks[root]); };
    bool on_trail = true;
    if (requirements_.demand(roots_[root]).choice) {
        for (auto option = options.begin(); option != current(); ++option) {
            CATALOG_TRY(on_trail, try_for_root(search_->assumptions_of(root, *option), picks));
            if (on_trail) break;
        }
    } else {
        // All better versions at once: that there is none is mostly one short search.
        while (on_trail && current() != options.begin()) {
            const Lit better = search_->any_of({options.begin(), current()});
            CATALOG_TRY(on_trail, try_for_root({better}, picks));
        }
    }
    for (const Lit literal : search_->assumptions_of(root, picks[root])) {
        assumptions_.push_back(literal);
    }
    if (!on_trail) {
        CATALOG_TRY_VOID(search_->run(assumptions_, Order::kActivity, kNoLimit));
    }
    return {};
}

Result<Solution> Resolution::improve() {
    const Optimality wanted = universe_.request().optimality;
    Optimum optimum(universe_, *search_, assumptions_);
    if (wanted == Optimality::kMinChange) CATALOG_TRY_VOID(optimum.fewest_changes());
    std::vector<RootPick> picks = search_->picks();
    for (std::size_t root = 0; root < roots_.size(); ++root) {
        CATALOG_TRY_VOID(improve_root(root, picks));
    }
    if (wanted == Optimality::kLexAll) {
        CATALOG_TRY_VOID(optimum.every_package());
        return answer();
    }
    CATALOG_TRY(const Outcome outcome,
                search_->run(assumptions_, Order::kBreadthFirst, ordered_conflicts_));
    if (outcome != Outcome::kSat) {
        CATALOG_TRY_VOID(search_->run(assumptions_, Order::kActivity, kNoLimit));
    }
    return answer();
}

}  // namespace catalog::resolve::engine
