#pragma once
// Search: drives one core. Expands what becomes true, decides what the agenda names, counts
// conflicts, and finds which roots cannot stand together.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "agenda.hpp"
#include "clauses.hpp"
#include "seeds.hpp"
#include "supply.hpp"

namespace catalog::resolve::engine {

enum class Outcome : std::uint8_t {
    kSat,    ///< What is true on the trail is an answer.
    kUnsat,  ///< `failed` says which assumptions cannot hold together.
    kLimit,  ///< As many conflicts as were allowed.
};

/// How one root was served.
struct RootPick {
    RequirementId part = kNone;  ///< Of a choice; else the root's demand itself.
    PackageId32 package = kNone;
    friend bool operator==(const RootPick&, const RootPick&) = default;
};

class Search {
public:
    /// `roots` are demands; each holds in the runs that assume `root(index)`. `log` may be null and
    /// must outlive the search.
    Search(Universe& universe, Requirements& requirements, std::vector<RequirementId> roots,
           bool with_proof, ClauseLog* log = nullptr);

    /// Looks for an answer in which every assumption holds, with at most `conflicts_max` conflicts.
    /// Errors: as Universe, kBudgetExhausted when the request's own bound is passed.
    [[nodiscard]] Result<Outcome> run(std::span<const Lit> assumptions, Order order,
                                      std::uint64_t conflicts_max);

    /// Takes over what was learned about the same roots, in the same order. REQUIRES: no proof.
    void take_over(const Handover& from);

    /// Returns the literal that says that a root is asked for. Every run assumes it or its negation
    /// for every root.
    [[nodiscard]] Lit root(std::size_t index) const noexcept { return positive(roots_[index]); }
    [[nodiscard]] std::size_t root_count() const noexcept { return roots_.size(); }
    /// Returns how each root is served by the answer on the trail.
    [[nodiscard]] std::vector<RootPick> picks() const;
    /// Returns what to assume for a root to be served that way.
    [[nodiscard]] std::vector<Lit> assumptions_of(std::size_t root, const RootPick& pick);
    /// Returns a new literal that implies that a root is served in one of these ways. REQUIRES: the
    /// root's demand is no choice; `picks` is not empty.
    [[nodiscard]] Lit any_of(std::span<const RootPick> picks);
    /// Returns all ways in which a root can be served, best first. REQUIRES: an answer on the
    /// trail.
    [[nodiscard]] std::vector<RootPick> options(std::size_t root) const;

    /// Assumptions that failed together. Valid after kUnsat.
    [[nodiscard]] const std::vector<Lit>& failed() const noexcept { return failed_; }

    [[nodiscard]] const Cdcl& core() const noexcept { return core_; }
    [[nodiscard]] Clauses& clauses() noexcept { return clauses_; }
    [[nodiscard]] std::uint64_t decisions() const noexcept { return decisions_; }
    [[nodiscard]] std::uint64_t conflicts() const noexcept { return conflicts_; }

private:
    enum class Step : std::uint8_t { kGoOn, kDone };

    [[nodiscard]] Result<bool> saturate();
    [[nodiscard]] Result<void> count_conflict();
    [[nodiscard]] Result<Step> decide(Order order);
    [[nodiscard]] Result<void> decide_active(Lit literal);
    [[nodiscard]] Result<void> decide_candidate(RequirementId demand);
    void jump(std::uint32_t level);
    void follow_backjump();
    void open(Lit literal);
    [[nodiscard]] bool assume(std::span<const Lit> assumptions);

    Universe& universe_;
    Requirements& requirements_;
    Cdcl core_;
    Clauses clauses_;
    Agenda agenda_;
    Supply supply_;
    bool with_proof_;
    std::vector<Var> roots_;
    std::uint32_t scanned_ = 0;  ///< Trail entries that have been expanded and noted.
    std::vector<Lit> failed_;
    std::uint64_t decisions_ = 0;
    std::uint64_t assumed_ = 0;
    std::uint64_t checked_at_ = 0;  ///< Propagations when the budget was last looked at.
    std::uint64_t conflicts_ = 0;
    std::uint32_t learned_max_ = 4000;
};

}  // namespace catalog::resolve::engine
