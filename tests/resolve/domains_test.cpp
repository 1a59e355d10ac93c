// The domain engine, over providers and over frozen universes, against exhaustive search and the
// Boolean engine.

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>

#include "catalog/resolve/sat_resolver.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/freezing_resolver.hpp"
#include "support/resolve/hard_world.hpp"
#include "support/resolve/random_world.hpp"

namespace catalog::resolve {
namespace {

using testing::FreezingResolver;
using testing::WorldShape;

SatOptions forced(Engine engine) {
    SatOptions options;
    options.engine = engine;
    return options;
}

WorldShape plain() {
    WorldShape shape;
    shape.kinds = shape.features = shape.any_of = shape.virtuals = shape.conflicts = false;
    shape.oddities = shape.per_major = false;
    return shape;
}

TEST(Domains, AgreeWithExhaustiveSearchOnEverything) {
    SatResolver resolver(make_system_clock(), forced(Engine::kDomains));
    testing::expect_agreement(resolver, WorldShape(), 11'000'000, 3'000);
}

TEST(Domains, AgreeWithExhaustiveSearchWithoutCopiesOfANameOrFeatures) {
    WorldShape shape;
    shape.features = shape.per_major = false;
    SatResolver resolver(make_system_clock(), forced(Engine::kDomains));
    testing::expect_agreement(resolver, shape, 12'000'000, 2'000);
}

TEST(FrozenDomains, AgreeWithExhaustiveSearchOnRequiredDependencies) {
    FreezingResolver resolver(forced(Engine::kDomains));
    testing::expect_agreement(resolver, plain(), 13'000'000, 2'000);
}

TEST(FrozenDomains, AgreeWithExhaustiveSearchOnWhatIsCovered) {
    WorldShape shape;
    shape.kinds = shape.features = shape.per_major = false;
    FreezingResolver resolver(forced(Engine::kDomains));
    testing::expect_agreement(resolver, shape, 14'000'000, 2'000);
}

TEST(FrozenDomains, AgreeWithExhaustiveSearchOnEverything) {
    FreezingResolver resolver(forced(Engine::kDomains));
    testing::expect_agreement(resolver, WorldShape(), 15'000'000, 2'000);
}

// A lock admits its version's pre-releases, those of names that it provides too.
TEST(Domains, ALockedVersionServesByThePreReleaseThatItProvides) {
    testing::Repo repo("a 1.2.0 ; provides v 3.0.0-beta.2\nb 1.0.0 ; needs v *");
    Request request = testing::ask("b *");
    for (const bool explain : {true, false}) {
        SatOptions options;
        options.explain = explain;
        FreezingResolver resolver(options);
        request.locked.clear();
        EXPECT_FALSE(resolver.resolve(request, repo.provider(), CallContext()));
        request.locked.push_back({"a", testing::ver("1.2.0"), ""});
        const auto answer = resolver.resolve(request, repo.provider(), CallContext());
        ASSERT_TRUE(answer) << answer.error().to_string();
        EXPECT_EQ(testing::to_text(*answer), "a 1.2.0, b 1.0.0");
    }
}

TEST(Domains, OfTwoLocksOfANameThePreferredOneIsTaken) {
    testing::Repo repo("a 1.0.0\na 1.1.0\na 1.2.0\na 2.0.0");
    Request request = testing::ask("a *");
    request.locked = {{"a", testing::ver("1.1.0"), ""}, {"a", testing::ver("1.2.0"), ""}};
    FreezingResolver resolver(forced(Engine::kDomains));
    for (const auto& [preference, expected] :
         {std::pair(Preference::kNewest, "a 1.2.0"), std::pair(Preference::kMinimal, "a 1.1.0")}) {
        request.preference = preference;
        const auto answer = resolver.resolve(request, repo.provider(), CallContext());
        ASSERT_TRUE(answer) << answer.error().to_string();
        EXPECT_EQ(testing::to_text(*answer), expected);
    }
}

TEST(BooleanEngine, AgreesWithExhaustiveSearchOnEverything) {
    SatResolver resolver(make_system_clock(), forced(Engine::kBoolean));
    testing::expect_agreement(resolver, WorldShape(), 16'000'000, 1'000);
}

/// What the domain engine alone and the Boolean one alone say of a world.
struct Answers {
    Result<Solution> domains;
    Result<Solution> boolean;
};

/// Asks both. They agree whether there is an answer, and why not; the domain engine's is valid.
Answers ask_both(testing::World& world) {
    SatResolver domains(make_system_clock(), forced(Engine::kDomains));
    SatResolver boolean(make_system_clock(), forced(Engine::kBoolean));
    Answers answers{domains.resolve(world.request, world.repo.provider(), CallContext()),
                    boolean.resolve(world.request, world.repo.provider(), CallContext())};
    EXPECT_EQ(answers.domains.has_value(), answers.boolean.has_value());
    if (!answers.domains && !answers.boolean) {
        EXPECT_EQ(answers.domains.error().code(), answers.boolean.error().code());
    }
    if (answers.domains) {
        EXPECT_EQ(testing::check_text(world.request, world.repo.provider(), *answers.domains), "");
    }
    return answers;
}

/// All engines give the same roots, or none an answer.
TEST(Engines, AgreeOnHardRequests) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        testing::World world = testing::make_hard_world({12, 5, 3, 0.55}, seed);
        const auto [a, b] = ask_both(world);
        if (!a || !b) continue;
        for (std::size_t r = 0; r < a->roots.size(); ++r) {
            EXPECT_EQ(a->packages[a->roots[r]].candidate, b->packages[b->roots[r]].candidate)
                << "root " << r;
        }
    }
}

/// Puts a hard world behind one root and many easy choices, so that conflicts are far above what
/// they rest on. Some easy versions need a part of the hard ones.
testing::World behind_easy_choices(testing::World world, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    testing::RepoEntry top{"top", {testing::ver("1.0.0"), false, ""}, {}};
    for (int e = 0; e < 90; ++e) {
        const std::string name = "e" + std::to_string(e);
        for (const char* version : {"1.0.0", "1.1.0"}) {
            testing::RepoEntry easy{name, {testing::ver(version), false, ""}, {}};
            if (version == std::string("1.1.0") && random() % 4 == 0) {
                const std::string at = "1." + std::to_string(random() % 5) + ".0";
                easy.record.dependencies.push_back(
                    testing::requirement("p" + std::to_string(random() % 12) + " >=" + at));
            }
            world.repo.add(std::move(easy));
        }
        top.record.dependencies.push_back(testing::requirement(name + " *"));
    }
    for (const Root& root : world.request.roots) {
        top.record.dependencies.push_back(testing::requirement(root.target.name + " *"));
    }
    world.repo.add(std::move(top));
    world.request.roots.assign(1, {testing::target("top *"), {}, true});
    return world;
}

TEST(Engines, AgreeOnHardRequestsBehindManyEasyChoices) {
    int satisfiable = 0;
    std::uint64_t conflicts = 0;
    for (std::uint64_t seed = 1; seed <= 16; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        testing::World world =
            behind_easy_choices(testing::make_hard_world({14, 6, 3, 0.5}, seed), seed);
        const auto [a, b] = ask_both(world);
        if (!a) continue;
        ++satisfiable;
        conflicts += a->stats.conflicts;
    }
    EXPECT_GT(satisfiable, 1);
    EXPECT_LT(satisfiable, 16);
    EXPECT_GT(conflicts, 100u);
}

}  // namespace
}  // namespace catalog::resolve
