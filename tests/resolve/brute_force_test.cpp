// SatResolver against exhaustive search on small random worlds: the same verdict, answers that the
// checker accepts, and roots that no answer could serve better.

#include <gtest/gtest.h>

#include "catalog/resolve/graph_resolver.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/brute_force.hpp"

namespace catalog::resolve {
namespace {

using testing::WorldShape;

TEST(SatResolverBruteForce, AgreesOnRequiredDependenciesAlone) {
    WorldShape shape;
    shape.kinds = shape.features = shape.any_of = shape.virtuals = shape.conflicts = false;
    shape.oddities = shape.per_major = false;
    SatResolver resolver;
    testing::expect_agreement(resolver, shape, 1'000'000, 3'000);
}

TEST(SatResolverBruteForce, AgreesOnChoicesConflictsAndVirtualNames) {
    WorldShape shape;
    shape.kinds = shape.features = shape.oddities = false;
    SatResolver resolver;
    testing::expect_agreement(resolver, shape, 1'500'000, 2'500);
}

TEST(SatResolverBruteForce, AgreesOnKindsAndFeatures) {
    WorldShape shape;
    shape.any_of = shape.virtuals = shape.oddities = false;
    SatResolver resolver;
    testing::expect_agreement(resolver, shape, 1'700'000, 2'500);
}

TEST(SatResolverBruteForce, AgreesOnEverything) {
    SatResolver resolver;
    testing::expect_agreement(resolver, WorldShape(), 2'000'000, 4'000);
}

TEST(GraphResolverBruteForce, FindsOnlyValidAnswersAndMostOfThem) {
    GraphResolver resolver;
    int found = 0;
    int missed = 0;
    for (std::uint64_t seed = 5'000'000; seed < 5'003'000; ++seed) {
        testing::World world = testing::make_world(WorldShape(), seed);
        const auto actual = resolver.resolve(world.request, world.repo.provider(), CallContext());
        if (actual) {
            ASSERT_EQ(testing::check_text(world.request, world.repo.provider(), *actual), "")
                << "seed " << seed << "\n"
                << world.to_text();
            ++found;
            continue;
        }
        const Errc code = actual.error().code();
        ASSERT_TRUE(code == Errc::kUnsatisfiable || code == Errc::kUnknownPackage)
            << actual.error().to_string() << "\n"
            << world.to_text();
        const auto expected = testing::solve_by_brute_force(world.repo.entries(), world.request);
        if (expected.satisfiable) ++missed;
    }
    EXPECT_GT(found, 5 * missed);
}

}  // namespace
}  // namespace catalog::resolve
