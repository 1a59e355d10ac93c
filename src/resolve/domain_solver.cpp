#include "domain_solver.hpp"

#include <algorithm>
#include <bit>
#include <catalog/internal/try.hpp>

#include "steady_progress.hpp"

namespace catalog::resolve::engine {

namespace {

constexpr std::uint64_t kDomainDecisionsPerCheck = 256;
constexpr std::size_t kArenaBlockWords = 4096;
/// Nodes with more values are not looked through for others that are alike.
constexpr std::uint32_t kAlikeValuesMax = 1024;

bool is_disjoint(const Word* a, const Word* b, std::uint32_t words) noexcept {
    for (std::uint32_t w = 0; w < words; ++w) {
        if ((a[w] & b[w]) != 0) return false;
    }
    return true;
}

}  // namespace

Word* MaskArena::allocate(std::uint32_t words) {
    if (used_ + words > block_words_) {
        block_words_ = std::max<std::size_t>(kArenaBlockWords, words);
        blocks_.push_back(std::make_unique_for_overwrite<Word[]>(block_words_));
        if (blocks_.size() == 1) first_block_words_ = block_words_;
        used_ = 0;
    }
    Word* at = blocks_.back().get() + used_;
    used_ += words;
    std::fill(at, at + words, Word{0});
    return at;
}

void MaskArena::clear() noexcept {
    if (blocks_.size() > 1) blocks_.resize(1);
    used_ = 0;
    block_words_ = first_block_words_;
}

DomainSolver::DomainSolver(World& world) : world_(world) { clear(); }

void DomainSolver::clear() {
    for (const Term& term : terms_) watches_[term.node].clear();
    nodes_.clear();
    words_.clear();
    expansions_.clear();
    consequences_.clear();
    followers_.clear();
    priorities_.clear();
    required_.clear();
    trail_.clear();
    saved_.clear();
    levels_.clear();
    head_ = 0;
    cursor_ = {};
    nogoods_.clear();
    terms_.clear();
    nogood_words_.clear();
    conflict_ = {};
    work_.clear();
    work_index_.clear();
    analyses_.clear();
    used_pairs_.clear();
    used_nogoods_.clear();
    nogood_analyses_.clear();
    given_.clear();
    premises_.clear();
    traced_ = 0;
    activity_.clear();
    heap_.clear();
    increment_ = 1.0;
    short_jumps_ = 0;
    is_short_jump_ = false;
    decisions_ = 0;
    conflicts_ = 0;
    trail_total_ = 0;
    static_cast<void>(add_node(1, false));
}

NodeId DomainSolver::add_node(std::uint32_t values, bool deferred) {
    const auto id = static_cast<NodeId>(nodes_.size());
    Node& node = nodes_.emplace_back();
    node.domain = static_cast<std::uint32_t>(words_.size());
    node.words = words_for(values);
    node.values = values;
    node.deferred = deferred;
    for (std::uint32_t w = 1; w < node.words; ++w) words_.push_back(~Word{0});
    words_.push_back(values % 64 != 0 ? (Word{1} << (values % 64)) - 1 : ~Word{0});
    return id;
}

void DomainSolver::add_follower(NodeId parent, NodeId child) {
    followers_.push_back({child, nodes_[parent].followers});
    nodes_[parent].followers = static_cast<std::uint32_t>(followers_.size() - 1);
    nodes_[child].leader = parent;
}

void DomainSolver::limit(NodeId id, const Word* mask) {
    const Node& node = nodes_[id];
    for (std::uint32_t w = 0; w < node.words; ++w) words_[node.domain + w] &= mask[w];
}

std::uint32_t DomainSolver::value_of(NodeId id) const noexcept {
    const Node& node = nodes_[id];
    const Word* words = words_.data() + node.domain;
    std::uint32_t found = kNoNode;
    for (std::uint32_t w = 0; w < node.words; ++w) {
        if (words[w] == 0) continue;
        if (found != kNoNode || (words[w] & (words[w] - 1)) != 0) return kNoNode;
        found = w * 64 + static_cast<std::uint32_t>(std::countr_zero(words[w]));
    }
    return found;
}

std::span<const Consequence> DomainSolver::consequences(NodeId node,
                                                        std::uint32_t value) const noexcept {
    const Expansion* found = expansion(node, value);
    return {consequences_.data() + found->first, found->count};
}

Result<void> DomainSolver::expand(NodeId node, std::uint32_t value) {
    if (is_expanded(node, value)) return {};
    Expansion made;
    made.first = static_cast<std::uint32_t>(consequences_.size());
    CATALOG_TRY_VOID(world_.expand(node, value, consequences_));
    made.count = static_cast<std::uint32_t>(consequences_.size()) - made.first;
    Node& expanded = nodes_[node];
    if (expanded.expanded == kNoNode) {
        expanded.expanded = value;
        expanded.expansion = made;
        return {};
    }
    if (expanded.expansions == kNoNode) {
        expanded.expansions = static_cast<std::uint32_t>(expansions_.size());
        expansions_.resize(expansions_.size() + expanded.values);
    }
    expansions_[expanded.expansions + value] = made;
    return {};
}

void DomainSolver::record(NodeId id, const Word* mask, Reason reason, std::uint32_t via) {
    Node& node = nodes_[id];
    Word* words = words_.data() + node.domain;
    Entry entry;
    entry.node = id;
    entry.previous = node.last;
    entry.old_words = static_cast<std::uint32_t>(saved_.size());
    entry.level = static_cast<std::uint32_t>(levels_.size());
    entry.arg = reason.arg;
    entry.kind = reason.kind;
    entry.made_required = (words[0] & 1) != 0 && (mask[0] & 1) == 0;
    for (std::uint32_t w = 0; w < node.words; ++w) {
        saved_.push_back(words[w]);
        words[w] &= mask[w];
    }
    node.last = static_cast<std::uint32_t>(trail_.size());
    trail_.push_back(entry);
    if (entry.made_required) {
        node.via = via;
        required_.push_back(id);
        if (node.active) heap_insert(id);
    }
}

bool DomainSolver::restrict(NodeId node, const Word* mask, std::uint32_t via, Word premises) {
    if (premises != 0) given_.emplace_back(node, premises);
    return narrow(node, mask, {ReasonKind::kFact, 0}, via);
}

void DomainSolver::undo_to(std::uint32_t level) {
    if (levels_.size() <= level) return;
    const std::uint32_t size = levels_[level].trail;
    cursor_ = levels_[level];
    levels_.resize(level);
    trail_total_ += trail_.size() - size;
    while (trail_.size() > size) {
        const Entry& entry = trail_.back();
        Node& node = nodes_[entry.node];
        for (std::uint32_t w = 0; w < node.words; ++w) {
            words_[node.domain + w] = saved_[entry.old_words + w];
        }
        saved_.resize(entry.old_words);
        node.last = entry.previous;
        if (entry.made_required) required_.pop_back();
        if (node.active) heap_insert(entry.node);
        trail_.pop_back();
    }
    head_ = size;
}

void DomainSolver::open_level() {
    Level level = cursor_;
    level.trail = static_cast<std::uint32_t>(trail_.size());
    levels_.push_back(level);
}

Result<bool> DomainSolver::propagate() {
    while (head_ < trail_.size()) {
        const NodeId node = trail_[head_++].node;
        if (!nogoods_.empty() && !visit_watches(node)) return false;
        const std::uint32_t value = value_of(node);
        if (value == kNoNode || value == kAbsent) continue;
        CATALOG_TRY(const bool consistent, apply(node, value));
        if (!consistent) return false;
    }
    return true;
}

Result<bool> DomainSolver::apply(NodeId node, std::uint32_t value) {
    CATALOG_TRY_VOID(expand(node, value));
    const Reason reason{ReasonKind::kOwner, node};
    for (const Consequence& c : consequences(node, value)) {
        if (!narrow(c.node, c.mask, reason, c.via)) return false;
    }
    for (std::uint32_t f = nodes_[node].followers; f != kNoNode; f = followers_[f].next) {
        const NodeId child = followers_[f].node;
        temporary_.assign(nodes_[child].words, 0);
        set_bit(temporary_.data(), kAbsent);
        set_bit(temporary_.data(), value);
        if (!narrow(child, temporary_.data(), reason, kNoNode)) return false;
    }
    return true;
}

bool DomainSolver::is_entailed(const Term& term) const noexcept {
    const Node& node = nodes_[term.node];
    const Word* words = words_.data() + node.domain;
    const Word* mask = nogood_words_.data() + term.mask;
    for (std::uint32_t w = 0; w < node.words; ++w) {
        if ((words[w] & ~mask[w]) != 0) return false;
    }
    return true;
}

bool DomainSolver::visit_watches(NodeId id) {
    if (id >= watches_.size()) return true;
    std::vector<std::uint32_t>& watches = watches_[id];
    std::size_t kept = 0;
    for (std::size_t i = 0; i < watches.size(); ++i) {
        const std::uint32_t nogood = watches[i];
        Term* terms = terms_.data() + nogoods_[nogood].first;
        if (terms[0].node == id) std::swap(terms[0], terms[1]);
        if (!is_entailed(terms[1])) {
            watches[kept++] = nogood;
            continue;
        }
        std::uint32_t other = 2;
        while (other < nogoods_[nogood].count && is_entailed(terms[other])) ++other;
        if (other < nogoods_[nogood].count) {
            std::swap(terms[1], terms[other]);
            watches_[terms[1].node].push_back(nogood);
            continue;
        }
        watches[kept++] = nogood;
        const Node& node = nodes_[terms[0].node];
        temporary_.resize(node.words);
        for (std::uint32_t w = 0; w < node.words; ++w) {
            temporary_[w] = ~nogood_words_[terms[0].mask + w];
        }
        if (!narrow(terms[0].node, temporary_.data(), {ReasonKind::kNogood, nogood}, kNoNode)) {
            while (++i < watches.size()) watches[kept++] = watches[i];
            watches.resize(kept);
            return false;
        }
    }
    watches.resize(kept);
    return true;
}

bool DomainSolver::is_open(NodeId node) const noexcept {
    return !has_bit(domain(node), kAbsent) && value_of(node) == kNoNode;
}

NodeId DomainSolver::next_node() {
    for (; cursor_.priorities < priorities_.size(); ++cursor_.priorities) {
        const Priority& priority = priorities_[cursor_.priorities];
        if (is_open(priority.node)) {
            nodes_[priority.node].via = priority.via;
            return priority.node;
        }
        const std::uint32_t value = value_of(priority.node);
        if (!nodes_[priority.node].deferred || value == kNoNode || value == kAbsent) continue;
        // Who serves the choice comes before what else there is to choose.
        const Consequence served = consequences(priority.node, value).front();
        if (!is_open(served.node)) continue;
        nodes_[served.node].via = served.via;
        return served.node;
    }
    while (!heap_.empty()) {
        if (is_open(heap_.front())) return heap_.front();
        static_cast<void>(heap_pop());
    }
    for (; cursor_.plain < required_.size(); ++cursor_.plain) {
        const NodeId node = required_[cursor_.plain];
        if (!nodes_[node].deferred && is_open(node)) return node;
    }
    for (; cursor_.deferred < required_.size(); ++cursor_.deferred) {
        const NodeId node = required_[cursor_.deferred];
        if (nodes_[node].deferred && is_open(node)) return node;
    }
    return kNoNode;
}

Result<bool> DomainSolver::look_ahead(NodeId id, std::uint32_t value, bool& changed) {
    NodeId full = kNoNode;
    for (const Consequence& c : consequences(id, value)) {
        if (c.node == id && !has_bit(c.mask, value)) {
            changed = true;
            collected_.assign(nodes_[id].words, ~Word{0});
            collected_[value / 64] &= ~(Word{1} << (value % 64));
            return narrow(id, collected_.data(), {ReasonKind::kSelf, 0}, kNoNode);
        }
        if (!is_disjoint(domain(c.node), c.mask, nodes_[c.node].words)) continue;
        full = c.node;
        break;
    }
    for (std::uint32_t f = nodes_[id].followers; f != kNoNode && full == kNoNode;
         f = followers_[f].next) {
        const Word* words = domain(followers_[f].node);
        if (!has_bit(words, kAbsent) && !has_bit(words, value)) full = followers_[f].node;
    }
    if (full == kNoNode) return true;
    changed = true;
    collected_.assign(nodes_[id].words, ~Word{0});
    collected_[value / 64] &= ~(Word{1} << (value % 64));
    if (nodes_[id].values <= kAlikeValuesMax) {
        for (std::uint32_t v = 1; v < nodes_[id].values; ++v) {
            if (v == value || !has_bit(domain(id), v)) continue;
            if (!is_expanded(id, v)) {
                if (!world_.is_at_hand(id, v)) continue;
                CATALOG_TRY_VOID(expand(id, v));
            }
            temporary_.resize(nodes_[full].words);
            if (mask_of(id, v, full, temporary_.data()) &&
                is_disjoint(temporary_.data(), domain(full), nodes_[full].words)) {
                collected_[v / 64] &= ~(Word{1} << (v % 64));
            }
        }
    }
    return narrow(id, collected_.data(), {ReasonKind::kRemoved, full}, kNoNode);
}

Result<DomainSolver::Step> DomainSolver::decide() {
    const NodeId node = next_node();
    if (node == kNoNode) return Step::kDone;
    if (++decisions_ % kDomainDecisionsPerCheck == 0) CATALOG_TRY_VOID(world_.check());
    const std::uint32_t value = world_.pick(node, nodes_[node].via, domain(node));
    CATALOG_TRY_VOID(expand(node, value));
    bool changed = false;
    CATALOG_TRY(const bool consistent, look_ahead(node, value, changed));
    if (!consistent) return Step::kConflict;
    if (changed) return Step::kGoOn;
    open_level();
    temporary_.assign(nodes_[node].words, 0);
    set_bit(temporary_.data(), value);
    static_cast<void>(narrow(node, temporary_.data(), {ReasonKind::kDecision, 0}, kNoNode));
    return Step::kGoOn;
}

void DomainSolver::stop() {
    undo_to(0);
    trace_premises();
    activity_.resize(nodes_.size(), 0.0);
}

Result<DomainOutcome> DomainSolver::run(const DomainBounds& bounds) {
    std::uint64_t in_run = 0;
    for (;;) {
        CATALOG_TRY(bool consistent, propagate());
        if (consistent) {
            CATALOG_TRY(const Step step, decide());
            if (step == Step::kDone && !world_.must_restart()) return DomainOutcome::kSat;
            consistent = step != Step::kConflict;
        }
        if (world_.must_restart()) return DomainOutcome::kRestart;
        if (consistent) continue;
        if (++conflicts_ % kConflictsPerReport == 0) world_.report(conflicts_);
        CATALOG_TRY_VOID(world_.check());
        if (!learn()) return DomainOutcome::kUnsat;
        const bool counts = !is_short_jump_ && ++in_run >= bounds.conflicts_max;
        if (counts || (bounds.clock != nullptr && bounds.clock->now_monotonic() >= bounds.until)) {
            stop();
            return DomainOutcome::kLimit;
        }
    }
}

}  // namespace catalog::resolve::engine
