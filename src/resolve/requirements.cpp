#include "requirements.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <utility>

#include "stable.hpp"

namespace catalog::resolve::engine {

namespace {

void append_number(std::string& key, std::uint32_t number) {
    for (int shift = 0; shift < 32; shift += 8) {
        key.push_back(static_cast<char>((number >> shift) & 0xff));
    }
}

void append_constraint(std::string& key, const version::VersionConstraint& constraint) {
    key.push_back(static_cast<char>('0' + constraint.kind().index()));
    key.push_back(static_cast<char>('0' + static_cast<int>(constraint.dialect())));
    const auto* range = constraint.get_if<version::Range>();
    key += range != nullptr ? range->req.text() : constraint.to_string();
    key.push_back('\0');
}

void sort_requests(std::vector<FeatureRequest>& requests) {
    const auto key = [](const FeatureRequest& r) { return std::pair(r.feature, r.condition); };
    std::sort(requests.begin(), requests.end(),
              [&](const auto& a, const auto& b) { return key(a) < key(b); });
    requests.erase(std::unique(requests.begin(), requests.end(),
                               [&](const auto& a, const auto& b) { return key(a) == key(b); }),
                   requests.end());
}

}  // namespace

std::span<const PackageId32> Requirements::candidates(RequirementId id) const noexcept {
    return {candidates_.data() + demands_[id].first, demands_[id].count};
}

std::span<const RequirementId> Requirements::parts(RequirementId id) const noexcept {
    return {parts_.data() + demands_[id].first, demands_[id].count};
}

std::span<const FeatureRequest> Requirements::requests(RequirementId id) const noexcept {
    return {requests_.data() + demands_[id].requests_first, demands_[id].requests_count};
}

std::span<const DemandTarget> Requirements::targets(RequirementId id) const noexcept {
    return {targets_.data() + demands_[id].targets_first, demands_[id].targets_count};
}

bool Requirements::has_candidate(RequirementId id, PackageId32 package) const noexcept {
    if (universe_.package(package).slot != demands_[id].slot) return false;
    const auto all = candidates(id);
    return std::find(all.begin(), all.end(), package) != all.end();
}

std::vector<PackageId32> Requirements::virtual_matches(NameId id, const Target& target) {
    const Name& name = universe_.name(id);
    const version::SemVer* latest = universe_.latest_provided(id);
    std::vector<const VirtualCandidate*> found;
    for (const VirtualCandidate& candidate : name.providers) {
        if (universe_.provided_satisfies(candidate, target.constraint, latest)) {
            found.push_back(&candidate);
        }
    }
    const bool minimal = universe_.request().preference == Preference::kMinimal;
    sort_stably(found, [&](const auto* a, const auto* b) {
        if (const auto order = compare_precedence(a->provided, b->provided); order != 0) {
            return minimal ? order < 0 : order > 0;
        }
        const Package& pa = universe_.package(a->package);
        const Package& pb = universe_.package(b->package);
        if (pa.name != pb.name) {
            return universe_.name(pa.name).text < universe_.name(pb.name).text;
        }
        return minimal ? a->package > b->package : a->package < b->package;
    });
    std::vector<PackageId32> packages;
    packages.reserve(found.size());
    for (const VirtualCandidate* candidate : found) packages.push_back(candidate->package);
    return packages;
}

Result<std::vector<PackageId32>> Requirements::find_matches(NameId id, const Target& target) {
    CATALOG_TRY_VOID(universe_.load_versions(id));
    CATALOG_TRY_VOID(universe_.load_providers(id));
    const Name& name = universe_.name(id);
    std::vector<PackageId32> found;
    for (PackageId32 p = name.first; p < name.first + name.selectable; ++p) {
        if (universe_.satisfies(p, target.constraint)) found.push_back(p);
    }
    if (universe_.request().preference == Preference::kMinimal) {
        std::reverse(found.begin(), found.end());
    }
    for (const PackageId32 p : virtual_matches(id, target)) found.push_back(p);
    return found;
}

Result<std::span<const PackageId32>> Requirements::matches(const Target& target) {
    const NameId name = universe_.intern(target.name);
    std::string key;
    append_number(key, name);
    append_constraint(key, target.constraint);
    auto at = matches_.find(key);
    if (at == matches_.end()) {
        CATALOG_TRY(const auto found, find_matches(name, target));
        const Matches stretch{static_cast<std::uint32_t>(matched_.size()),
                              static_cast<std::uint32_t>(found.size())};
        matched_.insert(matched_.end(), found.begin(), found.end());
        at = matches_.emplace(keep(key), stretch).first;
    }
    return std::span<const PackageId32>(matched_).subspan(at->second.first, at->second.count);
}

std::string_view Requirements::keep(std::string_view key) {
    auto* const text = static_cast<char*>(memory_.allocate(key.size(), alignof(char)));
    return {text, key.copy(text, key.size())};
}

Result<std::vector<Requirements::Group>> Requirements::group(const Draft& draft) {
    std::vector<Group> groups;
    std::unordered_map<SlotId, std::size_t> by_slot;
    for (const Target* target : draft.targets) {
        CATALOG_TRY(const auto found, matches(*target));
        for (const PackageId32 package : found) {
            if (package == draft.except) continue;
            const SlotId slot = universe_.package(package).slot;
            const auto [at, fresh] = by_slot.emplace(slot, groups.size());
            if (fresh) groups.push_back({slot, false, {}});
            Group& group = groups[at->second];
            // Only several targets, or several provided versions, can meet a candidate twice.
            const bool again = !fresh &&
                               (draft.targets.size() > 1 || universe_.package(package).name !=
                                                                universe_.intern(target->name)) &&
                               std::find(group.candidates.begin(), group.candidates.end(),
                                         package) != group.candidates.end();
            if (!again) group.candidates.push_back(package);
        }
    }
    const auto locked = [this](PackageId32 p) { return universe_.package(p).locked; };
    for (Group& group : groups) {
        partition_stably(group.candidates, locked);
        group.locked = locked(group.candidates.front());
    }
    partition_stably(groups, [](const Group& g) { return g.locked; });
    return groups;
}

std::string Requirements::key_of(const Draft& draft) {
    std::string key(1, draft.peer ? 'p' : 'r');
    for (const Target* target : draft.targets) {
        append_number(key, universe_.intern(target->name));
        append_constraint(key, target->constraint);
    }
    key.push_back('\1');
    for (const FeatureRequest& request : draft.requests) append_number(key, request.feature);
    return key;
}

RequirementId Requirements::push(const Demand& demand, const Group& group) {
    demands_.push_back(demand);
    Demand& added = demands_.back();
    added.slot = group.slot;
    added.first = static_cast<std::uint32_t>(candidates_.size());
    added.count = static_cast<std::uint32_t>(group.candidates.size());
    candidates_.insert(candidates_.end(), group.candidates.begin(), group.candidates.end());
    return static_cast<RequirementId>(demands_.size() - 1);
}

Result<RequirementId> Requirements::add(const Draft& draft) {
    // Roots choose one by one, even when they are written alike.
    const bool shared = draft.owner == kNone && !draft.root;
    std::string key;
    if (shared) {
        key = key_of(draft);
        if (const auto at = index_.find(key); at != index_.end()) return at->second;
    }
    CATALOG_TRY(const auto groups, group(draft));

    Demand demand;
    demand.peer = draft.peer;
    demand.root = draft.root;
    demand.owner = draft.owner;
    demand.requests_first = static_cast<std::uint32_t>(requests_.size());
    demand.requests_count = static_cast<std::uint32_t>(draft.requests.size());
    requests_.insert(requests_.end(), draft.requests.begin(), draft.requests.end());
    demand.targets_first = static_cast<std::uint32_t>(targets_.size());
    demand.targets_count = static_cast<std::uint32_t>(draft.targets.size());
    for (const Target* target : draft.targets) {
        targets_.push_back({universe_.intern(target->name), &target->constraint});
    }

    RequirementId id = kNone;
    if (groups.size() <= 1) {
        id = push(demand, groups.empty() ? Group() : groups.front());
    } else {
        id = static_cast<RequirementId>(demands_.size());
        demand.choice = true;
        demand.first = static_cast<std::uint32_t>(parts_.size());
        demand.count = static_cast<std::uint32_t>(groups.size());
        demands_.push_back(demand);
        demand.choice = false;
        demand.parent = id;
        for (const Group& part : groups) parts_.push_back(push(demand, part));
    }
    if (shared) index_.emplace(keep(key), id);
    return id;
}

Result<RequirementId> Requirements::root(const Root& root) {
    Draft draft;
    draft.root = true;
    draft.targets.push_back(&root.target);
    for (const std::string& feature : root.features) {
        draft.requests.push_back({universe_.intern_feature(feature), kNone});
    }
    if (root.default_features) draft.requests.push_back({kDefaultFeature, kNone});
    if (universe_.request().development) draft.requests.push_back({kDevelopmentFeature, kNone});
    if (universe_.request().build) draft.requests.push_back({kBuildFeature, kNone});
    sort_requests(draft.requests);
    return add(draft);
}

Result<RequirementId> Requirements::dependency(PackageId32 owner, std::uint32_t index) {
    // The record is owned through a pointer, so that loading other packages does not move it.
    Record& record = *universe_.package(owner).record;
    Dependency& dependency = record.dependencies[index];
    if (dependency.requirement != kNone) return dependency.requirement;

    const Requirement& source = *dependency.source;
    Draft draft;
    draft.peer = source.kind == DependencyKind::kPeer;
    draft.targets.push_back(&source.target);
    for (const Target& target : source.any_of) draft.targets.push_back(&target);
    for (const std::string& feature : source.features) {
        draft.requests.push_back({universe_.intern_feature(feature), kNone});
    }
    if (source.default_features) draft.requests.push_back({kDefaultFeature, kNone});
    for (const Feature& feature : record.features) {
        if (feature.broken) continue;
        for (const DependencyFeature& asked : feature.dependency_features) {
            if (asked.dependency != index) continue;
            draft.owner = owner;
            draft.requests.push_back({asked.feature, feature.id});
        }
    }
    sort_requests(draft.requests);
    if (draft.peer) {
        // Another package must supply a peer, so the one that asks is not among the candidates.
        for (const Target* target : draft.targets) {
            CATALOG_TRY(const auto found, matches(*target));
            if (std::find(found.begin(), found.end(), owner) == found.end()) continue;
            draft.owner = owner;
            draft.except = owner;
        }
    }
    CATALOG_TRY(dependency.requirement, add(draft));
    return dependency.requirement;
}

Result<std::vector<PackageId32>> Requirements::find_excluded(const Target& target, bool outside) {
    const NameId id = universe_.intern(target.name);
    CATALOG_TRY_VOID(universe_.load_versions(id));
    CATALOG_TRY_VOID(universe_.load_providers(id));
    const Name& name = universe_.name(id);
    std::vector<PackageId32> found;
    for (PackageId32 p = name.first; p < name.first + name.selectable; ++p) {
        if (outside ? !universe_.satisfies(p, target.constraint)
                    : universe_.excluded(p, target.constraint)) {
            found.push_back(p);
        }
    }
    if (outside) return found;
    for (const VirtualCandidate& candidate : name.providers) {
        if (Universe::provided_excluded(candidate.provided, target.constraint)) {
            found.push_back(candidate.package);
        }
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

Result<ExclusionId> Requirements::exclusion(const Target& target, bool outside) {
    std::string key(1, outside ? 'o' : 'c');
    append_number(key, universe_.intern(target.name));
    append_constraint(key, target.constraint);
    if (const auto at = exclusion_index_.find(key); at != exclusion_index_.end()) {
        return at->second;
    }
    CATALOG_TRY(auto found, find_excluded(target, outside));
    const auto id = static_cast<ExclusionId>(exclusions_.size());
    exclusions_.push_back(std::move(found));
    exclusion_index_.emplace(keep(key), id);
    return id;
}

NameId Requirements::answers_as(RequirementId id, PackageId32 package) const {
    for (const DemandTarget& target : targets(id)) {
        if (universe_.package(package).name == target.name &&
            universe_.satisfies(package, *target.constraint)) {
            return target.name;
        }
        const version::SemVer* latest = universe_.latest_provided(target.name);
        for (const VirtualCandidate& candidate : universe_.name(target.name).providers) {
            if (candidate.package == package &&
                universe_.provided_satisfies(candidate, *target.constraint, latest)) {
                return target.name;
            }
        }
    }
    return universe_.package(package).name;
}

int Requirements::root_part_rank(RequirementId choice, RequirementId part,
                                 std::span<const SlotId> served) const {
    const SlotId slot = demand(part).slot;
    if (universe_.package(candidates(part).front()).locked) return 0;
    if (universe_.slot(slot).name == targets(choice).front().name) return 1;
    return std::find(served.begin(), served.end(), slot) != served.end() ? 2 : 3;
}

std::string Requirements::text(RequirementId id) const {
    std::string text;
    for (const DemandTarget& target : targets(id)) {
        if (!text.empty()) text += " or ";
        text += universe_.name(target.name).text + " " + target.constraint->to_string();
    }
    return text;
}

}  // namespace catalog::resolve::engine
