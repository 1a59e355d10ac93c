#include "answer.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <numeric>
#include <tuple>
#include <utility>

#include "catalog/resolve/graph_resolver.hpp"

namespace catalog::resolve::engine {

namespace {

std::vector<std::string> feature_texts(const Universe& universe, const Member& member) {
    std::vector<std::string> texts;
    for (const FeatureId id : member.features) {
        if (id != kDevelopmentFeature && id != kBuildFeature) {
            texts.push_back(universe.feature_text(id));
        }
    }
    std::sort(texts.begin(), texts.end());
    return texts;
}

/// Returns for each member its place in an answer.
std::vector<std::size_t> places(const Universe& universe, const Reached& reached) {
    std::vector<std::size_t> members(reached.members.size());
    std::iota(members.begin(), members.end(), std::size_t{0});
    std::sort(members.begin(), members.end(), [&](std::size_t a, std::size_t b) {
        const Package& pa = universe.package(reached.members[a].package);
        const Package& pb = universe.package(reached.members[b].package);
        if (pa.name != pb.name) {
            return universe.name(pa.name).text < universe.name(pb.name).text;
        }
        if (const auto order = pa.candidate.version <=> pb.candidate.version; order != 0) {
            return order < 0;
        }
        return pa.candidate.source_id < pb.candidate.source_id;
    });
    std::vector<std::size_t> place(members.size());
    for (std::size_t i = 0; i < members.size(); ++i) place[members[i]] = i;
    return place;
}

}  // namespace

Solution make_solution(const Universe& universe, const Requirements& requirements,
                       const Reached& reached) {
    const std::vector<std::size_t> place = places(universe, reached);
    Solution solution;
    solution.packages.resize(reached.members.size());
    for (std::size_t m = 0; m < reached.members.size(); ++m) {
        const Package& package = universe.package(reached.members[m].package);
        solution.packages[place[m]] = {universe.name(package.name).text, package.candidate,
                                       feature_texts(universe, reached.members[m])};
    }
    for (const std::uint32_t root : reached.roots) solution.roots.push_back(place[root]);
    for (const Link& link : reached.links) {
        if (link.from == kNone) continue;
        const Member& owner = reached.members[link.from];
        const PackageId32 target = reached.members[link.to].package;
        Edge edge;
        edge.from = place[link.from];
        edge.to = place[link.to];
        edge.kind =
            universe.package(owner.package).record->dependencies[link.dependency].source->kind;
        edge.as = universe.name(requirements.answers_as(link.demand, target)).text;
        solution.edges.push_back(std::move(edge));
    }
    const auto key = [](const Edge& e) { return std::tie(e.from, e.to, e.kind, e.as); };
    std::sort(solution.edges.begin(), solution.edges.end(),
              [&](const Edge& a, const Edge& b) { return key(a) < key(b); });
    solution.edges.erase(
        std::unique(solution.edges.begin(), solution.edges.end(),
                    [&](const Edge& a, const Edge& b) { return key(a) == key(b); }),
        solution.edges.end());
    solution.order = install_order(solution.packages.size(), solution.edges);
    return solution;
}

Result<void> check_cycles(const Request& request, const Solution& solution) {
    if (!request.refuse_cycles) return {};
    std::vector<std::vector<std::string>> cycles = find_cycles(solution);
    if (cycles.empty()) return {};
    std::string text;
    for (const std::string& name : cycles.front()) text += (text.empty() ? "" : " -> ") + name;
    return fail(Error(Errc::kDependencyCycle, "the packages need each other in a circle: " + text,
                      CycleDetail{std::move(cycles.front())})
                    .with_hint("allow cycles, or ask for versions without this dependency"));
}

Result<void> check_request(const Request& request) {
    const auto refuse = [](std::string_view what) {
        return fail(Errc::kInvalidArgument,
                    "the request has " + std::string(what) + " without a package name");
    };
    for (const Root& root : request.roots) {
        if (root.target.name.empty()) return refuse("a root");
    }
    for (const Target& target : request.constraints) {
        if (target.name.empty()) return refuse("a constraint");
    }
    for (const Locked& locked : request.locked) {
        if (locked.name.empty()) return refuse("a locked version");
    }
    for (const Provided& provided : request.host_provides) {
        if (provided.name.empty()) return refuse("something that the host provides");
    }
    for (const std::string& name : request.optional) {
        if (name.empty()) return refuse("an optional dependency");
    }
    return {};
}

Result<std::vector<RequirementId>> make_roots(Universe& universe, Requirements& requirements) {
    std::vector<RequirementId> roots;
    for (const Root& root : universe.request().roots) {
        CATALOG_TRY(const RequirementId demand, requirements.root(root));
        const Name& name = universe.name(universe.intern(root.target.name));
        if (name.count == 0 && name.providers.empty()) {
            return fail(Error(Errc::kUnknownPackage, "there is no package of this name",
                              NotFoundDetail{"package", root.target.name})
                            .with_input(root.target.name)
                            .with_hint("check the spelling, or add a source that has it"));
        }
        roots.push_back(demand);
    }
    return roots;
}

}  // namespace catalog::resolve::engine
