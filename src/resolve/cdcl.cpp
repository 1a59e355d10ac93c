#include "cdcl.hpp"

#include <algorithm>
#include <utility>

namespace catalog::resolve::engine {

Cdcl::Cdcl(bool with_proof, ClauseLog* log) : with_proof_(with_proof), log_(log) {
    new_vars(1);
    assign(truth(), Reason::none());
}

Var Cdcl::new_vars(std::uint32_t count) {
    const auto first = static_cast<Var>(vars_.size());
    vars_.resize(vars_.size() + count);
    values_.resize(vars_.size() * 2, Value::kUnknown);
    watches_.resize(vars_.size() * 2);
    seen_.resize(vars_.size(), 0);
    decidable_.resize(vars_.size(), 0);
    phases_.resize(vars_.size(), 0);
    active_.resize(vars_.size());
    return first;
}

void Cdcl::add_group(Var first, std::uint32_t count) {
    if (count < 2) return;
    for (Var var = first; var < first + count; ++var) {
        vars_[var].group = static_cast<std::uint32_t>(groups_.size());
    }
    groups_.push_back({first, count});
    if (log_ != nullptr) log_->group(first, count);
}

void Cdcl::make_decidable(Var var, bool phase) {
    decidable_[var] = 1;
    phases_[var] = phase ? 1 : 0;
}

void Cdcl::favour(Var var, double conflicts) {
    active_.raise(var, conflicts);
    if (value(positive(var)) == Value::kUnknown) active_.insert(var);
}

void Cdcl::log_choice(Var holder, const Choice& choice) {
    for (std::uint32_t i = choice.ranges_begin; i < choice.ranges_end; ++i) {
        for (Var var = excluded_[i].begin; var < excluded_[i].end; ++var) {
            log_->learned(std::vector<Lit>{negative(holder), negative(var)});
        }
    }
}

void Cdcl::add_choice(Var holder, std::span<const Var> members, std::uint32_t tag) {
    std::vector<Lit> literals(1, negative(holder));
    for (const Var member : members) literals.push_back(positive(member));
    const auto ref = static_cast<ClauseRef>(arena_.size());
    add_clause(literals, tag);
    const std::uint32_t group = members.empty() ? kNoClause : vars_[members.front()].group;
    if (group == kNoClause) return;

    std::vector<Var> sorted(members.begin(), members.end());
    std::sort(sorted.begin(), sorted.end());
    Choice choice{ref, group, static_cast<std::uint32_t>(excluded_.size()), 0};
    Var next = groups_[group].first;
    for (const Var member : sorted) {
        if (next < member) excluded_.push_back({next, member});
        next = member + 1;
    }
    const Var end = groups_[group].first + groups_[group].count;
    if (next < end) excluded_.push_back({next, end});
    choice.ranges_end = static_cast<std::uint32_t>(excluded_.size());
    if (choice.ranges_begin == choice.ranges_end) return;
    if (log_ != nullptr) log_choice(holder, choice);
    vars_[holder].choice = static_cast<std::uint32_t>(choices_.size());
    choices_.push_back(choice);
    // What is true and propagated already would not be looked at again.
    if (is_true(positive(holder)) && !has_conflict_) propagate_choice(holder);
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
    const std::uint32_t tagged = size == 2 ? ref | Watch::kPairBit : ref;
    watches_.add(negated(literals[0]), {tagged, literals[1]});
    watches_.add(negated(literals[1]), {tagged, literals[0]});
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
    if (log_ != nullptr) log_->given(literals);
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
        const Lit literal = trail_[i];
        values_[literal] = Value::kUnknown;
        values_[negated(literal)] = Value::kUnknown;
        const Var var = var_of(literal);
        if (decidable_[var] == 0) continue;
        phases_[var] = is_negative(literal) ? 0 : 1;
        if (active_.activity(var) > 0) active_.insert(var);
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

bool Cdcl::propagate(std::uint32_t count_max) {
    for (; !has_conflict_ && head_ < trail_.size() && count_max > 0; --count_max) {
        const Lit literal = trail_[head_++];
        ++propagations_;
        if (!propagate_clauses(literal)) return false;
        if (is_negative(literal)) continue;
        if (!propagate_group(literal) || !propagate_choice(var_of(literal))) return false;
    }
    return !has_conflict_;
}

bool Cdcl::propagate_clauses(Lit literal) {
    const std::span<Watch> list = watches_[literal];
    const Lit falsified = negated(literal);
    Watch* const end = list.data() + list.size();
    Watch* kept = list.data();
    bool consistent = true;
    for (const Watch* at = kept; at != end;) {
        const Watch watch = *at++;
        *kept++ = watch;
        if (is_true(watch.blocker)) continue;
        const ClauseRef ref = watch.clause();
        Lit other = watch.blocker;
        if (!watch.is_pair()) {
            Lit* literals = literals_of(ref);
            if (literals[0] == falsified) std::swap(literals[0], literals[1]);
            other = literals[0];
            kept[-1].blocker = other;
            if (is_true(other)) continue;
            const std::uint32_t size = size_of(ref);
            std::uint32_t next = 2;
            while (next < size && is_false(literals[next])) ++next;
            if (next < size) {
                std::swap(literals[1], literals[next]);
                watches_.add(negated(literals[1]), {watch.tagged, other});
                --kept;
                continue;
            }
        }
        if (!is_false(other)) {
            assign(other, Reason::clause(ref));
            continue;
        }
        set_conflict(ref);
        consistent = false;
        kept = std::copy(at, static_cast<const Watch*>(end), kept);
        break;
    }
    watches_.shorten(literal, static_cast<std::size_t>(kept - list.data()));
    return consistent;
}

/// Makes `var` false because `cause` is true; `clause` says so together with the group.
bool Cdcl::exclude(Lit cause, Var var, ClauseRef clause) {
    if (is_false(positive(var))) return true;
    if (!is_true(positive(var))) {
        assign(negative(var), Reason::single(cause));
        return true;
    }
    has_conflict_ = true;
    conflict_ref_ = clause;
    conflict_ = {negated(cause), negative(var)};
    return false;
}

bool Cdcl::propagate_group(Lit literal) {
    if (vars_[var_of(literal)].group == kNoClause) return true;
    const Group group = groups_[vars_[var_of(literal)].group];
    for (Var var = group.first; var < group.first + group.count; ++var) {
        if (var != var_of(literal) && !exclude(literal, var, kNoClause)) return false;
    }
    return true;
}

bool Cdcl::propagate_choice(Var holder) {
    if (vars_[holder].choice == kNoClause) return true;
    const Choice& choice = choices_[vars_[holder].choice];
    for (std::uint32_t i = choice.ranges_begin; i < choice.ranges_end; ++i) {
        for (Var var = excluded_[i].begin; var < excluded_[i].end; ++var) {
            if (!exclude(positive(holder), var, choice.clause)) return false;
        }
    }
    return true;
}

bool Cdcl::refute_by_pair(Lit literal) {
    const std::span<const Watch> list = watches_[literal];
    const auto found = std::find_if(list.begin(), list.end(), [this](const Watch& watch) {
        return watch.is_pair() && is_false(watch.blocker);
    });
    if (found == list.end()) return false;
    assign(negated(literal), Reason::clause(found->clause()));
    return true;
}

Lit Cdcl::next_active() {
    while (!active_.is_empty()) {
        const Var var = active_.top();
        if (value(positive(var)) == Value::kUnknown) {
            return phases_[var] != 0 ? positive(var) : negative(var);
        }
        active_.pop();
    }
    return truth();
}

}  // namespace catalog::resolve::engine
