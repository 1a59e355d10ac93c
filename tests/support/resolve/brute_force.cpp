#include "support/resolve/brute_force.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace catalog::resolve::testing {

namespace {

using version::SemVer;
using version::VersionConstraint;

bool same(const SemVer& a, const SemVer& b) {
    return compare_precedence(a, b) == std::weak_ordering::equivalent;
}

/// Who needs something: a root, or a dependency of a package that is in.
struct Asker {
    std::size_t entry = kRoot;
    std::size_t index = 0;
    static constexpr std::size_t kRoot = static_cast<std::size_t>(-1);
    friend auto operator<=>(const Asker&, const Asker&) = default;
};

struct State {
    std::map<std::size_t, std::set<std::string>> in;  ///< Entry and its features.
    std::map<Asker, std::set<std::size_t>> served;
};

/// Moves the items for which `first` holds to the front.
template <class T, class First>
void keep_first(std::vector<T>& items, const First& first) {
    std::vector<T> sorted;
    for (const bool wanted : {true, false}) {
        for (const T& item : items) {
            if (first(item) == wanted) sorted.push_back(item);
        }
    }
    items = std::move(sorted);
}

class BruteForce {
public:
    BruteForce(const std::vector<RepoEntry>& entries, const Request& request,
               std::uint64_t steps_max)
        : entries_(entries), request_(request), steps_left_(steps_max) {}

    BruteForceAnswer run() {
        BruteForceAnswer answer;
        answer.satisfiable = search(State());
        answer.gave_up = steps_left_ == 0;
        answer.roots = roots_;
        return answer;
    }

private:
    // ---- what satisfies what

    bool is_locked(std::size_t e) const {
        return std::any_of(request_.locked.begin(), request_.locked.end(), [&](const Locked& l) {
            return l.name == entries_[e].name && l.source_id == entries_[e].candidate.source_id &&
                   same(l.version, entries_[e].candidate.version);
        });
    }

    bool admits(const VersionConstraint& c, const SemVer& v, bool locked) const {
        const auto* range = c.get_if<version::Range>();
        if (range == nullptr) return c.matches(v);
        if (request_.include_prereleases) {
            return range->req.matches(v, version::PrereleaseRule::kInclude);
        }
        return range->req.matches(v) ||
               (locked && range->req.matches(v, version::PrereleaseRule::kInclude));
    }

    std::optional<SemVer> newest(const std::string& name) const {
        std::optional<SemVer> best;
        for (const RepoEntry& entry : entries_) {
            if (entry.name != name || entry.candidate.yanked) continue;
            if (!entry.candidate.source_id.empty() || entry.candidate.version.is_prerelease()) {
                continue;
            }
            if (!best || *best < entry.candidate.version) best = entry.candidate.version;
        }
        return best;
    }

    std::optional<SemVer> newest_provided(const std::string& name) const {
        std::optional<SemVer> best;
        for (std::size_t e = 0; e < entries_.size(); ++e) {
            if (entries_[e].name == name || entries_[e].candidate.yanked || !usable(e)) continue;
            for (const Provided& p : entries_[e].record.provides) {
                if (p.name != name || p.version.is_prerelease()) continue;
                if (!best || *best < p.version) best = p.version;
            }
        }
        return best;
    }

    bool own(std::size_t e, const VersionConstraint& c) const {
        const Candidate& candidate = entries_[e].candidate;
        if (!c.source_id().empty()) return candidate.source_id == c.source_id();
        if (!candidate.source_id.empty()) return false;
        if (c.get_if<version::Latest>() != nullptr) {
            const auto best = newest(entries_[e].name);
            return best && *best == candidate.version;
        }
        return admits(c, candidate.version, is_locked(e));
    }

    bool usable(std::size_t e) const {
        if (entries_[e].candidate.yanked && !is_locked(e)) return false;
        return std::all_of(
            request_.constraints.begin(), request_.constraints.end(),
            [&](const Target& t) { return t.name != entries_[e].name || own(e, t.constraint); });
    }

