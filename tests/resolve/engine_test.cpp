// The resolver's parts: its Boolean core against exhaustive search, and the search by activity,
// which requests of a few packages never reach by themselves.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

#include "cdcl.hpp"
#include "install_order.hpp"
#include "proof_log.hpp"
#include "resolution.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/ticking_clock.hpp"

namespace catalog::resolve::engine {
namespace {

using Clause = std::vector<Lit>;

/// A formula over variables 1 to `vars`, the first `grouped` of which exclude each other. The first
/// `choices` clauses say what of the group a variable outside of it leaves.
struct Formula {
    std::uint32_t vars = 0;
    std::uint32_t grouped = 0;
    std::size_t choices = 0;
    std::vector<Clause> clauses;
};

Formula random_formula(std::mt19937_64& random) {
    Formula formula;
    formula.vars = 4 + static_cast<std::uint32_t>(random() % 9);
    formula.grouped = static_cast<std::uint32_t>(random() % 4);
    if (formula.grouped > 1) formula.choices = random() % (formula.vars - formula.grouped + 1);
    for (std::size_t i = 0; i < formula.choices; ++i) {
        Clause clause(1, negative(formula.grouped + 1 + static_cast<Var>(i)));
        for (Var var = 1; var <= formula.grouped; ++var) {
            if (random() % 2 == 0) clause.push_back(positive(var));
        }
        formula.clauses.push_back(clause);
    }
    const std::size_t count = formula.vars * (1 + random() % 5);
    for (std::size_t i = 0; i < count; ++i) {
        std::set<Var> used;
        Clause clause;
        const std::size_t size = random() % 20 == 0 ? 1 : 2 + random() % 3;
        for (std::size_t k = 0; k < size; ++k) {
            const Var var = 1 + static_cast<Var>(random() % formula.vars);
            if (!used.insert(var).second) continue;
            clause.push_back(random() % 2 == 0 ? positive(var) : negative(var));
        }
        formula.clauses.push_back(clause);
    }
    return formula;
}

bool holds(const Formula& formula, std::uint32_t bits) {
    const auto is_true = [&](Lit literal) {
        const bool set = ((bits >> (var_of(literal) - 1)) & 1) != 0;
        return set != is_negative(literal);
    };
    std::uint32_t in_group = 0;
    for (Var var = 1; var <= formula.grouped; ++var) in_group += is_true(positive(var)) ? 1u : 0u;
    if (in_group > 1) return false;
    return std::all_of(formula.clauses.begin(), formula.clauses.end(), [&](const Clause& clause) {
        return std::any_of(clause.begin(), clause.end(), is_true);
    });
}

bool satisfiable_by_enumeration(const Formula& formula, const std::vector<Lit>& assumed) {
    for (std::uint32_t bits = 0; bits < (1u << formula.vars); ++bits) {
        const bool fits = std::all_of(assumed.begin(), assumed.end(), [&](Lit literal) {
            return (((bits >> (var_of(literal) - 1)) & 1) != 0) != is_negative(literal);
        });
        if (fits && holds(formula, bits)) return true;
    }
    return false;
}

/// Solves with assumptions; a part of the clauses arrives only while the search is under way.
struct Driver {
    Driver(const Formula& formula, bool with_proof, std::size_t late)
        : core(with_proof, &log),
          all(formula.clauses),
          choices(formula.choices),
          late_from(formula.clauses.size() - late) {
        core.new_vars(formula.vars);
        core.add_group(1, formula.grouped);
        for (std::size_t i = 0; i < late_from; ++i) add(i);
        vars = formula.vars;
        for (Var var = 1; var <= vars; var += 2) core.make_decidable(var, var % 4 == 1);
    }

    void add(std::size_t i) {
        const auto tag = static_cast<std::uint32_t>(i);
        if (i >= choices) {
            core.add_clause(all[i], tag);
            return;
        }
        std::vector<Var> members;
        for (std::size_t k = 1; k < all[i].size(); ++k) members.push_back(var_of(all[i][k]));
        core.add_choice(var_of(all[i].front()), members, tag);
    }

