#include "catalog/resolve/check.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "check_world.hpp"

namespace catalog::resolve {

namespace checking {

namespace {

using Features = std::set<std::string>;

/// A dependency that counts in this request.
struct Need {
    const Requirement* requirement = nullptr;
    std::vector<const Target*> alternatives;
    std::vector<std::size_t> edges;  ///< That serve it.
};

/// One item of a feature's list, taken apart.
struct Item {
    std::string dependency;  ///< Empty for a plain feature.
    std::string feature;     ///< Empty for `dep:x`.
    bool weak = false;
};

Item take_apart(const PackageRecord& record, const std::string& text) {
    if (record.features.count(text) > 0) return {"", text, false};
    if (text.rfind("dep:", 0) == 0) return {text.substr(4), "", false};
    const std::size_t slash = text.find_last_of('/');
    if (slash == std::string::npos) return {"", text, false};
    Item item{text.substr(0, slash), text.substr(slash + 1), false};
    if (!item.dependency.empty() && item.dependency.back() == '?') {
        item.dependency.pop_back();
        item.weak = true;
    }
    return item;
}

class Checker {
public:
    Checker(const Request& request, DependencyProvider& provider, const Solution& solution)
        : request_(request), solution_(solution), world_(request, provider) {}

    [[nodiscard]] Result<std::vector<std::string>> run() {
        if (!check_shape()) return std::move(problems_);
        CATALOG_TRY_VOID(check_listed());
        if (!problems_.empty()) return std::move(problems_);
        CATALOG_TRY_VOID(check_packages());
        check_policy();
        CATALOG_TRY_VOID(check_roots());
        for (std::size_t p = 0; p < count(); ++p) check_features(p);
        for (std::size_t p = 0; p < count(); ++p) CATALOG_TRY_VOID(check_needs(p));
        check_edges_used();
        CATALOG_TRY_VOID(check_conflicts());
        check_founded();
        check_order();
        if (request_.refuse_cycles) check_no_cycle();
        return std::move(problems_);
    }

private:
    [[nodiscard]] std::size_t count() const { return solution_.packages.size(); }

    [[nodiscard]] std::string label(std::size_t p) const {
        return solution_.packages[p].name + "@" +
               solution_.packages[p].candidate.version.to_string();
    }

    void problem(std::string text) { problems_.push_back(std::move(text)); }

    /// Numbers in range and lists in order; without this nothing else can be looked at.
    bool check_shape() {
        for (const std::size_t root : solution_.roots) {
            if (root >= count()) problem("a root's index is out of range");
        }
        if (solution_.roots.size() != request_.roots.size()) {
            problem("the number of roots is not the request's");
        }
        for (const Edge& edge : solution_.edges) {
            if (edge.from >= count() || edge.to >= count()) problem("an edge is out of range");
        }
        for (std::size_t p = 1; p < count(); ++p) {
            const Resolved& a = solution_.packages[p - 1];
            const Resolved& b = solution_.packages[p];
            if (std::tie(a.name, a.candidate.version, a.candidate.source_id) >=
                std::tie(b.name, b.candidate.version, b.candidate.source_id)) {
                problem("packages are not in order at " + label(p));
            }
        }
        for (std::size_t e = 1; e < solution_.edges.size(); ++e) {
            const Edge& a = solution_.edges[e - 1];
            const Edge& b = solution_.edges[e];
            if (std::tie(a.from, a.to, a.kind, a.as) >= std::tie(b.from, b.to, b.kind, b.as)) {
                problem("edges are not in order");
            }
        }
        return problems_.empty();
    }

    [[nodiscard]] Result<void> check_listed() {
        for (std::size_t p = 0; p < count(); ++p) {
            const Resolved& package = solution_.packages[p];
            CATALOG_TRY(const auto* listed, world_.versions(package.name));
            if (std::find(listed->begin(), listed->end(), package.candidate) == listed->end()) {
                problem(label(p) + " is not listed");
            }
        }
        return {};
    }

    [[nodiscard]] Result<void> check_packages() {
        for (std::size_t p = 0; p < count(); ++p) {
            const Resolved& package = solution_.packages[p];
            CATALOG_TRY(const bool usable, world_.is_usable(package.name, package.candidate));
            if (!usable) {
                problem(label(p) + " is yanked without a lock, or against a constraint");
            }
            CATALOG_TRY(PackageRecord record, world_.record(package));
            records_.push_back(std::move(record));
        }
        return {};
    }

    void check_policy() {
        for (std::size_t p = 1; p < count(); ++p) {
            for (std::size_t q = p; q-- > 0;) {
                const Resolved& a = solution_.packages[q];
                const Resolved& b = solution_.packages[p];
                if (a.name != b.name) break;
                if (request_.policy == VersionPolicy::kSingle ||
                    is_compatible(a.candidate.version, b.candidate.version)) {
                    problem(label(q) + " and " + label(p) + " stand side by side");
                }
            }
        }
    }

