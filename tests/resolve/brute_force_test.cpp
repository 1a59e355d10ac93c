// SatResolver and GraphResolver against exhaustive search on small random worlds with every
// feature.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "catalog/resolve/check.hpp"
#include "catalog/resolve/graph_resolver.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "support/resolve/brute_force.hpp"
#include "support/resolve/random_world.hpp"

namespace catalog::resolve {
namespace {

using testing::make_world;
using testing::to_text;
using testing::World;
using testing::WorldShape;

struct Tally {
    int satisfiable = 0;
    int unsatisfiable = 0;
    int unknown = 0;
};

std::string problems_text(const std::vector<std::string>& problems) {
    std::string text;
    for (const std::string& problem : problems) text += problem + "\n";
    return text;
}

/// Returns what is wrong with the resolver's answer; empty when it agrees with exhaustive search.
std::string compare(World& world, Tally& tally) {
    const auto expected = testing::solve_by_brute_force(world.repo.entries(), world.request);
    SatResolver resolver;
    const auto actual = resolver.resolve(world.request, world.repo.provider(), CallContext());
    if (!actual) {
        const Errc code = actual.error().code();
        if (code != Errc::kUnsatisfiable && code != Errc::kUnknownPackage) {
            return "failed: " + actual.error().to_string();
        }
        if (expected.gave_up) {
            ++tally.unknown;
            return {};
        }
        ++tally.unsatisfiable;
        return expected.satisfiable ? "says unsatisfiable: " + actual.error().to_string() : "";
    }
    const auto problems = check_solution(world.request, world.repo.provider(), *actual);
    if (!problems) return "the check failed: " + problems.error().to_string();
    if (!problems->empty()) return to_text(*actual) + " is wrong:\n" + problems_text(*problems);
    if (expected.gave_up) {
        ++tally.unknown;
        return {};
    }
    ++tally.satisfiable;
    if (!expected.satisfiable) return "finds " + to_text(*actual);
    for (std::size_t i = 0; i < expected.roots.size(); ++i) {
        const auto& best = world.repo.entries()[expected.roots[i]];
        const Resolved& found = actual->packages[actual->roots[i]];
        if (best.name != found.name || best.candidate != found.candidate) {
            return "root " + std::to_string(i) + " could be " + best.name + " " +
                   best.candidate.version.to_string() + " in " + to_text(*actual);
        }
    }
    return {};
}

void expect_agreement(const WorldShape& shape, std::uint64_t seed, int count) {
    Tally tally;
    if (const char* text = std::getenv("CATALOG_WORLDS")) count = std::atoi(text);
    for (int i = 0; i < count; ++i) {
        World world = make_world(shape, seed + static_cast<std::uint64_t>(i));
        const std::string wrong = compare(world, tally);
        EXPECT_EQ(wrong, "") << "seed " << seed + static_cast<std::uint64_t>(i) << "\n"
                             << world.to_text();
        if (::testing::Test::HasFailure()) return;
    }
    EXPECT_GT(tally.satisfiable, count / 20);
    EXPECT_GT(tally.unsatisfiable, count / 20);
    EXPECT_LT(tally.unknown, count / 50);
}

TEST(SatResolverBruteForce, AgreesOnRequiredDependenciesAlone) {
    WorldShape shape;
    shape.kinds = shape.features = shape.any_of = shape.virtuals = shape.conflicts = false;
    shape.oddities = shape.per_major = false;
    expect_agreement(shape, 1'000'000, 1500);
}

TEST(SatResolverBruteForce, AgreesOnEverything) { expect_agreement(WorldShape(), 2'000'000, 3000); }

}  // namespace
}  // namespace catalog::resolve
