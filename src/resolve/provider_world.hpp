#pragma once
// ProviderWorld: what a provider says, as nodes of a DomainSolver.
//
// Nodes: a slot of versions; a demand that several slots can meet (its values are the parts); a
// feature of a slot, which follows the slot and has what the feature brings as consequences. Three
// things are left out: that a peer is supplied by something that is brought in; features that
// are asked for only while an optional dependency is in; features asked of a choice by another
// feature. An answer to the rest is therefore checked (`Walk` reports what is unmet); a
// contradiction is one of the whole.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "domain_solver.hpp"
#include "requirements.hpp"
#include "seeds.hpp"
#include "walk.hpp"

namespace catalog::resolve::engine {

class ProviderWorld final : public World, public Chooser, public NodePackages {
public:
    ProviderWorld(Universe& universe, Requirements& requirements,
                  const std::vector<RequirementId>& roots);

    /// Writes the roots. False when they contradict each other at once.
    [[nodiscard]] Result<bool> begin();
    [[nodiscard]] DomainSolver& solver() noexcept { return solver_; }
    [[nodiscard]] const DomainSolver& solver() const noexcept { return solver_; }
    /// Begins anew after DomainOutcome::kRestart.
    [[nodiscard]] Result<bool> restart();

    // World
    [[nodiscard]] Result<void> expand(NodeId node, std::uint32_t value,
                                      std::vector<Consequence>& out) override;
    [[nodiscard]] bool is_at_hand(NodeId node, std::uint32_t value) const override;
    [[nodiscard]] std::uint32_t pick(NodeId node, std::uint32_t via, const Word* domain) override;
    [[nodiscard]] bool must_restart() const override { return defaults_met_ && !with_defaults_; }
    [[nodiscard]] Result<void> check() override { return universe_.check(); }
    void report(std::uint64_t conflicts) override { universe_.report_conflicts(conflicts); }

    // NodePackages
    [[nodiscard]] std::vector<PackageId32> packages(NodeId node, Universe& universe) override;

    // Chooser, for the answer at which the solver stands.
    void choose(RequirementId demand, std::span<const FeatureId> features,
                std::vector<PackageId32>& chosen) override;
    [[nodiscard]] PackageId32 choose_peer(RequirementId demand, std::span<const FeatureId> features,
                                          const std::function<bool(PackageId32)>& is_in) override;

private:
    enum class NodeKind : std::uint8_t { kSlot, kChoice, kFeature };
    struct Meaning {
        NodeKind kind = NodeKind::kSlot;
        std::uint32_t a = 0;  ///< Slot, or requirement of a choice.
        FeatureId feature = 0;
    };

    [[nodiscard]] NodeId slot_node(SlotId slot);
    [[nodiscard]] NodeId choice_node(RequirementId id);
    [[nodiscard]] NodeId feature_node(SlotId slot, FeatureId feature);
    [[nodiscard]] NodeId new_node(std::uint32_t values, bool deferred, Meaning meaning);
    [[nodiscard]] const Word* candidates_mask(RequirementId id);
    [[nodiscard]] const Word* only(std::uint32_t values, std::uint32_t value);
    void demand(RequirementId id, std::vector<Consequence>& out);
    void serve(RequirementId id, std::vector<Consequence>& out);
    void never(std::vector<Consequence>& out);
    void exclude(std::span<const PackageId32> excluded, SlotId except,
                 std::vector<Consequence>& out);
    [[nodiscard]] Result<void> dependency(PackageId32 package, std::uint32_t index,
                                          std::vector<Consequence>& out);
    [[nodiscard]] Result<void> expand_slot(SlotId slot, std::uint32_t value,
                                           std::vector<Consequence>& out);
    [[nodiscard]] Result<void> expand_feature(const Meaning& meaning, std::uint32_t value,
                                              std::vector<Consequence>& out);
    [[nodiscard]] std::uint32_t pick_part(RequirementId choice, const Word* domain) const;
    [[nodiscard]] PackageId32 chosen_of(RequirementId part) const;
    [[nodiscard]] PackageId32 met_by(RequirementId id) const;

    Universe& universe_;
    Requirements& requirements_;
    const std::vector<RequirementId>& roots_;
    MaskArena arena_;
    DomainSolver solver_;
    std::vector<Meaning> meanings_;
    std::vector<NodeId> slot_nodes_;
    std::vector<NodeId> choice_nodes_;
    std::vector<const Word*> masks_;  ///< By requirement.
    std::unordered_map<std::uint64_t, NodeId> feature_nodes_;
    const Word* no_words_ = nullptr;
    bool with_defaults_ = false;
    bool defaults_met_ = false;
};

}  // namespace catalog::resolve::engine
