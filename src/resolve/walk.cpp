#include "walk.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <utility>

namespace catalog::resolve::engine {

namespace {

std::uint64_t dependency_key(std::uint32_t member, std::uint32_t dependency) {
    return (static_cast<std::uint64_t>(member) << 32) | dependency;
}

bool contains(const std::vector<FeatureId>& sorted, FeatureId id) {
    return std::binary_search(sorted.begin(), sorted.end(), id);
}

}  // namespace

void Walk::queue(std::uint32_t member) {
    if (queued_[member] != 0) return;
    queued_[member] = 1;
    queue_.push_back(member);
}

Result<std::uint32_t> Walk::reach(PackageId32 package) {
    const auto [at, fresh] =
        index_.emplace(package, static_cast<std::uint32_t>(reached_.members.size()));
    const std::uint32_t member = at->second;
    if (fresh) {
        CATALOG_TRY_VOID(universe_.load_record(package));
        reached_.members.push_back({package, {}});
        queued_.push_back(0);
        queue(member);
    }
    return member;
}

bool Walk::ask(std::uint32_t member, std::span<const FeatureId> features) {
    const Record& record = *universe_.package(reached_.members[member].package).record;
    std::vector<FeatureId>& on = reached_.members[member].features;
    std::vector<FeatureId> wanted(features.begin(), features.end());
    bool possible = true;
    while (!wanted.empty()) {
        const FeatureId id = wanted.back();
        wanted.pop_back();
        const FeatureEffect effect = record.effect_of(id);
        possible = possible && effect != FeatureEffect::kRefused;
        if (effect != FeatureEffect::kOn || contains(on, id)) continue;
        on.insert(std::upper_bound(on.begin(), on.end(), id), id);
        const Feature& feature = *record.find(id);
        wanted.insert(wanted.end(), feature.features.begin(), feature.features.end());
        queue(member);
    }
    return possible;
}

std::vector<FeatureId> Walk::asked(std::uint32_t member, RequirementId demand) const {
    std::vector<FeatureId> features;
    for (const FeatureRequest& request : requirements_.requests(demand)) {
        if (request.condition == kNone ||
            contains(reached_.members[member].features, request.condition)) {
            features.push_back(request.feature);
        }
    }
    return features;
}

bool Walk::is_on(std::uint32_t member, const Dependency& dependency, std::uint32_t index) const {
    if (!dependency.switched) return true;
    const Member& owner = reached_.members[member];
    const Record& record = *universe_.package(owner.package).record;
    return std::any_of(owner.features.begin(), owner.features.end(), [&](FeatureId id) {
        const auto& switches = record.find(id)->switches;
        return std::find(switches.begin(), switches.end(), index) != switches.end();
    });
}

Result<void> Walk::connect(const Link& wanted, std::span<const PackageId32> chosen,
                           std::span<const FeatureId> features) {
    std::vector<std::uint32_t>& targets = served_[dependency_key(wanted.from, wanted.dependency)];
    for (const PackageId32 package : chosen) {
        CATALOG_TRY(const std::uint32_t to, reach(package));
        targets.push_back(to);
        reached_.links.push_back({wanted.from, wanted.dependency, to, wanted.demand});
    }
    for (const std::uint32_t to : targets) {
        if (!ask(to, features)) reached_.unmet.push_back(wanted);
    }
    return {};
}

Result<void> Walk::serve_root(std::uint32_t index, RequirementId demand) {
    const Link wanted{kNone, index, kNone, demand};
    const std::vector<FeatureId> features = asked(kNone, demand);
    std::vector<PackageId32> chosen;
    chooser_.choose(demand, features, chosen);
    if (chosen.empty()) {
        reached_.roots.push_back(kNone);
        reached_.unmet.push_back(wanted);
        return {};
    }
    chosen.resize(1);
    CATALOG_TRY_VOID(connect(wanted, chosen, features));
    reached_.roots.push_back(reached_.links.back().to);
    return {};
}

Result<void> Walk::serve_dependency(const Link& wanted) {
    const std::vector<FeatureId> features = asked(wanted.from, wanted.demand);
    std::vector<PackageId32> chosen;
    if (served_.find(dependency_key(wanted.from, wanted.dependency)) == served_.end()) {
        chooser_.choose(wanted.demand, features, chosen);
        if (chosen.empty()) reached_.unmet.push_back(wanted);
    }
    return connect(wanted, chosen, features);
}

Result<void> Walk::serve(std::uint32_t member) {
    const PackageId32 package = reached_.members[member].package;
    const Record& record = *universe_.package(package).record;
    for (std::uint32_t d = 0; d < record.dependencies.size(); ++d) {
        const Dependency& dependency = record.dependencies[d];
        if (dependency.source->kind == DependencyKind::kPeer) continue;
        if (!is_on(member, dependency, d)) continue;
        CATALOG_TRY(const RequirementId demand, requirements_.dependency(package, d));
        CATALOG_TRY_VOID(serve_dependency({member, d, kNone, demand}));
    }
    return {};
}

Result<void> Walk::drain() {
    for (; queue_head_ < queue_.size(); ++queue_head_) {
        const std::uint32_t member = queue_[queue_head_];
        queued_[member] = 0;
        CATALOG_TRY_VOID(serve(member));
    }
    return {};
}

Result<void> Walk::serve_peer(const Link& wanted) {
    const std::vector<FeatureId> features = asked(wanted.from, wanted.demand);
    std::vector<PackageId32> chosen;
    if (served_.find(dependency_key(wanted.from, wanted.dependency)) == served_.end()) {
        const auto is_in = [this](PackageId32 p) { return index_.find(p) != index_.end(); };
        const PackageId32 supplier = chooser_.choose_peer(wanted.demand, features, is_in);
        if (supplier == kNone) {
            unmet_peers_.push_back(wanted);
            return {};
        }
        chosen.push_back(supplier);
    }
    return connect(wanted, chosen, features);
}

/// One pass over the peers of all members; true when something new was reached or switched on.
Result<bool> Walk::serve_peers() {
    unmet_peers_.clear();
    for (std::uint32_t member = 0; member < reached_.members.size(); ++member) {
        const PackageId32 package = reached_.members[member].package;
        const Record& record = *universe_.package(package).record;
        for (std::uint32_t d = 0; d < record.dependencies.size(); ++d) {
            const Dependency& dependency = record.dependencies[d];
            if (dependency.source->kind != DependencyKind::kPeer || dependency.host_supplied) {
                continue;
            }
            CATALOG_TRY(const RequirementId demand, requirements_.dependency(package, d));
            CATALOG_TRY_VOID(serve_peer({member, d, kNone, demand}));
        }
    }
    return queue_head_ < queue_.size();
}

Result<Reached> Walk::run(std::span<const RequirementId> roots) {
    for (std::uint32_t i = 0; i < roots.size(); ++i) CATALOG_TRY_VOID(serve_root(i, roots[i]));
    // A peer is looked at when nothing else brings packages in any more.
    for (bool more = true; more;) {
        CATALOG_TRY_VOID(drain());
        CATALOG_TRY(more, serve_peers());
    }
    reached_.unmet.insert(reached_.unmet.end(), unmet_peers_.begin(), unmet_peers_.end());
    return std::move(reached_);
}

}  // namespace catalog::resolve::engine
