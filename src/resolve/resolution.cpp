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

/// Reads choices off an answer of a search.
class ModelChooser final : public Chooser {
public:
    ModelChooser(const Universe& universe, const Requirements& requirements, Clauses& clauses,
                 const Model& model, const std::vector<RequirementId>& roots, bool every_part)
        : universe_(universe),
          requirements_(requirements),
          clauses_(clauses),
          model_(model),
          every_part_(every_part) {
        for (std::size_t i = 0; i < roots.size(); ++i) {
            root_picks_[roots[i]] = model.picks[i].package;
        }
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
    [[nodiscard]] bool is_true(Var var) const {
        return var < model_.truths.size() && model_.truths[var] != 0;
    }

    [[nodiscard]] bool holds(RequirementId demand) { return is_true(clauses_.demand(demand)); }

    [[nodiscard]] PackageId32 true_candidate(RequirementId demand) {
        for (const PackageId32 candidate : requirements_.candidates(demand)) {
            if (is_true(clauses_.package(candidate))) return candidate;
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
    Clauses& clauses_;
    const Model& model_;
    bool every_part_;
    std::unordered_map<RequirementId, PackageId32> root_picks_;
};

/// Packages of an answer that are not locked as they are.
std::size_t count_changes(const Solution& solution, const Request& request) {
    const auto is_locked = [&](const Resolved& package) {
        return std::any_of(request.locked.begin(), request.locked.end(), [&](const Locked& lock) {
            return lock.name == package.name && lock.source_id == package.candidate.source_id &&
                   compare_precedence(lock.version, package.candidate.version) ==
                       std::weak_ordering::equivalent;
        });
    };
    return solution.packages.size() -
           static_cast<std::size_t>(
               std::count_if(solution.packages.begin(), solution.packages.end(), is_locked));
}

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
    // The verdict stands, whatever the account of it would have taken.
    if (!answer && contradicted_ && answer.error().code() == Errc::kBudgetExhausted) {
        return fail(unexplained());
    }
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
    bool is_best = !needs_clauses(universe_.request());
    if (outcome == Outcome::kLimit) {
        CATALOG_TRY(outcome, search_->run(assumptions_, Order::kActivity, kNoLimit));
        is_best = universe_.request().optimality == Optimality::kGreedy;
    }
    if (outcome == Outcome::kSat) {
        if (!is_best) return improved_answer();
        keep();
        proven_ = true;
        return answer();
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

void Resolution::keep() {
    const Cdcl& core = search_->core();
    kept_.truths.resize(core.var_count());
    for (Var var = 0; var < core.var_count(); ++var) {
        kept_.truths[var] = core.is_true(positive(var)) ? 1 : 0;
    }
    kept_.picks = search_->picks();
}

Result<Solution> Resolution::answer() {
    CATALOG_TRY(Reached reached, walk(false));
    // Only a peer can be lacking: what supplies it came in as a further part of a choice.
    if (!reached.unmet.empty()) {
        CATALOG_TRY(reached, walk(true));
    }
    CATALOG_CHECK(reached.unmet.empty());
    Solution solution = make_solution(universe_, requirements_, reached);
    solution.proven = proven_;
    return solution;
}

Result<Reached> Resolution::walk(bool every_part) {
    ModelChooser chooser(universe_, requirements_, search_->clauses(), kept_, roots_, every_part);
    return Walk(universe_, requirements_, chooser).run(roots_);
}

Result<Solution> Resolution::improved_answer() {
    keep();
    const Model first = kept_;
    if (auto improved = improve(); improved)
        return answer();
    else if (improved.error().code() != Errc::kBudgetExhausted)
        return fail(improved.error());
    // An answer is at hand; only the proof that there is none better is missing.
    CATALOG_TRY(Solution last, answer());
    if (proven_ || universe_.request().optimality != Optimality::kMinChange) return last;
    kept_ = first;
    CATALOG_TRY(Solution other, answer());
    return count_changes(other, universe_.request()) < count_changes(last, universe_.request())
               ? other
               : last;
}

Result<bool> Resolution::try_for_root(const std::vector<Lit>& wish, std::vector<RootPick>& picks) {
    std::vector<Lit> trial = assumptions_;
    trial.insert(trial.end(), wish.begin(), wish.end());
    CATALOG_TRY(const Outcome outcome, search_->run(trial, Order::kActivity, kNoLimit));
    if (outcome != Outcome::kSat) return false;
    keep();
    picks = kept_.picks;
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

Result<void> Resolution::improve() {
    const Optimality wanted = universe_.request().optimality;
    Optimum optimum(universe_, *search_, assumptions_, [this] { keep(); });
    if (wanted == Optimality::kMinChange) CATALOG_TRY_VOID(optimum.fewest_changes());
    std::vector<RootPick> picks = search_->picks();
    for (std::size_t root = 0; root < roots_.size(); ++root) {
        CATALOG_TRY_VOID(improve_root(root, picks));
    }
    if (wanted == Optimality::kLexAll) {
        CATALOG_TRY_VOID(optimum.every_package());
        keep();
        proven_ = true;
        return {};
    }
    proven_ = true;
    CATALOG_TRY(const Outcome outcome,
                search_->run(assumptions_, Order::kBreadthFirst, ordered_conflicts_));
    if (outcome != Outcome::kSat) {
        CATALOG_TRY_VOID(search_->run(assumptions_, Order::kActivity, kNoLimit));
    }
    keep();
    return {};
}

}  // namespace catalog::resolve::engine
