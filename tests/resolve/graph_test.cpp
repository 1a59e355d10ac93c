// Install order, cycles, and the resolver that does not take choices back.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "catalog/resolve/graph_resolver.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "support/resolve/agreement.hpp"

namespace catalog::resolve {
namespace {

using testing::ask;
using testing::Repo;

using Components = std::vector<std::vector<std::size_t>>;

std::vector<Edge> edges_of(const std::vector<std::pair<std::size_t, std::size_t>>& pairs) {
    std::vector<Edge> edges;
    for (const auto& [from, to] : pairs) edges.push_back({from, to, {}, {}});
    return edges;
}

TEST(InstallOrder, PutsDependenciesBeforeDependents) {
    EXPECT_EQ(install_order(4, edges_of({{0, 2}, {2, 3}, {1, 3}})),
              (Components{{3}, {1}, {2}, {0}}));
}

TEST(InstallOrder, BreaksTiesByTheSmallestMember) {
    EXPECT_EQ(install_order(3, {}), (Components{{0}, {1}, {2}}));
    EXPECT_EQ(install_order(4, edges_of({{1, 3}, {3, 1}})), (Components{{0}, {1, 3}, {2}}));
}

TEST(InstallOrder, OfNothingIsEmpty) { EXPECT_TRUE(install_order(0, {}).empty()); }

/// Reachability by repeated squaring of nothing cleverer than a matrix.
std::vector<std::vector<bool>> reachability(std::size_t count, const std::vector<Edge>& edges) {
    std::vector<std::vector<bool>> reaches(count, std::vector<bool>(count, false));
    for (const Edge& edge : edges) reaches[edge.from][edge.to] = true;
    for (std::size_t k = 0; k < count; ++k) {
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t j = 0; j < count; ++j) {
                if (reaches[i][k] && reaches[k][j]) reaches[i][j] = true;
            }
        }
    }
    return reaches;
}

TEST(InstallOrder, AgreesWithReachabilityOnRandomGraphs) {
    std::mt19937_64 random(11);
    for (int round = 0; round < 500; ++round) {
        const std::size_t count = 1 + random() % 9;
        std::vector<Edge> edges;
        const std::size_t wanted = random() % (2 * count + 1);
        for (std::size_t i = 0; i < wanted; ++i) {
            edges.push_back({random() % count, random() % count, {}, {}});
        }
        const auto reaches = reachability(count, edges);
        const Components order = install_order(count, edges);
        std::vector<std::size_t> place(count, count);
        for (std::size_t c = 0; c < order.size(); ++c) {
            for (const std::size_t node : order[c]) place[node] = c;
        }
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t j = 0; j < count; ++j) {
                const bool together = i == j || (reaches[i][j] && reaches[j][i]);
                ASSERT_EQ(place[i] == place[j], together) << "round " << round;
                if (reaches[i][j] && !together) {
                    ASSERT_GT(place[i], place[j]) << "round " << round;
                }
            }
        }
    }
}

Solution solution_of(const std::vector<std::string>& names,
                     const std::vector<std::pair<std::size_t, std::size_t>>& pairs) {
    Solution solution;
    for (const std::string& name : names) solution.packages.push_back({name, {}, {}});
    solution.edges = edges_of(pairs);
    return solution;
}

using Paths = std::vector<std::vector<std::string>>;

TEST(FindCycles, NamesTheShortestFromItsSmallestName) {
    const Solution solution =
        solution_of({"a", "b", "c", "d"}, {{0, 1}, {1, 2}, {2, 3}, {3, 0}, {3, 1}});
    EXPECT_EQ(find_cycles(solution), (Paths{{"b", "c", "d", "b"}}));
}

TEST(FindCycles, FindsOneForEachComponent) {
    const Solution solution =
        solution_of({"a", "b", "c", "d", "e"}, {{3, 2}, {2, 3}, {0, 1}, {1, 0}, {4, 4}, {4, 0}});
    EXPECT_EQ(find_cycles(solution), (Paths{{"a", "b", "a"}, {"c", "d", "c"}, {"e", "e"}}));
}

