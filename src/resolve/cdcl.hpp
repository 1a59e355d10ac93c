#pragma once
// Cdcl: a Boolean satisfiability core with conflict-driven clause learning, made for clauses that
// arrive while the search is under way and for decisions that somebody else takes.
//
// Sources: GRASP (Marques-Silva and Sakallah 1996) for learning and backjumping; Chaff (Moskewicz
// et al. 2001) for activities; MiniSat (Een and Sorensson 2003) for watched literals, first unique
// implication point and assumptions; Sorensson and Biere 2009 for minimisation; Pipatsrisawat and
// Darwiche 2007 for phases; Glucose (Audemard and Simon 2009) for the measure by which learned
// clauses are kept. Groups and choices propagate as the support encoding of a finite domain does
// (Gent 2002), without its clauses.
//
// A clause may arrive when all but one of its literals are already false. It then acts at the
// current level, although lower levels imply it: that keeps the trail in one piece and costs only
// that the implication is found anew after a backjump.

#include <cstdint>
#include <span>
#include <vector>

#include "var_heap.hpp"
#include "watch_lists.hpp"

namespace catalog::resolve::engine {

using Var = std::uint32_t;
using Lit = std::uint32_t;  ///< 2 * variable, + 1 when negated.
using ClauseRef = std::uint32_t;

inline constexpr ClauseRef kNoClause = 0xffff'ffff;

[[nodiscard]] constexpr Lit positive(Var var) noexcept { return var << 1; }
[[nodiscard]] constexpr Lit negative(Var var) noexcept { return (var << 1) | 1; }
[[nodiscard]] constexpr Lit negated(Lit lit) noexcept { return lit ^ 1; }
[[nodiscard]] constexpr Var var_of(Lit lit) noexcept { return lit >> 1; }
[[nodiscard]] constexpr bool is_negative(Lit lit) noexcept { return (lit & 1) != 0; }

enum class Value : std::int8_t { kFalse = -1, kUnknown = 0, kTrue = 1 };

/// A clause that a failure rests on.
struct ProofClause {
    std::uint32_t tag = 0;
    std::vector<Lit> literals;
};

/// Hears of every clause, for what checks or writes down a search.
class ClauseLog {
public:
    virtual ~ClauseLog() = default;
    /// Of `count` variables from `first` on at most one is true.
    virtual void group(Var first, std::uint32_t count) = 0;
    virtual void given(std::span<const Lit> literals) = 0;
    /// Follows from what was heard so far by unit propagation (Goldberg and Novikov 2003).
    virtual void learned(std::span<const Lit> literals) = 0;
};

/// The core. Deterministic. Thread safety: one thread at a time. Memory: linear in clauses;
/// `reduce` bounds the learned ones.
class Cdcl {
public:
    /// `with_proof` keeps what each learned clause was derived from, for `proof_clauses`.
    /// `log` may be null and must outlive the core.
    explicit Cdcl(bool with_proof, ClauseLog* log = nullptr);

    /// Adds `count` variables and returns the first.
    Var new_vars(std::uint32_t count);
    /// Says that of `count` variables from `first` on at most one is true. REQUIRES: unassigned.
    void add_group(Var first, std::uint32_t count);
    /// Adds the clause that `holder` implies one of `members`, all of one group. They are all that
    /// `holder` leaves of the group: the others become false with it, though no clause says so.
    /// REQUIRES: called once for a holder.
    void add_choice(Var holder, std::span<const Var> members, std::uint32_t tag);
    /// Lets `next_active` return a variable; `phase` is the value tried first.
    void make_decidable(Var var, bool phase);
    /// Counts for `next_active` as so many conflicts about a variable. REQUIRES: decidable.
    void favour(Var var, double conflicts);
    /// Adds a clause, at any time. `tag` is returned by `proof_clauses`. REQUIRES: no literal
    /// twice, no literal with its negation.
    void add_clause(std::span<const Lit> literals, std::uint32_t tag);

    /// Propagates until nothing follows any more, or `count_max` literals were looked at and
    /// `has_pending` says so; false when a clause is violated.
    [[nodiscard]] bool propagate(std::uint32_t count_max = ~std::uint32_t{0});
    /// Opens a level and sets `literal`. REQUIRES: unassigned, nothing to propagate.
    void decide(Lit literal);
    /// Opens a level without a decision.
    void open_level() { level_ends_.push_back(static_cast<std::uint32_t>(trail_.size())); }
    /// Undoes every level above `target`.
    void backjump(std::uint32_t target);

