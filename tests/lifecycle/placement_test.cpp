#include "placement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "support/io/results.hpp"

namespace catalog::lifecycle {
namespace {

using io::testing::code_of;
using io::testing::must;

/// A solution of packages "name@version" and edges between their indexes.
resolve::Solution solution_of(const std::vector<std::string>& ids,
                              const std::vector<std::pair<std::size_t, std::size_t>>& edges,
                              const std::vector<std::size_t>& roots) {
    resolve::Solution solution;
    for (const std::string& id : ids) {
        const std::size_t at = id.rfind('@');
        solution.packages.push_back(
            {id.substr(0, at), {must(version::SemVer::parse(id.substr(at + 1))), false, ""}, {}});
    }
    for (const auto& [from, to] : edges)
        solution.edges.push_back(
            {from, to, DependencyKind::kRequired, ids[to].substr(0, ids[to].rfind('@'))});
    solution.roots = roots;
    return solution;
}

std::map<std::string, std::size_t> by_location(const std::vector<Placement>& placements) {
    std::map<std::string, std::size_t> places;
    for (const Placement& placement : placements)
        EXPECT_TRUE(places.emplace(placement.location, placement.package).second);
    return places;
}

/// What Node.js finds from a package's folder: the nearest node_modules upwards that has the name.
std::optional<std::size_t> node_finds(const std::map<std::string, std::size_t>& places,
                                      std::string from, const std::string& name) {
    for (;;) {
        const std::string prefix = from.empty() ? "" : from + "/";
        if (const auto found = places.find(prefix + "node_modules/" + name); found != places.end())
            return found->second;
        if (from.empty()) return std::nullopt;
        const std::size_t up = from.rfind("/node_modules/");
        from = up == std::string::npos ? "" : from.substr(0, up);
    }
}

void expect_node_finds_what_was_resolved(const resolve::Solution& solution) {
    const auto places = by_location(must(place_packages(solution, Layout::kNodeModules)));
    std::set<std::size_t> placed;
    for (const auto& [location, package] : places) {
        placed.insert(package);
        for (const resolve::Edge& edge : solution.edges) {
            if (edge.from != package) continue;
            EXPECT_EQ(node_finds(places, location, solution.packages[edge.to].name), edge.to)
                << location;
        }
    }
    std::vector<std::size_t> reached = solution.roots;
    for (std::size_t next = 0; next < reached.size(); ++next) {
        EXPECT_TRUE(placed.contains(reached[next]));
        for (const resolve::Edge& edge : solution.edges)
            if (edge.from == reached[next] && std::ranges::count(reached, edge.to) == 0)
                reached.push_back(edge.to);
    }
    for (const std::size_t root : solution.roots)
        EXPECT_EQ(node_finds(places, "", solution.packages[root].name), root);
}

TEST(Placement, PutsIsolatedPackagesByNameAndVersion) {
    const auto placements =
        must(place_packages(solution_of({"a@1.0.0", "@s/b@2.0.0"}, {}, {0}), Layout::kIsolated));
    EXPECT_EQ(placements[0].location, "pkgs/@s/b/2.0.0");
    EXPECT_EQ(placements[1].location, "pkgs/a/1.0.0");
}

TEST(Placement, NestsTheVersionThatFewerNeed) {
    const auto solution = solution_of({"app@1.0.0", "x@1.0.0", "y@1.0.0", "lib@1.0.0", "lib@2.0.0"},
                                      {{0, 1}, {0, 2}, {0, 3}, {1, 3}, {2, 4}}, {0});
    const auto places = by_location(must(place_packages(solution, Layout::kNodeModules)));
    EXPECT_EQ(places.at("node_modules/lib"), 3u);
    EXPECT_EQ(places.at("node_modules/y/node_modules/lib"), 4u);
    expect_node_finds_what_was_resolved(solution);
}

TEST(Placement, KeepsARootOnTopWhateverOthersNeed) {
    const auto solution =
        solution_of({"lib@1.0.0", "lib@2.0.0", "x@1.0.0", "y@1.0.0"}, {{2, 1}, {3, 1}}, {0, 2, 3});
    EXPECT_EQ(
        by_location(must(place_packages(solution, Layout::kNodeModules))).at("node_modules/lib"),
        0u);
    expect_node_finds_what_was_resolved(solution);
}

TEST(Placement, RefusesVersionsThatNestWithoutEnd) {
    // Each version of one needs the other version of the other: no finite tree has them all.
    const auto solution = solution_of({"a@1.0.0", "a@2.0.0", "b@1.0.0", "b@2.0.0"},
                                      {{0, 2}, {2, 1}, {1, 3}, {3, 0}}, {0});
    EXPECT_EQ(code_of(place_packages(solution, Layout::kNodeModules)), Errc::kInstallConflict);
}

TEST(Placement, NodeFindsWhatWasResolvedInRandomGraphs) {
    constexpr unsigned kSeed = 5;
    std::mt19937 random(kSeed);
    for (int round = 0; round < 400; ++round) {
        std::vector<std::string> ids;
        for (const char* name : {"a", "b", "c", "d", "e"})
            for (int version = 1; version <= 1 + static_cast<int>(random() % 2); ++version)
                ids.push_back(std::string(name) + "@" + std::to_string(version) + ".0.0");
        std::vector<std::pair<std::size_t, std::size_t>> edges;
        for (std::size_t from = 0; from < ids.size(); ++from) {
            std::set<char> names;
            for (std::size_t to = from + 1; to < ids.size(); ++to)
                if (random() % 3 == 0 && ids[to][0] != ids[from][0] &&
                    names.insert(ids[to][0]).second)
                    edges.emplace_back(from, to);
        }
        SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(round));
        expect_node_finds_what_was_resolved(solution_of(ids, edges, {0}));
        if (HasFailure()) return;
    }
}

package::FileTable table_of(const std::vector<std::string>& paths) {
    std::vector<package::FileEntry> entries;
    for (const std::string& path : paths) {
        package::FileEntry entry;
        entry.path = path;
        if (path.ends_with('@')) {
            entry.path.pop_back();
            entry.kind = package::FileEntryKind::kSymlink;
            entry.mode = 0777;
            entry.target = "elsewhere";
        }
        entries.push_back(std::move(entry));
    }
    return must(package::FileTable::make(std::move(entries)));
}

TEST(CheckMerged, FindsPathsThatTwoOwnAndPathsThroughAnothersLink) {
    const auto solution = solution_of({"a@1.0.0", "b@1.0.0"}, {}, {0, 1});
    const auto check = [&](const std::vector<std::string>& a, const std::vector<std::string>& b) {
        const package::FileTable first = table_of(a);
        const package::FileTable second = table_of(b);
        return code_of(check_merged(solution, {&first, &second}));
    };
    EXPECT_EQ(check({"bin/a", "share/x"}, {"bin/b"}), std::nullopt);
    EXPECT_EQ(check({"bin/a"}, {"bin/a"}), Errc::kInstallConflict);
    EXPECT_EQ(check({"lib@"}, {"lib/b"}), Errc::kInstallConflict);
    EXPECT_EQ(check({"lib"}, {"lib/b"}), Errc::kInstallConflict);
    EXPECT_EQ(check({"lib-x"}, {"lib/b"}), std::nullopt);
}

}  // namespace
}  // namespace catalog::lifecycle