    [[nodiscard]] Result<void> check_roots() {
        for (std::size_t i = 0; i < request_.roots.size(); ++i) {
            const Root& root = request_.roots[i];
            const std::size_t p = solution_.roots[i];
            CATALOG_TRY(const bool met,
                        world_.satisfies(solution_.packages[p], records_[p], root.target));
            if (!met) problem(label(p) + " does not serve root " + root.target.name);
            if (!has_all(p, asked_by_root(root))) {
                problem(label(p) + " lacks a feature that root " + root.target.name + " asks for");
            }
        }
        return {};
    }

    [[nodiscard]] static Features asked_by_root(const Root& root) {
        Features asked(root.features.begin(), root.features.end());
        if (root.default_features) asked.insert("default");
        return asked;
    }

    [[nodiscard]] Features reported(std::size_t p) const {
        const auto& features = solution_.packages[p].features;
        return {features.begin(), features.end()};
    }

    /// A version without `default` has it by saying nothing.
    [[nodiscard]] bool has_all(std::size_t p, const Features& asked) const {
        const Features on = reported(p);
        return std::all_of(asked.begin(), asked.end(), [&](const std::string& feature) {
            return on.count(feature) > 0 ||
                   (feature == "default" && records_[p].features.count(feature) == 0);
        });
    }

    void check_features(std::size_t p) {
        const PackageRecord& record = records_[p];
        const Features on = reported(p);
        const std::vector<std::string> sorted(on.begin(), on.end());
        if (sorted != solution_.packages[p].features) problem(label(p) + " has unsorted features");
        for (const std::string& feature : on) {
            const auto at = record.features.find(feature);
            if (at == record.features.end()) {
                problem(label(p) + " does not have the feature " + feature);
                continue;
            }
            for (const std::string& text : at->second) {
                const Item item = take_apart(record, text);
                if (!item.dependency.empty()) {
                    const auto names = [&](const Requirement& r) {
                        return r.target.name == item.dependency;
                    };
                    if (std::none_of(record.dependencies.begin(), record.dependencies.end(),
                                     names)) {
                        problem(label(p) + " has a broken feature " + feature + " on");
                    }
                } else if (on.count(item.feature) == 0 &&
                           !(item.feature == "default" && record.features.count("default") == 0)) {
                    problem(label(p) + " has " + feature + " on but not " + item.feature);
                }
            }
        }
    }

    [[nodiscard]] bool is_root(std::size_t p) const {
        return std::find(solution_.roots.begin(), solution_.roots.end(), p) !=
               solution_.roots.end();
    }

    /// Tells whether a dependency counts when these features of its owner are on.
    [[nodiscard]] bool is_active(std::size_t p, const Requirement& requirement,
                                 const Features& on) const {
        if (!requirement.platform.matches(request_.platform)) return false;
        const std::string& name = requirement.target.name;
        switch (requirement.kind) {
            case DependencyKind::kRequired:
            case DependencyKind::kPeer:
                return true;
            case DependencyKind::kDevelopment:
                return request_.development && is_root(p);
            case DependencyKind::kBuild:
                return request_.build && is_root(p);
            case DependencyKind::kOptional:
                break;
        }
        if (std::count(request_.optional.begin(), request_.optional.end(), name) > 0) return true;
        for (const std::string& feature : on) {
            const auto at = records_[p].features.find(feature);
            if (at == records_[p].features.end()) continue;
            for (const std::string& text : at->second) {
                const Item item = take_apart(records_[p], text);
                if (item.dependency == name && !item.weak) return true;
            }
        }
        return false;
    }

    /// Features that a dependency asks of who serves it when these of its owner are on.
    [[nodiscard]] Features asked(std::size_t p, const Requirement& requirement,
                                 const Features& on) const {
        Features asked(requirement.features.begin(), requirement.features.end());
        if (requirement.default_features) asked.insert("default");
        for (const std::string& feature : on) {
            const auto at = records_[p].features.find(feature);
            if (at == records_[p].features.end()) continue;
            for (const std::string& text : at->second) {
                const Item item = take_apart(records_[p], text);
                if (item.dependency == requirement.target.name && !item.feature.empty()) {
                    asked.insert(item.feature);
                }
            }
        }
        return asked;
    }

    [[nodiscard]] Result<bool> serves(const Edge& edge, const Need& need) {
        if (edge.kind != need.requirement->kind) return false;
        if (edge.kind == DependencyKind::kPeer && edge.from == edge.to) return false;
        for (const Target* target : need.alternatives) {
            if (target->name != edge.as) continue;
            CATALOG_TRY(const bool met,
                        world_.satisfies(solution_.packages[edge.to], records_[edge.to], *target));
            if (met) return true;
        }
        return false;
    }