    /// Learns from the violated clause and jumps back to where the learned clause acts. False when
    /// there is no such place: the clauses cannot be satisfied. REQUIRES: `propagate` said false.
    [[nodiscard]] bool learn();
    /// Returns the decidable variable that recent conflicts were most about, among those without a
    /// value, as the literal to decide: the value that it had last. `truth` when there is none.
    [[nodiscard]] Lit next_active();

    /// Returns the decisions that make `literal` false, `literal`'s negation's own among them when
    /// it was one. REQUIRES: false, and every open level an assumption's.
    [[nodiscard]] std::vector<Lit> why_false(Lit literal);
    /// Returns the clauses that the last failure (`learn` or `why_false`) rests on, in the order in
    /// which they came. REQUIRES: made with proof.
    [[nodiscard]] std::vector<ProofClause> proof_clauses() const;

    /// Drops the less useful half of the learned clauses, but none of those that span few levels.
    /// REQUIRES: level 0, propagated, no proof.
    void reduce();
    [[nodiscard]] std::uint32_t learned_count() const noexcept { return learned_count_; }

    /// Tells whether deciding `literal` would violate a clause of two literals at once, and if so
    /// sets it false for that reason instead.
    bool refute_by_pair(Lit literal);

    [[nodiscard]] Value value(Lit literal) const noexcept { return values_[literal]; }
    [[nodiscard]] bool is_true(Lit literal) const noexcept {
        return values_[literal] == Value::kTrue;
    }
    [[nodiscard]] bool is_false(Lit literal) const noexcept {
        return values_[literal] == Value::kFalse;
    }
    [[nodiscard]] std::uint32_t level() const noexcept {
        return static_cast<std::uint32_t>(level_ends_.size());
    }
    [[nodiscard]] std::span<const Lit> trail() const noexcept { return trail_; }
    /// How much of the trail the last `learn` or `backjump` left standing.
    [[nodiscard]] std::uint32_t kept() const noexcept { return kept_; }
    [[nodiscard]] bool has_conflict() const noexcept { return has_conflict_; }
    /// Tells whether something waits to be propagated.
    [[nodiscard]] bool has_pending() const noexcept { return head_ < trail_.size(); }
    [[nodiscard]] std::uint32_t var_count() const noexcept {
        return static_cast<std::uint32_t>(vars_.size());
    }
    /// Bytes that clauses take, without what the allocator adds.
    [[nodiscard]] std::uint64_t clause_bytes() const noexcept {
        // Two watches a clause of at least a header and two literals: as much again at most.
        return 2 * sizeof(std::uint32_t) * static_cast<std::uint64_t>(arena_.size());
    }
    [[nodiscard]] std::uint64_t propagations() const noexcept { return propagations_; }
    /// A literal that is true for ever.
    [[nodiscard]] Lit truth() const noexcept { return positive(0); }

private:
    /// Why a literal holds: a clause, one literal (of a group or of a choice's holder) alone, or
    /// nothing (a decision).
    class Reason {
    public:
        static Reason none() { return Reason(kNoClause); }
        static Reason clause(ClauseRef ref) { return Reason(ref); }
        static Reason single(Lit literal) { return Reason(literal | kSingleBit); }
        [[nodiscard]] bool is_none() const { return raw_ == kNoClause; }
        [[nodiscard]] bool is_single() const { return !is_none() && (raw_ & kSingleBit) != 0; }
        [[nodiscard]] ClauseRef ref() const { return raw_; }
        [[nodiscard]] Lit literal() const { return raw_ & ~kSingleBit; }

    private:
        static constexpr std::uint32_t kSingleBit = 0x8000'0000;
        explicit Reason(std::uint32_t raw) : raw_(raw) {}
        std::uint32_t raw_;
    };
    struct VarState {
        Reason reason = Reason::none();
        std::uint32_t level = 0;
        std::uint32_t group = kNoClause;
        std::uint32_t choice = kNoClause;
    };
    struct Group {
        Var first;
        std::uint32_t count;
    };
    struct Range {
        Var begin;
        Var end;
    };
    struct Choice {
        ClauseRef clause;  ///< Stale after `reduce`, which a core with proof never does.
        std::uint32_t group;
        std::uint32_t ranges_begin;  ///< What it excludes.
        std::uint32_t ranges_end;
    };

