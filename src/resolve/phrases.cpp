#include "phrases.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace catalog::resolve::engine {

namespace {

constexpr std::size_t kVersionsListed = 3;  ///< Examples of versions in one sentence.
constexpr std::size_t kRunsListed = 4;      ///< Ranges of versions in one sentence.
constexpr std::size_t kDemandsListed = 3;   ///< Differently written demands in one sentence.

std::string join(const std::vector<std::string>& parts, std::string_view between) {
    std::string text;
    for (const std::string& part : parts) {
        if (!text.empty()) text += between;
        text += part;
    }
    return text;
}

void add_once(std::vector<std::uint32_t>& list, std::uint32_t value) {
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

}  // namespace

/// What a nogood was written for, by kind.
struct Phrases::Sorted {
    explicit Sorted(const Nogood& nogood, const Requirements& requirements) {
        for (const Fact& fact : nogood.origin) {
            switch (fact.kind) {
                case FactKind::kRoot:
                    root = true;
                    break;
                case FactKind::kDependency:
                    dependencies.push_back(&fact);
                    break;
                case FactKind::kDemand: {
                    const RequirementId parent = requirements.demand(fact.a).parent;
                    add_once(demands, parent == kNone ? fact.a : parent);
                    break;
                }
                case FactKind::kConflict:
                    conflict = &fact;
                    break;
                case FactKind::kPeerBound:
                    peer_bound = &fact;
                    break;
                case FactKind::kFeature:
                case FactKind::kRequest:
                    features.push_back(&fact);
                    break;
                case FactKind::kMissingFeature:
                    missing = &fact;
                    break;
                case FactKind::kUnsupplied:
                    unsupplied = &fact;
                    break;
                case FactKind::kExclusion:
                    break;
            }
        }
    }

