// FrozenWorld: writes answers, and tells what a contradiction rests on.

#include <algorithm>
#include <utility>

#include "catalog/resolve/graph_resolver.hpp"
#include "frozen_world.hpp"

namespace catalog::resolve::engine {

using frozen::kItemNumberBits;
using frozen::kItemNumberMask;

std::uint32_t FrozenWorld::version_in(std::uint32_t name) const {
    const std::uint32_t value = solver_.value_of(node_of_name_[name]);
    return view_.versions_of(name).first + value - 1;
}

/// Who meets a requirement in the answer.
NodeId FrozenWorld::serving(std::uint32_t requirement) const {
    const Entry& entry = *view_.requirement(requirement);
    if (entry.target != frozen::kSeveral) return node_of_name_[entry.target];
    const NodeId choice = node_of_requirement_[requirement];
    return solver_.consequences(choice, solver_.value_of(choice)).front().node;
}

void FrozenWorld::reach(NodeId node) {
    if (member_of_node_[node] != frozen::kNone) return;
    member_of_node_[node] = static_cast<std::uint32_t>(members_.size());
    members_.push_back({node, version_in(meanings_[node].a), 0});
}

std::string_view FrozenWorld::asked_as(std::uint32_t requirement, std::uint32_t name,
                                       std::uint32_t version) const {
    const Entry& entry = *view_.requirement(requirement);
    if (entry.name != frozen::kNone) return view_.name(entry.name);
    for (const Entry& part : view_.parts(entry)) {
        if (part.target == name && part.name != frozen::kNone) return view_.name(part.name);
    }
    // The first alternative that it meets.
    const auto list = view_.list(entry.constraint);
    const std::uint32_t value = version - view_.versions_of(name).first + 1;
    for (std::size_t i = 0; i + 1 < list.size(); i += 2) {
        const auto constraint = view_.constraint(list[i + 1]);
        if (!constraint) continue;
        std::vector<frozen::Part> parts;
        frozen::Compiler(view_).meet(list[i], *constraint, parts);
        for (const frozen::Part& part : parts) {
            if (part.target == name && has_bit(part.mask.data(), value)) return view_.name(list[i]);
        }
    }
    return view_.name(name);
}

/// Follows what is needed from the members that there are.
void FrozenWorld::reach_all() {
    links_.clear();
    // NOLINTNEXTLINE(modernize-loop-convert): members are added meanwhile
    for (std::uint32_t m = 0; m < members_.size(); ++m) {
        members_[m].links = static_cast<std::uint32_t>(links_.size());
        for (const std::uint32_t item : view_.row(members_[m].version)) {
            std::uint32_t number = item & kItemNumberMask;
            if (item >> kItemNumberBits == frozen::kExcludes) continue;
            if (item >> kItemNumberBits == frozen::kConditional) {
                number = needed_by_condition(number);
                if (number == frozen::kNone) continue;
            }
            const NodeId to = serving(number);
            reach(to);
            links_.push_back({to, number});
        }
    }
}

void FrozenWorld::write_edges(std::span<const std::uint32_t> sorted,
                              std::span<const std::size_t> place, Solution& solution) const {
    struct Made {
        std::size_t to;
        std::string_view as;
        auto operator<=>(const Made&) const = default;
    };
    solution.edges.reserve(links_.size());
    std::vector<Made> made;
    for (std::size_t from = 0; from < sorted.size(); ++from) {
        const std::uint32_t m = sorted[from];
        const std::size_t end =
            m + std::size_t{1} < members_.size() ? members_[m + 1].links : links_.size();
        made.clear();
        for (std::size_t i = members_[m].links; i < end; ++i) {
            const std::uint32_t to = member_of_node_[links_[i].to];
            made.push_back({place[to], asked_as(links_[i].requirement, meanings_[links_[i].to].a,
                                                members_[to].version)});
        }
        std::sort(made.begin(), made.end());
        made.erase(std::unique(made.begin(), made.end()), made.end());
        for (const Made& edge : made) {
            solution.edges.push_back(
                {from, edge.to, DependencyKind::kRequired, std::string(edge.as)});
        }
    }
}

Solution FrozenWorld::answer() {
    members_.clear();
    member_of_node_.assign(solver_.node_count(), frozen::kNone);
    std::vector<NodeId> root_nodes;
    for (const NodeId root : roots_) {
        NodeId node = root;
        if (meanings_[root].choice) {
            node = solver_.consequences(root, solver_.value_of(root)).front().node;
        }
        reach(node);
        root_nodes.push_back(node);
    }
    reach_all();

    // Names are numbered in the order of their texts, but those that were added later.
    std::vector<std::uint32_t> sorted(members_.size());
    for (std::uint32_t m = 0; m < sorted.size(); ++m) sorted[m] = m;
    std::sort(sorted.begin(), sorted.end(), [&](std::uint32_t a, std::uint32_t b) {
        if (view_.over == nullptr) return members_[a].version < members_[b].version;
        return view_.name(meanings_[members_[a].node].a) <
               view_.name(meanings_[members_[b].node].a);
    });
    std::vector<std::size_t> place(sorted.size());
    Solution solution;
    solution.packages.resize(sorted.size());
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        const Member& member = members_[sorted[i]];
        place[sorted[i]] = i;
        solution.packages[i].name = view_.name(meanings_[member.node].a);
        solution.packages[i].candidate = view_.candidate(member.version);
    }
    for (const NodeId node : root_nodes) solution.roots.push_back(place[member_of_node_[node]]);
    write_edges(sorted, place, solution);
    solution.order = install_order(solution.packages.size(), solution.edges);
    return solution;
}

void FrozenWorld::collect_used() {
    used_.clear();
    const std::vector<std::uint64_t>& pairs = solver_.used();
    used_.insert(pairs.begin(), pairs.end());
}

bool FrozenWorld::is_used(std::uint32_t name, std::uint32_t item) const {
    if (name >= node_of_name_.size() || node_of_name_[name] == kNoNode) return false;
    const NodeId owner = node_of_name_[name];
    const auto uses = [&](NodeId node) {
        return used_.find((std::uint64_t{owner} << 32) | node) != used_.end();
    };
    std::uint32_t number = item & kItemNumberMask;
    if (item >> kItemNumberBits == frozen::kConditional) {
        const frozen::ConditionEntry* condition = view_.condition(number);
        if (condition == nullptr) return true;
        number = condition->requirement;
    }
    const bool excludes = item >> kItemNumberBits == frozen::kExcludes;
    const Entry* entry =
        view_.requirement(number, excludes ? frozen::Reading::kExcludes : frozen::Reading::kMeets);
    if (entry == nullptr) return true;
    if (entry->target == frozen::kNone) return uses(kNever);
    if (!excludes && entry->target == frozen::kSeveral) {
        const NodeId node =
            number < node_of_requirement_.size() ? node_of_requirement_[number] : kNoNode;
        return node != kNoNode && uses(node);
    }
    const auto parts = view_.parts(*entry);
    return std::any_of(parts.begin(), parts.end(), [&](const Entry& part) {
        if (part.target >= node_of_name_.size()) return true;
        const NodeId node = node_of_name_[part.target];
        return node != kNoNode && uses(node);
    });
}

}  // namespace catalog::resolve::engine