    // A clause in the arena: size and flags, tag or measure, literals.
    static constexpr std::uint32_t kHeader = 2;
    static constexpr std::uint32_t kLearnedBit = 0x8000'0000;
    static constexpr std::uint32_t kUsedBit = 0x4000'0000;  ///< In a conflict since `reduce`.
    [[nodiscard]] std::uint32_t size_of(ClauseRef ref) const {
        return arena_[ref] & ~(kLearnedBit | kUsedBit);
    }
    [[nodiscard]] bool is_learned(ClauseRef ref) const { return (arena_[ref] & kLearnedBit) != 0; }
    [[nodiscard]] bool is_used(ClauseRef ref) const { return (arena_[ref] & kUsedBit) != 0; }
    [[nodiscard]] Lit* literals_of(ClauseRef ref) { return arena_.data() + ref + kHeader; }
    [[nodiscard]] const Lit* literals_of(ClauseRef ref) const {
        return arena_.data() + ref + kHeader;
    }

    ClauseRef store(std::span<const Lit> literals, bool learned, std::uint32_t tag);
    void watch(ClauseRef ref);
    void put_best_first(Lit* literals, std::uint32_t size) const;
    void assign(Lit literal, Reason reason);
    bool propagate_clauses(Lit literal);
    bool propagate_group(Lit literal);
    bool propagate_choice(Var holder);
    void log_choice(Var holder, const Choice& choice);
    bool exclude(Lit cause, Var var, ClauseRef clause);
    void set_conflict(ClauseRef ref);
    void visit(Lit literal);
    void visit_reason(Lit literal);
    /// Calls `use` for every literal that with the reason makes `var` what it is, until it says
    /// false; tells whether it never did.
    template <class Use>
    bool all_premises(Var var, const Use& use) const {
        const Reason reason = vars_[var].reason;
        if (reason.is_none()) return true;
        if (reason.is_single()) return use(negated(reason.literal()));
        const Lit* literals = literals_of(reason.ref());
        const Lit* const end = literals + size_of(reason.ref());
        for (; literals != end; ++literals) {
            if (var_of(*literals) != var && !use(*literals)) return false;
        }
        return true;
    }
    [[nodiscard]] bool is_redundant(Lit literal, std::uint32_t levels);
    void minimise();
    void log_derivation(Var var);
    [[nodiscard]] std::uint32_t count_levels();
    [[nodiscard]] ClauseRef clause_behind(Var var) const;
    void bump(Var var);
    [[nodiscard]] std::vector<ClauseRef> droppable() const;

    std::vector<std::uint32_t> arena_;
    WatchLists watches_;         ///< By literal: clauses that watch its negation.
    std::vector<Value> values_;  ///< By literal.
    std::vector<VarState> vars_;
    std::vector<Group> groups_;
    std::vector<Choice> choices_;
    std::vector<Range> excluded_;
    std::vector<Lit> trail_;
    std::vector<std::uint32_t> level_ends_;
    std::uint32_t head_ = 0;
    std::uint32_t kept_ = 0;
    std::uint64_t propagations_ = 0;
    std::uint32_t learned_count_ = 0;

    bool has_conflict_ = false;
    std::vector<Lit> conflict_;
    ClauseRef conflict_ref_ = kNoClause;  ///< kNoClause when a group is violated.

    VarHeap
        active_;  ///< Decidable variables that conflicts were about; those with a value may lack.
    std::vector<std::uint8_t> decidable_;  ///< By variable.
    std::vector<std::uint8_t> phases_;     ///< By variable.

    std::vector<std::uint8_t> seen_;
    std::vector<Lit> learned_;
    std::vector<Var> involved_;
    std::vector<Var> implied_;  ///< Found redundant with what `involved_` has.
    std::vector<Var> stack_;
    std::uint32_t open_ = 0;
    std::vector<std::uint32_t> level_stamps_;
    std::uint32_t stamp_ = 0;

    // Proof: what a learned clause was made of, as clauses and as variables set at level 0.
    struct Step {
        std::vector<ClauseRef> clauses;
        std::vector<Var> facts;
    };
    bool with_proof_;
    ClauseLog* log_;
    std::vector<Step> steps_;  ///< A learned clause's tag is its index here.
    Step step_;
};

}  // namespace catalog::resolve::engine