    bool root = false;
    std::vector<const Fact*> dependencies;
    std::vector<RequirementId> demands;
    std::vector<const Fact*> features;
    const Fact* conflict = nullptr;
    const Fact* peer_bound = nullptr;
    const Fact* missing = nullptr;
    const Fact* unsupplied = nullptr;
};

std::string Phrases::versions(SlotId slot_id, const Mask& mask, std::string_view all) const {
    const Slot& slot = universe_.slot(slot_id);
    const std::string& name = universe_.name(slot.name).text;
    std::uint32_t chosen = mask.count() - (mask.has(0) ? 1 : 0);
    if (chosen == slot.count && slot.count > 1) return std::string(all) + name;
    const auto text = [&](std::uint32_t value) {
        const Candidate& candidate = universe_.package(slot.first + value - 1).candidate;
        return candidate.version.to_string() +
               (candidate.source_id.empty() ? "" : " from " + candidate.source_id);
    };
    // Candidates stand newest first; people read upwards.
    std::vector<std::string> runs;
    std::size_t left_out = 0;
    for (std::uint32_t value = mask.size() - 1; value >= 1; --value) {
        if (!mask.has(value)) continue;
        const std::uint32_t oldest = value;
        while (value > 1 && mask.has(value - 1)) --value;
        if (runs.size() == kRunsListed) {
            ++left_out;
            continue;
        }
        runs.push_back(oldest == value ? text(value) : text(oldest) + " to " + text(value));
    }
    if (left_out > 0) runs.push_back(std::to_string(left_out) + " more ranges");
    return name + " " + join(runs, ", ");
}

std::string Phrases::subjects(const Nogood& nogood) const {
    std::vector<std::string> parts;
    for (const Term& term : nogood.terms) {
        if (!term.mask.has(0)) parts.push_back(versions(term.place, term.mask));
    }
    return join(parts, " with ");
}

std::string Phrases::objects(const Nogood& nogood) const {
    std::vector<std::string> parts;
    for (const Term& term : nogood.terms) {
        if (!term.mask.has(0)) continue;
        Mask allowed(term.mask.size());
        allowed.set_all();
        allowed.subtract(term.mask);
        parts.push_back(versions(term.place, allowed, "any version of "));
    }
    return join(parts, " or ");
}

std::string Phrases::list_versions(NameId name_id, Refusal refusal,
                                   const version::VersionConstraint* constraint) const {
    const Name& name = universe_.name(name_id);
    std::vector<std::string> found;
    std::size_t more = 0;
    for (PackageId32 p = name.first; p < name.first + name.count; ++p) {
        const Package& package = universe_.package(p);
        if (package.refusal != refusal) continue;
        if (constraint != nullptr && !universe_.satisfies(p, *constraint)) continue;
        if (found.size() == kVersionsListed) {
            ++more;
            continue;
        }
        found.push_back(package.candidate.version.to_string());
    }
    std::string text = join(found, ", ");
    if (more > 0) text += " and " + std::to_string(more) + " more";
    return text;
}

std::string Phrases::why_nothing(const DemandTarget& target) const {
    const Name& name = universe_.name(target.name);
    const std::string& text = name.text;
    if (name.count == 0 && name.providers.empty()) {
        return "no package is called " + text + " and none provides it";
    }
    const std::string yanked = list_versions(target.name, Refusal::kYanked, target.constraint);
    if (!yanked.empty()) return "only yanked versions of " + text + " match (" + yanked + ")";
    const std::string held = list_versions(target.name, Refusal::kConstrained, target.constraint);
    if (!held.empty()) {
        return "the request's constraints on " + text + " leave out " + held;
    }
    if (const auto* range = target.constraint->get_if<version::Range>()) {
        std::vector<std::string> found;
        for (PackageId32 p = name.first; p < name.first + name.count; ++p) {
            const Candidate& candidate = universe_.package(p).candidate;
            if (candidate.source_id.empty() && candidate.version.is_prerelease() &&
                found.size() < kVersionsListed &&
                range->req.matches(candidate.version, version::PrereleaseRule::kInclude)) {
                found.push_back(candidate.version.to_string());
            }
        }
        if (!found.empty()) {
            return "only pre-releases of " + text + " match (" + join(found, ", ") + ")";
        }
    }
    if (const std::string source = target.constraint->source_id(); !source.empty()) {
        return "nothing is known of " + text + " from " + source;
    }
    const std::string newest = list_versions(target.name, Refusal::kNo, nullptr);
    if (newest.empty()) return "no version of " + text + " matches";
    const bool one = newest.find(',') == std::string::npos;
    return "no version of " + text + " matches (" + (one ? "there is " : "newest are ") + newest +
           ")";
}

std::string Phrases::why_nothing(RequirementId id) const {
    std::vector<std::string> reasons;
    for (const DemandTarget& target : requirements_.targets(id)) {
        reasons.push_back(why_nothing(target));
        if (reasons.size() == kDemandsListed) break;
    }
    return join(reasons, ", and ");
}

std::string Phrases::demands_text(const Sorted& sorted) const {
    std::vector<std::string> texts;
    for (const RequirementId id : sorted.demands) {
        std::string text = requirements_.text(id);
        if (std::find(texts.begin(), texts.end(), text) == texts.end()) {
            texts.push_back(std::move(text));
        }
    }
    return texts.size() == 1 ? texts.front() : std::string();
}

std::string Phrases::owner_text(const Nogood& nogood, const Sorted& sorted) const {
    // The owners of the dependencies are what the sentence is about; with features in between,
    // several packages are.
    std::string text = subjects(nogood);
    if (!text.empty()) return text;
    if (sorted.root) return "the request";
    for (const Fact* fact : sorted.dependencies) return universe_.label(fact->a);
    return "the request";
}

std::string Phrases::features_text(const Sorted& sorted) const {
    std::vector<std::string> names;
    for (const Fact* fact : sorted.features) {
        const FeatureId id = fact->kind == FactKind::kFeature ? fact->b : fact->c;
        std::string name = id == kDevelopmentFeature ? "development dependencies"
                           : id == kBuildFeature     ? "build dependencies"
                                                     : "feature " + universe_.feature_text(id);
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            names.push_back(std::move(name));
        }
    }
    return names.empty() ? std::string() : " (" + join(names, ", ") + ")";
}

std::string Phrases::missing_feature(const Nogood& nogood, const Fact& fact) const {
    const SlotId slot = universe_.package(fact.b).slot;
    const Term* term = nogood.find(slot);
    Nogood owners = nogood;
    owners.terms.erase(std::remove_if(owners.terms.begin(), owners.terms.end(),
                                      [&](const Term& t) { return t.place == slot; }),
                       owners.terms.end());
    const std::string owner = subjects(owners);
    const std::string& name = universe_.name(universe_.package(fact.b).name).text;
    const std::string text = (owner.empty() ? "the request" : owner) + " asks " + name +
                             " for feature " + universe_.feature_text(fact.c) + ", which ";
    const std::uint32_t count = universe_.slot(slot).count;
    if (term != nullptr && count > 1 && term->mask.count() == count) {
        return text + "no version of " + name + " has";
    }
    return text + (term != nullptr ? versions(slot, term->mask) : universe_.label(fact.b)) +
           " does not have";
}

std::string Phrases::exclusion(const Nogood& nogood, const Sorted& sorted) const {
    const bool peer = sorted.conflict == nullptr;
    const Fact& fact = peer ? *sorted.peer_bound : *sorted.conflict;
    const SlotId slot = universe_.package(fact.a).slot;
    const Term* owner = nogood.find(slot);
    std::string owner_name =
        owner != nullptr ? versions(slot, owner->mask) : universe_.label(fact.a);
    std::vector<std::string> others;
    for (const Term& term : nogood.terms) {
        if (term.place != slot) others.push_back(versions(term.place, term.mask));
    }
    if (others.empty()) return owner_name + " cannot be in beside itself";
    const std::string list = join(others, " or ");
    if (!peer) return owner_name + " conflicts with " + list;
    const Target& wanted = universe_.package(fact.a).record->dependencies[fact.b].source->target;
    return owner_name + " accepts only " + wanted.name + " " + wanted.constraint.to_string() +
           " as its peer, not " + list;
}

