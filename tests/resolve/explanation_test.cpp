// What a request that cannot be met is told.

#include <gtest/gtest.h>

#include "catalog/resolve/sat_resolver.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/brute_force.hpp"
#include "support/resolve/freezing_resolver.hpp"
#include "support/resolve/hard_world.hpp"

namespace catalog::resolve {
namespace {

using testing::answer;
using testing::ask;
using testing::derivation;
using testing::provided;
using testing::Repo;

TEST(Explanation, AnUnknownRootIsNamed) {
    Repo repo("a 1.0.0");
    SatResolver resolver;
    const auto failed = resolver.resolve(ask("a *, b ^1"), repo.provider(), CallContext());
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code(), Errc::kUnknownPackage);
    const auto* detail = failed.error().detail_as<NotFoundDetail>();
    ASSERT_NE(detail, nullptr);
    EXPECT_EQ(detail->kind, "package");
    EXPECT_EQ(detail->id, "b");
}

TEST(Explanation, AnUnknownDependencyIsNamed) {
    Repo repo("a 1.0.0 ; needs gone ^3");
    EXPECT_EQ(answer(repo, ask("a *")),
              "unsatisfiable: a * cannot be met: a 1.0.0 needs gone ^3, but no package is called "
              "gone and none provides it");
}

TEST(Explanation, SaysWhichVersionsThereAre) {
    Repo repo("a 1.0.0\na 1.1.0\na 1.2.0\na 1.3.0\na 2.0.0");
    EXPECT_EQ(answer(repo, ask("a ^9")),
              "unsatisfiable: the request needs a ^9, but no version of a matches (newest are "
              "2.0.0, 1.3.0, 1.2.0 and 2 more)");
}

TEST(Explanation, SaysThatOnlyYankedVersionsMatch) {
    Repo repo("a 1.0.0 yanked\na 1.1.0 yanked\na 2.0.0");
    EXPECT_EQ(answer(repo, ask("a ^1")),
              "unsatisfiable: the request needs a ^1, but only yanked versions of a match (1.1.0, "
              "1.0.0)");
}

TEST(Explanation, SaysThatOnlyPrereleasesMatch) {
    Repo repo("a 1.0.0-rc.1\na 2.0.0");
    EXPECT_EQ(answer(repo, ask("a ^1")),
              "unsatisfiable: the request needs a ^1, but only pre-releases of a match "
              "(1.0.0-rc.1)");
}

TEST(Explanation, SaysThatConstraintsLeaveNothing) {
    Repo repo("a 1.0.0 ; needs b *\nb 1.0.0\nb 2.0.0");
    Request request = ask("a *");
    request.constraints = {testing::target("b <1")};
    EXPECT_EQ(derivation(repo, request),
              "1. the request needs a *\n"
              "2. a 1.0.0 needs b *, but the request's constraints on b leave out 2.0.0, 1.0.0\n"
              "3. by 1 and 2, the request cannot be met\n");
}

TEST(Explanation, SaysThatAPeerIsUnmet) {
    Repo repo("plugin 1.0.0 ; needs peer core ^1\ncore 1.0.0\ncore 2.0.0");
    EXPECT_EQ(answer(repo, ask("plugin *, core ^2")),
              "unsatisfiable: plugin * cannot be met: plugin 1.0.0 needs core ^1 as a peer, and "
              "nothing else in the request brings it in (the request asks for core ^2)");
    Request request = ask("plugin *");
    request.host_provides = {provided("core 2.0.0")};
    EXPECT_EQ(answer(repo, request),
              "unsatisfiable: plugin * cannot be met: plugin 1.0.0 needs core ^1 as a peer, and "
              "nothing else in the request brings it in (the host has core 2.0.0)");
}

TEST(Explanation, SaysThatAPeerIsNotAccepted) {
    Repo repo("plugin 1.0.0 ; needs peer core ^1\ncore 2.0.0");
    Request request = ask("plugin *, core ^2");
    request.host_provides = {provided("core 1.0.0")};
    EXPECT_EQ(derivation(repo, request),
              "1. the request needs plugin *\n"
              "2. the request needs core ^2\n"
              "3. plugin 1.0.0 accepts only core ^1 as its peer, not core 2.0.0\n"
              "4. by 1 to 3, the request cannot be met\n");
}

TEST(Explanation, NamesBothSidesOfAConflict) {
    Repo repo("a 1.0.0 ; conflicts b <2\nb 1.0.0\nc 1.0.0 ; needs b *\nz 1.0.0");
    SatResolver resolver;
    const auto failed = resolver.resolve(ask("z *, a *, c *"), repo.provider(), CallContext());
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message(), "a * and c * cannot be met together");
    const auto* detail = failed.error().detail_as<ResolutionDetail>();
    ASSERT_NE(detail, nullptr);
    EXPECT_EQ(detail->roots, (std::vector<std::string>{"a *", "c *"}));
    EXPECT_EQ(detail->steps,
              (std::vector<std::string>{"1. the request needs a *", "2. the request needs c *",
                                        "3. c 1.0.0 needs b *", "4. a 1.0.0 conflicts with b 1.0.0",
                                        "5. by 1 to 4, the request cannot be met"}));
}

