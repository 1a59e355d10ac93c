#include "seeds.hpp"

#include <algorithm>

namespace catalog::resolve::engine {

std::span<const PackageId32> Seeds::packages(NodeId node) {
    if (known_[node] == 0) {
        packages_[node] = nodes_.packages(node, universe_);
        known_[node] = 1;
    }
    return packages_[node];
}

Lit Seeds::exclusion(NodeId node, const std::vector<PackageId32>& excluded) {
    if (excluded.size() == 1) return negative(clauses_.package(excluded.front()));
    const auto [at, fresh] = exclusions_.emplace(std::pair(node, excluded), Lit{0});
    if (!fresh) return at->second;
    at->second = positive(clauses_.new_trial());
    for (const PackageId32 package : excluded) {
        const Lit clause[] = {negated(at->second), negative(clauses_.package(package))};
        clauses_.add_implied(clause);
    }
    return at->second;
}

/// Appends literals of which one holds when the node's domain is not within the mask; false when
/// there are none such.
bool Seeds::deny(NodeId node, const Word* mask) {
    const std::span<const PackageId32> of = packages(node);
    if (of.empty()) return false;
    const bool with_absent = has_bit(mask, kAbsent);
    std::vector<PackageId32> named;
    for (std::uint32_t value = 1; value < solver_.values(node); ++value) {
        const PackageId32 package = of[value - 1];
        if (package != kNone && has_bit(mask, value) != with_absent) named.push_back(package);
    }
    if (with_absent) {
        for (const PackageId32 package : named) {
            literals_.push_back(positive(clauses_.package(package)));
        }
    } else if (!named.empty()) {
        literals_.push_back(exclusion(node, named));
    } else {
        return false;  // can never hold, so the nogood says nothing
    }
    return true;
}

void Seeds::name_roots(Word premises) {
    for (std::size_t root = 0; root < roots_.size(); ++root) {
        if ((premises & premise_of(root)) != 0) literals_.push_back(negative(roots_[root]));
    }
}

/// The versions that a package lost for good.
void Seeds::sow_facts(NodeId node) {
    const Word* domain = solver_.domain(node);
    const std::span<const PackageId32> of = packages(node);
    literals_.clear();
    name_roots(solver_.premises(node));
    const std::size_t roots = literals_.size();
    for (std::uint32_t value = 1; value < solver_.values(node); ++value) {
        if (has_bit(domain, value) || of[value - 1] == kNone) continue;
        literals_.resize(roots);
        literals_.push_back(negative(clauses_.package(of[value - 1])));
        clauses_.add_implied(literals_);
    }
}

/// Which version is tried first stays as it was: the newest has served better than the last.
void Seeds::favour(NodeId node) {
    for (const PackageId32 package : packages(node)) {
        if (package != kNone) clauses_.favour(package, solver_.activity(node));
    }
}

void Seeds::sow() {
    packages_.resize(solver_.node_count());
    known_.resize(solver_.node_count(), 0);
    for (NodeId node = 1; node < solver_.node_count(); ++node) {
        // What no conflict was about follows from the packages at once.
        if (solver_.activity(node) == 0 || packages(node).empty()) continue;
        sow_facts(node);
        favour(node);
    }
    for (std::size_t i = 0; i < solver_.learned_count(); ++i) {
        const DomainSolver::Learned learned = solver_.learned(i);
        literals_.clear();
        name_roots(learned.premises);
        const bool all =
            std::all_of(learned.terms.begin(), learned.terms.end(),
                        [this](const auto& term) { return deny(term.node, solver_.mask(term)); });
        if (all) clauses_.add_implied(literals_);
    }
}

}  // namespace catalog::resolve::engine
