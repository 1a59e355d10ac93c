// Changes of a world that must not change the answer.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "catalog/resolve/sat_resolver.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/hard_world.hpp"
#include "support/resolve/random_world.hpp"

namespace catalog::resolve {
namespace {

using testing::Repo;
using testing::RepoEntry;
using testing::World;
using testing::WorldShape;

std::string resolve_text(World& world) {
    SatResolver resolver;
    return testing::answer(resolver, world.repo, world.request);
}

World rebuilt(const std::vector<RepoEntry>& entries, const Request& request) {
    World world;
    for (const RepoEntry& entry : entries) world.repo.add(entry);
    world.request = request;
    return world;
}

TEST(Metamorphic, TheOrderInWhichVersionsArePublishedDoesNotMatter) {
    std::mt19937_64 random(1);
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        World world = testing::make_world(WorldShape(), 6'000'000 + seed);
        std::vector<RepoEntry> entries = world.repo.entries();
        std::shuffle(entries.begin(), entries.end(), random);
        World shuffled = rebuilt(entries, world.request);
        ASSERT_EQ(resolve_text(shuffled), resolve_text(world)) << "seed " << seed << "\n"
                                                               << world.to_text();
    }
}

TEST(Metamorphic, PackagesThatNobodyAsksForDoNotMatter) {
    const Repo noise("noise 1.0.0 ; needs a ^1, other *\nother 1.0.0 ; conflicts a *\nz 1.0.0");
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        World world = testing::make_world(WorldShape(), 7'000'000 + seed);
        std::vector<RepoEntry> entries = world.repo.entries();
        entries.insert(entries.begin(), noise.entries().begin(), noise.entries().end());
        World noisy = rebuilt(entries, world.request);
        ASSERT_EQ(resolve_text(noisy), resolve_text(world)) << "seed " << seed << "\n"
                                                            << world.to_text();
    }
}

/// Gives every name a prefix, which keeps their order.
class Renamer {
public:
    static std::string rename(const std::string& name) { return "acme/" + name; }
    static void apply(Target& target) { target.name = rename(target.name); }
    static void apply(PackageRecord& record) {
        for (Requirement& r : record.dependencies) {
            apply(r.target);
            for (Target& t : r.any_of) apply(t);
        }
        for (Target& t : record.conflicts) apply(t);
        for (Provided& p : record.provides) p.name = rename(p.name);
        for (auto& [feature, items] : record.features) {
            for (std::string& item : items) {
                if (item.compare(0, 4, "dep:") == 0) {
                    item = "dep:" + rename(item.substr(4));
                } else if (item.find('/') != std::string::npos) {
                    item = rename(item);
                }
            }
        }
    }
    static void apply(Request& request) {
        for (Root& root : request.roots) apply(root.target);
        for (Locked& l : request.locked) l.name = rename(l.name);
        for (Target& t : request.constraints) apply(t);
        for (Provided& p : request.host_provides) p.name = rename(p.name);
        for (std::string& name : request.optional) name = rename(name);
    }
};

TEST(Metamorphic, NamesDoNotMatter) {
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        World world = testing::make_world(WorldShape(), 8'000'000 + seed);
        std::vector<RepoEntry> entries = world.repo.entries();
        Request request = world.request;
        for (RepoEntry& entry : entries) {
            entry.name = Renamer::rename(entry.name);
            Renamer::apply(entry.record);
        }
        Renamer::apply(request);
        World renamed = rebuilt(entries, request);
        std::string expected = resolve_text(world);
        if (expected.find(": ") == std::string::npos) {
            std::string with_prefix;
            for (std::size_t i = 0; i < expected.size(); ++i) {
                const bool starts = i == 0 || (expected[i - 1] == ' ' && expected[i - 2] == ',');
                with_prefix +=
                    (starts && !expected.empty() ? "acme/" : "") + std::string(1, expected[i]);
            }
            ASSERT_EQ(resolve_text(renamed), with_prefix) << world.to_text();
        } else {
            ASSERT_EQ(resolve_text(renamed).substr(0, 5), expected.substr(0, 5)) << world.to_text();
        }
    }
}

TEST(Metamorphic, TheSameRequestHasTheSameAnswer) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        World world = testing::make_hard_world({14, 5, 3, 0.6}, seed);
        SatResolver one;
        SatResolver two;
        const auto first = one.resolve(world.request, world.repo.provider(), CallContext());
        const auto second = one.resolve(world.request, world.repo.provider(), CallContext());
        const auto third = two.resolve(world.request, world.repo.provider(), CallContext());
        ASSERT_EQ(first.has_value(), second.has_value());
        ASSERT_EQ(first.has_value(), third.has_value());
        if (!first) continue;
        EXPECT_EQ(testing::to_text(*first), testing::to_text(*second));
        EXPECT_EQ(testing::to_text(*first), testing::to_text(*third));
        EXPECT_EQ(first->stats.conflicts, third->stats.conflicts);
    }
}

TEST(Metamorphic, LockingTheAnswerRepeatsIt) {
    int repeated = 0;
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        // Without peers: a locked package supplies them, so that a lock may allow more.
        WorldShape shape;
        shape.oddities = shape.kinds = false;
        World world = testing::make_world(shape, 9'000'000 + seed);
        SatResolver resolver;
        const auto first = resolver.resolve(world.request, world.repo.provider(), CallContext());
        if (!first) continue;
        for (const Resolved& package : first->packages) {
            world.request.locked.push_back(
                {package.name, package.candidate.version, package.candidate.source_id});
        }
        const auto second = resolver.resolve(world.request, world.repo.provider(), CallContext());
        ASSERT_TRUE(second) << second.error().to_string();
        ASSERT_EQ(testing::to_text(*second), testing::to_text(*first)) << world.to_text();
        ++repeated;
    }
    EXPECT_GT(repeated, 50);
}

TEST(Adversarial, HardRequestsAreAnsweredAndAnswersHold) {
    int satisfiable = 0;
    int unsatisfiable = 0;
    for (std::uint64_t seed = 0; seed < 24; ++seed) {
        World world = testing::make_hard_world({16, 6, 4, 0.55 + 0.02 * double(seed % 6)}, seed);
        SatResolver resolver;
        const auto solution = resolver.resolve(world.request, world.repo.provider(), CallContext());
        if (!solution) {
            ASSERT_EQ(solution.error().code(), Errc::kUnsatisfiable);
            ++unsatisfiable;
            continue;
        }
        ++satisfiable;
        ASSERT_EQ(testing::check_text(world.request, world.repo.provider(), *solution), "");
    }
    EXPECT_GT(satisfiable, 2);
    EXPECT_GT(unsatisfiable, 2);
}

}  // namespace
}  // namespace catalog::resolve