    /// The best version under which an entry answers to a target, or none.
    std::optional<SemVer> meets(std::size_t e, const Target& t) const {
        if (!usable(e)) return std::nullopt;
        if (entries_[e].name == t.name) {
            if (own(e, t.constraint)) return entries_[e].candidate.version;
            return std::nullopt;
        }
        if (!t.constraint.source_id().empty()) return std::nullopt;
        std::optional<SemVer> best;
        for (const Provided& p : entries_[e].record.provides) {
            if (p.name != t.name) continue;
            bool met = admits(t.constraint, p.version, is_locked(e));
            if (t.constraint.get_if<version::Latest>() != nullptr) {
                const auto latest = newest(t.name) ? std::nullopt : newest_provided(t.name);
                met = latest && same(*latest, p.version);
            }
            const bool minimal = request_.preference == Preference::kMinimal;
            if (met && (!best || (minimal ? p.version < *best : *best < p.version))) {
                best = p.version;
            }
        }
        return best;
    }

    bool excludes(const Target& conflict, std::size_t e) const {
        const VersionConstraint& c = conflict.constraint;
        const auto within = [&](const SemVer& v) {
            if (const auto* exact = c.get_if<version::Exact>()) return same(exact->version, v);
            const auto* range = c.get_if<version::Range>();
            return range != nullptr && (range->req.matches(v) ||
                                        range->req.matches(v, version::PrereleaseRule::kInclude));
        };
        if (entries_[e].name == conflict.name) {
            if (!c.source_id().empty() || c.get_if<version::Latest>() != nullptr) return own(e, c);
            return within(entries_[e].candidate.version);
        }
        return std::any_of(
            entries_[e].record.provides.begin(), entries_[e].record.provides.end(),
            [&](const Provided& p) { return p.name == conflict.name && within(p.version); });
    }

    bool host_supplies(const Requirement& r) const {
        std::vector<Target> targets(1, r.target);
        targets.insert(targets.end(), r.any_of.begin(), r.any_of.end());
        for (const Target& t : targets) {
            for (const Provided& p : request_.host_provides) {
                if (p.name == t.name && admits(t.constraint, p.version, false)) return true;
            }
        }
        return false;
    }

    // ---- features

    bool names_dependency(std::size_t e, std::string_view name) const {
        const auto& all = entries_[e].record.dependencies;
        return std::any_of(all.begin(), all.end(),
                           [&](const Requirement& r) { return r.target.name == name; });
    }

    struct Item {
        std::string dependency;
        std::string feature;
        bool weak = false;
    };

    Item read_item(std::size_t e, const std::string& text) const {
        if (entries_[e].record.features.count(text) != 0) return {"", text, false};
        if (text.compare(0, 4, "dep:") == 0) return {text.substr(4), "", false};
        const auto slash = text.rfind('/');
        if (slash == std::string::npos) return {"", text, false};
        std::string name = text.substr(0, slash);
        const bool weak = !name.empty() && name.back() == '?';
        if (weak) name.pop_back();
        return {name, text.substr(slash + 1), weak};
    }

    /// Switches a feature on with all that it switches on; false when that cannot be.
    bool switch_on(std::size_t e, const std::string& feature, std::set<std::string>& on) const {
        const auto& features = entries_[e].record.features;
        const auto at = features.find(feature);
        if (at == features.end()) return feature == "default";
        if (!on.insert(feature).second) return true;
        for (const std::string& text : at->second) {
            const Item item = read_item(e, text);
            if (item.dependency.empty()) {
                if (!switch_on(e, item.feature, on)) return false;
            } else if (!names_dependency(e, item.dependency)) {
                return false;
            }
        }
        return true;
    }

    bool is_root_entry(const State& state, std::size_t e) const {
        for (std::size_t i = 0; i < request_.roots.size(); ++i) {
            const auto at = state.served.find({Asker::kRoot, i});
            if (at != state.served.end() && at->second.count(e) > 0) return true;
        }
        return false;
    }

    bool active(const State& state, std::size_t e, const Requirement& r) const {
        if (!r.platform.matches(request_.platform)) return false;
        if (r.kind == DependencyKind::kDevelopment) {
            return request_.development && is_root_entry(state, e);
        }
        if (r.kind == DependencyKind::kBuild) return request_.build && is_root_entry(state, e);
        if (r.kind != DependencyKind::kOptional) return true;
        const auto& wanted = request_.optional;
        if (std::find(wanted.begin(), wanted.end(), r.target.name) != wanted.end()) return true;
        for (const std::string& feature : state.in.at(e)) {
            for (const std::string& text : entries_[e].record.features.at(feature)) {
                const Item item = read_item(e, text);
                if (item.dependency == r.target.name && !item.weak) return true;
            }
        }
        return false;
    }

