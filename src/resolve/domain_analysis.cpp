// DomainSolver: conflict analysis, and the heap of nodes that conflicts were about.

#include <algorithm>
#include <catalog/internal/check.hpp>
#include <utility>

#include "domain_solver.hpp"

namespace catalog::resolve::engine {

namespace {

constexpr double kDomainDecay = 1.0 / 0.95;
constexpr double kDomainActivityMax = 1e100;
constexpr std::uint32_t kAlikeMax = 1024;  ///< As for looking ahead.
/// Choices are only taken early when there are many conflicts: until then it pays to know what is
/// in anyway.
constexpr std::uint64_t kConflictsBeforeChoices = 64;
/// Backjumps over more levels go one level back instead, so many in a row. Measured on a registry
/// of a million versions: 20 to 200 and 4 to 16 make little difference.
constexpr std::uint32_t kLevelsFar = 50;
constexpr std::uint32_t kShortJumpsMax = 8;

bool is_within(const Word* inner, const Word* outer, std::uint32_t words) noexcept {
    for (std::uint32_t w = 0; w < words; ++w) {
        if ((inner[w] & ~outer[w]) != 0) return false;
    }
    return true;
}

bool meets(const Word* a, const Word* b, std::uint32_t words) noexcept {
    for (std::uint32_t w = 0; w < words; ++w) {
        if ((a[w] & b[w]) != 0) return true;
    }
    return false;
}

}  // namespace

bool DomainSolver::mask_of(NodeId owner, std::uint32_t value, NodeId node, Word* out) const {
    const std::uint32_t words = nodes_[node].words;
    std::fill(out, out + words, ~Word{0});
    bool any = false;
    for (const Consequence& c : consequences(owner, value)) {
        if (c.node != node) continue;
        for (std::uint32_t w = 0; w < words; ++w) out[w] &= c.mask[w];
        any = true;
    }
    if (nodes_[node].leader == owner) {
        for (std::uint32_t w = 0; w < words; ++w) {
            Word only = w == 0 ? 1 : 0;
            if (w == value / 64) only |= Word{1} << (value % 64);
            out[w] &= only;
        }
        any = true;
    }
    return any;
}

void DomainSolver::start_work() {
    for (const WorkTerm& term : work_) work_index_[term.node] = 0;
    work_.clear();
    work_words_.clear();
    work_premises_ = 0;
}

void DomainSolver::trace_premises() {
    premises_.resize(nodes_.size(), 0);
    for (const auto& [node, premises] : given_) premises_[node] |= premises;
    given_.clear();
    const std::size_t end = levels_.empty() ? trail_.size() : levels_.front().trail;
    for (; traced_ < end; ++traced_) {
        const Entry& entry = trail_[traced_];
        Word premises = 0;
        switch (entry.kind) {
            case ReasonKind::kFact:
                if (entry.arg > 0) premises = analyses_[entry.arg - 1].premises;
                break;
            case ReasonKind::kOwner:
            case ReasonKind::kRemoved:
                premises = premises_[entry.arg];
                break;
            case ReasonKind::kNogood: {
                const Learned learned = this->learned(entry.arg);
                premises = learned.premises;
                for (const Term& term : learned.terms) premises |= premises_[term.node];
                break;
            }
            case ReasonKind::kSelf:
            case ReasonKind::kDecision:
                break;
        }
        premises_[entry.node] |= premises;
    }
}

bool DomainSolver::locate(WorkTerm& term) const {
    const Node& node = nodes_[term.node];
    const Word* mask = work_words_.data() + term.mask;
    for (std::uint32_t e = node.last; e != kNoNode; e = trail_[e].previous) {
        if (is_within(saved_.data() + trail_[e].old_words, mask, node.words)) continue;
        term.position = e;
        return trail_[e].level > 0;
    }
    return false;
}

void DomainSolver::merge_term(NodeId id, const Word* mask) {
    const std::uint32_t words = nodes_[id].words;
    std::uint32_t place = work_index_[id];
    if (place == 0) {
        WorkTerm term;
        term.node = id;
        term.mask = static_cast<std::uint32_t>(work_words_.size());
        work_words_.insert(work_words_.end(), mask, mask + words);
        if (!locate(term)) {
            work_words_.resize(term.mask);
            work_premises_ |= premises_[id];
            return;
        }
        work_.push_back(term);
        work_index_[id] = static_cast<std::uint32_t>(work_.size());
        bump(id);
        return;
    }
    WorkTerm& term = work_[place - 1];
    for (std::uint32_t w = 0; w < words; ++w) work_words_[term.mask + w] &= mask[w];
    if (!locate(term)) remove_term(place - 1);
}

void DomainSolver::remove_term(std::size_t place) {
    work_premises_ |= premises_[work_[place].node];
    work_index_[work_[place].node] = 0;
    if (place + 1 != work_.size()) {
        work_[place] = work_.back();
        work_index_[work_[place].node] = static_cast<std::uint32_t>(place + 1);
    }
    work_.pop_back();
}

void DomainSolver::explain_owner(NodeId owner, NodeId id, const std::vector<Word>& needed,
                                 std::vector<Word>& pivot) {
    const std::uint32_t words = nodes_[id].words;
    const std::uint32_t chosen = value_of(owner);
    collected_.assign(nodes_[owner].words, 0);
    pivot.assign(words, ~Word{0});
    temporary_.resize(words);
    const bool alike = nodes_[owner].values <= kAlikeMax;
    const std::uint32_t first = alike ? 1 : chosen;
    const std::uint32_t end = alike ? nodes_[owner].values : chosen + 1;
    for (std::uint32_t v = first; v < end; ++v) {
        if (!is_expanded(owner, v)) {
            if (!world_.is_at_hand(owner, v) || !expand(owner, v)) continue;
        }
        if (!mask_of(owner, v, id, temporary_.data())) continue;
        if (meets(temporary_.data(), needed.data(), words)) continue;
        set_bit(collected_.data(), v);
        for (std::uint32_t w = 0; w < words; ++w) pivot[w] &= ~temporary_[w];
    }
    merge_term(owner, collected_.data());
}

void DomainSolver::explain_removed(NodeId id, NodeId other, const std::vector<Word>& needed,
                                   std::vector<Word>& pivot) {
    // `other` has none of the values that the lost ones would allow: say so, and look who else
    // would need one of these.
    const std::uint32_t words = nodes_[other].words;
    collected_.assign(words, ~Word{0});
    temporary_.resize(words);
    for (std::uint32_t v = 1; v < nodes_[id].values; ++v) {
        if (!has_bit(needed.data(), v)) continue;
        static_cast<void>(mask_of(id, v, other, temporary_.data()));
        for (std::uint32_t w = 0; w < words; ++w) collected_[w] &= ~temporary_[w];
    }
    pivot.assign(needed.begin(), needed.end());
    if (nodes_[id].values <= kAlikeMax) {
        for (std::uint32_t v = 1; v < nodes_[id].values; ++v) {
            if (has_bit(pivot.data(), v)) continue;
            if (!is_expanded(id, v)) {
                if (!world_.is_at_hand(id, v) || !expand(id, v)) continue;
            }
            if (mask_of(id, v, other, temporary_.data()) &&
                !meets(temporary_.data(), collected_.data(), words)) {
                set_bit(pivot.data(), v);
            }
        }
    }
    merge_term(other, collected_.data());
}

void DomainSolver::explain_nogood(std::uint32_t nogood, NodeId id, std::vector<Word>& pivot) {
    work_premises_ |= nogoods_[nogood].premises;
    for (std::uint32_t t = 0; t < nogoods_[nogood].count; ++t) {
        const Term term = terms_[nogoods_[nogood].first + t];
        const Word* mask = nogood_words_.data() + term.mask;
        if (term.node == id) {
            pivot.assign(mask, mask + nodes_[id].words);
        } else {
            merge_term(term.node, mask);
        }
    }
}

/// Adds what made a node lose the values in `needed_`; `pivot_` becomes all that it explains.
void DomainSolver::explain(Reason reason, NodeId id) {
    switch (reason.kind) {
        case ReasonKind::kOwner:
            used_pairs_.push_back((std::uint64_t{reason.arg} << 32) | id);
            explain_owner(reason.arg, id, needed_, pivot_);
            return;
        case ReasonKind::kRemoved:
            used_pairs_.push_back((std::uint64_t{id} << 32) | reason.arg);
            explain_removed(id, reason.arg, needed_, pivot_);
            return;
        case ReasonKind::kSelf:
            used_pairs_.push_back((std::uint64_t{id} << 32) | id);
            pivot_.assign(needed_.begin(), needed_.end());
            return;
        case ReasonKind::kNogood:
            used_nogoods_.push_back(reason.arg);
            explain_nogood(reason.arg, id, pivot_);
            return;
        case ReasonKind::kFact:
        case ReasonKind::kDecision:
            pivot_.assign(nodes_[id].words, ~Word{0});
            return;
    }
}

void DomainSolver::resolve_with_reason(std::size_t place) {
    const WorkTerm term = work_[place];
    const Entry entry = trail_[term.position];
    // What holds without a decision is below all levels, and every level begins with a decision.
    CATALOG_ASSERT(entry.kind != ReasonKind::kFact && entry.kind != ReasonKind::kDecision);
    const std::uint32_t words = nodes_[term.node].words;
    needed_.resize(words);
    for (std::uint32_t w = 0; w < words; ++w) {
        needed_[w] = saved_[entry.old_words + w] & ~work_words_[term.mask + w];
    }
    // The pivot is put aside meanwhile: nothing in its own reason is about it.
    explain({entry.kind, entry.arg}, term.node);
    const std::uint32_t at = work_index_[term.node] - 1;
    for (std::uint32_t w = 0; w < words; ++w) work_words_[term.mask + w] |= pivot_[w];
    if (!locate(work_[at])) remove_term(at);
}

bool DomainSolver::learn() {
    if (watches_.size() < nodes_.size()) watches_.resize(nodes_.size());
    if (work_index_.size() < nodes_.size()) {
        work_index_.resize(nodes_.size(), 0);
        activity_.resize(nodes_.size(), 0.0);
    }
    trace_premises();
    start_work();
    analyses_.push_back({used_pairs_.size(), used_nogoods_.size(), 0});
    const NodeId empty = conflict_.node;
    const Word* words = words_.data() + nodes_[empty].domain;
    needed_.assign(words, words + nodes_[empty].words);
    explain(conflict_.reason, empty);
    // A copy: merging may move what the pivot lies in.
    const std::vector<Word> pivot = pivot_;
    merge_term(empty, pivot.data());

    std::size_t top = 0;
    std::uint32_t second_level = 0;
    for (;;) {
        if (work_.empty()) return false;
        top = 0;
        for (std::size_t i = 1; i < work_.size(); ++i) {
            if (work_[i].position > work_[top].position) top = i;
        }
        second_level = 0;
        for (std::size_t i = 0; i < work_.size(); ++i) {
            if (i != top) second_level = std::max(second_level, trail_[work_[i].position].level);
        }
        if (second_level < trail_[work_[top].position].level) break;
        resolve_with_reason(top);
    }
    increment_ *= kDomainDecay;
    if (increment_ > kDomainActivityMax) {
        for (double& activity : activity_) activity /= kDomainActivityMax;
        increment_ /= kDomainActivityMax;
    }
    std::swap(work_[0], work_[top]);
    work_index_[work_[0].node] = 1;
    work_index_[work_[top].node] = static_cast<std::uint32_t>(top + 1);
    for (std::size_t i = 2; i < work_.size(); ++i) {
        if (work_[i].position > work_[1].position) {
            std::swap(work_[1], work_[i]);
            std::swap(work_index_[work_[1].node], work_index_[work_[i].node]);
        }
    }
    undo_to(backjump_level(trail_[work_[0].position].level, second_level));
    assert_learned();
    return true;
}

/// Where to go on from. What was learned holds from `second` on, but where that is far down, all
/// that was decided since would be decided again the same way: then only the last decision goes
/// (chronological backtracking: Nadel and Ryvchin 2018). That some nogood is then noticed later
/// than it could be costs work and no answer. What has no other term is kept by no nogood, so it
/// must go where it stays; and roots are decided anew, as their order matters.
std::uint32_t DomainSolver::backjump_level(std::uint32_t top, std::uint32_t second) {
    const bool near = top - second <= kLevelsFar;
    const bool is_root = levels_[top - 1].priorities < priorities_.size();
    is_short_jump_ = work_.size() > 1 && !near && !is_root && ++short_jumps_ <= kShortJumpsMax;
    if (is_short_jump_) return top - 1;
    if (!near) short_jumps_ = 0;
    return second;
}

void DomainSolver::assert_learned() {
    const WorkTerm& first = work_.front();
    const auto analysis = static_cast<std::uint32_t>(analyses_.size());
    analyses_.back().premises = work_premises_;
    Reason reason{ReasonKind::kFact, analysis};
    if (work_.size() > 1) {
        reason = {ReasonKind::kNogood, static_cast<std::uint32_t>(nogoods_.size())};
        nogoods_.push_back({static_cast<std::uint32_t>(terms_.size()),
                            static_cast<std::uint32_t>(work_.size()), work_premises_});
        nogood_analyses_.push_back(analysis);
        for (const WorkTerm& term : work_) {
            terms_.push_back({term.node, static_cast<std::uint32_t>(nogood_words_.size())});
            const Word* mask = work_words_.data() + term.mask;
            nogood_words_.insert(nogood_words_.end(), mask, mask + nodes_[term.node].words);
        }
        watches_[work_[0].node].push_back(reason.arg);
        watches_[work_[1].node].push_back(reason.arg);
    }
    const std::uint32_t words = nodes_[first.node].words;
    temporary_.resize(words);
    for (std::uint32_t w = 0; w < words; ++w) temporary_[w] = ~work_words_[first.mask + w];
    static_cast<void>(narrow(first.node, temporary_.data(), reason, kNoNode));
}

void DomainSolver::bump(NodeId id) {
    if (nodes_[id].deferred && conflicts_ < kConflictsBeforeChoices) return;
    activity_[id] += increment_;
    nodes_[id].active = true;
    if (nodes_[id].heap_place != kNoNode) {
        heap_up(nodes_[id].heap_place);
    } else {
        heap_insert(id);
    }
}

void DomainSolver::heap_insert(NodeId id) {
    if (nodes_[id].heap_place != kNoNode) return;
    nodes_[id].heap_place = static_cast<std::uint32_t>(heap_.size());
    heap_.push_back(id);
    heap_up(nodes_[id].heap_place);
}

void DomainSolver::heap_up(std::uint32_t place) {
    const NodeId id = heap_[place];
    while (place > 0) {
        const std::uint32_t parent = (place - 1) / 2;
        if (activity_[heap_[parent]] >= activity_[id]) break;
        heap_[place] = heap_[parent];
        nodes_[heap_[place]].heap_place = place;
        place = parent;
    }
    heap_[place] = id;
    nodes_[id].heap_place = place;
}

void DomainSolver::heap_down(std::uint32_t place) {
    const NodeId id = heap_[place];
    for (;;) {
        std::uint32_t child = 2 * place + 1;
        if (child >= heap_.size()) break;
        if (child + 1 < heap_.size() && activity_[heap_[child + 1]] > activity_[heap_[child]]) {
            ++child;
        }
        if (activity_[heap_[child]] <= activity_[id]) break;
        heap_[place] = heap_[child];
        nodes_[heap_[place]].heap_place = place;
        place = child;
    }
    heap_[place] = id;
    nodes_[id].heap_place = place;
}

NodeId DomainSolver::heap_pop() {
    const NodeId top = heap_.front();
    nodes_[top].heap_place = kNoNode;
    const NodeId last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) {
        heap_.front() = last;
        nodes_[last].heap_place = 0;
        heap_down(0);
    }
    return top;
}

}  // namespace catalog::resolve::engine