    [[nodiscard]] Result<void> check_needs(std::size_t p) {
        const Features on = reported(p);
        needs_.emplace_back();
        for (const Requirement& requirement : records_[p].dependencies) {
            if (!is_active(p, requirement, on)) continue;
            Need need;
            need.requirement = &requirement;
            need.alternatives.push_back(&requirement.target);
            for (const Target& target : requirement.any_of) need.alternatives.push_back(&target);
            bool met = false;
            if (requirement.kind == DependencyKind::kPeer) {
                CATALOG_TRY_VOID(check_peer_bound(p, requirement));
                for (const Target* target : need.alternatives) {
                    met = met || world_.host_supplies(*target);
                }
            }
            const auto range =
                std::equal_range(solution_.edges.begin(), solution_.edges.end(), Edge{p, 0, {}, {}},
                                 [](const Edge& a, const Edge& b) { return a.from < b.from; });
            for (auto edge = range.first; edge != range.second; ++edge) {
                CATALOG_TRY(const bool served, serves(*edge, need));
                if (!served) continue;
                need.edges.push_back(static_cast<std::size_t>(edge - solution_.edges.begin()));
                met = met || has_all(edge->to, asked(p, requirement, on));
            }
            if (!met) problem(label(p) + " is not given " + requirement.target.name);
            needs_.back().push_back(std::move(need));
        }
        return {};
    }

    [[nodiscard]] Result<void> check_peer_bound(std::size_t p, const Requirement& requirement) {
        if (request_.policy != VersionPolicy::kSingle || !requirement.any_of.empty()) return {};
        for (std::size_t q = 0; q < count(); ++q) {
            if (solution_.packages[q].name != requirement.target.name) continue;
            CATALOG_TRY(const bool met,
                        world_.satisfies(solution_.packages[q], records_[q], requirement.target));
            if (!met) problem(label(p) + " does not accept " + label(q) + " as its peer");
        }
        return {};
    }

    void check_edges_used() {
        std::vector<bool> used(solution_.edges.size(), false);
        for (const auto& needs : needs_) {
            for (const Need& need : needs) {
                for (const std::size_t e : need.edges) used[e] = true;
            }
        }
        for (const Edge& edge : solution_.edges) {
            has_peers_ = has_peers_ || edge.kind == DependencyKind::kPeer;
        }
        for (std::size_t e = 0; e < used.size(); ++e) {
            if (!used[e])
                problem("no dependency asks for an edge of " + label(solution_.edges[e].from));
        }
        if (has_peers_) return;
        // Only for the sake of a peer may one dependency be served twice.
        std::vector<std::size_t> edges(count(), 0);
        for (const Edge& edge : solution_.edges) ++edges[edge.from];
        for (std::size_t p = 0; p < count(); ++p) {
            if (edges[p] > needs_[p].size())
                problem(label(p) + " has more edges than dependencies");
        }
    }

    [[nodiscard]] Result<void> check_conflicts() {
        for (std::size_t p = 0; p < count(); ++p) {
            for (const Target& conflict : records_[p].conflicts) {
                for (std::size_t q = 0; q < count(); ++q) {
                    if (p == q) continue;
                    CATALOG_TRY(const bool hit,
                                world_.is_excluded(solution_.packages[q], records_[q], conflict));
                    if (hit) problem(label(p) + " conflicts with " + label(q));
                }
            }
        }
        return {};
    }

    void switch_on(std::size_t p, const Features& features) {
        std::vector<std::string> queue(features.begin(), features.end());
        while (!queue.empty()) {
            const std::string feature = queue.back();
            queue.pop_back();
            const auto at = records_[p].features.find(feature);
            if (at == records_[p].features.end()) continue;
            if (!founded_features_[p].insert(feature).second) continue;
            to_follow_.push_back(p);
            for (const std::string& text : at->second) {
                const Item item = take_apart(records_[p], text);
                if (item.dependency.empty()) queue.push_back(item.feature);
            }
        }
    }

    void found(std::size_t p) {
        if (founded_[p]) return;
        founded_[p] = true;
        to_follow_.push_back(p);
        if (!has_peers_) return;
        // Who supplies a peer may be asked for features before it is known to be there.
        for (const Edge& edge : solution_.edges) {
            if (edge.to == p && edge.kind == DependencyKind::kPeer && founded_[edge.from]) {
                to_follow_.push_back(edge.from);
            }
        }
    }

    void follow(std::size_t p) {
        const Features on = founded_features_[p];
        for (const Need& need : needs_[p]) {
            if (!is_active(p, *need.requirement, on)) continue;
            for (const std::size_t e : need.edges) {
                const std::size_t to = solution_.edges[e].to;
                if (need.requirement->kind != DependencyKind::kPeer ||
                    world_.is_locked(solution_.packages[to].name,
                                     solution_.packages[to].candidate)) {
                    found(to);
                }
                if (founded_[to]) switch_on(to, asked(p, *need.requirement, on));
            }
        }
    }