    /// Every learned clause follows, and so does that the failed assumptions fail.
    [[nodiscard]] bool is_proven() { return log.wrong() == 0 && log.refutes(failed); }

    bool solve(const std::vector<Lit>& assumptions) {
        core.backjump(0);
        for (;;) {
            if (!core.propagate()) {
                if (!core.learn()) {
                    failed.clear();
                    return false;
                }
                continue;
            }
            if (late_from < all.size()) {
                add(late_from++);
                continue;
            }
            if (core.level() < assumptions.size()) {
                const Lit next = assumptions[core.level()];
                if (core.is_false(next)) {
                    failed = core.why_false(next);
                    failed.push_back(next);
                    return false;
                }
                if (core.is_true(next)) {
                    core.open_level();
                } else {
                    core.decide(next);
                }
                continue;
            }
            Var open = 0;
            for (Var var = 1; var <= vars && open == 0; ++var) {
                if (core.value(positive(var)) == Value::kUnknown) open = var;
            }
            if (open == 0) return true;
            const Lit active = core.next_active();
            core.decide(active == core.truth() ? positive(open) : active);
        }
    }

    [[nodiscard]] std::uint32_t model() const {
        std::uint32_t bits = 0;
        for (Var var = 1; var <= vars; ++var) {
            if (core.is_true(positive(var))) bits |= 1u << (var - 1);
        }
        return bits;
    }