    std::set<std::string> asked(const State& state, const Asker& asker) const {
        std::set<std::string> features;
        if (asker.entry == Asker::kRoot) {
            const Root& root = request_.roots[asker.index];
            features.insert(root.features.begin(), root.features.end());
            if (root.default_features) features.insert("default");
            return features;
        }
        const Requirement& r = entries_[asker.entry].record.dependencies[asker.index];
        features.insert(r.features.begin(), r.features.end());
        if (r.default_features) features.insert("default");
        for (const std::string& feature : state.in.at(asker.entry)) {
            for (const std::string& text : entries_[asker.entry].record.features.at(feature)) {
                const Item item = read_item(asker.entry, text);
                if (item.dependency == r.target.name && !item.feature.empty()) {
                    features.insert(item.feature);
                }
            }
        }
        return features;
    }

    // ---- search

    bool compatible(const State& state, std::size_t e) const {
        for (const auto& [other, features] : state.in) {
            if (other == e) continue;
            const bool same_slot =
                entries_[other].name == entries_[e].name &&
                (request_.policy == VersionPolicy::kSingle ||
                 is_compatible(entries_[other].candidate.version, entries_[e].candidate.version));
            if (same_slot) return false;
            for (const Target& t : entries_[e].record.conflicts) {
                if (excludes(t, other)) return false;
            }
            for (const Target& t : entries_[other].record.conflicts) {
                if (excludes(t, e)) return false;
            }
            if (!accepts_as_peer(e, other) || !accepts_as_peer(other, e)) return false;
        }
        return accepts_as_peer(e, e);
    }

    bool accepts_as_peer(std::size_t owner, std::size_t e) const {
        if (request_.policy != VersionPolicy::kSingle) return true;
        const auto& all = entries_[owner].record.dependencies;
        return std::all_of(all.begin(), all.end(), [&](const Requirement& r) {
            return r.kind != DependencyKind::kPeer || !r.any_of.empty() ||
                   !r.platform.matches(request_.platform) || r.target.name != entries_[e].name ||
                   own(e, r.target.constraint);
        });
    }

    /// Spreads features along everything that is served; false when somebody lacks one.
    bool spread(State& state) const {
        for (bool again = true; again;) {
            again = false;
            for (const auto& [asker, targets] : state.served) {
                for (const std::string& feature : asked(state, asker)) {
                    for (const std::size_t e : targets) {
                        std::set<std::string>& on = state.in.at(e);
                        const std::size_t before = on.size();
                        if (!switch_on(e, feature, on)) return false;
                        again = again || on.size() != before;
                    }
                }
            }
        }
        return true;
    }

    bool serve(const State& state, const Asker& asker, std::size_t e) {
        if (!compatible(state, e)) return false;
        State next = state;
        next.in.emplace(e, std::set<std::string>());
        next.served[asker].insert(e);
        return spread(next) && search(next);
    }

    std::vector<const Target*> targets_of(const Asker& asker) const {
        if (asker.entry == Asker::kRoot) return {&request_.roots[asker.index].target};
        const Requirement& r = entries_[asker.entry].record.dependencies[asker.index];
        std::vector<const Target*> targets(1, &r.target);
        for (const Target& t : r.any_of) targets.push_back(&t);
        return targets;
    }

    std::vector<std::size_t> candidates(const Asker& asker) const {
        std::vector<std::size_t> found;
        for (std::size_t e = 0; e < entries_.size(); ++e) {
            for (const Target* t : targets_of(asker)) {
                if (!meets(e, *t)) continue;
                found.push_back(e);
                break;
            }
        }
        return found;
    }

    bool same_slot(std::size_t a, std::size_t b) const {
        return entries_[a].name == entries_[b].name &&
               (request_.policy == VersionPolicy::kSingle ||
                is_compatible(entries_[a].candidate.version, entries_[b].candidate.version));
    }

