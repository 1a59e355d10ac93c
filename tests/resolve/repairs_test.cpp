// Repairs: found whenever there is one, and every one of them helps.

#include "catalog/resolve/repairs.hpp"

#include <gtest/gtest.h>

#include "catalog/resolve/sat_resolver.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/brute_force.hpp"
#include "support/resolve/freezing_resolver.hpp"

namespace catalog::resolve {
namespace {

using testing::ask;
using testing::Repo;

std::vector<Repair> repairs_of(const Request& request, Repo& repo,
                               const RepairOptions& options = {}) {
    SatResolver resolver;
    const auto failed = resolver.resolve(request, repo.provider(), CallContext());
    EXPECT_FALSE(failed.has_value());
    if (failed) return {};
    const auto repairs =
        find_repairs(request, failed.error(), repo.provider(), resolver, CallContext(), options);
    EXPECT_TRUE(repairs.has_value());
    return repairs.value_or(std::vector<Repair>());
}

std::vector<std::string> texts_of(const std::vector<Repair>& repairs) {
    std::vector<std::string> texts;
    for (const Repair& repair : repairs) texts.push_back(repair.to_string());
    return texts;
}

TEST(Repairs, ARootIsRaised) {
    Repo repo("app 1.0.0 ; needs lib ^2\nlib 1.0.0\nlib 2.1.0");
    EXPECT_EQ(texts_of(repairs_of(ask("app *, lib ^1"), repo)),
              (std::vector<std::string>{"raise lib to ^2.1.0", "drop app", "drop lib"}));
}

TEST(Repairs, ARootIsLowered) {
    Repo repo("app 1.0.0 ; needs lib ^1\napp 2.0.0 ; needs lib ^2\nlib 1.0.0");
    EXPECT_EQ(texts_of(repairs_of(ask("app ^2, lib ^1"), repo)),
              (std::vector<std::string>{"change app to ^1.0.0", "drop app"}));
}

TEST(Repairs, AnUnknownRootIsDropped) {
    Repo repo("app 1.0.0");
    EXPECT_EQ(texts_of(repairs_of(ask("app *, gone ^1"), repo)),
              (std::vector<std::string>{"drop gone"}));
}

TEST(Repairs, AConstraintIsLifted) {
    Repo repo("app 1.0.0 ; needs lib ^2\nlib 2.0.0");
    Request request = ask("app *");
    request.constraints = {testing::target("lib <2")};
    EXPECT_EQ(texts_of(repairs_of(request, repo)),
              (std::vector<std::string>{"drop app", "lift the constraint lib <2"}));
}

TEST(Repairs, ARootThatNobodyBlamesSuppliesAPeer) {
    Repo repo("plugin 1.0.0 ; needs peer core ^1\ncore 1.0.0\ncore 2.0.0");
    const auto texts = texts_of(repairs_of(ask("plugin *, core ^2"), repo));
    EXPECT_NE(std::find(texts.begin(), texts.end(), "change core to ^1.0.0"), texts.end());
}

TEST(Repairs, TwoConflictsTakeTwoEdits) {
    Repo repo(
        "a 1.0.0 ; needs x ^1\nb 1.0.0 ; needs x ^2\nc 1.0.0 ; needs y ^1\nd 1.0.0 ; needs y ^2\n"
        "x 1.0.0\nx 2.0.0\ny 1.0.0\ny 2.0.0");
    const auto repairs = repairs_of(ask("a *, b *, c *, d *"), repo);
    ASSERT_FALSE(repairs.empty());
    for (const Repair& repair : repairs) EXPECT_EQ(repair.edits.size(), 2u) << repair.to_string();
    RepairOptions options;
    options.edits_max = 1;
    EXPECT_TRUE(repairs_of(ask("a *, b *, c *, d *"), repo, options).empty());
}

TEST(Repairs, BoundsEndTheSearch) {
    Repo repo("app 1.0.0 ; needs lib ^2\nlib 1.0.0\nlib 2.1.0");
    RepairOptions options;
    options.repairs_max = 1;
    EXPECT_EQ(repairs_of(ask("app *, lib ^1"), repo, options).size(), 1u);
    options.attempts_max = 0;
    EXPECT_TRUE(repairs_of(ask("app *, lib ^1"), repo, options).empty());
}

TEST(Repairs, OtherFailuresHaveNone) {
    Repo repo("app 1.0.0");
    SatResolver resolver;
    const auto repairs = find_repairs(ask("app *"), Error(Errc::kProviderFailed, "no answer"),
                                      repo.provider(), resolver, CallContext());
    ASSERT_FALSE(repairs.has_value());
    EXPECT_EQ(repairs.error().code(), Errc::kInvalidArgument);
}

// ---------------------------------------------------------------------------------------------
// Against brute force over every edit.

std::vector<Request> edited_once(const Request& request) {
    std::vector<Request> all;
    for (std::size_t i = 0; i < request.roots.size(); ++i) {
        all.push_back(request);
        all.back().roots[i].target.constraint = version::VersionConstraint();
        all.push_back(request);
        all.back().roots.erase(all.back().roots.begin() + static_cast<std::ptrdiff_t>(i));
    }
    for (std::size_t i = 0; i < request.constraints.size(); ++i) {
        all.push_back(request);
        all.back().constraints.erase(all.back().constraints.begin() +
                                     static_cast<std::ptrdiff_t>(i));
    }
    return all;
}

/// The fewest edits that help, 0 when more than two are needed; -1 when brute force gave up.
int edits_needed(const testing::World& world) {
    const auto helps = [&](const Request& request) {
        const auto answer = testing::solve_by_brute_force(world.repo.entries(), request, 5'000);
        return answer.gave_up ? -1 : static_cast<int>(answer.satisfiable);
    };
    bool unknown = false;
    for (const Request& once : edited_once(world.request)) {
        const int answer = helps(once);
        if (answer == 1) return 1;
        unknown |= answer < 0;
    }
    for (const Request& once : edited_once(world.request)) {
        for (const Request& twice : edited_once(once)) {
            const int answer = helps(twice);
            if (answer == 1 && !unknown) return 2;
            unknown |= answer < 0;
        }
    }
    return unknown ? -1 : 0;
}

struct Compared {
    int with_none = 0;
    int with_one = 0;
    int with_two = 0;
};

/// Checks that repairs are offered exactly when there are any, as few edits as are needed, and that
/// each comes with a valid answer.
void compare(const testing::World& world, DependencyProvider& provider, Compared& compared) {
    SatResolver resolver;
    const auto failed = resolver.resolve(world.request, provider, CallContext());
    if (failed || (failed.error().code() != Errc::kUnsatisfiable &&
                   failed.error().code() != Errc::kUnknownPackage))
        return;
    const int needed = edits_needed(world);
    if (needed < 0) return;
    const auto repairs =
        find_repairs(world.request, failed.error(), provider, resolver, CallContext());
    ASSERT_TRUE(repairs.has_value()) << repairs.error().to_string();
    ASSERT_EQ(repairs->empty(), needed == 0) << world.to_text();
    for (const Repair& repair : *repairs) {
        ASSERT_EQ(static_cast<int>(repair.edits.size()), needed) << world.to_text();
        ASSERT_EQ(testing::check_text(repair.request, provider, repair.solution), "")
            << repair.to_string() << "\n"
            << world.to_text();
    }
    ++(needed == 0 ? compared.with_none : needed == 1 ? compared.with_one : compared.with_two);
}

TEST(RepairsBruteForce, ARepairIsOfferedWheneverOneExistsWithinTwoEdits) {
    Compared compared;
    for (std::uint64_t seed = 7'000'000; seed < 7'000'800; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        testing::World world = testing::make_world(testing::WorldShape(), seed);
        compare(world, world.repo.provider(), compared);
        if (::testing::Test::HasFailure()) return;
    }
    EXPECT_GE(compared.with_none, 5);
    EXPECT_GE(compared.with_one, 100);
    EXPECT_GE(compared.with_two, 5);
}

/// Over universes with peers and without: without, only what is to blame is tried.
TEST(RepairsBruteForce, ARepairIsOfferedOverAUniverseToo) {
    for (const bool peers : {true, false}) {
        testing::WorldShape shape;
        shape.kinds = peers;
        Compared compared;
        for (std::uint64_t seed = 7'100'000; seed < 7'100'500; ++seed) {
            SCOPED_TRACE("seed " + std::to_string(seed));
            testing::World world = testing::make_world(shape, seed);
            auto universe = testing::freeze(world.repo.provider(), testing::letters());
            ASSERT_TRUE(universe.has_value());
            UniverseProvider provider(*std::move(universe));
            compare(world, provider, compared);
            if (::testing::Test::HasFailure()) return;
        }
        EXPECT_GE(compared.with_one, 50);
        EXPECT_GE(compared.with_two, 3);
    }
}

}  // namespace
}  // namespace catalog::resolve
