// UniverseResolver: the answers of SatResolver in numbers, one object for many requests.

#include "catalog/resolve/universe_resolver.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <tuple>
#include <vector>

#include "support/resolve/agreement.hpp"
#include "support/resolve/freezing_resolver.hpp"
#include "support/resolve/random_world.hpp"

namespace catalog::resolve {
namespace {

using testing::ask;
using testing::freeze;
using testing::letters;
using testing::Repo;
using testing::World;
using testing::WorldShape;

/// Everything of an answer but its statistics.
std::string whole_text(const Solution& solution) {
    std::string text = testing::to_text(solution) + "\nroots";
    for (const std::size_t root : solution.roots) text += " " + std::to_string(root);
    for (const Edge& edge : solution.edges) {
        text += "\n" + std::to_string(edge.from) + " " + std::to_string(edge.to) + " " +
                std::to_string(static_cast<int>(edge.kind)) + " " + edge.as;
    }
    text += "\norder";
    for (const auto& component : solution.order) {
        text += " |";
        for (const std::size_t place : component) text += " " + std::to_string(place);
    }
    return text;
}

/// What the numbers say, in the form in which a Solution says it.
Solution read_numbers(const FrozenSolution& answer) {
    Solution solution;
    const auto features = answer.to_solution();
    for (std::uint32_t place = 0; place < answer.versions().size(); ++place) {
        solution.packages.push_back({std::string(answer.name(place)), answer.candidate(place),
                                     features.packages[place].features});
    }
    solution.roots.assign(answer.roots().begin(), answer.roots().end());
    for (const FrozenEdge& edge : answer.edges()) {
        solution.edges.push_back(
            {edge.from, edge.to, edge.kind, std::string(answer.asked_as(edge))});
    }
    const auto key = [](const Edge& e) { return std::tie(e.from, e.to, e.kind, e.as); };
    std::sort(solution.edges.begin(), solution.edges.end(),
              [&](const Edge& a, const Edge& b) { return key(a) < key(b); });
    solution.edges.erase(
        std::unique(solution.edges.begin(), solution.edges.end(),
                    [&](const Edge& a, const Edge& b) { return key(a) == key(b); }),
        solution.edges.end());
    std::uint32_t begin = 0;
    for (const std::uint32_t end : answer.order_ends()) {
        const auto members = answer.order().subspan(begin, end - begin);
        solution.order.emplace_back(members.begin(), members.end());
        begin = end;
    }
    return solution;
}

/// Compares with SatResolver over the packages themselves, which knows nothing of numbers.
void expect_same(const WorldShape& shape, std::uint64_t seed, int count) {
    int satisfiable = 0;
    for (int i = 0; i < count; ++i) {
        World world = testing::make_world(shape, seed + static_cast<std::uint64_t>(i));
        auto universe = freeze(world.repo.provider(), letters());
        ASSERT_TRUE(universe) << universe.error().to_string();
        UniverseResolver resolver(*universe);
        SatResolver plain;
        const auto wanted = plain.resolve(world.request, world.repo.provider(), CallContext());
        const auto found = resolver.resolve(world.request, CallContext());
        ASSERT_EQ(wanted.has_value(), found.has_value()) << world.to_text();
        if (!wanted) {
            EXPECT_EQ(wanted.error().code(), found.error().code()) << world.to_text();
            continue;
        }
        ++satisfiable;
        const Solution read = read_numbers(*found);
        ASSERT_EQ(testing::check_text(world.request, world.repo.provider(), read), "")
            << world.to_text();
        ASSERT_EQ(whole_text(read), whole_text(found->to_solution())) << world.to_text();
        ASSERT_EQ(whole_text(read), whole_text(*wanted)) << world.to_text();
    }
    EXPECT_GT(satisfiable, count / 10);
}

TEST(UniverseResolver, AnswersLikeSatResolverWhereAllIsInNumbers) {
    WorldShape shape;
    shape.kinds = shape.features = shape.per_major = false;
    expect_same(shape, 21'000'000, 1'000);
}

TEST(UniverseResolver, AnswersLikeSatResolverOnEverything) {
    expect_same(WorldShape(), 22'000'000, 1'000);
}

Repo shop() {
    return Repo(R"(
        a 1.0.0 ; needs b ^1, c ^1 | d ^1, v *
        a 2.0.0 ; needs b ^2, v *, b *
        b 1.0.0
        b 2.0.0 ; needs a *
        c 1.0.0 ; conflicts d *
        d 1.0.0 ; provides v 1.0.0
        e 1.0.0 ; needs b ^1, missing *
        f 1.0.0 ; needs b ^1
        f 0.9.0 yanked
        g 1.0.0 ; feature fast = dep:h ; needs optional h *
        h 1.0.0
    )");
}

TEST(UniverseResolver, EachRequestIsAnsweredAsIfItWereTheFirst) {
    Repo repo = shop();
    const auto universe = freeze(repo.provider(), letters());
    ASSERT_TRUE(universe);
    const std::vector<std::string> requests = {"a *", "b *",     "a ^1",      "c *, d *",
                                               "e *", "f *",     "f *, a ^2", "g [fast] *",
                                               "v *", "nobody *"};
    const auto text_of = [](UniverseResolver& resolver, const Request& request) {
        const auto answer = resolver.resolve(request, CallContext());
        return answer ? whole_text(read_numbers(*answer)) : answer.error().to_string();
    };
    std::mt19937 random(5);
    UniverseResolver kept(*universe);
    for (int i = 0; i < 300; ++i) {
        Request request = ask(requests[random() % requests.size()]);
        if (random() % 3 == 0) request.locked.push_back(testing::locked("b 1.0.0"));
        if (random() % 4 == 0) request.constraints.push_back(testing::target("a ^1"));
        if (random() % 5 == 0) request.policy = VersionPolicy::kPerMajor;
        UniverseResolver fresh(*universe);
        ASSERT_EQ(text_of(kept, request), text_of(fresh, request)) << testing::to_text(request);
    }
}

TEST(UniverseResolver, NumbersAreThoseOfTheUniverse) {
    Repo repo = shop();
    const auto universe = freeze(repo.provider(), letters());
    ASSERT_TRUE(universe);
    UniverseResolver resolver(*universe);
    const auto answer = resolver.resolve(ask("a *"), CallContext());
    ASSERT_TRUE(answer) << answer.error().to_string();
    // Versions in the order of names, newest first: a 2.0.0, a 1.0.0, b 2.0.0, b 1.0.0, c, d.
    const std::vector<std::uint32_t> versions(answer->versions().begin(), answer->versions().end());
    EXPECT_EQ(versions, (std::vector<std::uint32_t>{0, 2, 5}));
    EXPECT_EQ(answer->roots().front(), 0u);
    // Two dependencies on b are two edges, and one in what is written out.
    EXPECT_EQ(answer->edges().size(), 4u);
    EXPECT_EQ(answer->to_solution().edges.size(), 3u);
    // a and b need each other.
    EXPECT_EQ(answer->order_ends().size(), 2u);
    EXPECT_GT(answer->stats().propagations, 0u);
}

TEST(UniverseResolver, SaysWhyOnlyWhenThatIsWanted) {
    Repo repo = shop();
    const auto universe = freeze(repo.provider(), letters());
    ASSERT_TRUE(universe);
    for (const Engine engine : {Engine::kAutomatic, Engine::kDomains, Engine::kBoolean}) {
        for (const char* roots : {"e *", "f *, a ^2", "b ^9"}) {
            SatOptions options;
            options.engine = engine;
            UniverseResolver telling(*universe, make_system_clock(), options);
            const auto told = telling.resolve(ask(roots), CallContext());
            ASSERT_FALSE(told);
            EXPECT_EQ(told.error().code(), Errc::kUnsatisfiable);
            const auto* detail = told.error().detail_as<ResolutionDetail>();
            ASSERT_NE(detail, nullptr);
            EXPECT_FALSE(detail->steps.empty());

            options.explain = false;
            UniverseResolver silent(*universe, make_system_clock(), options);
            SatResolver silent_too(make_system_clock(), options);
            const auto untold = silent.resolve(ask(roots), CallContext());
            const auto untold_too = silent_too.resolve(ask(roots), repo.provider(), CallContext());
            for (const Error& error : {untold.error(), untold_too.error()}) {
                EXPECT_EQ(error.code(), Errc::kUnsatisfiable);
                EXPECT_EQ(error.detail_as<ResolutionDetail>(), nullptr);
                EXPECT_FALSE(error.hint().empty());
            }
        }
    }
}

TEST(UniverseResolver, FailsLikeAnyResolverAndGoesOnAfterwards) {
    Repo repo = shop();
    const auto universe = freeze(repo.provider(), letters());
    ASSERT_TRUE(universe);
    UniverseResolver resolver(*universe);
    const auto code_of = [&](const Request& request, const CallContext& context = CallContext()) {
        const auto answer = resolver.resolve(request, context);
        return answer ? std::optional<Errc>() : answer.error().code();
    };
    EXPECT_EQ(code_of(ask("nobody *")), Errc::kUnknownPackage);
    Request nameless = ask("a *");
    nameless.roots.front().target.name.clear();
    EXPECT_EQ(code_of(nameless), Errc::kInvalidArgument);
    Request acyclic = ask("a ^2");
    acyclic.refuse_cycles = true;
    EXPECT_EQ(code_of(acyclic), Errc::kDependencyCycle);
    std::stop_source stop;
    stop.request_stop();
    CallContext stopped;
    stopped.stop = stop.get_token();
    EXPECT_EQ(code_of(ask("a *"), stopped), Errc::kCancelled);
    EXPECT_EQ(code_of(ask("a *")), std::nullopt);
}

TEST(UniverseResolver, CanBeMovedWithItsAnswer) {
    Repo repo = shop();
    const auto universe = freeze(repo.provider(), letters());
    ASSERT_TRUE(universe);
    UniverseResolver first(*universe);
    const auto answer = first.resolve(ask("a ^1"), CallContext());
    ASSERT_TRUE(answer);
    const std::string before = whole_text(answer->to_solution());
    const UniverseResolver second = std::move(first);
    EXPECT_EQ(whole_text(read_numbers(*answer)), before);
}

}  // namespace
}  // namespace catalog::resolve
