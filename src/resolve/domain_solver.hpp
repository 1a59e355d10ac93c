#pragma once
// DomainSolver: search over packages' domains instead of Boolean variables (lazy clause generation:
// Ohrimenko, Stuckey and Codish 2009; the uniform resolution rule as in PubGrub, Weizenbaum 2018).
//
// A node is a package, or anything else of which one value is chosen: a choice among alternatives,
// a feature of a package. Its domain is a set of values, bit 0 for "absent". Choosing a value of a
// node intersects the domains of others with masks; nothing is written down for that. Only when a
// domain becomes empty are reasons put together, each as a nogood over masks, widened to all values
// of which the same can be said, and resolved to the first unique implication point. So one learned
// nogood speaks of whole ranges of versions, and propagation never looks at a version that is not
// chosen.

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "catalog/core/clock.hpp"
#include "catalog/core/result.hpp"

namespace catalog::resolve::engine {

using NodeId = std::uint32_t;
using Word = std::uint64_t;

inline constexpr std::uint32_t kNoNode = 0xffff'ffff;
inline constexpr std::uint32_t kAbsent = 0;  ///< The value of a node that is not in.
/// A node that is always absent: a consequence with an empty mask on it can never be met.
inline constexpr NodeId kNever = 0;

/// What follows from a choice: `node` keeps only the values in `mask`.
struct Consequence {
    const Word* mask = nullptr;  ///< Valid as long as the world.
    NodeId node = kNoNode;
    std::uint32_t via = kNoNode;  ///< Passed to World::pick for a node that this makes required.
};

[[nodiscard]] inline bool has_bit(const Word* words, std::uint32_t bit) noexcept {
    return ((words[bit / 64] >> (bit % 64)) & 1) != 0;
}
inline void set_bit(Word* words, std::uint32_t bit) noexcept {
    words[bit / 64] |= Word{1} << (bit % 64);
}
[[nodiscard]] constexpr std::uint32_t words_for(std::uint32_t values) noexcept {
    return (values + 63) / 64;
}

/// Memory for masks that stays where it is.
class MaskArena {
public:
    /// Returns zeroed words.
    [[nodiscard]] Word* allocate(std::uint32_t words);
    /// Takes everything back. Keeps the first block, which is all that most requests need.
    void clear() noexcept;

private:
    std::vector<std::unique_ptr<Word[]>> blocks_;
    std::size_t used_ = 0;
    std::size_t block_words_ = 0;  ///< Of the last block.
    std::size_t first_block_words_ = 0;
};

class DomainSolver;

/// What a solver asks about its nodes.
class World {
public:
    virtual ~World() = default;
    /// Appends what follows from `value` of `node`; may add nodes. Asked once for each pair.
    [[nodiscard]] virtual Result<void> expand(NodeId node, std::uint32_t value,
                                              std::vector<Consequence>& out) = 0;
    /// Tells whether `expand` would answer from what is in memory.
    [[nodiscard]] virtual bool is_at_hand(NodeId node, std::uint32_t value) const = 0;
    /// Returns the most wanted value. `domain` has a value besides absent.
    [[nodiscard]] virtual std::uint32_t pick(NodeId node, std::uint32_t via,
                                             const Word* domain) = 0;
    /// Tells that what was expanded so far is not all that there is to it: the search is to begin
    /// anew with new nodes.
    [[nodiscard]] virtual bool must_restart() const { return false; }
    /// Looked at every few hundred decisions and at every conflict.
    [[nodiscard]] virtual Result<void> check() = 0;
    /// Told the number of conflicts now and then.
    virtual void report(std::uint64_t conflicts) = 0;
};

/// When a search is given up.
struct DomainBounds {
    /// Of conflicts that take back only the last decision, though others would do, each ninth
    /// counts: they cost little.
    std::uint64_t conflicts_max = ~std::uint64_t{0};
    const Clock* clock = nullptr;  ///< Looked at after every conflict; null: time does not count.
    MonotonicTime until;
};

enum class DomainOutcome : std::uint8_t {
    kSat,      ///< Every required node has one value.
    kUnsat,    ///< The facts contradict each other.
    kLimit,    ///< One of the bounds was reached.
    kRestart,  ///< The world wants it.
};

/// A node that is decided before others, and how it is picked.
struct Priority {
    NodeId node = kNoNode;
    std::uint32_t via = kNoNode;
};

class DomainSolver {
public:
    explicit DomainSolver(World& world);

