// Cdcl, what conflicts teach: learned clauses, failed assumptions, proofs, and which of the learned
// clauses are kept.

#include <algorithm>
#include <utility>

#include "cdcl.hpp"
#include "stable.hpp"

namespace catalog::resolve::engine {

namespace {

/// Learned clauses that span at most this many levels are never dropped, and up to the second
/// bound not while conflicts use them.
constexpr std::uint32_t kKeptLevels = 2;
constexpr std::uint32_t kKeptLevelsInUse = 6;

constexpr std::uint8_t kInvolved = 1;
constexpr std::uint8_t kImplied = 2;

/// Levels as a set of 32 bits, several a bit: enough to tell quickly that one is missing.
constexpr std::uint32_t level_bit(std::uint32_t level) { return std::uint32_t{1} << (level % 32); }

}  // namespace

void Cdcl::bump(Var var) {
    if (decidable_[var] == 0) return;
    active_.bump(var);
    if (value(positive(var)) == Value::kUnknown) active_.insert(var);
}

void Cdcl::visit(Lit literal) {
    const Var var = var_of(literal);
    if (seen_[var] != 0) return;
    if (vars_[var].level == 0) {
        if (with_proof_) step_.facts.push_back(var);
        return;
    }
    seen_[var] = kInvolved;
    involved_.push_back(var);
    if (vars_[var].level == level()) {
        ++open_;
    } else {
        learned_.push_back(literal);
    }
}

/// The clause that with its group, if it has one, implies the value of `var`.
ClauseRef Cdcl::clause_behind(Var var) const {
    const Reason reason = vars_[var].reason;
    if (reason.is_none() || !reason.is_single()) return reason.ref();
    const VarState& cause = vars_[var_of(reason.literal())];
    if (cause.choice == kNoClause || choices_[cause.choice].group != vars_[var].group) {
        return kNoClause;
    }
    return choices_[cause.choice].clause;
}

void Cdcl::visit_reason(Lit literal) {
    const Var var = var_of(literal);
    const Reason reason = vars_[var].reason;
    if (with_proof_) {
        if (const ClauseRef ref = clause_behind(var); ref != kNoClause) {
            step_.clauses.push_back(ref);
        }
    } else if (!reason.is_none() && !reason.is_single() && is_learned(reason.ref())) {
        arena_[reason.ref()] |= kUsedBit;
    }
    all_premises(var, [this](Lit premise) {
        visit(premise);
        return true;
    });
}

bool Cdcl::learn() {
    std::uint32_t top = 0;
    for (const Lit literal : conflict_) top = std::max(top, vars_[var_of(literal)].level);
    const ClauseRef violated = conflict_ref_;
    backjump(top);
    has_conflict_ = false;

    learned_.assign(1, 0);
    involved_.clear();
    step_ = {};
    open_ = 0;
    if (violated != kNoClause && with_proof_) step_.clauses.push_back(violated);
    for (const Lit literal : conflict_) visit(literal);
    if (top == 0) {
        has_conflict_ = true;
        if (log_ != nullptr) log_->learned({});
        return false;
    }

    std::size_t at = trail_.size();
    for (;;) {
        while (seen_[var_of(trail_[--at])] == 0) {
        }
        if (--open_ == 0) break;
        visit_reason(trail_[at]);
    }
    learned_[0] = negated(trail_[at]);
    for (const Var var : involved_) bump(var);
    active_.decay();
    minimise();
    const std::uint32_t levels = count_levels();
    for (const Var var : involved_) seen_[var] = 0;

    std::uint32_t target = 0;
    for (std::size_t i = 1; i < learned_.size(); ++i) {
        const std::uint32_t found = vars_[var_of(learned_[i])].level;
        if (found <= target) continue;
        target = found;
        std::swap(learned_[1], learned_[i]);
    }
    backjump(target);
    std::uint32_t tag = levels;
    if (with_proof_) {
        tag = static_cast<std::uint32_t>(steps_.size());
        steps_.push_back(std::move(step_));
    }
    if (log_ != nullptr) log_->learned(learned_);
    const ClauseRef ref = store(learned_, true, tag);
    ++learned_count_;
    watch(ref);
    assign(learned_[0], Reason::clause(ref));
    return true;
}

/// Tells whether the rest of the learned clause implies `literal` (Sorensson and Biere 2009),
/// without recursion. What it went through stays marked when it does.
bool Cdcl::is_redundant(Lit literal, std::uint32_t levels) {
    if (vars_[var_of(literal)].reason.is_none()) return false;
    const std::size_t before = implied_.size();
    stack_.assign(1, var_of(literal));
    while (!stack_.empty()) {
        const Var var = stack_.back();
        stack_.pop_back();
        const bool covered = all_premises(var, [&](Lit premise) {
            const Var other = var_of(premise);
            if (seen_[other] != 0 || vars_[other].level == 0) return true;
            if (vars_[other].reason.is_none() || (level_bit(vars_[other].level) & levels) == 0) {
                return false;
            }
            seen_[other] = kImplied;
            implied_.push_back(other);
            stack_.push_back(other);
            return true;
        });
        if (covered) continue;
        for (std::size_t i = before; i < implied_.size(); ++i) seen_[implied_[i]] = 0;
        implied_.resize(before);
        return false;
    }
    return true;
}

void Cdcl::minimise() {
    std::uint32_t levels = 0;
    for (std::size_t i = 1; i < learned_.size(); ++i) {
        levels |= level_bit(vars_[var_of(learned_[i])].level);
    }
    implied_.clear();
    std::size_t kept = 1;
    for (std::size_t i = 1; i < learned_.size(); ++i) {
        const Lit literal = learned_[i];
        if (!is_redundant(literal, levels)) {
            learned_[kept++] = literal;
        } else if (with_proof_) {
            log_derivation(var_of(literal));
        }
    }
    learned_.resize(kept);
    for (const Var var : implied_) {
        seen_[var] = 0;
        if (with_proof_) log_derivation(var);
    }
}

void Cdcl::log_derivation(Var var) {
    if (const ClauseRef ref = clause_behind(var); ref != kNoClause) step_.clauses.push_back(ref);
    all_premises(var, [this](Lit premise) {
        // Facts that the reason uses are part of the derivation too.
        if (vars_[var_of(premise)].level == 0) step_.facts.push_back(var_of(premise));
        return true;
    });
}

std::uint32_t Cdcl::count_levels() {
    level_stamps_.resize(level() + 1, 0);
    ++stamp_;
    std::uint32_t count = 0;
    for (const Lit literal : learned_) {
        std::uint32_t& stamp = level_stamps_[vars_[var_of(literal)].level];
        count += stamp != stamp_ ? 1u : 0u;
        stamp = stamp_;
    }
    return count;
}

std::vector<Lit> Cdcl::why_false(Lit literal) {
    std::vector<Lit> decisions;
    involved_.clear();
    learned_.clear();
    step_ = {};
    visit(literal);
    for (std::size_t at = trail_.size(); at-- > 0;) {
        const Lit current = trail_[at];
        if (seen_[var_of(current)] == 0) continue;
        if (vars_[var_of(current)].reason.is_none()) {
            decisions.push_back(current);
        } else {
            visit_reason(current);
        }
    }
    for (const Var var : involved_) seen_[var] = 0;
    return decisions;
}

std::vector<ProofClause> Cdcl::proof_clauses() const {
    std::vector<ClauseRef> found;
    std::vector<std::uint8_t> clause_done(arena_.size(), 0);
    std::vector<std::uint8_t> fact_done(vars_.size(), 0);
    std::vector<ClauseRef> clauses;
    std::vector<Var> facts;
    const auto add_step = [&](const Step& step) {
        clauses.insert(clauses.end(), step.clauses.begin(), step.clauses.end());
        facts.insert(facts.end(), step.facts.begin(), step.facts.end());
    };
    add_step(step_);
    while (!clauses.empty() || !facts.empty()) {
        if (!facts.empty()) {
            const Var var = facts.back();
            facts.pop_back();
            if (fact_done[var] != 0) continue;
            fact_done[var] = 1;
            if (const ClauseRef ref = clause_behind(var); ref != kNoClause) clauses.push_back(ref);
            all_premises(var, [&](Lit premise) {
                facts.push_back(var_of(premise));
                return true;
            });
            continue;
        }
        const ClauseRef ref = clauses.back();
        clauses.pop_back();
        if (clause_done[ref] != 0) continue;
        clause_done[ref] = 1;
        if (is_learned(ref)) {
            add_step(steps_[arena_[ref + 1]]);
        } else {
            found.push_back(ref);
        }
    }
    std::sort(found.begin(), found.end());
    std::vector<ProofClause> proof;
    for (const ClauseRef ref : found) {
        const Lit* literals = literals_of(ref);
        proof.push_back({arena_[ref + 1], {literals, literals + size_of(ref)}});
    }
    return proof;
}

std::vector<ClauseRef> Cdcl::droppable() const {
    std::vector<ClauseRef> found;
    for (ClauseRef ref = 0; ref < arena_.size(); ref += kHeader + size_of(ref)) {
        if (!is_learned(ref) || size_of(ref) <= 2 || arena_[ref + 1] <= kKeptLevels) continue;
        if (is_used(ref) && arena_[ref + 1] <= kKeptLevelsInUse) continue;
        found.push_back(ref);
    }
    // Among clauses of equal measure the longer and then the older ones go first.
    sort_stably(found, [this](ClauseRef a, ClauseRef b) {
        if (arena_[a + 1] != arena_[b + 1]) return arena_[a + 1] > arena_[b + 1];
        return size_of(a) > size_of(b);
    });
    found.resize(found.size() / 2);
    std::sort(found.begin(), found.end());
    return found;
}

void Cdcl::reduce() {
    const std::vector<ClauseRef> dropped = droppable();
    std::vector<std::uint32_t> old;
    old.swap(arena_);
    arena_.reserve(old.size());
    watches_.clear();
    std::size_t next_drop = 0;
    for (ClauseRef ref = 0; ref < old.size();) {
        const std::uint32_t words = kHeader + (old[ref] & ~(kLearnedBit | kUsedBit));
        if (next_drop < dropped.size() && dropped[next_drop] == ref) {
            ++next_drop;
            --learned_count_;
        } else {
            const auto moved = static_cast<ClauseRef>(arena_.size());
            old[ref] &= ~kUsedBit;
            arena_.insert(arena_.end(), old.begin() + ref, old.begin() + ref + words);
            watch(moved);
        }
        ref += words;
    }
    // Reasons at level 0 are never looked at without a proof, and the clauses have moved.
    for (const Lit literal : trail_) vars_[var_of(literal)].reason = Reason::none();
}

}  // namespace catalog::resolve::engine
