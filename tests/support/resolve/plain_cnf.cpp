#include "support/resolve/plain_cnf.hpp"

#include <utility>

namespace catalog::resolve::testing {

namespace {

/// By its own version or by one that it provides.
bool is_named(const RepoEntry& entry, const Target& target) {
    const version::VersionSet set = target.constraint.set();
    if (entry.name == target.name && set.contains(entry.candidate.version)) return true;
    for (const Provided& provided : entry.record.provides) {
        if (provided.name == target.name && set.contains(provided.version)) return true;
    }
    return false;
}

std::vector<int> who_is_named(const std::vector<RepoEntry>& entries, const Target& target) {
    std::vector<int> found;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (is_named(entries[i], target)) found.push_back(static_cast<int>(i) + 1);
    }
    return found;
}

}  // namespace

std::string PlainCnf::to_dimacs() const {
    std::string text =
        "p cnf " + std::to_string(vars) + " " + std::to_string(clauses.size()) + "\n";
    for (const std::vector<int>& clause : clauses) {
        for (const int literal : clause) text += std::to_string(literal) + " ";
        text += "0\n";
    }
    return text;
}

PlainCnf make_plain_cnf(const std::vector<RepoEntry>& entries, const Request& request) {
    PlainCnf cnf;
    cnf.vars = static_cast<int>(entries.size());
    for (const Root& root : request.roots) {
        cnf.clauses.push_back(who_is_named(entries, root.target));
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const RepoEntry& entry = entries[i];
        const int self = static_cast<int>(i) + 1;
        for (std::size_t k = 0; k < i; ++k) {
            if (entries[k].name == entry.name) {
                cnf.clauses.push_back({-self, -static_cast<int>(k) - 1});
            }
        }
        for (const Requirement& need : entry.record.dependencies) {
            std::vector<int> clause = who_is_named(entries, need.target);
            for (const Target& other : need.any_of) {
                for (const int also : who_is_named(entries, other)) clause.push_back(also);
            }
            clause.push_back(-self);
            cnf.clauses.push_back(std::move(clause));
        }
        for (const Target& conflict : entry.record.conflicts) {
            for (const int other : who_is_named(entries, conflict)) {
                if (other != self) cnf.clauses.push_back({-self, -other});
            }
        }
    }
    return cnf;
}

}  // namespace catalog::resolve::testing