    ProofLog log;
    Cdcl core;
    std::vector<Clause> all;
    std::size_t choices;
    std::size_t late_from;
    Var vars = 0;
    std::vector<Lit> failed;
};

TEST(Cdcl, AgreesWithEnumerationWithAndWithoutAssumptions) {
    std::mt19937_64 random(7);
    int satisfiable = 0;
    for (int i = 0; i < 1'500; ++i) {
        const Formula formula = random_formula(random);
        Driver driver(formula, false, 0);
        for (int round = 0; round < 3; ++round) {
            std::vector<Lit> assumed;
            for (Var var = 1; var <= formula.vars && round > 0; ++var) {
                if (random() % 3 == 0) assumed.push_back(positive(var) | (random() % 2));
            }
            const bool expected = satisfiable_by_enumeration(formula, assumed);
            ASSERT_EQ(driver.solve(assumed), expected) << "formula " << i << " round " << round;
            ASSERT_TRUE(expected || driver.is_proven()) << "formula " << i << " round " << round;
            if (expected) {
                ++satisfiable;
                ASSERT_TRUE(holds(formula, driver.model())) << "formula " << i;
            }
        }
    }
    EXPECT_GT(satisfiable, 300);
}

TEST(Cdcl, TakesClausesThatArriveDuringTheSearch) {
    std::mt19937_64 random(8);
    for (int i = 0; i < 1'500; ++i) {
        const Formula formula = random_formula(random);
        Driver driver(formula, false, random() % formula.clauses.size());
        const bool expected = satisfiable_by_enumeration(formula, {});
        ASSERT_EQ(driver.solve({}), expected) << "formula " << i;
        ASSERT_TRUE(expected || driver.is_proven()) << "formula " << i;
        if (expected) {
            ASSERT_TRUE(holds(formula, driver.model())) << "formula " << i;
        }
    }
}

TEST(Cdcl, FailedAssumptionsFailByThemselves) {
    std::mt19937_64 random(9);
    int failures = 0;
    for (int i = 0; i < 1'500; ++i) {
        const Formula formula = random_formula(random);
        Driver driver(formula, false, 0);
        std::vector<Lit> assumed;
        for (Var var = 1; var <= formula.vars; ++var) {
            if (random() % 2 == 0) assumed.push_back(positive(var) | (random() % 2));
        }
        if (driver.solve(assumed)) continue;
        ++failures;
        ASSERT_FALSE(satisfiable_by_enumeration(formula, driver.failed)) << "formula " << i;
    }
    EXPECT_GT(failures, 100);
}

TEST(Cdcl, ProofClausesFailByThemselves) {
    std::mt19937_64 random(10);
    int failures = 0;
    for (int i = 0; i < 1'500; ++i) {
        const Formula formula = random_formula(random);
        Driver driver(formula, true, 0);
        std::vector<Lit> assumed;
        for (Var var = 1; var <= formula.vars; ++var) {
            if (random() % 3 == 0) assumed.push_back(positive(var) | (random() % 2));
        }
        if (driver.solve(assumed)) continue;
        ++failures;
        Formula core = formula;
        core.clauses.clear();
        for (const ProofClause& clause : driver.core.proof_clauses()) {
            core.clauses.push_back(formula.clauses[clause.tag]);
        }
        ASSERT_LE(core.clauses.size(), formula.clauses.size());
        ASSERT_FALSE(satisfiable_by_enumeration(core, driver.failed)) << "formula " << i;
    }
    EXPECT_GT(failures, 100);
}

TEST(Cdcl, ForgettingLearnedClausesChangesNoAnswer) {
    // Pigeons and holes: unsatisfiable, and only after many conflicts.
    constexpr std::uint32_t kHoles = 6;
    Cdcl core(false);
    const auto var = [](std::uint32_t pigeon, std::uint32_t hole) {
        return 1 + pigeon * kHoles + hole;
    };
    core.new_vars((kHoles + 1) * kHoles);
    for (std::uint32_t p = 0; p <= kHoles; ++p) {
        Clause somewhere;
        for (std::uint32_t h = 0; h < kHoles; ++h) somewhere.push_back(positive(var(p, h)));
        core.add_clause(somewhere, 0);
        for (std::uint32_t q = 0; q < p; ++q) {
            for (std::uint32_t h = 0; h < kHoles; ++h) {
                core.add_clause(Clause{negative(var(p, h)), negative(var(q, h))}, 0);
            }
        }
    }
    std::uint32_t forgotten = 0;
    for (int conflicts = 0; conflicts < 1'000'000;) {
        if (!core.propagate()) {
            if (!core.learn()) break;
            if (++conflicts % 50 != 0) continue;
            core.backjump(0);
            if (!core.propagate()) continue;
            const std::uint32_t before = core.learned_count();
            core.reduce();
            forgotten += before - core.learned_count();
            continue;
        }
        Var open = 0;
        for (Var v = 1; v <= (kHoles + 1) * kHoles && open == 0; ++v) {
            if (core.value(positive(v)) == Value::kUnknown) open = v;
        }
        ASSERT_NE(open, 0u) << "seven pigeons sit in six holes";
        core.decide(positive(open));
    }
    EXPECT_TRUE(core.has_conflict());
    EXPECT_GT(forgotten, 0u);
}

/// Leaves the ordered search at its first conflict.
class ImpatientResolver final : public Resolver {
public:
    Result<Solution> resolve(const Request& request, DependencyProvider& provider,
                             const CallContext& context) override {
        const auto clock = make_system_clock();
        SatOptions options;
        options.engine = Engine::kBoolean;
        return Resolution(request, provider, context, *clock, options, 0).run();
    }
};

TEST(SearchByActivity, AgreesWithExhaustiveSearchOnRootVersionsToo) {
    ImpatientResolver resolver;
    testing::expect_agreement(resolver, testing::WorldShape(), 3'000'000, 2'500);
}

TEST(SearchByActivity, AgreesWhenManyVersionsCompete) {
    testing::WorldShape shape;
    shape.kinds = shape.features = shape.oddities = false;
    shape.versions_max = 5;
    shape.dependencies_max = 5;
    ImpatientResolver resolver;
    testing::expect_agreement(resolver, shape, 4'000'000, 1'500);
}

/// More than three levels of words.
/// Looks at the clock that it takes to assume the first literal of each chain of implications.
std::int64_t looks_at_chains(std::uint32_t chains, std::uint32_t length) {
    testing::Repo repo("a 1.0.0");
    const Request request = testing::ask("a *");
    const testing::TickingClock clock;
    CallContext context;
    context.deadline = MonotonicTime(std::chrono::hours(1'000'000));
    Universe universe(request, repo.provider(), context, clock);
    Requirements requirements(universe);
    Search search(universe, requirements, {}, false);
    std::vector<Lit> heads;
    for (std::uint32_t chain = 0; chain < chains; ++chain) {
        Lit last = positive(search.clauses().new_trial());
        heads.push_back(last);
        for (std::uint32_t i = 1; i < length; ++i) {
            const Lit next = positive(search.clauses().new_trial());
            search.clauses().add_implied(std::vector<Lit>{negated(last), next});
            last = next;
        }
    }
    const MonotonicTime before = clock.now_monotonic();
    const auto outcome = search.run(heads, Order::kActivity, ~std::uint64_t{0});
    EXPECT_TRUE(outcome && *outcome == Outcome::kSat);
    EXPECT_EQ(search.core().propagations(), std::uint64_t{chains} * length + 1);
    return (clock.now_monotonic() - before) / std::chrono::seconds(1);
}

TEST(Search, LooksAtItsLimitsWhileItPropagates) {
    EXPECT_GE(looks_at_chains(1, 64'000), 64'000 / 2'000) << "in one go";
    EXPECT_GE(looks_at_chains(128, 500), 64'000 / 2'000) << "a little after each decision";
}

TEST(SmallestFirst, GivesWhatASetWouldGive) {
    std::mt19937 random(11);
    SmallestFirst queue;
    for (const std::uint32_t bound : {1U, 64U, 65U, 4'096U, 4'097U, 300'000U}) {
        queue.clear(bound);
        std::set<std::uint32_t> expected;
        for (int i = 0; i < 3'000; ++i) {
            if (random() % 5 < 3 || expected.empty()) {
                const auto number = static_cast<std::uint32_t>(random() % bound);
                expected.insert(number);
                queue.insert(number);
            } else {
                ASSERT_EQ(queue.pop(), *expected.begin());
                expected.erase(expected.begin());
            }
            ASSERT_EQ(queue.empty(), expected.empty());
        }
    }
}

/// One object, one graph after another, against a search for who reaches whom.
TEST(InstallOrder, PlacesComponentsLikeAnExhaustiveSearch) {
    std::mt19937 random(12);
    InstallOrder order;
    for (int round = 0; round < 300; ++round) {
        const std::uint32_t count = 1 + static_cast<std::uint32_t>(random() % 12);
        std::vector<std::vector<bool>> reaches(count, std::vector<bool>(count, false));
        std::vector<std::uint32_t> first{0};
        std::vector<std::uint32_t> targets;
        for (std::uint32_t n = 0; n < count; ++n) {
            for (std::size_t i = random() % 3; i > 0; --i) {
                targets.push_back(static_cast<std::uint32_t>(random() % count));
                reaches[n][targets.back()] = true;
            }
            first.push_back(static_cast<std::uint32_t>(targets.size()));
        }
        for (std::uint32_t via = 0; via < count; ++via) {
            for (std::uint32_t a = 0; a < count; ++a) {
                for (std::uint32_t b = 0; b < count; ++b) {
                    if (reaches[a][via] && reaches[via][b]) reaches[a][b] = true;
                }
            }
        }
        const auto alike = [&](std::uint32_t a, std::uint32_t b) {
            return a == b || (reaches[a][b] && reaches[b][a]);
        };
        std::vector<std::uint32_t> nodes;
        std::vector<std::uint32_t> ends;
        std::vector<bool> placed(count, false);
        while (nodes.size() < count) {
            for (std::uint32_t n = 0; n < count; ++n) {
                bool ready = !placed[n];
                for (std::uint32_t to = 0; to < count; ++to) {
                    ready = ready && (!reaches[n][to] || placed[to] || alike(n, to));
                }
                if (!ready) continue;
                for (std::uint32_t m = n; m < count; ++m) {
                    if (!alike(n, m)) continue;
                    nodes.push_back(m);
                    placed[m] = true;
                }
                ends.push_back(static_cast<std::uint32_t>(nodes.size()));
                break;
            }
        }
        order.run(first, targets);
        ASSERT_EQ(std::vector<std::uint32_t>(order.nodes().begin(), order.nodes().end()), nodes);
        ASSERT_EQ(std::vector<std::uint32_t>(order.ends().begin(), order.ends().end()), ends);
    }
}

}  // namespace
}  // namespace catalog::resolve::engine
