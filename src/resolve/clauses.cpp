#include "clauses.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>

namespace catalog::resolve::engine {

namespace {

std::uint64_t pair_key(std::uint32_t a, std::uint32_t b) {
    return (static_cast<std::uint64_t>(a) << 32) | b;
}

Var find_in(const std::unordered_map<std::uint64_t, Var>& vars, std::uint64_t key) {
    const auto at = vars.find(key);
    return at == vars.end() ? kNone : at->second;
}

}  // namespace

Clauses::Clauses(Universe& universe, Requirements& requirements, Cdcl& core)
    : universe_(universe), requirements_(requirements), core_(core) {
    meanings_.emplace_back();
    expanded_.push_back(1);
}

Var Clauses::new_var(VarMeaning meaning) {
    const Var var = core_.new_vars(1);
    meanings_.push_back(meaning);
    const bool expands = meaning.kind == VarKind::kSwitch;
    expanded_.push_back(expands ? 0 : 1);
    return var;
}

void Clauses::add(std::span<const Lit> literals, const Fact& fact) {
    facts_.push_back(fact);
    core_.add_clause(literals, static_cast<std::uint32_t>(facts_.size() - 1));
}

Var Clauses::package(PackageId32 id) {
    const SlotId slot_id = universe_.package(id).slot;
    const Slot& slot = universe_.slot(slot_id);
    if (slot_vars_.size() <= slot_id) slot_vars_.resize(universe_.slot_count(), kNone);
    if (slot_vars_[slot_id] == kNone) {
        const Var first = core_.new_vars(slot.count);
        for (std::uint32_t i = 0; i < slot.count; ++i) {
            meanings_.push_back({VarKind::kPackage, slot.first + i, 0});
            expanded_.push_back(0);
            core_.make_decidable(first + i, true);
        }
        core_.add_group(first, slot.count);
        slot_vars_[slot_id] = first;
    }
    return slot_vars_[slot_id] + (id - slot.first);
}

Var Clauses::add_root(std::uint32_t index, RequirementId id) {
    const Var var = new_var({VarKind::kRoot, index, id});
    add(std::vector<Lit>{negative(var), positive(demand(id))}, {FactKind::kRoot, index, id, 0});
    return var;
}

Var Clauses::add_trial(RequirementId id, std::span<const PackageId32> packages) {
    const Var var = new_var({VarKind::kTrial, id, 0});
    add_choice(var, packages, {FactKind::kDemand, id, 0, 0});
    return var;
}

void Clauses::add_choice(Var holder, std::span<const PackageId32> packages, const Fact& fact) {
    std::vector<Var> members;
    for (const PackageId32 candidate : packages) members.push_back(package(candidate));
    facts_.push_back(fact);
    core_.add_choice(holder, members, static_cast<std::uint32_t>(facts_.size() - 1));
}

std::vector<SlotId> Clauses::written_slots() const {
    std::vector<SlotId> slots;
    for (SlotId slot = 0; slot < slot_vars_.size(); ++slot) {
        if (slot_vars_[slot] != kNone) slots.push_back(slot);
    }
    return slots;
}

Var Clauses::find_demand(RequirementId id) const noexcept {
    return id < demand_vars_.size() ? demand_vars_[id] : kNone;
}

Var Clauses::find_feature(PackageId32 package, FeatureId feature) const {
    return find_in(feature_vars_, pair_key(package, feature));
}

Var Clauses::find_switch(PackageId32 package, std::uint32_t dependency) const {
    return find_in(switch_vars_, pair_key(package, dependency));
}

bool Clauses::is_expanded(Var var) const noexcept { return expanded_[var] != 0; }

std::span<const RequirementId> Clauses::demands_on(SlotId slot) const noexcept {
    if (slot >= slot_demands_.size()) return {};
    return slot_demands_[slot];
}

Var Clauses::demand(RequirementId id) {
    if (demand_vars_.size() <= id) demand_vars_.resize(requirements_.size(), kNone);
    if (demand_vars_[id] != kNone) return demand_vars_[id];
    if (!requirements_.demand(id).choice) return part(id);
    demand_vars_[id] = new_var({VarKind::kDemand, id, 0});
    write_choice(id);
    return demand_vars_[id];
}

Var Clauses::part(RequirementId id) {
    if (demand_vars_[id] != kNone) return demand_vars_[id];
    demand_vars_[id] = new_var({VarKind::kDemand, id, 0});
    write_plain(id);
    return demand_vars_[id];
}

void Clauses::write_choice(RequirementId id) {
    if (requirements_.demand(id).root) make_parts_exclusive(id);
    std::vector<Lit> literals(1, negative(demand_vars_[id]));
    for (const RequirementId one : requirements_.parts(id)) literals.push_back(positive(part(one)));
    add(literals, {FactKind::kDemand, id, 0, 0});
}

void Clauses::write_plain(RequirementId id) {
    add_choice(demand_vars_[id], requirements_.candidates(id), {FactKind::kDemand, id, 0, 0});
    const SlotId slot = requirements_.demand(id).slot;
    if (slot == kNone) return;
    if (slot_demands_.size() <= slot) slot_demands_.resize(universe_.slot_count());
    slot_demands_[slot].push_back(id);
    for (const PackageId32 candidate : requirements_.candidates(id)) {
        if (is_expanded(package(candidate))) add_requests(id, candidate);
    }
    write_features();
}

/// A root is served once: its parts are a group of the core, which needs consecutive variables.
void Clauses::make_parts_exclusive(RequirementId id) {
    const auto parts = requirements_.parts(id);
    const Var first = core_.new_vars(static_cast<std::uint32_t>(parts.size()));
    for (std::uint32_t i = 0; i < parts.size(); ++i) {
        meanings_.push_back({VarKind::kDemand, parts[i], 0});
        expanded_.push_back(1);
        demand_vars_[parts[i]] = first + i;
    }
    core_.add_group(first, static_cast<std::uint32_t>(parts.size()));
    for (const RequirementId one : parts) write_plain(one);
}

Var Clauses::feature(PackageId32 package, FeatureId feature) {
    const auto [at, fresh] = feature_vars_.emplace(pair_key(package, feature), kNone);
    if (fresh) {
        at->second = new_var({VarKind::kFeature, package, feature});
        unwritten_features_.push_back(at->second);
    }
    return at->second;
}

Var Clauses::switched(PackageId32 package, std::uint32_t dependency) {
    const auto [at, fresh] = switch_vars_.emplace(pair_key(package, dependency), kNone);
    if (fresh) at->second = new_var({VarKind::kSwitch, package, dependency});
    return at->second;
}

void Clauses::write_features() {
    while (!unwritten_features_.empty()) {
        const Var var = unwritten_features_.back();
        unwritten_features_.pop_back();
        const VarMeaning meaning = meanings_[var];
        const Record& record = *universe_.package(meaning.a).record;
        const Feature& written = *record.find(meaning.b);
        const Fact fact{FactKind::kFeature, meaning.a, meaning.b, 0};
        for (const FeatureId id : written.features) {
            if (id == meaning.b || record.effect_of(id) != FeatureEffect::kOn) continue;
            add(std::vector<Lit>{negative(var), positive(feature(meaning.a, id))}, fact);
        }
        for (const std::uint32_t dependency : written.switches) {
            if (!record.dependencies[dependency].switched) continue;
            add(std::vector<Lit>{negative(var), positive(switched(meaning.a, dependency))}, fact);
        }
    }
}

void Clauses::add_requests(RequirementId id, PackageId32 candidate) {
    const Record& record = *universe_.package(candidate).record;
    for (const FeatureRequest& request : requirements_.requests(id)) {
        const FeatureEffect effect = record.effect_of(request.feature);
        if (effect == FeatureEffect::kNothing) continue;
        std::vector<Lit> literals{negative(demand_vars_[id]), negative(package(candidate))};
        if (request.condition != kNone) {
            literals.push_back(
                negative(feature(requirements_.demand(id).owner, request.condition)));
        }
        if (effect == FeatureEffect::kOn) {
            const Var wanted = feature(candidate, request.feature);
            // A version that asks itself for what asks for it says nothing.
            if (std::find(literals.begin(), literals.end(), negative(wanted)) != literals.end()) {
                continue;
            }
            literals.push_back(positive(wanted));
        }
        add(literals,
            {effect == FeatureEffect::kOn ? FactKind::kRequest : FactKind::kMissingFeature, id,
             candidate, request.feature});
    }
}

Result<void> Clauses::expand(Var var) {
    const VarMeaning meaning = meanings_[var];
    if (meaning.kind == VarKind::kPackage) {
        CATALOG_TRY_VOID(expand_package(meaning.a));
    } else if (meaning.kind == VarKind::kSwitch) {
        CATALOG_TRY_VOID(add_dependency(var, meaning.a, meaning.b));
    }
    expanded_[var] = 1;
    return {};
}

Result<void> Clauses::expand_all() {
    for (Var var = 0; var < core_.var_count(); ++var) {
        if (!is_expanded(var)) CATALOG_TRY_VOID(expand(var));
    }
    return {};
}

Result<void> Clauses::expand_package(PackageId32 id) {
    CATALOG_TRY(const Record* record, universe_.load_record(id));
    universe_.prefetch(*record);
    const Var var = package(id);
    for (std::uint32_t d = 0; d < record->dependencies.size(); ++d) {
        if (!record->dependencies[d].switched) CATALOG_TRY_VOID(add_dependency(var, id, d));
    }
    for (std::uint32_t c = 0; c < record->source.conflicts.size(); ++c) {
        CATALOG_TRY_VOID(add_exclusion(var, id, record->source.conflicts[c], false,
                                       {FactKind::kConflict, id, c, 0}));
    }
    expanded_[var] = 1;
    const SlotId slot = universe_.package(id).slot;
    for (const RequirementId demand : demands_on(slot)) {
        const auto requests = requirements_.requests(demand);
        const bool matters =
            std::any_of(requests.begin(), requests.end(), [&](const FeatureRequest& request) {
                return record->effect_of(request.feature) != FeatureEffect::kNothing;
            });
        if (matters && requirements_.has_candidate(demand, id)) add_requests(demand, id);
    }
    write_features();
    return {};
}

Result<void> Clauses::add_dependency(Var holder, PackageId32 id, std::uint32_t index) {
    const Dependency& dependency = universe_.package(id).record->dependencies[index];
    const Requirement& source = *dependency.source;
    if (source.kind == DependencyKind::kPeer) {
        if (universe_.request().policy == VersionPolicy::kSingle && source.any_of.empty()) {
            CATALOG_TRY_VOID(add_exclusion(holder, kNone, source.target, true,
                                           {FactKind::kPeerBound, id, index, 0}));
        }
        if (dependency.host_supplied) return {};
    }
    CATALOG_TRY(const RequirementId requirement, requirements_.dependency(id, index));
    add(std::vector<Lit>{negative(holder), positive(demand(requirement))},
        {FactKind::kDependency, id, index, 0});
    return {};
}

Result<void> Clauses::add_exclusion(Var holder, PackageId32 except, const Target& target,
                                    bool outside, const Fact& fact) {
    CATALOG_TRY(const ExclusionId exclusion, requirements_.exclusion(target, outside));
    const auto excluded = requirements_.excluded(exclusion);
    if (except != kNone && std::binary_search(excluded.begin(), excluded.end(), except)) {
        for (const PackageId32 other : excluded) {
            if (other == except) continue;
            add(std::vector<Lit>{negative(holder), negative(package(other))}, fact);
        }
        return {};
    }
    const auto [at, fresh] = exclusion_vars_.emplace(exclusion, kNone);
    if (fresh) {
        const Var var = new_var({VarKind::kExclusion, exclusion, 0});
        at->second = var;
        for (const PackageId32 other : excluded) {
            add(std::vector<Lit>{negative(var), negative(package(other))},
                {FactKind::kExclusion, exclusion, 0, 0});
        }
    }
    add(std::vector<Lit>{negative(holder), positive(at->second)}, fact);
    return {};
}

}  // namespace catalog::resolve::engine