/// What there is of a peer's name that does not fit.
std::string Phrases::misfits(RequirementId peer) const {
    std::vector<std::string> found;
    for (const DemandTarget& target : requirements_.targets(peer)) {
        const std::string& name = universe_.name(target.name).text;
        for (const Root& root : universe_.request().roots) {
            if (root.target.name != name) continue;
            found.push_back("the request asks for " + name + " " +
                            root.target.constraint.to_string());
        }
        for (const Provided& provided : universe_.request().host_provides) {
            if (provided.name != name) continue;
            found.push_back("the host has " + name + " " + provided.version.to_string());
        }
    }
    return found.empty() ? std::string() : " (" + join(found, ", ") + ")";
}

std::string Phrases::needing(const Nogood& nogood, const Sorted& sorted) const {
    const std::string owner = owner_text(nogood, sorted) + features_text(sorted);
    const std::string written = demands_text(sorted);
    const std::string objects_text = objects(nogood);
    if (sorted.unsupplied != nullptr) {
        std::string text = owner + " needs " + requirements_.text(sorted.unsupplied->a) +
                           " as a peer, and nothing else in the request brings it in" +
                           misfits(sorted.unsupplied->a);
        return objects_text.empty() ? text : text + " unless through " + objects_text;
    }
    bool peer = false;
    for (const RequirementId id : sorted.demands) peer = peer || requirements_.demand(id).peer;
    const std::string role = peer ? " as a peer" : "";
    if (!objects_text.empty()) {
        return owner + " needs " + (written.empty() ? objects_text : written) + role;
    }
    if (sorted.demands.empty()) return owner + " cannot be in";
    std::vector<std::string> reasons;
    for (const RequirementId id : sorted.demands) {
        if (reasons.size() == kDemandsListed) break;
        std::string reason = requirements_.text(id) + role + ", but ";
        if (requirements_.demand(id).count == 0) {
            reason += why_nothing(id) + (peer ? misfits(id) : "");
        } else {
            // What it needs is in its own slot.
            reason += "only one version of a package can be in";
        }
        reasons.push_back(std::move(reason));
    }
    return owner + " needs " + join(reasons, "; and ");
}

std::string Phrases::given(const Nogood& nogood) const {
    const Sorted sorted(nogood, requirements_);
    if (sorted.missing != nullptr) return missing_feature(nogood, *sorted.missing);
    if (sorted.conflict != nullptr || sorted.peer_bound != nullptr) {
        return exclusion(nogood, sorted);
    }
    return needing(nogood, sorted);
}

std::string Phrases::derived(const Nogood& nogood) const {
    if (nogood.terms.empty()) return "the request cannot be met";
    const std::string in = subjects(nogood);
    const std::string needed = objects(nogood);
    if (in.empty()) return "only " + needed + " can be used";
    if (!needed.empty()) return in + " needs " + needed;
    if (nogood.terms.size() > 1) return in + " cannot be in together";
    constexpr std::string_view kEvery = "every version of ";
    if (in.compare(0, kEvery.size(), kEvery) == 0) {
        return "no version of " + in.substr(kEvery.size()) + " can be in";
    }
    return in + " cannot be in";
}

std::string Phrases::fact(const Fact& fact) const {
    switch (fact.kind) {
        case FactKind::kRoot:
            return "the request needs " + requirements_.text(fact.b);
        case FactKind::kDependency: {
            const Dependency& dependency = universe_.package(fact.a).record->dependencies[fact.b];
            return universe_.label(fact.a) + " needs " + requirements_.text(dependency.requirement);
        }
        case FactKind::kConflict: {
            const Target& target = universe_.package(fact.a).record->source.conflicts[fact.b];
            return universe_.label(fact.a) + " conflicts with " + target.name + " " +
                   target.constraint.to_string();
        }
        case FactKind::kUnsupplied:
            return "nothing in the request brings in the peer " + requirements_.text(fact.a);
        case FactKind::kMissingFeature:
            return universe_.label(fact.b) + " does not have the feature " +
                   universe_.feature_text(fact.c);
        case FactKind::kDemand:
        case FactKind::kPeerBound:
        case FactKind::kExclusion:
        case FactKind::kFeature:
        case FactKind::kRequest:
            break;
    }
    return {};
}

}  // namespace catalog::resolve::engine
