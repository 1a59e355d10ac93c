// Depth and width: nothing recurses on the depth of a graph, nothing is quadratic in its width.

#include <gtest/gtest.h>

#include <string>

#include "catalog/resolve/graph_resolver.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "support/resolve/agreement.hpp"

namespace catalog::resolve {
namespace {

using testing::ask;
using testing::Repo;
using testing::RepoEntry;
using testing::ver;

constexpr int kMany = 10'000;

RepoEntry entry(const std::string& name, const std::vector<std::string>& needs) {
    RepoEntry made;
    made.name = name;
    made.candidate.version = ver("1.0.0");
    for (const std::string& need : needs) {
        made.record.dependencies.push_back(testing::requirement(need));
    }
    return made;
}

std::string node(int i) { return "n" + std::to_string(i); }

Repo chain(int length, const std::string& last_need) {
    Repo repo;
    for (int i = 0; i + 1 < length; ++i) repo.add(entry(node(i), {node(i + 1) + " ^1"}));
    std::vector<std::string> needs;
    if (!last_need.empty()) needs.push_back(last_need);
    repo.add(entry(node(length - 1), needs));
    return repo;
}

template <class R>
Result<Solution> solve(Repo& repo, const Request& request) {
    R resolver;
    return resolver.resolve(request, repo.provider(), CallContext());
}

TEST(Size, AChainOfTenThousandResolves) {
    Repo repo = chain(kMany, "");
    const auto solution = solve<SatResolver>(repo, ask("n0 *"));
    ASSERT_TRUE(solution) << solution.error().to_string();
    EXPECT_EQ(solution->packages.size(), static_cast<std::size_t>(kMany));
    ASSERT_EQ(solution->order.size(), static_cast<std::size_t>(kMany));
    EXPECT_EQ(solution->packages[solution->order.back().front()].name, "n0");
    const auto walked = solve<GraphResolver>(repo, ask("n0 *"));
    ASSERT_TRUE(walked) << walked.error().to_string();
    EXPECT_EQ(walked->packages.size(), static_cast<std::size_t>(kMany));
}

TEST(Size, AChainOfTenThousandThatEndsBadlyIsExplained) {
    Repo repo = chain(kMany, "nobody ^1");
    const auto failed = solve<SatResolver>(repo, ask("n0 *"));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code(), Errc::kUnsatisfiable);
    const auto* detail = failed.error().detail_as<ResolutionDetail>();
    ASSERT_NE(detail, nullptr);
    EXPECT_EQ(detail->roots, (std::vector<std::string>{"n0 *"}));
    EXPECT_FALSE(detail->steps.empty());
    EXPECT_LT(detail->steps.size(), 100u);
}

TEST(Size, ACircleOfTenThousandIsOneComponentAndOneCycle) {
    Repo repo = chain(kMany, "n0 ^1");
    const auto solution = solve<SatResolver>(repo, ask("n5 *"));
    ASSERT_TRUE(solution) << solution.error().to_string();
    ASSERT_EQ(solution->order.size(), 1u);
    EXPECT_EQ(solution->order[0].size(), static_cast<std::size_t>(kMany));
}

TEST(Size, TenThousandAlternativesAreTriedOneByOne) {
    Repo repo;
    RepoEntry wide = entry("wide", {"a0 ^2"});
    for (int i = 1; i < kMany; ++i) {
        const std::string name = "a" + std::to_string(i);
        wide.record.dependencies[0].any_of.push_back(testing::target(name + " ^2"));
    }
    repo.add(std::move(wide));
    for (int i = 0; i < kMany; ++i) {
        RepoEntry made = entry("a" + std::to_string(i), {});
        if (i == kMany - 1) made.candidate.version = ver("2.0.0");
        repo.add(std::move(made));
    }
    EXPECT_EQ(testing::answer(repo, ask("wide *")), "a9999 2.0.0, wide 1.0.0");
}

TEST(Size, TenThousandRefutedAlternativesAreGivenUp) {
    Repo repo;
    RepoEntry wide = entry("wide", {"a0 *", "x *"});
    for (int i = 1; i < kMany; ++i) {
        wide.record.dependencies[0].any_of.push_back(
            testing::target("a" + std::to_string(i) + " *"));
    }
    repo.add(std::move(wide));
    for (int i = 0; i < kMany; ++i) {
        RepoEntry made = entry("a" + std::to_string(i), {});
        if (i + 1 < kMany) made.record.conflicts.push_back(testing::target("x *"));
        repo.add(std::move(made));
    }
    repo.add(entry("x", {}));
    EXPECT_EQ(testing::answer(repo, ask("wide *")), "a9999 1.0.0, wide 1.0.0, x 1.0.0");
}

TEST(Size, ThousandsOfVersionsOfOneNameArePassedOver) {
    Repo repo;
    for (int i = 0; i < 2'000; ++i) {
        RepoEntry made = entry("a", {});
        made.candidate.version = version::SemVer(1, static_cast<std::uint64_t>(i), 0);
        if (i > 10) made.record.dependencies.push_back(testing::requirement("nobody ^1"));
        repo.add(std::move(made));
    }
    EXPECT_EQ(testing::answer(repo, ask("a *")), "a 1.10.0");
}

TEST(Size, ADeepListOfFeaturesIsFollowed) {
    Repo repo;
    RepoEntry made = entry("a", {});
    for (int i = 0; i < kMany; ++i) {
        made.record.features["f" + std::to_string(i)] = {"f" + std::to_string(i + 1)};
    }
    made.record.features["f" + std::to_string(kMany)] = {};
    repo.add(std::move(made));
    const auto solution = solve<SatResolver>(repo, ask("a * [f0]"));
    ASSERT_TRUE(solution) << solution.error().to_string();
    EXPECT_EQ(solution->packages[0].features.size(), static_cast<std::size_t>(kMany) + 1);
}

TEST(Size, TenThousandRootsAreServed) {
    Repo repo;
    Request request = ask("");
    for (int i = 0; i < kMany; ++i) {
        repo.add(entry(node(i), {}));
        request.roots.push_back({testing::target(node(i) + " *"), {}, true});
    }
    const auto solution = solve<SatResolver>(repo, request);
    ASSERT_TRUE(solution) << solution.error().to_string();
    EXPECT_EQ(solution->packages.size(), static_cast<std::size_t>(kMany));
}

}  // namespace
}  // namespace catalog::resolve