TEST(Explanation, SaysThatAFeatureIsMissing) {
    Repo repo("a 1.0.0\na 1.1.0");
    EXPECT_EQ(derivation(repo, ask("a * [fast]")),
              "1. the request needs a *\n"
              "2. the request asks a for feature fast, which no version of a has\n"
              "3. by 1 and 2, the request cannot be met\n");
}

TEST(Explanation, MergesVersionsIntoRanges) {
    Repo repo(R"(
        menu 1.0.0 ; needs dropdown >=2
        menu 1.1.0 ; needs dropdown >=2
        menu 1.2.0 ; needs dropdown >=2
        dropdown 1.8.0
        dropdown 2.0.0 ; needs icons ^2
        dropdown 2.1.0 ; needs icons ^2
        dropdown 2.3.0 ; needs icons ^2
        icons 1.0.0
        icons 2.0.0
    )");
    EXPECT_EQ(derivation(repo, ask("menu *, icons ^1")),
              "1. the request needs menu *\n"
              "2. the request needs icons ^1\n"
              "3. every version of menu needs dropdown >=2\n"
              "4. dropdown 2.0.0 to 2.3.0 needs icons ^2\n"
              "5. by 1 to 4, the request cannot be met\n");
}

TEST(Explanation, DrawsConclusionsWhereVersionsDiffer) {
    Repo repo(R"(
        m 1.0.0 ; needs p *, q *
        m 1.1.0 ; needs r *, s *
        p 1.0.0 ; conflicts q *
        q 1.0.0
        r 1.0.0 ; conflicts s *
        s 1.0.0
    )");
    EXPECT_EQ(derivation(repo, ask("m *")),
              "1. m 1.1.0 needs r *\n"
              "2. m 1.1.0 needs s *\n"
              "3. r 1.0.0 conflicts with s 1.0.0\n"
              "4. by 1 to 3, m 1.1.0 cannot be in\n"
              "5. the request needs m *\n"
              "6. m 1.0.0 needs p *\n"
              "7. m 1.0.0 needs q *\n"
              "8. p 1.0.0 conflicts with q 1.0.0\n"
              "9. by 4 to 8, the request cannot be met\n");
}

/// A request with as many roots as there are packages, each for one version.
testing::World make_world_of_exact_roots(std::uint64_t seed) {
    testing::World world = testing::make_hard_world({7, 4, 1, 0.75}, seed);
    for (std::size_t i = 0; i < world.request.roots.size(); ++i) {
        world.request.roots[i].target = testing::target("p" + std::to_string(i) + " =1." +
                                                        std::to_string((seed >> i) % 4) + ".0");
    }
    return world;
}