    /// Everything in the answer must be there because of a root.
    void check_founded() {
        founded_.assign(count(), false);
        founded_features_.assign(count(), {});
        for (std::size_t i = 0; i < request_.roots.size(); ++i) {
            found(solution_.roots[i]);
            switch_on(solution_.roots[i], asked_by_root(request_.roots[i]));
        }
        while (!to_follow_.empty()) {
            const std::size_t p = to_follow_.back();
            to_follow_.pop_back();
            follow(p);
        }
        for (std::size_t p = 0; p < count(); ++p) {
            if (!founded_[p]) problem("nothing brings in " + label(p));
            for (const std::string& feature : reported(p)) {
                if (founded_features_[p].count(feature) == 0) {
                    problem("nothing switches on " + feature + " of " + label(p));
                }
            }
        }
    }

    /// Nodes reachable from `start` along edges within `allowed` components.
    [[nodiscard]] std::set<std::size_t> reachable(std::size_t start,
                                                  const std::vector<std::size_t>& component) const {
        std::set<std::size_t> seen{start};
        std::vector<std::size_t> queue{start};
        while (!queue.empty()) {
            const std::size_t node = queue.back();
            queue.pop_back();
            for (const std::size_t next : next_[node]) {
                if (component[next] == component[start] && seen.insert(next).second) {
                    queue.push_back(next);
                }
            }
        }
        return seen;
    }

    void check_order() {
        constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
        std::vector<std::size_t> component(count(), kNowhere);
        for (std::size_t c = 0; c < solution_.order.size(); ++c) {
            const auto& members = solution_.order[c];
            if (!std::is_sorted(members.begin(), members.end())) problem("a component is unsorted");
            for (const std::size_t p : members) {
                if (p >= count() || component[p] != kNowhere) {
                    problem("the order names something twice or out of range");
                    return;
                }
                component[p] = c;
            }
        }
        if (std::count(component.begin(), component.end(), kNowhere) > 0) {
            problem("the order leaves out a package");
            return;
        }
        next_.assign(count(), {});
        for (const Edge& edge : solution_.edges) {
            next_[edge.from].push_back(edge.to);
            if (component[edge.to] > component[edge.from]) {
                problem(label(edge.from) + " stands before " + label(edge.to));
            }
        }
        for (const auto& members : solution_.order) {
            if (members.empty()) {
                problem("the order has an empty component");
                continue;
            }
            // Each member reaches the first and is reached by it: walk from every member.
            for (const std::size_t p : members) {
                if (members.size() > 1 && reachable(p, component).size() != members.size()) {
                    problem(label(p) + " is in a component that it does not belong to");
                }
                if (members.size() > kComponentChecked) break;
            }
        }
        check_ties(component);
    }

    /// Of the components that could come next the one with the smallest member does.
    void check_ties(const std::vector<std::size_t>& component) {
        std::vector<std::set<std::size_t>> before(solution_.order.size());
        for (const Edge& edge : solution_.edges) {
            if (component[edge.from] != component[edge.to]) {
                before[component[edge.from]].insert(component[edge.to]);
            }
        }
        // Component c could have come right after the last one that it depends on.
        std::vector<std::size_t> largest_since;
        for (std::size_t c = 0; c < solution_.order.size(); ++c) {
            const std::size_t earliest = before[c].empty() ? 0 : *before[c].rbegin() + 1;
            for (std::size_t d = earliest; d < c; ++d) {
                if (solution_.order[d].front() < solution_.order[c].front()) continue;
                problem(label(solution_.order[c].front()) + " should stand before " +
                        label(solution_.order[d].front()));
                break;
            }
        }
    }

    void check_no_cycle() {
        for (const auto& members : solution_.order) {
            if (members.size() > 1) problem("there is a dependency cycle");
        }
        for (const Edge& edge : solution_.edges) {
            if (edge.from == edge.to) problem(label(edge.from) + " depends on itself");
        }
    }

    static constexpr std::size_t kComponentChecked = 500;

    const Request& request_;
    const Solution& solution_;
    CheckWorld world_;
    std::vector<std::string> problems_;
    std::vector<PackageRecord> records_;
    std::vector<std::vector<Need>> needs_;
    std::vector<bool> founded_;
    std::vector<std::size_t> to_follow_;
    bool has_peers_ = false;
    std::vector<Features> founded_features_;
    std::vector<std::vector<std::size_t>> next_;
};

}  // namespace

}  // namespace checking

Result<std::vector<std::string>> check_solution(const Request& request,
                                                DependencyProvider& provider,
                                                const Solution& solution) {
    return checking::Checker(request, provider, solution).run();
}

}  // namespace catalog::resolve
