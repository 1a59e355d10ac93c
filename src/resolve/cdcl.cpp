#include "cdcl.hpp"

#include <algorithm>
#include <utility>

#include "stable.hpp"

namespace catalog::resolve::engine {

namespace {

/// Learned clauses that span at most this many levels are never dropped.
constexpr std::uint32_t kKeptLevels = 2;

}  // namespace

Cdcl::Cdcl(bool with_proof) : with_proof_(with_proof) {
    new_vars(1);
    assign(truth(), Reason::none());
}

Var Cdcl::new_vars(std::uint32_t count) {
    const auto first = static_cast<Var>(vars_.size());
    vars_.resize(vars_.size() + count);
    values_.resize(vars_.size() * 2, Value::kUnknown);
    watches_.resize(vars_.size() * 2);
    seen_.resize(vars_.size(), 0);
    return first;
}

void Cdcl::add_group(Var first, std::uint32_t count) {
    if (count < 2) return;
    for (Var var = first; var < first + count; ++var) {
        vars_[var].group = static_cast<std::uint32_t>(groups_.size());
    }
    groups_.push_back({first, count});
}

ClauseRef Cdcl::store(std::span<const Lit> literals, bool learned, std::uint32_t tag) {
    const auto ref = static_cast<ClauseRef>(arena_.size());
    arena_.push_back(static_cast<std::uint32_t>(literals.size()) | (learned ? kLearnedBit : 0));
    arena_.push_back(tag);
    arena_.insert(arena_.end(), literals.begin(), literals.end());
    return ref;
}

void Cdcl::watch(ClauseRef ref) {
    const std::uint32_t size = size_of(ref);
    if (size < 2) return;
    const Lit* literals = literals_of(ref);
    watches_[negated(literals[0])].push_back({ref, literals[1], size == 2});
    watches_[negated(literals[1])].push_back({ref, literals[0], size == 2});
}

void Cdcl::put_best_first(Lit* literals, std::uint32_t size) const {
    const auto rank = [this](Lit literal) -> std::uint64_t {
        if (!is_false(literal)) return is_true(literal) ? ~std::uint64_t{0} : ~std::uint64_t{1};
        return vars_[var_of(literal)].level;
    };
    for (std::uint32_t place = 0; place < 2; ++place) {
        std::uint32_t best = place;
        for (std::uint32_t i = place + 1; i < size; ++i) {
            if (rank(literals[i]) > rank(literals[best])) best = i;
        }
        std::swap(literals[place], literals[best]);
    }
}

void Cdcl::add_clause(std::span<const Lit> literals, std::uint32_t tag) {
    ClauseRef ref = kNoClause;
    if (literals.size() == 1) {
        // A fact that arrives above level 0 must not be forgotten by a backjump; as a clause of
        // two literals it is watched like any other.
        const Lit pair[] = {literals[0], negated(truth())};
        ref = store(pair, false, tag);
    } else {
        ref = store(literals, false, tag);
    }
    put_best_first(literals_of(ref), size_of(ref));
    watch(ref);
    const Lit* stored = literals_of(ref);
    if (is_false(stored[0])) {
        if (!has_conflict_) set_conflict(ref);
    } else if (value(stored[0]) == Value::kUnknown && is_false(stored[1])) {
        assign(stored[0], Reason::clause(ref));
    }
}

void Cdcl::assign(Lit literal, Reason reason) {
    values_[literal] = Value::kTrue;
    values_[negated(literal)] = Value::kFalse;
    VarState& state = vars_[var_of(literal)];
    state.reason = reason;
    state.level = level();
    trail_.push_back(literal);
}

void Cdcl::decide(Lit literal) {
    open_level();
    assign(literal, Reason::none());
}

void Cdcl::backjump(std::uint32_t target) {
    kept_ = static_cast<std::uint32_t>(trail_.size());
    if (target >= level()) return;
    const std::uint32_t end = level_ends_[target];
    for (std::size_t i = trail_.size(); i-- > end;) {
        values_[trail_[i]] = Value::kUnknown;
        values_[negated(trail_[i])] = Value::kUnknown;
    }
    trail_.resize(end);
    level_ends_.resize(target);
    head_ = std::min(head_, end);
    kept_ = end;
    has_conflict_ = false;
}

void Cdcl::set_conflict(ClauseRef ref) {
    has_conflict_ = true;
    conflict_ref_ = ref;
    conflict_.assign(literals_of(ref), literals_of(ref) + size_of(ref));
}

bool Cdcl::propagate() {
    while (!has_conflict_ && head_ < trail_.size()) {
        const Lit literal = trail_[head_++];
        ++propagations_;
        if (!propagate_clauses(literal) || !propagate_group(literal)) return false;
    }
    return !has_conflict_;
}

bool Cdcl::propagate_clauses(Lit literal) {
    std::vector<Watch>& list = watches_[literal];
    const Lit falsified = negated(literal);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Watch watch = list[i];
        list[kept++] = watch;
        if (is_true(watch.blocker)) continue;
        if (watch.pair) {
            if (!is_false(watch.blocker)) {
                assign(watch.blocker, Reason::clause(watch.clause));
                continue;
            }
            set_conflict(watch.clause);
        } else {
            Lit* literals = literals_of(watch.clause);
            if (literals[0] == falsified) std::swap(literals[0], literals[1]);
            const Lit other = literals[0];
            list[kept - 1].blocker = other;
            if (is_true(other)) continue;
            const std::uint32_t size = size_of(watch.clause);
            std::uint32_t next = 2;
            while (next < size && is_false(literals[next])) ++next;
            if (next < size) {
                std::swap(literals[1], literals[next]);
                watches_[negated(literals[1])].push_back({watch.clause, other, false});
                --kept;
                continue;
            }
            if (!is_false(other)) {
                assign(other, Reason::clause(watch.clause));
                continue;
            }
            set_conflict(watch.clause);
        }
        for (++i; i < list.size(); ++i) list[kept++] = list[i];
        list.resize(kept);
        return false;
    }
    list.resize(kept);
    return true;
}

