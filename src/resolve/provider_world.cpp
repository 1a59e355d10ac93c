#include "provider_world.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <utility>

namespace catalog::resolve::engine {

namespace {

std::uint64_t feature_key(SlotId slot, FeatureId feature) {
    return (std::uint64_t{slot} << 32) | feature;
}

}  // namespace

ProviderWorld::ProviderWorld(Universe& universe, Requirements& requirements,
                             const std::vector<RequirementId>& roots)
    : universe_(universe), requirements_(requirements), roots_(roots), solver_(*this) {}

Result<bool> ProviderWorld::restart() {
    with_defaults_ = true;
    solver_.clear();
    meanings_.clear();
    slot_nodes_.clear();
    choice_nodes_.clear();
    feature_nodes_.clear();
    return begin();
}

Result<bool> ProviderWorld::begin() {
    meanings_.emplace_back();
    no_words_ = arena_.allocate(1);
    std::vector<Priority> priorities;
    std::vector<Consequence> wanted;
    std::vector<std::size_t> ends;
    for (const RequirementId root : roots_) {
        const std::size_t first = wanted.size();
        demand(root, wanted);
        ends.push_back(wanted.size());
        priorities.push_back({wanted[first].node, wanted[first].via});
    }
    solver_.set_priorities(std::move(priorities));
    std::size_t next = 0;
    for (std::size_t root = 0; root < roots_.size(); ++root) {
        for (; next < ends[root]; ++next) {
            const Consequence& c = wanted[next];
            if (!solver_.restrict(c.node, c.mask, c.via, premise_of(root))) return false;
        }
    }
    return true;
}

NodeId ProviderWorld::new_node(std::uint32_t values, bool deferred, Meaning meaning) {
    meanings_.push_back(meaning);
    return solver_.add_node(values, deferred);
}

NodeId ProviderWorld::slot_node(SlotId slot) {
    if (slot_nodes_.size() <= slot) slot_nodes_.resize(universe_.slot_count(), kNoNode);
    if (slot_nodes_[slot] == kNoNode) {
        slot_nodes_[slot] =
            new_node(universe_.slot(slot).count + 1, false, {NodeKind::kSlot, slot, 0});
    }
    return slot_nodes_[slot];
}

NodeId ProviderWorld::choice_node(RequirementId id) {
    if (choice_nodes_.size() <= id) choice_nodes_.resize(requirements_.size(), kNoNode);
    if (choice_nodes_[id] == kNoNode) {
        choice_nodes_[id] =
            new_node(requirements_.demand(id).count + 1, true, {NodeKind::kChoice, id, 0});
    }
    return choice_nodes_[id];
}

NodeId ProviderWorld::feature_node(SlotId slot, FeatureId feature) {
    const NodeId leader = slot_node(slot);
    const auto [at, fresh] = feature_nodes_.emplace(feature_key(slot, feature), kNoNode);
    if (fresh) {
        at->second =
            new_node(universe_.slot(slot).count + 1, false, {NodeKind::kFeature, slot, feature});
        solver_.add_follower(leader, at->second);
    }
    return at->second;
}

const Word* ProviderWorld::candidates_mask(RequirementId id) {
    if (masks_.size() <= id) masks_.resize(requirements_.size(), nullptr);
    if (masks_[id] == nullptr) {
        const Slot& slot = universe_.slot(requirements_.demand(id).slot);
        Word* mask = arena_.allocate(words_for(slot.count + 1));
        for (const PackageId32 package : requirements_.candidates(id)) {
            set_bit(mask, package - slot.first + 1);
        }
        masks_[id] = mask;
    }
    return masks_[id];
}

const Word* ProviderWorld::only(std::uint32_t values, std::uint32_t value) {
    Word* mask = arena_.allocate(words_for(values));
    set_bit(mask, value);
    return mask;
}

void ProviderWorld::never(std::vector<Consequence>& out) {
    out.push_back({no_words_, kNever, kNone});
}

void ProviderWorld::demand(RequirementId id, std::vector<Consequence>& out) {
    if (!requirements_.demand(id).choice) {
        serve(id, out);
        return;
    }
    const NodeId choice = choice_node(id);
    if (masks_.size() <= id) masks_.resize(requirements_.size(), nullptr);
    if (masks_[id] == nullptr) {
        Word* mask = arena_.allocate(words_for(solver_.values(choice)));
        for (std::uint32_t v = 1; v < solver_.values(choice); ++v) set_bit(mask, v);
        masks_[id] = mask;
    }
    out.push_back({masks_[id], choice, id});
}

/// A demand that is met within one slot.
void ProviderWorld::serve(RequirementId id, std::vector<Consequence>& out) {
    const SlotId slot = requirements_.demand(id).slot;
    if (slot == kNone) {
        never(out);
        return;
    }
    const Word* mask = candidates_mask(id);
    out.push_back({mask, slot_node(slot), id});
    for (const FeatureRequest& request : requirements_.requests(id)) {
        if (request.condition != kNone) continue;
        if (request.feature == kDefaultFeature && !with_defaults_) continue;
        out.push_back({mask, feature_node(slot, request.feature), id});
    }
}

void ProviderWorld::exclude(std::span<const PackageId32> excluded, SlotId except,
                            std::vector<Consequence>& out) {
    for (std::size_t i = 0; i < excluded.size();) {
        const SlotId slot_id = universe_.package(excluded[i]).slot;
        const Slot& slot = universe_.slot(slot_id);
        std::size_t end = i;
        while (end < excluded.size() && universe_.package(excluded[end]).slot == slot_id) ++end;
        if (slot_id != except) {
            Word* mask = arena_.allocate(words_for(slot.count + 1));
            for (std::uint32_t v = 0; v <= slot.count; ++v) set_bit(mask, v);
            for (; i < end; ++i) {
                const std::uint32_t value = excluded[i] - slot.first + 1;
                mask[value / 64] &= ~(Word{1} << (value % 64));
            }
            out.push_back({mask, slot_node(slot_id), kNone});
        }
        i = end;
    }
}

Result<void> ProviderWorld::dependency(PackageId32 package, std::uint32_t index,
                                       std::vector<Consequence>& out) {
    const Dependency& dependency = universe_.package(package).record->dependencies[index];
    const Requirement& source = *dependency.source;
    if (source.kind == DependencyKind::kPeer) {
        if (universe_.request().policy == VersionPolicy::kSingle && source.any_of.empty()) {
            CATALOG_TRY(const ExclusionId id, requirements_.exclusion(source.target, true));
            exclude(requirements_.excluded(id), kNone, out);
        }
        // That it is supplied is left to the walk; that it can be is not.
        if (!dependency.host_supplied) {
            CATALOG_TRY_VOID(requirements_.dependency(package, index));
        }
        return {};
    }
    CATALOG_TRY(const RequirementId id, requirements_.dependency(package, index));
    demand(id, out);
    return {};
}

Result<void> ProviderWorld::expand_slot(SlotId slot, std::uint32_t value,
                                        std::vector<Consequence>& out) {
    const PackageId32 package = universe_.slot(slot).first + value - 1;
    CATALOG_TRY(const Record* record, universe_.load_record(package));
    universe_.prefetch(*record);
    if (record->effect_of(kDefaultFeature) != FeatureEffect::kNothing) defaults_met_ = true;
    for (std::uint32_t d = 0; d < record->dependencies.size(); ++d) {
        if (record->dependencies[d].switched) continue;
        CATALOG_TRY_VOID(dependency(package, d, out));
    }
    for (const Target& conflict : record->source.conflicts) {
        CATALOG_TRY(const ExclusionId id, requirements_.exclusion(conflict, false));
        exclude(requirements_.excluded(id), slot, out);
    }
    return {};
}

Result<void> ProviderWorld::expand_feature(const Meaning& meaning, std::uint32_t value,
                                           std::vector<Consequence>& out) {
    const SlotId slot = meaning.a;
    const std::uint32_t values = universe_.slot(slot).count + 1;
    const PackageId32 package = universe_.slot(slot).first + value - 1;
    CATALOG_TRY(const Record* record, universe_.load_record(package));
    const Word* same = only(values, value);
    out.push_back({same, slot_node(slot), kNone});
    const FeatureEffect effect = record->effect_of(meaning.feature);
    if (effect == FeatureEffect::kRefused) never(out);
    if (effect != FeatureEffect::kOn) return {};
    const Feature& feature = *record->find(meaning.feature);
    for (const FeatureId id : feature.features) {
        if (record->effect_of(id) == FeatureEffect::kNothing) continue;
        out.push_back({same, feature_node(slot, id), kNone});
    }
    for (const std::uint32_t index : feature.switches) {
        if (!record->dependencies[index].switched) continue;
        CATALOG_TRY_VOID(dependency(package, index, out));
    }
    for (const DependencyFeature& asked : feature.dependency_features) {
        const Dependency& on = record->dependencies[asked.dependency];
        const bool sure =
            !on.switched || std::find(feature.switches.begin(), feature.switches.end(),
                                      asked.dependency) != feature.switches.end();
        if (!sure || on.source->kind == DependencyKind::kPeer) continue;
        CATALOG_TRY(const RequirementId id, requirements_.dependency(package, asked.dependency));
        const Demand& demand = requirements_.demand(id);
        if (demand.choice || demand.slot == kNone) continue;
        out.push_back({candidates_mask(id), feature_node(demand.slot, asked.feature), id});
    }
    return {};
}

Result<void> ProviderWorld::expand(NodeId node, std::uint32_t value,
                                   std::vector<Consequence>& out) {
    const Meaning meaning = meanings_[node];
    switch (meaning.kind) {
        case NodeKind::kSlot:
            return expand_slot(meaning.a, value, out);
        case NodeKind::kChoice:
            serve(requirements_.parts(meaning.a)[value - 1], out);
            return {};
        case NodeKind::kFeature:
            return expand_feature(meaning, value, out);
    }
    return {};
}

bool ProviderWorld::is_at_hand(NodeId node, std::uint32_t value) const {
    const Meaning& meaning = meanings_[node];
    if (meaning.kind == NodeKind::kChoice) return true;
    return universe_.package(universe_.slot(meaning.a).first + value - 1).record != nullptr;
}

std::uint32_t ProviderWorld::pick(NodeId node, std::uint32_t via, const Word* domain) {
    const Meaning& meaning = meanings_[node];
    if (meaning.kind == NodeKind::kChoice) return pick_part(meaning.a, domain);
    const Slot& slot = universe_.slot(meaning.a);
    if (via != kNone) {
        for (const PackageId32 candidate : requirements_.candidates(via)) {
            const std::uint32_t value = candidate - slot.first + 1;
            if (has_bit(domain, value)) return value;
        }
    }
    for (std::uint32_t value = 1; value <= slot.count; ++value) {
        if (has_bit(domain, value)) return value;
    }
    return kAbsent;
}

PackageId32 ProviderWorld::chosen_of(RequirementId part) const {
    const SlotId slot = requirements_.demand(part).slot;
    if (slot == kNone || slot >= slot_nodes_.size() || slot_nodes_[slot] == kNoNode) return kNone;
    const std::uint32_t value = solver_.value_of(slot_nodes_[slot]);
    if (value == kNoNode || value == kAbsent) return kNone;
    const PackageId32 package = universe_.slot(slot).first + value - 1;
    const auto candidates = requirements_.candidates(part);
    const bool meets = std::find(candidates.begin(), candidates.end(), package) != candidates.end();
    return meets ? package : kNone;
}

PackageId32 ProviderWorld::met_by(RequirementId id) const {
    if (!requirements_.demand(id).choice) return chosen_of(id);
    if (id >= choice_nodes_.size() || choice_nodes_[id] == kNoNode) return kNone;
    const std::uint32_t value = solver_.value_of(choice_nodes_[id]);
    if (value == kNoNode || value == kAbsent) return kNone;
    return chosen_of(requirements_.parts(id)[value - 1]);
}

std::uint32_t ProviderWorld::pick_part(RequirementId choice, const Word* domain) const {
    const auto parts = requirements_.parts(choice);
    const auto count = static_cast<std::uint32_t>(parts.size());
    if (!requirements_.demand(choice).root) {
        for (std::uint32_t i = 0; i < count; ++i) {
            if (has_bit(domain, i + 1) && chosen_of(parts[i]) != kNone) return i + 1;
        }
        for (std::uint32_t i = 0; i < count; ++i) {
            if (has_bit(domain, i + 1)) return i + 1;
        }
        return kAbsent;
    }
    std::vector<SlotId> served;
    for (const RequirementId root : roots_) {
        if (root == choice) break;
        const PackageId32 package = met_by(root);
        if (package != kNone) served.push_back(universe_.package(package).slot);
    }
    std::uint32_t best = kAbsent;
    int best_rank = 4;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (!has_bit(domain, i + 1)) continue;
        const int found = requirements_.root_part_rank(choice, parts[i], served);
        if (found >= best_rank) continue;
        best = i + 1;
        best_rank = found;
    }
    return best;
}

std::vector<PackageId32> ProviderWorld::packages(NodeId node, Universe& universe) {
    const Meaning& meaning = meanings_[node];
    std::vector<PackageId32> packages;
    if (node == kNever || meaning.kind != NodeKind::kSlot) return packages;
    const Slot& slot = universe.slot(meaning.a);
    for (std::uint32_t i = 0; i < slot.count; ++i) packages.push_back(slot.first + i);
    return packages;
}

void ProviderWorld::choose(RequirementId demand, std::span<const FeatureId> /*features*/,
                           std::vector<PackageId32>& chosen) {
    const PackageId32 package = met_by(demand);
    if (package != kNone) chosen.push_back(package);
}

PackageId32 ProviderWorld::choose_peer(RequirementId demand,
                                       std::span<const FeatureId> /*features*/,
                                       const std::function<bool(PackageId32)>& is_in) {
    std::vector<RequirementId> parts(1, demand);
    if (requirements_.demand(demand).choice) {
        const auto all = requirements_.parts(demand);
        parts.assign(all.begin(), all.end());
    }
    for (const RequirementId part : parts) {
        const PackageId32 package = chosen_of(part);
        if (package != kNone && is_in(package)) return package;
    }
    return kNone;
}

}  // namespace catalog::resolve::engine
