#pragma once
// Clauses: writes packages and demands as clauses for one Cdcl core, each when it is first needed.
//
// Variables: a root counts; a candidate is in; a demand holds; a version's feature is on; a
// version's switched dependency is in; an exclusion is in force. Clauses, with p a package and d a
// demand:
//   root -> d, p -> d             a root, a dependency
//   d -> one of its candidates    (a choice: -> one of its parts), and no other of their slot
//   d and x -> feature of x       what a demand asks of the candidate x
//   feature -> feature, switch    a version's own list
//   p -> e, e -> not x            conflicts
// Candidates of one slot form a group of the core.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "cdcl.hpp"
#include "requirements.hpp"

namespace catalog::resolve::engine {

enum class VarKind : std::uint8_t {
    kTruth,
    kRoot,
    kPackage,
    kDemand,
    kFeature,
    kSwitch,
    kExclusion,
    kTrial,
};

/// What a variable stands for. `a` is the root's index, package, demand or exclusion, `b` the
/// root's demand, the feature or the dependency's index.
struct VarMeaning {
    VarKind kind = VarKind::kTruth;
    std::uint32_t a = 0;
    std::uint32_t b = 0;
};

enum class FactKind : std::uint8_t {
    kRoot,            ///< Root a makes demand b.
    kDependency,      ///< Package a has dependency b.
    kDemand,          ///< Demand a is met by its candidates.
    kConflict,        ///< Package a has conflict b.
    kPeerBound,       ///< Package a allows no other version of its peer b.
    kExclusion,       ///< What exclusion a names.
    kFeature,         ///< Feature b of package a switches on others.
    kRequest,         ///< Demand a asks package b for feature c.
    kMissingFeature,  ///< Demand a asks package b for feature c, which it does not have.
    kUnsupplied,      ///< Nothing brings in what the peer demand a needs.
};

/// Where a clause comes from.
struct Fact {
    FactKind kind = FactKind::kDependency;
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    std::uint32_t c = 0;
};

class Clauses {
public:
    Clauses(Universe& universe, Requirements& requirements, Cdcl& core);

    /// Returns the variable of a demand; its clauses are there.
    [[nodiscard]] Var demand(RequirementId id);
    [[nodiscard]] Var package(PackageId32 id);
    /// Returns a new variable that makes a demand: what a search assumes to be or not to be asked.
    [[nodiscard]] Var add_root(std::uint32_t index, RequirementId id);
    /// Returns a new variable that makes one of `packages`, candidates of a demand on one slot, be
    /// in: what a search assumes for a while.
    [[nodiscard]] Var add_trial(RequirementId id, std::span<const PackageId32> packages);
    /// Returns a new variable without clauses.
    [[nodiscard]] Var new_trial() { return new_var({VarKind::kTrial, 0, 0}); }
    /// Slots whose candidates have variables.
    [[nodiscard]] std::vector<SlotId> written_slots() const;
    /// Return kNone when there is no such variable yet.
    [[nodiscard]] Var find_demand(RequirementId id) const noexcept;
    [[nodiscard]] Var find_feature(PackageId32 package, FeatureId feature) const;
    [[nodiscard]] Var find_switch(PackageId32 package, std::uint32_t dependency) const;

    /// Tells whether everything that a variable implies when true has been written.
    [[nodiscard]] bool is_expanded(Var var) const noexcept;
    /// Writes it, asking the provider for what is missing. Errors: as Universe.
    [[nodiscard]] Result<void> expand(Var var);

    /// Writes everything that there is to write: all that can be reached from what is written.
    [[nodiscard]] Result<void> expand_all();

    [[nodiscard]] const VarMeaning& meaning(Var var) const noexcept { return meanings_[var]; }
    [[nodiscard]] const Fact& fact(std::uint32_t tag) const noexcept { return facts_[tag]; }
    /// Adds a clause that comes from `fact`.
    void add(std::span<const Lit> literals, const Fact& fact);
    /// Adds a clause that follows from all that could be written. REQUIRES: a core without proof.
    void add_implied(std::span<const Lit> literals) { core_.add_clause(literals, 0); }
    /// Says what a search by activity is to decide soon. REQUIRES: not in or out yet.
    void favour(PackageId32 id, double activity) { core_.favour(package(id), activity); }
    /// Demands that name candidates of a slot.
    [[nodiscard]] std::span<const RequirementId> demands_on(SlotId slot) const noexcept;

private:
    Var new_var(VarMeaning meaning);
    void add_choice(Var holder, std::span<const PackageId32> packages, const Fact& fact);
    /// Returns the variable of a demand that is no choice.
    [[nodiscard]] Var part(RequirementId id);
    void write_choice(RequirementId id);
    void write_plain(RequirementId id);
    void make_parts_exclusive(RequirementId id);
    [[nodiscard]] Var feature(PackageId32 package, FeatureId feature);
    [[nodiscard]] Var switched(PackageId32 package, std::uint32_t dependency);
    [[nodiscard]] Result<void> expand_package(PackageId32 id);
    [[nodiscard]] Result<void> add_dependency(Var holder, PackageId32 id, std::uint32_t index);
    [[nodiscard]] Result<void> add_exclusion(Var holder, PackageId32 except, const Target& target,
                                             bool outside, const Fact& fact);
    void add_requests(RequirementId id, PackageId32 candidate);
    void write_features();

    Universe& universe_;
    Requirements& requirements_;
    Cdcl& core_;
    std::vector<VarMeaning> meanings_;
    std::vector<std::uint8_t> expanded_;  ///< By variable.
    std::vector<Fact> facts_;
    std::vector<Var> slot_vars_;
    std::vector<Var> demand_vars_;
    std::vector<std::vector<RequirementId>> slot_demands_;
    std::unordered_map<std::uint64_t, Var> feature_vars_;
    std::unordered_map<std::uint64_t, Var> switch_vars_;
    std::unordered_map<ExclusionId, Var> exclusion_vars_;
    std::vector<Var> unwritten_features_;
    std::vector<Lit> literals_;
};

}  // namespace catalog::resolve::engine