    /// Candidates of a root as documented: lines and providers in order, each from its most wanted
    /// version downwards.
    std::vector<std::size_t> root_candidates(const State& state, std::size_t index) const {
        const Target& t = request_.roots[index].target;
        const bool minimal = request_.preference == Preference::kMinimal;
        std::vector<std::size_t> all = candidates({Asker::kRoot, index});
        std::sort(all.begin(), all.end(), [&](std::size_t a, std::size_t b) {
            const bool own_a = entries_[a].name == t.name;
            const bool own_b = entries_[b].name == t.name;
            if (own_a != own_b) return own_a;
            const auto order = compare_precedence(*meets(a, t), *meets(b, t));
            if (order != 0) return minimal ? order < 0 : order > 0;
            if (entries_[a].name != entries_[b].name) return entries_[a].name < entries_[b].name;
            const Candidate& ca = entries_[a].candidate;
            const Candidate& cb = entries_[b].candidate;
            if (ca.version != cb.version) {
                return minimal ? ca.version < cb.version : ca.version > cb.version;
            }
            return minimal ? ca.source_id > cb.source_id : ca.source_id < cb.source_id;
        });
        std::vector<std::vector<std::size_t>> groups;
        for (const std::size_t e : all) {
            const auto at = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
                return same_slot(group.front(), e);
            });
            if (at == groups.end()) {
                groups.push_back({e});
            } else {
                at->push_back(e);
            }
        }
        const auto served_before = [&](std::size_t e) {
            for (std::size_t i = 0; i < index; ++i) {
                if (same_slot(*state.served.at({Asker::kRoot, i}).begin(), e)) return true;
            }
            return false;
        };
        for (auto& group : groups) {
            keep_first(group, [&](std::size_t e) { return is_locked(e); });
        }
        const auto rank = [&](const std::vector<std::size_t>& group) {
            if (is_locked(group.front())) return 0;
            if (entries_[group.front()].name == t.name) return 1;
            return served_before(group.front()) ? 2 : 3;
        };
        for (int wanted = 3; wanted >= 0; --wanted) {
            keep_first(groups, [&](const auto& group) { return rank(group) == wanted; });
        }
        std::vector<std::size_t> sorted;
        for (const auto& group : groups) sorted.insert(sorted.end(), group.begin(), group.end());
        return sorted;
    }

    bool search(const State& state) {
        if (steps_left_ == 0) return false;
        --steps_left_;
        for (std::size_t i = 0; i < request_.roots.size(); ++i) {
            if (state.served.count({Asker::kRoot, i}) > 0) continue;
            for (const std::size_t e : root_candidates(state, i)) {
                if (serve(state, {Asker::kRoot, i}, e)) return true;
            }
            return false;
        }
        for (const auto& [e, features] : state.in) {
            const auto& all = entries_[e].record.dependencies;
            for (std::size_t d = 0; d < all.size(); ++d) {
                if (all[d].kind == DependencyKind::kPeer || !active(state, e, all[d])) continue;
                if (state.served.count({e, d}) > 0) continue;
                for (const std::size_t candidate : candidates({e, d})) {
                    if (serve(state, {e, d}, candidate)) return true;
                }
                return false;
            }
        }
        return search_peers(state);
    }

    bool search_peers(const State& state) {
        for (const auto& [e, features] : state.in) {
            const auto& all = entries_[e].record.dependencies;
            for (std::size_t d = 0; d < all.size(); ++d) {
                if (all[d].kind != DependencyKind::kPeer || !active(state, e, all[d])) continue;
                if (state.served.count({e, d}) > 0 || host_supplies(all[d])) continue;
                for (const std::size_t candidate : candidates({e, d})) {
                    if (candidate == e) continue;
                    if (state.in.count(candidate) == 0 && !is_locked(candidate)) continue;
                    if (serve(state, {e, d}, candidate)) return true;
                }
                return search_extras(state);
            }
        }
        finish(state);
        return true;
    }

    /// A dependency may be served once more if that brings in what a peer needs.
    bool search_extras(const State& state) {
        for (const auto& [asker, targets] : state.served) {
            if (asker.entry == Asker::kRoot) continue;
            const Requirement& r = entries_[asker.entry].record.dependencies[asker.index];
            if (r.kind == DependencyKind::kPeer) continue;
            for (const std::size_t candidate : candidates(asker)) {
                if (targets.count(candidate) > 0) continue;
                if (serve(state, asker, candidate)) return true;
            }
        }
        return false;
    }

    void finish(const State& state) {
        for (std::size_t i = 0; i < request_.roots.size(); ++i) {
            roots_.push_back(*state.served.at({Asker::kRoot, i}).begin());
        }
    }

    const std::vector<RepoEntry>& entries_;
    const Request& request_;
    std::uint64_t steps_left_;
    std::vector<std::size_t> roots_;
};

}  // namespace

BruteForceAnswer solve_by_brute_force(const std::vector<RepoEntry>& entries, const Request& request,
                                      std::uint64_t steps_max) {
    return BruteForce(entries, request, steps_max).run();
}

}  // namespace catalog::resolve::testing
