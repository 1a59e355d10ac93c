#pragma once
// RupChecker: checks proofs by reverse unit propagation (Goldberg and Novikov, "Verification of
// proofs of unsatisfiability for CNF formulas", 2003). Shares nothing with the engines.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace catalog::resolve::testing {

/// Clauses over literals as in DIMACS: a variable from 1 on, negative when negated. Nothing is ever
/// forgotten.
class RupChecker {
public:
    /// Adds a clause without looking at it.
    void add(const std::vector<int>& clause);
    /// Of `count` variables from `first` on at most one is true.
    void add_at_most_one(int first, int count);
    /// Tells whether unit propagation refutes the clause's negation.
    [[nodiscard]] bool follows(const std::vector<int>& clause);

private:
    [[nodiscard]] static std::size_t index(int literal) {
        const auto var = static_cast<std::size_t>(literal < 0 ? -literal : literal);
        return 2 * var + (literal < 0 ? 1 : 0);
    }
    void make_room(int literal);
    [[nodiscard]] int value(int literal) const { return values_[index(literal)]; }
    void set(int literal);
    [[nodiscard]] bool propagate();

    std::vector<std::vector<int>> clauses_;
    std::vector<std::vector<std::size_t>> watches_;  ///< By literal: clauses that watch it.
    std::vector<std::int8_t> values_;                ///< By literal: 1, 0 or -1.
    std::vector<int> trail_;
    std::size_t head_ = 0;
    bool contradiction_ = false;
};

}  // namespace catalog::resolve::testing
