#pragma once
// FrozenWorld: a frozen universe as nodes of a DomainSolver, and answers straight from it.
//
// Covers required dependencies, alternatives, virtual names, conflicts, locks, constraints,
// platforms. What it does not cover (features that are asked for, peers, copies of one name) it
// notices when it comes across it, and says so: the request is then left to ProviderWorld.

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "catalog/resolve/request.hpp"
#include "domain_solver.hpp"
#include "frozen_view.hpp"
#include "seeds.hpp"
#include "steady_progress.hpp"
#include "time_budget.hpp"

namespace catalog::resolve::engine {

class FrozenWorld final : public World, public NodePackages {
public:
    explicit FrozenWorld(FrozenUniverse universe);

    [[nodiscard]] const FrozenUniverse& universe() const noexcept { return universe_; }

    /// Takes up a request; what the last one left behind goes. False when the request, or a root of
    /// it, is none that can be covered. `request` and `context` stay valid until the next call.
    [[nodiscard]] bool begin(const Request& request, const CallContext& context,
                             const Clock& clock);
    /// Bounds the searches from now on.
    void count_time_with(const TimeBudget& time) noexcept { time_ = time; }
    /// False when the roots contradict each other at once.
    [[nodiscard]] bool is_consistent() const noexcept { return consistent_; }
    [[nodiscard]] DomainSolver& solver() noexcept { return solver_; }
    [[nodiscard]] const DomainSolver& solver() const noexcept { return solver_; }

    // The answer at which the solver stands.
    [[nodiscard]] std::span<const NodeId> roots() const noexcept { return roots_; }
    [[nodiscard]] bool is_package(NodeId node) const noexcept { return !meanings_[node].choice; }
    /// REQUIRES: a package.
    [[nodiscard]] std::uint32_t name_of(NodeId node) const noexcept { return meanings_[node].a; }
    /// REQUIRES: a package that is in.
    [[nodiscard]] std::uint32_t version_in(NodeId node) const {
        return view_.versions_of(meanings_[node].a).first + solver_.value_of(node) - 1;
    }
    /// Returns the package that serves a node: itself, or what a choice came to.
    [[nodiscard]] NodeId serving(NodeId node) const noexcept {
        if (!meanings_[node].choice) return node;
        return solver_.consequences(node, solver_.value_of(node)).front().node;
    }

    /// Collects what the contradiction rests on, and returns the roots that it is about, more than
    /// need be perhaps. Afterwards `is_used` tells whether an item of a version is part of it.
    [[nodiscard]] std::vector<std::size_t> collect_used();
    [[nodiscard]] bool is_used(std::uint32_t name, std::uint32_t item) const;

    // NodePackages
    [[nodiscard]] std::vector<PackageId32> packages(NodeId node, Universe& universe) override;

    // World
    [[nodiscard]] Result<void> expand(NodeId node, std::uint32_t value,
                                      std::vector<Consequence>& out) override;
    [[nodiscard]] bool is_at_hand(NodeId, std::uint32_t) const override { return true; }
    [[nodiscard]] std::uint32_t pick(NodeId node, std::uint32_t via, const Word* domain) override;
    [[nodiscard]] bool must_restart() const override { return uncovered_; }
    [[nodiscard]] Result<void> check() override {
        if (auto due = context_->check(*clock_); !due) return due;
        return time_.check();
    }
    void report(std::uint64_t conflicts) override {
        context_->report({"resolve", kSearchPhase, "conflicts", conflicts, 0});
    }

private:
    using Entry = frozen::RequirementEntry;
    struct Meaning {
        bool choice = false;
        std::uint32_t a = 0;  ///< Name, or choice.
    };
    /// What a choice is among: entries of the universe, or made for a root.
    struct Choice {
        std::span<const Entry> parts;
        std::vector<std::pair<std::uint32_t, const Word*>> own_parts;
        const Word* every_part = nullptr;
        std::uint32_t requirement = frozen::kNone;
        std::uint32_t root = frozen::kNone;
    };
    [[nodiscard]] bool covers(const Request& request) const;
    [[nodiscard]] bool add_root(const Root& root, std::vector<Priority>& priorities);
    void contradict(std::vector<std::size_t> roots);
    [[nodiscard]] NodeId package_node(std::uint32_t name);
    void limit_domain(std::uint32_t name, NodeId node);
    [[nodiscard]] NodeId choice_node(std::uint32_t requirement);
    [[nodiscard]] std::pair<std::uint32_t, const Word*> part(const Choice& choice,
                                                             std::size_t index) const;
    [[nodiscard]] std::size_t part_count(const Choice& choice) const noexcept;
    [[nodiscard]] const Word* all_but_absent(std::uint32_t values);
    void never(std::vector<Consequence>& out);
    void need(std::uint32_t requirement, std::vector<Consequence>& out);
    void serve(const Entry& entry, std::uint32_t via, std::vector<Consequence>& out);
    void exclude(std::uint32_t requirement, std::uint32_t own, std::vector<Consequence>& out);
    /// Returns the requirement of a conditional item that counts, or kNone.
    [[nodiscard]] std::uint32_t needed_by_condition(std::uint32_t number);
    [[nodiscard]] bool is_met(const Choice& choice, std::size_t index) const;
    [[nodiscard]] std::uint32_t pick_part(const Choice& choice, const Word* domain) const;
    [[nodiscard]] const Word* locked(std::uint32_t name) const;

    FrozenUniverse universe_;
    const FrozenUniverse::View& view_;
    MaskArena arena_;
    DomainSolver solver_;
    const Request* request_ = nullptr;
    const CallContext* context_ = nullptr;
    const Clock* clock_ = nullptr;
    TimeBudget time_;
    bool consistent_ = true;
    bool uncovered_ = false;

    std::vector<Meaning> meanings_;
    std::vector<NodeId> node_of_name_;
    std::vector<Choice> choices_;
    std::vector<NodeId> node_of_requirement_;
    std::unordered_map<std::uint32_t, bool> platforms_;
    std::unordered_map<std::uint32_t, Word*> locked_;
    std::vector<NodeId> roots_;
    std::vector<std::size_t> contradicting_;  ///< Roots that leave nothing, when not consistent.

    std::unordered_set<std::uint64_t> used_;
};

}  // namespace catalog::resolve::engine
