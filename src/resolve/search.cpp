#include "search.hpp"

#include <algorithm>
#include <catalog/internal/check.hpp>
#include <catalog/internal/try.hpp>
#include <utility>

namespace catalog::resolve::engine {

namespace {

constexpr std::uint64_t kRestartUnit = 100;  ///< Conflicts.
constexpr std::uint64_t kDecisionsPerCheck = 512;
constexpr std::uint64_t kAssumptionsPerCheck = 512;
constexpr std::uint32_t kPropagationsPerCheck = 1024;
constexpr std::uint32_t kLearnedStep = 1000;  ///< Clauses more that may be kept each time.

/// The sequence 1 1 2 1 1 2 4 ... (Luby, Sinclair and Zuckerman 1993), counted from 0.
std::uint64_t luby(std::uint64_t index) {
    std::uint64_t size = 1;
    std::uint64_t exponent = 0;
    while (size < index + 1) {
        ++exponent;
        size = 2 * size + 1;
    }
    while (size - 1 != index) {
        size = (size - 1) / 2;
        --exponent;
        index %= size;
    }
    return std::uint64_t{1} << exponent;
}

}  // namespace

Search::Search(Universe& universe, Requirements& requirements, std::vector<RequirementId> roots,
               bool with_proof, ClauseLog* log)
    : universe_(universe),
      requirements_(requirements),
      core_(with_proof, log),
      clauses_(universe, requirements, core_),
      agenda_(universe, requirements, clauses_, core_),
      supply_(universe, requirements, clauses_, core_),
      with_proof_(with_proof) {
    for (const RequirementId root : roots) {
        roots_.push_back(clauses_.add_root(static_cast<std::uint32_t>(roots_.size()), root));
    }
    agenda_.set_roots(std::move(roots));
}

void Search::take_over(const Handover& from) {
    jump(0);
    Seeds(from, universe_, clauses_, roots_).sow();
}

void Search::jump(std::uint32_t level) {
    core_.backjump(level);
    follow_backjump();
}

void Search::follow_backjump() {
    scanned_ = std::min(scanned_, core_.kept());
    agenda_.forget(core_.level(), core_.kept());
}

void Search::open(Lit literal) {
    agenda_.mark_level();
    if (core_.is_true(literal)) {
        core_.open_level();
    } else {
        core_.decide(literal);
    }
}

Result<bool> Search::saturate() {
    for (;;) {
        if (!core_.propagate(kPropagationsPerCheck)) return false;
        if (core_.propagations() - checked_at_ >= kPropagationsPerCheck) {
            checked_at_ = core_.propagations();
            CATALOG_TRY_VOID(universe_.check());
        }
        if (core_.has_pending()) continue;
        if (scanned_ == core_.trail().size()) return true;
        const Lit literal = core_.trail()[scanned_];
        const Var var = var_of(literal);
        if (!is_negative(literal)) {
            if (!clauses_.is_expanded(var)) CATALOG_TRY_VOID(clauses_.expand(var));
            const VarMeaning& meaning = clauses_.meaning(var);
            if (meaning.kind == VarKind::kDemand) agenda_.note(meaning.a, scanned_);
        }
        ++scanned_;
    }
}

bool Search::assume(std::span<const Lit> assumptions) {
    const Lit literal = assumptions[core_.level()];
    if (core_.is_false(literal)) {
        failed_ = core_.why_false(literal);
        failed_.push_back(literal);
        return false;
    }
    open(literal);
    return true;
}

Result<Outcome> Search::run(std::span<const Lit> assumptions, Order order,
                            std::uint64_t conflicts_max) {
    jump(0);
    std::uint64_t in_run = 0;
    std::uint64_t restarts = 0;
    std::uint64_t next_restart = kRestartUnit;
    for (;;) {
        CATALOG_TRY(const bool consistent, saturate());
        if (!consistent) {
            CATALOG_TRY_VOID(count_conflict());
            if (!core_.learn()) {
                failed_.clear();
                return Outcome::kUnsat;
            }
            follow_backjump();
            if (++in_run >= conflicts_max) return Outcome::kLimit;
            continue;
        }
        if (order == Order::kActivity && in_run >= next_restart) {
            next_restart = in_run + kRestartUnit * luby(++restarts);
            jump(0);
            if (!with_proof_ && core_.learned_count() > learned_max_) {
                core_.reduce();
                learned_max_ += kLearnedStep;
            }
            continue;
        }
        if (core_.level() < assumptions.size()) {
            // There may be one for each package.
            if (++assumed_ % kAssumptionsPerCheck == 0) CATALOG_TRY_VOID(universe_.check());
            if (!assume(assumptions)) return Outcome::kUnsat;
            continue;
        }
        CATALOG_TRY(const Step step, decide(order));
        if (step == Step::kDone) return Outcome::kSat;
    }
}

Result<void> Search::count_conflict() {
    if (++conflicts_ % kConflictsPerReport == 0) universe_.report_conflicts(conflicts_);
    const std::uint64_t allowed = universe_.request().conflicts_max;
    if (conflicts_ > allowed) {
        return fail(Error(Errc::kBudgetExhausted,
                          "no answer within " + std::to_string(allowed) + " conflicts",
                          LimitDetail{"resolve_conflicts_max", allowed, conflicts_})
                        .with_hint("raise the bound, or narrow what is asked for"));
    }
    const std::uint64_t bytes_max = universe_.request().clause_bytes_max;
    if (core_.clause_bytes() > bytes_max) {
        return fail(Error(Errc::kBudgetExhausted,
                          "no answer within " + std::to_string(bytes_max) + " bytes of clauses",
                          LimitDetail{"resolve_clause_bytes_max", bytes_max, core_.clause_bytes()})
                        .with_hint("raise the bound, or narrow what is asked for"));
    }
    return universe_.check();
}

Result<Search::Step> Search::decide(Order order) {
    if (++decisions_ % kDecisionsPerCheck == 0) CATALOG_TRY_VOID(universe_.check());
    if (order == Order::kActivity) {
        if (const Lit literal = core_.next_active(); literal != core_.truth()) {
            CATALOG_TRY_VOID(decide_active(literal));
            return Step::kGoOn;
        }
    }
    const RequirementId demand = agenda_.next();
    if (demand == kNone) {
        CATALOG_TRY(const std::optional<Lit> wanted, supply_.next(roots_, agenda_.peers()));
        if (wanted) {
            if (*wanted != core_.truth()) open(*wanted);
            return Step::kGoOn;
        }
        return Step::kDone;
    }
    if (!requirements_.demand(demand).choice) {
        CATALOG_TRY_VOID(decide_candidate(demand));
        return Step::kGoOn;
    }
    const RequirementId part = agenda_.pick_part(demand);
    CATALOG_CHECK(part != kNone);
    open(positive(clauses_.demand(part)));
    return Step::kGoOn;
}

Result<void> Search::decide_active(Lit literal) {
    if (!is_negative(literal) && !clauses_.is_expanded(var_of(literal))) {
        CATALOG_TRY_VOID(clauses_.expand(var_of(literal)));
        if (core_.has_conflict() || core_.has_pending()) return {};
    }
    open(literal);
    return {};
}

Result<void> Search::decide_candidate(RequirementId demand) {
    bool refuted = false;
    for (std::uint32_t i = 0; i < requirements_.demand(demand).count; ++i) {
        const Var var = clauses_.package(requirements_.candidates(demand)[i]);
        if (core_.is_false(positive(var))) continue;
        if (!clauses_.is_expanded(var)) {
            // Its clauses may rule the candidate out before it is tried.
            CATALOG_TRY_VOID(clauses_.expand(var));
            if (core_.has_conflict()) return {};
            if (core_.is_false(positive(var))) {
                refuted = true;
                continue;
            }
        }
        if (core_.refute_by_pair(positive(var))) {
            refuted = true;
            continue;
        }
        if (refuted || core_.has_pending()) return {};
        open(positive(var));
        return {};
    }
    return {};
}

std::vector<RootPick> Search::picks() const {
    std::vector<RootPick> picks;
    for (std::size_t i = 0; i < agenda_.roots().size(); ++i) {
        const RequirementId root = agenda_.roots()[i];
        RootPick pick{root, agenda_.met_by(root)};
        if (requirements_.demand(root).choice) {
            for (const RequirementId part : agenda_.root_parts(i)) {
                if (!core_.is_true(positive(clauses_.find_demand(part)))) continue;
                pick = {part, agenda_.met_by(part)};
                break;
            }
        }
        picks.push_back(pick);
    }
    return picks;
}

std::vector<Lit> Search::assumptions_of(std::size_t root, const RootPick& pick) {
    std::vector<Lit> literals;
    if (pick.part != agenda_.roots()[root])
        literals.push_back(positive(clauses_.demand(pick.part)));
    literals.push_back(positive(clauses_.package(pick.package)));
    return literals;
}

Lit Search::any_of(std::span<const RootPick> picks) {
    std::vector<PackageId32> packages;
    for (const RootPick& pick : picks) packages.push_back(pick.package);
    return positive(clauses_.add_trial(picks.front().part, packages));
}

std::vector<RootPick> Search::options(std::size_t root) const {
    const RequirementId demand = agenda_.roots()[root];
    std::vector<RequirementId> parts(1, demand);
    if (requirements_.demand(demand).choice) parts = agenda_.root_parts(root);
    std::vector<RootPick> options;
    for (const RequirementId part : parts) {
        for (const PackageId32 candidate : requirements_.candidates(part)) {
            options.push_back({part, candidate});
        }
    }
    return options;
}

}  // namespace catalog::resolve::engine