    /// Forgets everything but the memory.
    void clear();

    /// Adds a node with `values` values, absent included. A `deferred` one is decided when no other
    /// is left.
    [[nodiscard]] NodeId add_node(std::uint32_t values, bool deferred);
    /// Takes values from a node that was just added.
    void limit(NodeId id, const Word* mask);
    /// Makes `child` follow `parent`: it is absent or has the parent's value. REQUIRES: equally
    /// many values.
    void add_follower(NodeId parent, NodeId child);
    /// Intersects a domain for good. False when nothing is left. `premises` is handed back with all
    /// that is derived from it. REQUIRES: no decision was made.
    [[nodiscard]] bool restrict(NodeId node, const Word* mask, std::uint32_t via = kNoNode,
                                Word premises = 0);
    /// Nodes that are decided before any other, in this order, when they are required.
    /// After a deferred one comes the node of its value's first consequence.
    void set_priorities(std::vector<Priority> nodes) { priorities_ = std::move(nodes); }

    /// Searches. Errors: the world's.
    [[nodiscard]] Result<DomainOutcome> run(const DomainBounds& bounds);

    [[nodiscard]] const Word* domain(NodeId node) const noexcept {
        return words_.data() + nodes_[node].domain;
    }
    [[nodiscard]] std::uint32_t values(NodeId node) const noexcept { return nodes_[node].values; }
    [[nodiscard]] std::uint32_t node_count() const noexcept {
        return static_cast<std::uint32_t>(nodes_.size());
    }
    [[nodiscard]] std::uint32_t words(NodeId node) const noexcept { return nodes_[node].words; }
    /// Returns the nodes that are not absent, in the order in which they became so.
    [[nodiscard]] std::span<const NodeId> required() const noexcept { return required_; }
    /// Returns the only value, or kNoNode when there are several.
    [[nodiscard]] std::uint32_t value_of(NodeId id) const noexcept;
    /// Returns what follows from a value. REQUIRES: it was expanded.
    [[nodiscard]] std::span<const Consequence> consequences(NodeId node,
                                                            std::uint32_t value) const noexcept;
    [[nodiscard]] bool is_expanded(NodeId node, std::uint32_t value) const noexcept {
        return expansion(node, value) != nullptr;
    }
    /// Expands a value if that has not been done. Errors: the world's.
    [[nodiscard]] Result<void> expand(NodeId node, std::uint32_t value);

    /// What a contradiction rests on.
    struct Grounds {
        std::vector<std::uint64_t> pairs;    ///< Whose consequences for whom: who << 32 | whom.
        std::vector<std::uint8_t> mentions;  ///< By node: whether what is left to it matters.
    };
    /// Collects what the contradiction rests on that was found last: what was learned for it, and
    /// what that was learned from. REQUIRES: `restrict` said false, or `run` kUnsat.
    [[nodiscard]] Grounds grounds() const;

    /// One term of a learned nogood: that the domain of `node` is within the mask.
    struct Term {
        NodeId node = 0;
        std::uint32_t mask = 0;  ///< What `mask` reads.
    };
    /// Not all of the terms hold together, given the premises.
    struct Learned {
        std::span<const Term> terms;
        Word premises = 0;
    };
    [[nodiscard]] std::size_t learned_count() const noexcept { return nogoods_.size(); }
    [[nodiscard]] Learned learned(std::size_t index) const noexcept {
        const Nogood& nogood = nogoods_[index];
        return {{terms_.data() + nogood.first, nogood.count}, nogood.premises};
    }
    [[nodiscard]] const Word* mask(const Term& term) const noexcept {
        return nogood_words_.data() + term.mask;
    }
    /// Returns what the domain of a node rests on. REQUIRES: `run` said kLimit.
    [[nodiscard]] Word premises(NodeId node) const noexcept { return premises_[node]; }
    /// Returns how many conflicts were about a node, older ones counting less. REQUIRES: as
    /// `premises`.
    [[nodiscard]] double activity(NodeId node) const noexcept {
        return activity_[node] / increment_;
    }

