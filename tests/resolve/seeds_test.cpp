// What the domain engine hands over: every clause follows from the packages, whichever roots are
// asked for, and the request is answered as without.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "answer.hpp"
#include "provider_world.hpp"
#include "search.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/freezing_resolver.hpp"
#include "support/resolve/hard_world.hpp"

namespace catalog::resolve::engine {
namespace {

using testing::World;

/// Keeps the clauses that a search is given from some moment on.
class GivenLog final : public ClauseLog {
public:
    void group(Var, std::uint32_t) override {}
    void given(std::span<const Lit> literals) override {
        if (listening) clauses.emplace_back(literals.begin(), literals.end());
    }
    void learned(std::span<const Lit>) override {}

    bool listening = false;
    std::vector<std::vector<Lit>> clauses;
};

/// A search over the packages alone, which is asked whether a clause can be violated.
class Judge {
public:
    Judge(Universe& universe, Requirements& requirements, const std::vector<RequirementId>& roots)
        : search_(universe, requirements, roots, false) {}

    /// Literals of `clause` are over variables of `from`. `excluded` has for the variable of an
    /// exclusion the packages that it keeps out.
    [[nodiscard]] bool follows(const std::vector<Lit>& clause, Clauses& from,
                               const std::vector<std::vector<PackageId32>>& excluded) {
        std::vector<Lit> assumed;
        std::vector<std::size_t> roots;
        std::vector<PackageId32> out;
        std::vector<std::vector<Lit>> one_of;
        for (const Lit literal : clause) {
            const VarMeaning& meaning = from.meaning(var_of(literal));
            if (meaning.kind == VarKind::kRoot) {
                roots.push_back(meaning.a);
            } else if (meaning.kind == VarKind::kPackage) {
                const Lit package = positive(search_.clauses().package(meaning.a));
                assumed.push_back(is_negative(literal) ? package : negated(package));
            } else {
                auto& choice = one_of.emplace_back();
                for (const PackageId32 package : excluded[var_of(literal)]) {
                    choice.push_back(positive(search_.clauses().package(package)));
                }
            }
        }
        std::vector<Lit> all;
        for (std::size_t i = 0; i < search_.root_count(); ++i) {
            const bool named = std::find(roots.begin(), roots.end(), i) != roots.end();
            all.push_back(named ? search_.root(i) : negated(search_.root(i)));
        }
        all.insert(all.end(), assumed.begin(), assumed.end());
        // Every way in which the exclusions can be broken, one digit each.
        std::vector<std::size_t> digits(one_of.size(), 0);
        for (;;) {
            std::vector<Lit> trial = all;
            for (std::size_t i = 0; i < digits.size(); ++i) trial.push_back(one_of[i][digits[i]]);
            const auto outcome = search_.run(trial, Order::kActivity, ~std::uint64_t{0});
            if (!outcome || *outcome != Outcome::kUnsat) return false;
            std::size_t i = 0;
            while (i < digits.size() && ++digits[i] == one_of[i].size()) digits[i++] = 0;
            if (i == digits.size()) return true;
        }
    }

private:
    Search search_;
};

struct Count {
    std::size_t clauses = 0;
    std::size_t without_all_roots = 0;
};

/// Lets the domain engine run into its limit and judges what it hands over.
void judge_seeds(World& world, std::uint64_t conflicts, Count& count) {
    const auto clock = make_system_clock();
    const CallContext context;
    Universe universe(world.request, world.repo.provider(), context, *clock);
    Requirements requirements(universe);
    const auto roots = make_roots(universe, requirements);
    if (!roots) return;
    ProviderWorld domains(universe, requirements, *roots);
    const auto consistent = domains.begin();
    if (!consistent || !*consistent) return;
    const auto outcome = domains.solver().run({conflicts, nullptr, {}});
    if (!outcome || *outcome != DomainOutcome::kLimit) return;

    GivenLog log;
    Search search(universe, requirements, *roots, false, &log);
    log.listening = true;
    search.take_over({&domains.solver(), &domains});
    Clauses& clauses = search.clauses();
    std::vector<std::vector<PackageId32>> excluded(search.core().var_count());
    Judge judge(universe, requirements, *roots);
    for (const std::vector<Lit>& clause : log.clauses) {
        const VarMeaning first = clauses.meaning(var_of(clause.front()));
        if (first.kind == VarKind::kTrial && is_negative(clause.front())) {
            excluded[var_of(clause.front())].push_back(clauses.meaning(var_of(clause[1])).a);
            continue;  // defines a new variable
        }
        ASSERT_TRUE(judge.follows(clause, clauses, excluded));
        ++count.clauses;
        std::size_t named = 0;
        for (const Lit literal : clause) {
            named += clauses.meaning(var_of(literal)).kind == VarKind::kRoot ? 1 : 0;
        }
        count.without_all_roots += named < roots->size() ? 1 : 0;
    }
}

/// Hands over after `conflicts`; 0 is never reached, so that only clauses are used.
SatOptions handing_over_after(std::uint64_t conflicts) {
    SatOptions options;
    options.domain_conflicts_max = conflicts;
    if (conflicts == 0) options.engine = Engine::kBoolean;
    return options;
}

TEST(Seeds, FollowFromThePackagesAndTheRootsThatTheyName) {
    Count count;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        World world = testing::make_hard_world({16, 6, 4, 0.6}, seed);
        // Each package brings all others in: where they cannot stand together, anything follows.
        SatResolver resolver(make_system_clock(), handing_over_after(0));
        if (!resolver.resolve(world.request, world.repo.provider(), CallContext())) continue;
        judge_seeds(world, 1 + seed % 8, count);
        ASSERT_FALSE(HasFatalFailure()) << "seed " << seed;
    }
    EXPECT_GT(count.clauses, 100u);
    EXPECT_GT(count.without_all_roots, 20u);
}

TEST(Seeds, FollowWhereChoicesAndFeaturesArePartOfTheConflicts) {
    Count count;
    for (std::uint64_t seed = 50'000'000; seed < 50'004'000; ++seed) {
        testing::WorldShape shape;
        shape.dependencies_max = 5;
        World world = testing::make_world(shape, seed);
        judge_seeds(world, 1, count);
        ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << "\n" << world.to_text();
    }
    EXPECT_GT(count.clauses, 50u);
}

TEST(Seeds, LeaveVerdictAndRootsAsTheyAre) {
    int handed_over = 0;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        World world = testing::make_hard_world({16, 6, 4, 0.6}, seed);
        SatResolver plain(make_system_clock(), handing_over_after(0));
        SatResolver seeded(make_system_clock(), handing_over_after(5));
        SatResolver over_universe(make_system_clock(), handing_over_after(5));
        std::vector<std::string> names;
        for (const Root& root : world.request.roots) names.push_back(root.target.name);
        auto universe = testing::freeze(world.repo.provider(), names);
        ASSERT_TRUE(universe) << universe.error().to_string();
        UniverseProvider frozen(*std::move(universe));
        const auto a = plain.resolve(world.request, world.repo.provider(), CallContext());
        const auto b = seeded.resolve(world.request, world.repo.provider(), CallContext());
        const auto c = over_universe.resolve(world.request, frozen, CallContext());
        ASSERT_EQ(a.has_value(), b.has_value()) << "seed " << seed;
        ASSERT_EQ(a.has_value(), c.has_value()) << "seed " << seed;
        if (!a) continue;
        handed_over += b->stats.conflicts > 5 ? 1 : 0;
        ASSERT_EQ(testing::check_text(world.request, world.repo.provider(), *b), "");
        ASSERT_EQ(testing::check_text(world.request, world.repo.provider(), *c), "");
        for (std::size_t r = 0; r < a->roots.size(); ++r) {
            const Candidate& best = a->packages[a->roots[r]].candidate;
            EXPECT_EQ(best, b->packages[b->roots[r]].candidate) << "seed " << seed;
            EXPECT_EQ(best, c->packages[c->roots[r]].candidate) << "seed " << seed;
        }
    }
    EXPECT_GT(handed_over, 3);
}

}  // namespace
}  // namespace catalog::resolve::engine
