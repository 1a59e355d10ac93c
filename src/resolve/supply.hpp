#pragma once
// Supply: whether what peers need is really there.
//
// A peer dependency does not bring its package in, so a candidate that is true only because peers
// want it is not supplied. Clauses alone cannot say that: "in because something brings it in" has
// circles that hold themselves up. As in answer set programming (Lin and Zhao 2004), an answer in
// which a peer leans on such a circle is refuted by the loop formula of what is not founded: one of
// the things outside of it that could bring it in must hold.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "clauses.hpp"

namespace catalog::resolve::engine {

class Supply {
public:
    Supply(Universe& universe, Requirements& requirements, Clauses& clauses, Cdcl& core)
        : universe_(universe), requirements_(requirements), clauses_(clauses), core_(core) {}

    /// Looks at an assignment in which every other demand is met. Returns nothing when every peer
    /// is supplied; the core's truth when clauses were added; else a literal to decide. Loads
    /// everything that can be reached the first time that a peer is not supplied. Errors: as
    /// Universe.
    [[nodiscard]] Result<std::optional<Lit>> next(std::span<const Var> roots,
                                                  std::span<const RequirementId> peers);

private:
    void find_founded(std::span<const Var> roots);
    void found(Var var);
    void found_demand(RequirementId id);
    void found_package(PackageId32 id);
    void found_feature(const VarMeaning& meaning);
    bool found_requests();
    [[nodiscard]] bool is_founded(Var var) const {
        return var != kNone && var < founded_.size() && founded_[var] != 0;
    }
    [[nodiscard]] PackageId32 true_candidate(RequirementId id);
    [[nodiscard]] bool is_supplied(RequirementId peer);
    [[nodiscard]] std::optional<Lit> wanted_for(RequirementId peer);

    [[nodiscard]] Result<void> close();
    [[nodiscard]] std::vector<Lit> loop_clause(RequirementId peer);
    void need_candidates(RequirementId peer);
    void need(Var var);
    void need_literal(Lit literal);
    void need_supports(Var var);
    void need_package(PackageId32 id);
    void need_demand(RequirementId id);
    void need_feature(PackageId32 package, FeatureId feature);

    Universe& universe_;
    Requirements& requirements_;
    Clauses& clauses_;
    Cdcl& core_;

    std::vector<std::uint8_t> founded_;  ///< By variable.
    std::vector<Var> queue_;
    std::vector<RequirementId> asking_;  ///< Founded demands that ask for features.

    bool closed_ = false;
    std::vector<std::vector<Var>> holders_;  ///< By demand: roots, packages and switches.
    std::vector<std::uint8_t> needed_;       ///< By variable: part of the loop.
    std::vector<Var> loop_;
    std::vector<Lit> clause_;
};

}  // namespace catalog::resolve::engine