TEST(FindCycles, FindsNoneWhereThereIsNone) {
    EXPECT_TRUE(find_cycles(solution_of({"a", "b", "c"}, {{0, 1}, {0, 2}, {1, 2}})).empty());
    EXPECT_TRUE(find_cycles(solution_of({}, {})).empty());
}

TEST(GraphResolver, TakesTheNewestThatEverythingAllows) {
    Repo repo(R"(
        app 1.0.0 ; needs a ^1, b ^1
        a 1.0.0 ; needs x >=1
        b 1.0.0 ; needs x <3
        x 1.0.0
        x 2.0.0
        x 3.0.0
    )");
    GraphResolver resolver;
    EXPECT_EQ(testing::answer(resolver, repo, ask("app *")),
              "a 1.0.0, app 1.0.0, b 1.0.0, x 2.0.0");
}

TEST(GraphResolver, ForgetsDemandsOfVersionsThatItLeft) {
    Repo repo(R"(
        a 2.0.0 ; needs b ^2
        a 1.0.0 ; needs b ^1
        b 1.0.0
        b 2.0.0
        c 1.0.0 ; needs a <2
    )");
    GraphResolver resolver;
    EXPECT_EQ(testing::answer(resolver, repo, ask("a *, c *")), "a 1.0.0, b 1.0.0, c 1.0.0");
}

TEST(GraphResolver, PassesOverVersionsWhoseNeedsNobodyMeets) {
    Repo repo("a 2.0.0 ; needs b ^1\na 1.0.0\nb 1.0.0 ; needs gone *");
    GraphResolver resolver;
    EXPECT_EQ(testing::answer(resolver, repo, ask("a *")), "a 1.0.0");
}

TEST(GraphResolver, SaysSoWhereAChoiceWouldHaveToBeTakenBack) {
    Repo repo(R"(
        a 2.0.0 ; needs x ^2
        a 1.0.0 ; needs x ^1
        b 1.0.0 ; needs x ^1
        x 1.0.0
        x 2.0.0
    )");
    GraphResolver resolver;
    const auto failed = resolver.resolve(ask("a *, b *"), repo.provider(), CallContext());
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code(), Errc::kUnsatisfiable);
    EXPECT_NE(failed.error().hint().find("SatResolver"), std::string_view::npos);
    EXPECT_EQ(testing::answer(repo, ask("a *, b *")), "a 1.0.0, b 1.0.0, x 1.0.0");
}

TEST(GraphResolver, RefusesCyclesOnRequest) {
    Repo repo("a 1.0.0 ; needs b *\nb 1.0.0 ; needs a *");
    Request request = ask("a *");
    GraphResolver resolver;
    EXPECT_EQ(testing::answer(resolver, repo, request), "a 1.0.0, b 1.0.0");
    request.refuse_cycles = true;
    EXPECT_EQ(testing::answer(resolver, repo, request),
              "dependency_cycle: the packages need each other in a circle: a -> b -> a");
}

TEST(GraphResolver, KnowsConflictsFeaturesPeersAndVirtualNames) {
    Repo repo(R"(
        app 1.0.0 ; needs plugin *, core *, v *, x * [fast], y *
        plugin 1.0.0 ; needs peer core ^1
        core 1.0.0
        core 2.0.0
        p 1.0.0 ; provides v 1.0.0
        x 1.0.0 ; needs optional gpu * ; feature fast = dep:gpu
        x 2.0.0
        gpu 1.0.0 ; conflicts y ^2
        y 1.0.0
        y 2.0.0
    )");
    GraphResolver resolver;
    EXPECT_EQ(testing::answer(resolver, repo, ask("app *")),
              "app 1.0.0, core 1.0.0, gpu 1.0.0, p 1.0.0, plugin 1.0.0, x 1.0.0 +fast, y 1.0.0");
}

}  // namespace
}  // namespace catalog::resolve
