#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/strong_components.hpp>
#include <cstdint>
#include <utility>

#include "catalog/resolve/graph_resolver.hpp"

namespace catalog::resolve {

namespace {

using Digraph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

/// Components of a graph and which one each node belongs to.
struct Components {
    std::vector<std::vector<std::size_t>> members;  ///< Ascending.
    std::vector<std::size_t> of;
};

Components find_components(std::size_t count, const std::vector<Edge>& edges) {
    Components components;
    components.of.resize(count);
    if (count == 0) return components;
    Digraph graph(count);
    for (const Edge& edge : edges) boost::add_edge(edge.from, edge.to, graph);
    const std::size_t found = boost::strong_components(
        graph, boost::make_iterator_property_map(components.of.begin(),
                                                 boost::get(boost::vertex_index, graph)));
    components.members.resize(found);
    for (std::size_t node = 0; node < count; ++node) {
        components.members[components.of[node]].push_back(node);
    }
    return components;
}

/// Looks for circles, one start after another, without clearing everything in between.
class CircleFinder {
public:
    CircleFinder(const std::vector<std::vector<std::size_t>>& next, const Components& components)
        : next_(next), components_(components), parent_(next.size(), kUnseen) {}

    /// Returns the shortest way from `start` back to itself within its component, without the last
    /// step; empty when none has fewer than `below` nodes.
    std::vector<std::size_t> shortest(std::size_t start, std::size_t below) {
        std::vector<std::size_t> seen(1, start);
        std::vector<std::size_t> depth(1, 1);
        std::vector<std::size_t> path;
        for (std::size_t at = 0; at < seen.size() && path.empty() && depth[at] < below; ++at) {
            for (const std::size_t target : next_[seen[at]]) {
                if (target == start) {
                    path = path_to(seen[at], start);
                    break;
                }
                if (components_.of[target] != components_.of[start] || parent_[target] != kUnseen) {
                    continue;
                }
                parent_[target] = seen[at];
                seen.push_back(target);
                depth.push_back(depth[at] + 1);
            }
        }
        for (const std::size_t node : seen) parent_[node] = kUnseen;
        return path;
    }

private:
    static constexpr std::size_t kUnseen = static_cast<std::size_t>(-1);

    [[nodiscard]] std::vector<std::size_t> path_to(std::size_t node, std::size_t start) const {
        std::vector<std::size_t> path;
        for (; node != start; node = parent_[node]) path.push_back(node);
        path.push_back(start);
        std::reverse(path.begin(), path.end());
        return path;
    }

    const std::vector<std::vector<std::size_t>>& next_;
    const Components& components_;
    std::vector<std::size_t> parent_;
};

}  // namespace

std::vector<std::vector<std::string>> find_cycles(const Solution& solution) {
    const std::size_t count = solution.packages.size();
    const Components components = find_components(count, solution.edges);
    std::vector<std::vector<std::size_t>> next(count);
    std::vector<std::uint8_t> has_circle(components.members.size(), 0);
    for (const Edge& edge : solution.edges) {
        next[edge.from].push_back(edge.to);
        if (edge.from == edge.to) has_circle[components.of[edge.from]] = 1;
    }
    CircleFinder finder(next, components);
    std::vector<std::vector<std::string>> cycles;
    for (std::size_t c = 0; c < components.members.size(); ++c) {
        const std::vector<std::size_t>& members = components.members[c];
        if (members.size() < 2 && has_circle[c] == 0) continue;
        std::vector<std::size_t> best;
        for (const std::size_t start : members) {
            const std::size_t below = best.empty() ? members.size() + 1 : best.size();
            std::vector<std::size_t> circle = finder.shortest(start, below);
            if (!circle.empty()) best = std::move(circle);
            if (best.size() == 1) break;
        }
        std::vector<std::string> names;
        for (const std::size_t node : best) names.push_back(solution.packages[node].name);
        std::rotate(names.begin(), std::min_element(names.begin(), names.end()), names.end());
        names.push_back(names.front());
        cycles.push_back(std::move(names));
    }
    std::sort(cycles.begin(), cycles.end());
    return cycles;
}

}  // namespace catalog::resolve
