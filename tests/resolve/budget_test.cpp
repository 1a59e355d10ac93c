// Budgets of time and of conflicts: whatever the bound, what is returned is a valid answer, and
// says truly whether it is the one that was asked for.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "catalog/resolve/universe_resolver.hpp"
#include "resolution.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/freezing_resolver.hpp"
#include "support/resolve/hard_world.hpp"
#include "support/resolve/ticking_clock.hpp"

namespace catalog::resolve {
namespace {

using testing::TickingClock;
using testing::World;

enum class Budget { kTime, kConflicts };

/// Of `amount` looks at the clock, or conflicts.
Request within(const Request& request, Budget budget, std::uint64_t amount) {
    Request bounded = request;
    if (budget == Budget::kTime) {
        bounded.time_max = std::chrono::seconds(amount);
    } else {
        bounded.conflicts_max = amount;
    }
    return bounded;
}

World make_updated_world(Optimality optimality, std::uint64_t seed) {
    World world = testing::make_hard_world({16, 6, 4, 0.6}, seed);
    world.request.optimality = optimality;
    // What was installed before: the oldest of every second package.
    for (std::size_t i = 0; i < world.request.roots.size(); i += 2) {
        world.request.locked.push_back(
            {world.request.roots[i].target.name, testing::ver("1.0.0"), ""});
    }
    return world;
}

/// From an order that gives nothing up, so that roots have to be improved.
Result<Solution> resolve_by_activity(const Request& request, World& world) {
    const TickingClock clock;
    const CallContext context;
    SatOptions options;
    options.engine = Engine::kBoolean;
    engine::Resolution resolution(request, world.repo.provider(), context, clock, options, 0);
    return resolution.run();
}

struct Seen {
    int exhausted = 0;
    int unproven = 0;
    int proven = 0;
};

/// Raises a budget until the answer is proven.
void raise_until_proven(World& world, Budget budget, Seen& seen) {
    const auto best = resolve_by_activity(world.request, world);
    ASSERT_TRUE(best) << best.error().to_string();
    ASSERT_TRUE(best->proven);
    for (std::uint64_t amount = 1;; amount += 1 + amount / 32) {
        ASSERT_LT(amount, 20'000u);
        const Request request = within(world.request, budget, amount);
        const auto answer = resolve_by_activity(request, world);
        if (!answer) {
            ASSERT_EQ(answer.error().code(), Errc::kBudgetExhausted);
            const auto* detail = answer.error().detail_as<LimitDetail>();
            ASSERT_NE(detail, nullptr);
            EXPECT_EQ(detail->limit,
                      budget == Budget::kTime ? "resolve_time_max_us" : "resolve_conflicts_max");
            EXPECT_EQ(detail->allowed, budget == Budget::kTime ? amount * 1'000'000 : amount);
            EXPECT_GE(detail->actual, detail->allowed);
            ++seen.exhausted;
            continue;
        }
        ASSERT_EQ(testing::check_text(request, world.repo.provider(), *answer), "");
        ++(answer->proven ? seen.proven : seen.unproven);
        if (!answer->proven) continue;
        for (std::size_t r = 0; r < best->roots.size(); ++r) {
            EXPECT_EQ(answer->packages[answer->roots[r]].candidate,
                      best->packages[best->roots[r]].candidate);
        }
        // Once proven, everything of it; of the order below the roots nothing is promised.
        if (request.optimality == Optimality::kLexAll) {
            EXPECT_EQ(testing::to_text(*answer), testing::to_text(*best));
        }
        return;
    }
}

class BudgetOf : public ::testing::TestWithParam<Budget> {};
INSTANTIATE_TEST_SUITE_P(Budget, BudgetOf, ::testing::Values(Budget::kTime, Budget::kConflicts));

TEST_P(BudgetOf, GivesTheBestAnswerSoFarInEveryMode) {
    for (const Optimality optimality :
         {Optimality::kLexRoots, Optimality::kLexAll, Optimality::kMinChange}) {
        Seen seen;
        for (std::uint64_t seed = 1; seed <= 2; ++seed) {
            SCOPED_TRACE("optimality " + std::to_string(static_cast<int>(optimality)) + " seed " +
                         std::to_string(seed));
            World world = make_updated_world(optimality, seed);
            raise_until_proven(world, GetParam(), seen);
            if (HasFatalFailure()) return;
        }
        EXPECT_GT(seen.exhausted, 0);
        EXPECT_GT(seen.unproven, 0);
        EXPECT_EQ(seen.proven, 2);
    }
}

TEST_P(BudgetOf, LeavesNothingUnprovenWhereTheFirstAnswerIsWanted) {
    Seen seen;
    World world = make_updated_world(Optimality::kGreedy, 1);
    raise_until_proven(world, GetParam(), seen);
    EXPECT_GT(seen.exhausted, 0);
    EXPECT_EQ(seen.unproven, 0);
}

TEST(Budgets, TimeEndsEveryEngine) {
    World world = testing::make_hard_world({20, 6, 4, 0.5}, 3);
    world.request.time_max = std::chrono::seconds(4);
    for (const Engine engine : {Engine::kAutomatic, Engine::kDomains, Engine::kBoolean}) {
        SatOptions options;
        options.engine = engine;
        SatResolver resolver(std::make_shared<TickingClock>(), options);
        const auto failed = resolver.resolve(world.request, world.repo.provider(), CallContext());
        ASSERT_FALSE(failed);
        EXPECT_EQ(failed.error().code(), Errc::kBudgetExhausted);
        EXPECT_NE(failed.error().detail_as<LimitDetail>(), nullptr);
    }
}

TEST(Budgets, AVerdictStandsThoughThereIsNoTimeToExplainIt) {
    World world = testing::make_hard_world({12, 5, 3, 0.4}, 2);
    std::vector<std::string> names;
    for (const Root& root : world.request.roots) names.push_back(root.target.name);
    auto universe = testing::freeze(world.repo.provider(), names);
    ASSERT_TRUE(universe) << universe.error().to_string();
    int without_account = 0;
    for (const bool over_universe : {false, true}) {
        for (int seconds = 1;; seconds += 1 + seconds / 32) {
            ASSERT_LT(seconds, 20'000);
            world.request.time_max = std::chrono::seconds(seconds);
            SatResolver resolver(std::make_shared<TickingClock>());
            UniverseProvider frozen(*universe);
            const auto failed = resolver.resolve(
                world.request,
                over_universe ? static_cast<DependencyProvider&>(frozen) : world.repo.provider(),
                CallContext());
            ASSERT_FALSE(failed);
            if (failed.error().code() == Errc::kBudgetExhausted) continue;
            ASSERT_EQ(failed.error().code(), Errc::kUnsatisfiable);
            if (failed.error().detail_as<ResolutionDetail>() != nullptr) break;
            ++without_account;
        }
    }
    EXPECT_GT(without_account, 0);
}

TEST(Budgets, AnAnswerInNumbersSaysSoToo) {
    World world = make_updated_world(Optimality::kLexAll, 1);
    std::vector<std::string> names;
    for (const Root& root : world.request.roots) names.push_back(root.target.name);
    auto universe = testing::freeze(world.repo.provider(), names);
    ASSERT_TRUE(universe) << universe.error().to_string();
    int unproven = 0;
    for (int seconds = 1;; seconds += 1 + seconds / 32) {
        ASSERT_LT(seconds, 20'000);
        UniverseResolver resolver(*universe, std::make_shared<TickingClock>());
        world.request.time_max = std::chrono::seconds(seconds);
        const auto answer = resolver.resolve(world.request, CallContext());
        if (!answer) continue;
        EXPECT_EQ(answer->to_solution().proven, answer->proven());
        if (answer->proven()) break;
        ++unproven;
    }
    EXPECT_GT(unproven, 0);
}

}  // namespace
}  // namespace catalog::resolve