bool Cdcl::propagate_group(Lit literal) {
    if (is_negative(literal) || vars_[var_of(literal)].group == kNoClause) return true;
    const Group group = groups_[vars_[var_of(literal)].group];
    for (Var var = group.first; var < group.first + group.count; ++var) {
        if (var == var_of(literal) || is_false(positive(var))) continue;
        if (is_true(positive(var))) {
            has_conflict_ = true;
            conflict_ref_ = kNoClause;
            conflict_ = {negated(literal), negative(var)};
            return false;
        }
        assign(negative(var), Reason::group(literal));
    }
    return true;
}

bool Cdcl::refute_by_pair(Lit literal) {
    for (const Watch& watch : watches_[literal]) {
        if (!watch.pair || !is_false(watch.blocker)) continue;
        assign(negated(literal), Reason::clause(watch.clause));
        return true;
    }
    return false;
}

void Cdcl::visit(Lit literal) {
    const Var var = var_of(literal);
    if (seen_[var] != 0) return;
    if (vars_[var].level == 0) {
        if (with_proof_) step_.facts.push_back(var);
        return;
    }
    seen_[var] = 1;
    involved_.push_back(var);
    if (vars_[var].level == level()) {
        ++open_;
    } else {
        learned_.push_back(literal);
    }
}

void Cdcl::log_reason(Reason reason) {
    if (with_proof_ && !reason.is_none() && !reason.is_group()) {
        step_.clauses.push_back(reason.ref());
    }
}

