#pragma once
// Seeds: what the domain engine learned about a request, told to the Boolean engine that takes the
// request over.
//
// A nogood over domains is one clause: a term "the domain is within a mask" is denied by a version
// out of the mask when absence is within it, and else by an exclusion of the versions in the mask.
// Every answer of the clauses gives each package a value, so a nogood that speaks of packages alone
// holds in all of them; one that speaks of choices or features is left out, as clauses mean
// something else by these. The roots that a nogood rests on are part of the clause, which therefore
// follows from the packages, whichever roots a later search assumes.

#include <map>
#include <span>
#include <utility>
#include <vector>

#include "clauses.hpp"
#include "domain_solver.hpp"

namespace catalog::resolve::engine {

/// Roots from this one on share a bit of premises.
inline constexpr std::size_t kLastPremise = 63;

/// Returns the bit by which the domain engine knows a root's demand.
[[nodiscard]] constexpr Word premise_of(std::size_t root) noexcept {
    return Word{1} << (root < kLastPremise ? root : kLastPremise);
}

/// Which packages the values of a domain solver's nodes are.
class NodePackages {
public:
    virtual ~NodePackages() = default;
    /// Returns the package of value 1, of value 2 and so on, kNone for one that cannot be in.
    /// Nothing when the node is no package, or its versions cannot be read.
    [[nodiscard]] virtual std::vector<PackageId32> packages(NodeId node, Universe& universe) = 0;
};

/// A domain search that ended at its limit.
struct Handover {
    const DomainSolver* solver = nullptr;  ///< Null when there was none.
    NodePackages* nodes = nullptr;
};

class Seeds {
public:
    /// `roots` are the variables of the roots that the solver had, in their order.
    Seeds(const Handover& from, Universe& universe, Clauses& clauses, std::span<const Var> roots)
        : solver_(*from.solver),
          nodes_(*from.nodes),
          universe_(universe),
          clauses_(clauses),
          roots_(roots) {}

    /// Adds the clauses, and favours the packages that conflicts were about. REQUIRES: the core is
    /// at level 0 and keeps no proof.
    void sow();

private:
    [[nodiscard]] std::span<const PackageId32> packages(NodeId node);
    [[nodiscard]] bool deny(NodeId node, const Word* mask);
    [[nodiscard]] Lit exclusion(NodeId node, const std::vector<PackageId32>& excluded);
    void name_roots(Word premises);
    void sow_facts(NodeId node);
    void favour(NodeId node);

    const DomainSolver& solver_;
    NodePackages& nodes_;
    Universe& universe_;
    Clauses& clauses_;
    std::span<const Var> roots_;
    std::vector<std::vector<PackageId32>> packages_;  ///< By node.
    std::vector<std::uint8_t> known_;                 ///< By node.
    std::map<std::pair<NodeId, std::vector<PackageId32>>, Lit> exclusions_;
    std::vector<Lit> literals_;
};

}  // namespace catalog::resolve::engine
