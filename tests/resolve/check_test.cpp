// The checker finds each way in which an answer can be wrong.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "catalog/resolve/check.hpp"
#include "catalog/resolve/graph_resolver.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/faulty_provider.hpp"

namespace catalog::resolve {
namespace {

using testing::ask;
using testing::Repo;
using testing::ver;

Repo sample() {
    return Repo(R"(
        app 1.0.0 ; needs lib ^1 [fast], plugin *
        lib 1.0.0 ; needs optional gpu * ; feature fast = dep:gpu ; feature slow =
        lib 1.1.0 yanked ; feature fast =
        lib 2.0.0 ; feature fast =
        gpu 1.0.0 ; needs core *
        plugin 1.0.0 ; needs peer core ^1
        core 1.0.0 ; needs gpu *
        core 2.0.0
        other 1.0.0 ; conflicts app *
        stray 1.0.0
    )");
}

/// Returns what the checker says of the sample's answer after a change.
std::string problems_after(const std::function<void(Solution&, Request&)>& change) {
    Repo repo = sample();
    Request request = ask("app *");
    SatResolver resolver;
    auto solution = resolver.resolve(request, repo.provider(), CallContext());
    if (!solution) return solution.error().to_string();
    EXPECT_EQ(testing::check_text(request, repo.provider(), *solution), "");
    change(*solution, request);
    return testing::check_text(request, repo.provider(), *solution);
}

// app 0, core 1, gpu 2, lib 3, plugin 4
constexpr std::size_t kApp = 0;
constexpr std::size_t kCore = 1;
constexpr std::size_t kGpu = 2;
constexpr std::size_t kLib = 3;
constexpr std::size_t kPlugin = 4;

void expect_problem(const std::string& part,
                    const std::function<void(Solution&, Request&)>& change) {
    const std::string found = problems_after(change);
    EXPECT_NE(found.find(part), std::string::npos) << "wanted: " << part << "\nfound:\n" << found;
}

TEST(Check, FindsAVersionThatDoesNotFit) {
    expect_problem("app@1.0.0 is not given lib", [](Solution& s, Request&) {
        s.packages[kLib].candidate.version = ver("2.0.0");
    });
}

TEST(Check, FindsAVersionThatIsNotListed) {
    expect_problem("lib@1.0.5 is not listed", [](Solution& s, Request&) {
        s.packages[kLib].candidate.version = ver("1.0.5");
    });
}

TEST(Check, FindsAYankedVersionWithoutALock) {
    const auto yank = [](Solution& s, Request&) {
        s.packages[kLib].candidate = {ver("1.1.0"), true, ""};
    };
    expect_problem("lib@1.1.0 is yanked without a lock", yank);
}

TEST(Check, FindsABrokenConstraint) {
    expect_problem("against a constraint",
                   [](Solution&, Request& r) { r.constraints = {testing::target("lib <1")}; });
}

TEST(Check, FindsTwoVersionsOfOneName) {
    const auto add = [](Solution& s, Request&) {
        s.packages.insert(s.packages.begin() + 4, {"lib", {ver("2.0.0"), false, ""}, {}});
        for (Edge& edge : s.edges) {
            if (edge.to == kPlugin) ++edge.to;
            if (edge.from == kPlugin) ++edge.from;
        }
    };
    expect_problem("lib@1.0.0 and lib@2.0.0 stand side by side", add);
}

TEST(Check, FindsWhatNothingBringsIn) {
    expect_problem("nothing brings in stray@1.0.0", [](Solution& s, Request&) {
        s.packages.push_back({"stray", {ver("1.0.0"), false, ""}, {}});
        s.order.push_back({5});
    });
}

TEST(Check, FindsPackagesThatOnlyHoldEachOtherUp) {
    // Without the optional dependency, core and gpu need each other and the peer needs core.
    expect_problem("nothing brings in core@1.0.0", [](Solution& s, Request&) {
        s.packages[kLib].features.clear();
        s.edges.erase(std::remove_if(s.edges.begin(), s.edges.end(),
                                     [](const Edge& e) { return e.from == kLib; }),
                      s.edges.end());
    });
}

TEST(Check, FindsAMissingAndASuperfluousFeature) {
    expect_problem("app@1.0.0 is not given lib",
                   [](Solution& s, Request&) { s.packages[kLib].features.clear(); });
    expect_problem("nothing switches on slow of lib@1.0.0",
                   [](Solution& s, Request&) { s.packages[kLib].features = {"fast", "slow"}; });
    expect_problem("does not have the feature wild",
                   [](Solution& s, Request&) { s.packages[kLib].features = {"fast", "wild"}; });
}

TEST(Check, FindsAMissingEdgeAndOneThatNobodyAskedFor) {
    expect_problem("gpu@1.0.0 is not given core", [](Solution& s, Request&) {
        s.edges.erase(std::remove_if(s.edges.begin(), s.edges.end(),
                                     [](const Edge& e) { return e.from == kGpu; }),
                      s.edges.end());
    });
    expect_problem("no dependency asks for an edge of app@1.0.0", [](Solution& s, Request&) {
        s.edges.insert(s.edges.begin(), {kApp, kCore, DependencyKind::kRequired, "core"});
    });
}

TEST(Check, FindsAConflict) {
    expect_problem("other@1.0.0 conflicts with app@1.0.0", [](Solution& s, Request& r) {
        s.packages.insert(s.packages.begin() + 4, {"other", {ver("1.0.0"), false, ""}, {}});
        for (Edge& edge : s.edges) {
            if (edge.to == kPlugin) ++edge.to;
            if (edge.from == kPlugin) ++edge.from;
        }
        r.roots.push_back({testing::target("other *"), {}, true});
        s.roots.push_back(4);
    });
}

TEST(Check, FindsARootThatIsServedByAnother) {
    expect_problem("core@1.0.0 does not serve root app",
                   [](Solution& s, Request&) { s.roots[0] = kCore; });
    expect_problem("number of roots", [](Solution& s, Request&) { s.roots.clear(); });
}

TEST(Check, FindsAWrongOrder) {
    expect_problem("stands before",
                   [](Solution& s, Request&) { std::reverse(s.order.begin(), s.order.end()); });
    expect_problem("leaves out a package", [](Solution& s, Request&) { s.order.pop_back(); });
    expect_problem("does not belong to",
                   [](Solution& s, Request&) { s.order = {{kApp, kCore, kGpu, kLib, kPlugin}}; });
    expect_problem("twice", [](Solution& s, Request&) { s.order.push_back({kApp}); });
    expect_problem("should stand before", [](Solution& s, Request&) {
        // Both orders are sound; only one puts the smaller name first.
        std::swap(s.order[1], s.order[2]);
    });
}

TEST(Check, FindsListsOutOfOrderAndIndexesOutOfRange) {
    expect_problem("packages are not in order",
                   [](Solution& s, Request&) { std::swap(s.packages[0], s.packages[1]); });
    expect_problem("edges are not in order",
                   [](Solution& s, Request&) { std::swap(s.edges[0], s.edges[1]); });
    expect_problem("an edge is out of range",
                   [](Solution& s, Request&) { s.edges.back().to = 99; });
    expect_problem("root's index is out of range", [](Solution& s, Request&) { s.roots[0] = 99; });
}

TEST(Check, FindsACycleWhereTheyAreRefused) {
    expect_problem("there is a dependency cycle",
                   [](Solution&, Request& r) { r.refuse_cycles = true; });
}

TEST(Check, FindsAnUnmetPeer) {
    Repo repo("plugin 1.0.0 ; needs peer core ^1\ncore 1.0.0\ncore 2.0.0");
    Request request = ask("plugin *");
    request.host_provides = {testing::provided("core 1.0.0")};
    SatResolver resolver;
    const auto solution = resolver.resolve(request, repo.provider(), CallContext());
    ASSERT_TRUE(solution) << solution.error().to_string();
    EXPECT_EQ(testing::check_text(request, repo.provider(), *solution), "");
    request.host_provides.clear();
    EXPECT_EQ(testing::check_text(request, repo.provider(), *solution),
              "plugin@1.0.0 is not given core\n");
}

TEST(Check, ReportsAProviderThatFails) {
    Repo repo = sample();
    const Request request = ask("app *");
    SatResolver resolver;
    const auto solution = resolver.resolve(request, repo.provider(), CallContext());
    ASSERT_TRUE(solution);
    testing::FaultyProvider faulty(repo.provider());
    faulty.fail_at(2, Error(Errc::kIo, "gone"));
    const auto checked = check_solution(request, faulty, *solution);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code(), Errc::kProviderFailed);
}

}  // namespace
}  // namespace catalog::resolve