void Cdcl::visit_reason(Lit literal) {
    const Reason reason = vars_[var_of(literal)].reason;
    log_reason(reason);
    if (reason.is_group()) {
        visit(negated(reason.member()));
    } else if (!reason.is_none()) {
        const Lit* literals = literals_of(reason.ref());
        for (std::uint32_t i = 0; i < size_of(reason.ref()); ++i) {
            if (literals[i] != literal) visit(literals[i]);
        }
    }
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
    const ClauseRef ref = store(learned_, true, tag);
    ++learned_count_;
    watch(ref);
    assign(learned_[0], Reason::clause(ref));
    return true;
}

bool Cdcl::is_redundant(Lit literal) const {
    const Reason reason = vars_[var_of(literal)].reason;
    if (reason.is_none()) return false;
    const auto covered = [this](Lit other) {
        return seen_[var_of(other)] != 0 || vars_[var_of(other)].level == 0;
    };
    if (reason.is_group()) return covered(reason.member());
    const Lit* literals = literals_of(reason.ref());
    for (std::uint32_t i = 0; i < size_of(reason.ref()); ++i) {
        if (var_of(literals[i]) != var_of(literal) && !covered(literals[i])) return false;
    }
    return true;
}

void Cdcl::minimise() {
    std::size_t kept = 1;
    for (std::size_t i = 1; i < learned_.size(); ++i) {
        const Lit literal = learned_[i];
        if (!is_redundant(literal)) {
            learned_[kept++] = literal;
            continue;
        }
        const Reason reason = vars_[var_of(literal)].reason;
        log_reason(reason);
        if (!with_proof_) continue;
        // Facts that the reason uses are part of the derivation too.
        if (reason.is_group()) {
            const Var var = var_of(reason.member());
            if (vars_[var].level == 0) step_.facts.push_back(var);
            continue;
        }
        const Lit* literals = literals_of(reason.ref());
        for (std::uint32_t k = 0; k < size_of(reason.ref()); ++k) {
            if (vars_[var_of(literals[k])].level == 0) step_.facts.push_back(var_of(literals[k]));
        }
    }
    learned_.resize(kept);
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
            const Reason reason = vars_[var].reason;
            if (reason.is_none()) continue;
            if (reason.is_group()) {
                facts.push_back(var_of(reason.member()));
                continue;
            }
            clauses.push_back(reason.ref());
            const Lit* literals = literals_of(reason.ref());
            for (std::uint32_t i = 0; i < size_of(reason.ref()); ++i) {
                if (var_of(literals[i]) != var) facts.push_back(var_of(literals[i]));
            }
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

void Cdcl::reduce() {
    std::vector<ClauseRef> droppable;
    for (ClauseRef ref = 0; ref < arena_.size(); ref += kHeader + size_of(ref)) {
        if (is_learned(ref) && size_of(ref) > 2 && arena_[ref + 1] > kKeptLevels) {
            droppable.push_back(ref);
        }
    }
    // Among clauses of equal measure the older ones go first.
    sort_stably(droppable,
                [this](ClauseRef a, ClauseRef b) { return arena_[a + 1] > arena_[b + 1]; });
    droppable.resize(droppable.size() / 2);
    std::sort(droppable.begin(), droppable.end());

    std::vector<std::uint32_t> old;
    old.swap(arena_);
    arena_.reserve(old.size());
    for (std::vector<Watch>& list : watches_) list.clear();
    std::size_t next_drop = 0;
    for (ClauseRef ref = 0; ref < old.size();) {
        const std::uint32_t words = kHeader + (old[ref] & ~kLearnedBit);
        if (next_drop < droppable.size() && droppable[next_drop] == ref) {
            ++next_drop;
            --learned_count_;
        } else {
            const auto moved = static_cast<ClauseRef>(arena_.size());
            arena_.insert(arena_.end(), old.begin() + ref, old.begin() + ref + words);
            watch(moved);
        }
        ref += words;
    }
    // Reasons at level 0 are never looked at without a proof, and the clauses have moved.
    for (const Lit literal : trail_) vars_[var_of(literal)].reason = Reason::none();
}

}  // namespace catalog::resolve::engine