/// Checks by brute force that the roots that a failure names cannot be met and that none of them
/// could be left out. Returns how many were tried without.
int check_that_roots_are_minimal(const testing::World& world, const Error& failure) {
    const auto* detail = failure.detail_as<ResolutionDetail>();
    if (detail == nullptr || detail->steps.empty()) {
        ADD_FAILURE() << "nothing is explained\n" << world.to_text();
        return 0;
    }
    // Roots are told as text; texts that are not unique say too little for this test.
    std::vector<Root> roots;
    for (const Root& root : world.request.roots) {
        std::string text = root.target.name + " " + root.target.constraint.to_string();
        for (std::size_t i = 0; i < root.features.size(); ++i) {
            text += (i == 0 ? " with " : ", ") + root.features[i];
        }
        for (const std::string& named : detail->roots) {
            if (named == text) roots.push_back(root);
        }
    }
    if (roots.size() != detail->roots.size()) return 0;
    Request request = world.request;
    request.roots = roots;
    EXPECT_FALSE(testing::solve_by_brute_force(world.repo.entries(), request).satisfiable)
        << failure.message() << "\n"
        << world.to_text();
    int tried = 0;
    for (std::size_t i = 0; i < roots.size() && roots.size() > 1; ++i) {
        request.roots = roots;
        request.roots.erase(request.roots.begin() + static_cast<std::ptrdiff_t>(i));
        const auto rest = testing::solve_by_brute_force(world.repo.entries(), request);
        EXPECT_TRUE(rest.satisfiable || rest.gave_up) << failure.message() << "\n"
                                                      << world.to_text();
        ++tried;
    }
    return tried;
}

TEST(Explanation, RootsAreAMinimalSetThatFails) {
    int tried = 0;
    for (std::uint64_t seed = 0; seed < 300 && !::testing::Test::HasFailure(); ++seed) {
        testing::World world = make_world_of_exact_roots(seed);
        SatResolver resolver;
        const auto failed = resolver.resolve(world.request, world.repo.provider(), CallContext());
        if (failed || failed.error().code() != Errc::kUnsatisfiable) continue;
        tried += check_that_roots_are_minimal(world, failed.error());
    }
    EXPECT_GT(tried, 50);
}

/// The first contradiction that is found is not always one of the fewest roots here.
TEST(Explanation, RootsAreAMinimalSetThatFailsInAUniverse) {
    std::vector<std::string> names;
    for (int i = 0; i < 12; ++i) names.push_back("p" + std::to_string(i));
    int tried = 0;
    for (std::uint64_t seed = 0; seed < 150 && !::testing::Test::HasFailure(); ++seed) {
        testing::World world = testing::make_hard_world({12, 4, 2, 0.7}, seed);
        world.request.roots.resize(6);
        for (std::size_t i = 0; i < world.request.roots.size(); ++i) {
            const std::string bound =
                (i % 2 == 0 ? " <=1." : " >=1.") + std::to_string((seed >> i) % 4) + ".0";
            world.request.roots[i].target = testing::target("p" + std::to_string(i) + bound);
        }
        auto universe = testing::freeze(world.repo.provider(), names);
        ASSERT_TRUE(universe.has_value());
        UniverseProvider provider(*std::move(universe));
        SatResolver resolver;
        const auto failed = resolver.resolve(world.request, provider, CallContext());
        if (failed || failed.error().code() != Errc::kUnsatisfiable) continue;
        tried += check_that_roots_are_minimal(world, failed.error());
    }
    EXPECT_GT(tried, 50);
}

TEST(Explanation, OfAHardRequestIsBounded) {
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        testing::World world = testing::make_hard_world({18, 6, 4, 0.4}, seed);
        SatResolver resolver;
        const auto failed = resolver.resolve(world.request, world.repo.provider(), CallContext());
        if (failed) continue;
        const auto* detail = failed.error().detail_as<ResolutionDetail>();
        ASSERT_NE(detail, nullptr);
        EXPECT_FALSE(detail->steps.empty());
        EXPECT_LE(detail->steps.size(), 60u);
    }
}

}  // namespace
}  // namespace catalog::resolve