    [[nodiscard]] std::uint64_t decisions() const noexcept { return decisions_; }
    [[nodiscard]] std::uint64_t conflicts() const noexcept { return conflicts_; }
    [[nodiscard]] std::uint64_t propagations() const noexcept {
        return trail_total_ + trail_.size();
    }

private:
    class GroundsCollector;

    enum class ReasonKind : std::uint8_t {
        kFact,  ///< Given, or found by analysis `arg`, counted from 1.
        kDecision,
        kOwner,    ///< The value of node `arg` allows no more.
        kRemoved,  ///< Values that the domain of node `arg` leaves no room for.
        kSelf,     ///< Values that rule themselves out.
        kNogood,   ///< Learned nogood `arg`.
    };
    struct Reason {
        ReasonKind kind = ReasonKind::kFact;
        std::uint32_t arg = 0;
    };
    struct Expansion {
        std::uint32_t first = 0;
        std::uint32_t count = kNoNode;
    };
    struct Node {
        std::uint32_t domain = 0;  ///< Into words_.
        std::uint32_t words = 0;
        std::uint32_t values = 0;
        std::uint32_t last = kNoNode;  ///< Newest trail entry of the node.
        /// What most nodes have one of: the value that was expanded first.
        std::uint32_t expanded = kNoNode;
        Expansion expansion;
        std::uint32_t expansions = kNoNode;  ///< Into expansions_, when there are further ones.
        std::uint32_t followers = kNoNode;
        std::uint32_t leader = kNoNode;
        std::uint32_t heap_place = kNoNode;
        std::uint32_t via = kNoNode;
        bool deferred = false;
        bool active = false;  ///< Was part of a conflict.
    };
    struct Entry {
        std::uint32_t node = 0;
        std::uint32_t previous = kNoNode;  ///< Of the same node.
        std::uint32_t old_words = 0;       ///< Into saved_.
        std::uint32_t level = 0;
        std::uint32_t arg = 0;
        ReasonKind kind = ReasonKind::kFact;
        bool made_required = false;
    };
    struct Nogood {
        std::uint32_t first = 0;
        std::uint32_t count = 0;
        Word premises = 0;
    };
    /// One analysis: where its pairs and the nogoods that it used begin.
    struct Analysis {
        std::size_t pairs = 0;
        std::size_t nogoods = 0;
        Word premises = 0;
    };
    struct Follower {
        NodeId node = 0;
        std::uint32_t next = kNoNode;
    };
    struct Level {
        std::uint32_t trail = 0;
        std::uint32_t priorities = 0;
        std::uint32_t plain = 0;
        std::uint32_t deferred = 0;
    };
    /// One term of the nogood that an analysis works on.
    struct WorkTerm {
        NodeId node = 0;
        std::uint32_t mask = 0;      ///< Into work_words_.
        std::uint32_t position = 0;  ///< Trail entry that made it hold.
    };
    struct Conflict {
        NodeId node = kNoNode;
        Reason reason;
    };

    enum class Step : std::uint8_t { kGoOn, kDone, kConflict };

    [[nodiscard]] const Expansion* expansion(NodeId id, std::uint32_t value) const noexcept {
        const Node& node = nodes_[id];
        if (node.expanded == value) return &node.expansion;
        if (node.expansions == kNoNode) return nullptr;
        const Expansion& found = expansions_[node.expansions + value];
        return found.count == kNoNode ? nullptr : &found;
    }
    bool narrow(NodeId id, const Word* mask, Reason reason, std::uint32_t via);
    void record(NodeId id, const Word* mask, Reason reason, std::uint32_t via);
    [[nodiscard]] Result<bool> propagate();
    [[nodiscard]] Result<bool> apply(NodeId node, std::uint32_t value);
    [[nodiscard]] bool visit_watches(NodeId id);
    [[nodiscard]] bool is_entailed(const Term& term) const noexcept;
    void undo_to(std::uint32_t level);
    void open_level();
    [[nodiscard]] Result<Step> decide();
    [[nodiscard]] NodeId next_node();
    [[nodiscard]] bool is_open(NodeId node) const noexcept;
    /// Removes values of a node that another leaves no room for. False on a conflict.
    [[nodiscard]] Result<bool> look_ahead(NodeId id, std::uint32_t value, bool& changed);

