#pragma once
// ProofLog: hears what a core says of its clauses and has each learned one checked at once.

#include <span>
#include <vector>

#include "cdcl.hpp"
#include "support/resolve/rup_checker.hpp"

namespace catalog::resolve::engine {

class ProofLog final : public ClauseLog {
public:
    ProofLog() { checker_.add({1}); }  // the core's truth

    void group(Var first, std::uint32_t count) override {
        checker_.add_at_most_one(static_cast<int>(first) + 1, static_cast<int>(count));
    }
    void given(std::span<const Lit> literals) override { checker_.add(to_dimacs(literals)); }
    void learned(std::span<const Lit> literals) override {
        const std::vector<int> clause = to_dimacs(literals);
        if (!checker_.follows(clause)) ++wrong_;
        checker_.add(clause);
        ++checked_;
    }

    /// Tells whether what was learned shows that not all of `literals` can hold.
    [[nodiscard]] bool refutes(std::span<const Lit> literals) {
        std::vector<int> clause;
        for (const int literal : to_dimacs(literals)) clause.push_back(-literal);
        return checker_.follows(clause);
    }
    [[nodiscard]] std::size_t wrong() const noexcept { return wrong_; }
    [[nodiscard]] std::size_t checked() const noexcept { return checked_; }

private:
    static std::vector<int> to_dimacs(std::span<const Lit> literals) {
        std::vector<int> clause;
        for (const Lit literal : literals) {
            const int number = static_cast<int>(var_of(literal)) + 1;
            clause.push_back(is_negative(literal) ? -number : number);
        }
        return clause;
    }

    testing::RupChecker checker_;
    std::size_t wrong_ = 0;
    std::size_t checked_ = 0;
};

}  // namespace catalog::resolve::engine