    // Analysis.
    [[nodiscard]] bool learn();
    void start_work();
    void explain(Reason reason, NodeId id);
    void explain_owner(NodeId owner, NodeId id, const std::vector<Word>& needed,
                       std::vector<Word>& pivot);
    void explain_removed(NodeId id, NodeId other, const std::vector<Word>& needed,
                         std::vector<Word>& pivot);
    void explain_nogood(std::uint32_t nogood, NodeId id, std::vector<Word>& pivot);
    void resolve_with_reason(std::size_t place);
    /// Intersection of all that `value` of `owner` leaves to `node`; false when it says nothing.
    [[nodiscard]] bool mask_of(NodeId owner, std::uint32_t value, NodeId node, Word* out) const;
    void merge_term(NodeId id, const Word* mask);
    void remove_term(std::size_t place);
    /// Finds the trail entry that made a term hold; false when it held before any decision.
    [[nodiscard]] bool locate(WorkTerm& term) const;
    [[nodiscard]] std::uint32_t backjump_level(std::uint32_t top, std::uint32_t second);
    void assert_learned();
    void bump(NodeId id);
    /// Works out what the domains that hold without a decision rest on.
    void trace_premises();
    void stop();

    // Heap of nodes that were in conflicts.
    void heap_insert(NodeId id);
    void heap_up(std::uint32_t place);
    void heap_down(std::uint32_t place);
    [[nodiscard]] NodeId heap_pop();

    World& world_;
    std::vector<Node> nodes_;
    std::vector<Word> words_;
    std::vector<Expansion> expansions_;
    std::vector<Consequence> consequences_;
    std::vector<Follower> followers_;
    std::vector<Priority> priorities_;
    std::vector<NodeId> required_;  ///< In the order in which they became so.
    std::vector<Entry> trail_;
    std::vector<Word> saved_;
    std::vector<Level> levels_;
    std::uint32_t head_ = 0;
    Level cursor_;

    std::vector<Nogood> nogoods_;
    std::vector<Term> terms_;
    std::vector<Word> nogood_words_;
    std::vector<std::vector<std::uint32_t>> watches_;  ///< By node, as far as there were conflicts.

    Conflict conflict_;
    std::vector<WorkTerm> work_;
    std::vector<Word> work_words_;
    std::vector<std::uint32_t> work_index_;  ///< By node, as watches_: place in work_ + 1.
    std::vector<Word> temporary_;
    std::vector<Word> collected_;
    std::vector<Word> needed_;
    std::vector<Word> pivot_;
    // What analyses rested on, so that `grounds` can tell.
    std::vector<Analysis> analyses_;
    std::vector<std::uint64_t> used_pairs_;
    std::vector<std::uint32_t> used_nogoods_;
    std::vector<std::uint32_t> nogood_analyses_;  ///< By nogood.

    std::vector<std::pair<NodeId, Word>> given_;  ///< Premises of what nodes were restricted to.
    std::vector<Word> premises_;                  ///< By node, of what holds without a decision.
    std::uint32_t traced_ = 0;                    ///< Trail entries that `premises_` knows.
    Word work_premises_ = 0;                      ///< Of the nogood that an analysis works on.

    std::vector<double> activity_;
    std::vector<NodeId> heap_;
    double increment_ = 1.0;
    std::uint32_t short_jumps_ = 0;  ///< Since the last long one.
    bool is_short_jump_ = false;

    std::uint64_t decisions_ = 0;
    std::uint64_t conflicts_ = 0;
    std::uint64_t trail_total_ = 0;
};

inline bool DomainSolver::narrow(NodeId id, const Word* mask, Reason reason, std::uint32_t via) {
    const Node& node = nodes_[id];
    const Word* words = words_.data() + node.domain;
    Word lost = words[0] & ~mask[0];
    Word left = words[0] & mask[0];
    for (std::uint32_t w = 1; w < node.words; ++w) {
        lost |= words[w] & ~mask[w];
        left |= words[w] & mask[w];
    }
    if (lost == 0) return true;
    if (left == 0) {
        conflict_ = {id, reason};
        return false;
    }
    record(id, mask, reason, via);
    return true;
}

}  // namespace catalog::resolve::engine
