#include "supply.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>

namespace catalog::resolve::engine {

Result<std::optional<Lit>> Supply::next(std::span<const Var> roots,
                                        std::span<const RequirementId> peers) {
    if (peers.empty()) return std::nullopt;
    find_founded(roots);
    const auto lacking = std::find_if(peers.begin(), peers.end(), [this](RequirementId peer) {
        return is_founded(clauses_.find_demand(peer)) && !is_supplied(peer);
    });
    if (lacking == peers.end()) return std::nullopt;
    if (const auto wanted = wanted_for(*lacking)) return wanted;
    if (!closed_) {
        CATALOG_TRY_VOID(close());
        return std::optional<Lit>(core_.truth());
    }
    const std::vector<Lit> clause = loop_clause(*lacking);
    clauses_.add(clause, {FactKind::kUnsupplied, *lacking, 0, 0});
    std::optional<Lit> open;
    std::size_t unknown = 0;
    for (const Lit literal : clause) {
        if (core_.value(literal) != Value::kUnknown) continue;
        ++unknown;
        if (!open) open = literal;
    }
    return unknown > 1 ? open : std::optional<Lit>(core_.truth());
}

void Supply::found(Var var) {
    if (var == kNone || is_founded(var) || !core_.is_true(positive(var))) return;
    founded_[var] = 1;
    queue_.push_back(var);
}

void Supply::find_founded(std::span<const Var> roots) {
    founded_.assign(core_.var_count(), 0);
    asking_.clear();
    for (const Var root : roots) found(root);
    do {
        while (!queue_.empty()) {
            const VarMeaning meaning = clauses_.meaning(queue_.back());
            queue_.pop_back();
            switch (meaning.kind) {
                case VarKind::kRoot:
                    found(clauses_.find_demand(meaning.b));
                    break;
                case VarKind::kDemand:
                    found_demand(meaning.a);
                    break;
                case VarKind::kPackage:
                    found_package(meaning.a);
                    break;
                case VarKind::kFeature:
                    found_feature(meaning);
                    break;
                case VarKind::kSwitch: {
                    const Record& record = *universe_.package(meaning.a).record;
                    const RequirementId id = record.dependencies[meaning.b].requirement;
                    if (id != kNone) found(clauses_.find_demand(id));
                    break;
                }
                case VarKind::kTruth:
                case VarKind::kExclusion:
                case VarKind::kTrial:
                    break;
            }
        }
    } while (found_requests());
}

PackageId32 Supply::true_candidate(RequirementId id) {
    for (const PackageId32 candidate : requirements_.candidates(id)) {
        if (core_.is_true(positive(clauses_.package(candidate)))) return candidate;
    }
    return kNone;
}

void Supply::found_demand(RequirementId id) {
    const Demand& demand = requirements_.demand(id);
    if (demand.choice) {
        for (const RequirementId part : requirements_.parts(id)) found(clauses_.find_demand(part));
        return;
    }
    const PackageId32 candidate = true_candidate(id);
    if (candidate == kNone) return;
    if (!demand.peer || universe_.package(candidate).locked) found(clauses_.package(candidate));
    if (demand.requests_count > 0) asking_.push_back(id);
}

void Supply::found_package(PackageId32 id) {
    for (const Dependency& dependency : universe_.package(id).record->dependencies) {
        if (dependency.switched || dependency.requirement == kNone) continue;
        found(clauses_.find_demand(dependency.requirement));
    }
}

void Supply::found_feature(const VarMeaning& meaning) {
    const Record& record = *universe_.package(meaning.a).record;
    const Feature& feature = *record.find(meaning.b);
    for (const FeatureId other : feature.features) found(clauses_.find_feature(meaning.a, other));
    for (const std::uint32_t d : feature.switches) found(clauses_.find_switch(meaning.a, d));
}

bool Supply::found_requests() {
    for (const RequirementId id : asking_) {
        const PackageId32 candidate = true_candidate(id);
        if (!is_founded(clauses_.package(candidate))) continue;
        for (const FeatureRequest& request : requirements_.requests(id)) {
            if (request.condition != kNone &&
                !is_founded(
                    clauses_.find_feature(requirements_.demand(id).owner, request.condition))) {
                continue;
            }
            found(clauses_.find_feature(candidate, request.feature));
        }
    }
    return !queue_.empty();
}

bool Supply::is_supplied(RequirementId peer) {
    if (!requirements_.demand(peer).choice) {
        const PackageId32 candidate = true_candidate(peer);
        return candidate != kNone && is_founded(clauses_.package(candidate));
    }
    const auto parts = requirements_.parts(peer);
    return std::any_of(parts.begin(), parts.end(), [this](RequirementId part) {
        return core_.is_true(positive(clauses_.find_demand(part))) && is_supplied(part);
    });
}

std::optional<Lit> Supply::wanted_for(RequirementId peer) {
    const auto unknown = [this](Var var) { return core_.value(positive(var)) == Value::kUnknown; };
    if (!requirements_.demand(peer).choice) {
        for (const PackageId32 candidate : requirements_.candidates(peer)) {
            const Var var = clauses_.package(candidate);
            if (universe_.package(candidate).locked && unknown(var)) return positive(var);
        }
        return std::nullopt;
    }
    for (const RequirementId part : requirements_.parts(peer)) {
        const Var var = clauses_.demand(part);
        if (core_.is_true(positive(var))) {
            if (const auto wanted = wanted_for(part)) return wanted;
        } else if (unknown(var)) {
            const PackageId32 there = true_candidate(part);
            if (there != kNone && is_founded(clauses_.package(there))) return positive(var);
            if (wanted_for(part)) return positive(var);
        }
    }
    return std::nullopt;
}

Result<void> Supply::close() {
    CATALOG_TRY_VOID(clauses_.expand_all());
    holders_.assign(requirements_.size(), {});
    for (Var var = 0; var < core_.var_count(); ++var) {
        const VarMeaning meaning = clauses_.meaning(var);
        if (meaning.kind == VarKind::kRoot) holders_[meaning.b].push_back(var);
        if (meaning.kind != VarKind::kPackage && meaning.kind != VarKind::kSwitch) continue;
        const Record& record = *universe_.package(meaning.a).record;
        for (std::uint32_t d = 0; d < record.dependencies.size(); ++d) {
            const Dependency& dependency = record.dependencies[d];
            const bool holds = meaning.kind == VarKind::kSwitch
                                   ? dependency.switched && d == meaning.b
                                   : !dependency.switched;
            if (holds && dependency.requirement != kNone) {
                holders_[dependency.requirement].push_back(var);
            }
        }
    }
    closed_ = true;
    return {};
}

std::vector<Lit> Supply::loop_clause(RequirementId peer) {
    needed_.assign(core_.var_count(), 0);
    loop_.clear();
    clause_.assign(1, negative(clauses_.find_demand(peer)));
    if (requirements_.demand(peer).choice) {
        for (const RequirementId part : requirements_.parts(peer)) {
            if (core_.is_false(positive(clauses_.find_demand(part)))) {
                need_literal(positive(clauses_.find_demand(part)));
            } else {
                need_candidates(part);
            }
        }
    } else {
        need_candidates(peer);
    }
    while (!loop_.empty()) {
        const Var var = loop_.back();
        loop_.pop_back();
        need_supports(var);
    }
    std::sort(clause_.begin(), clause_.end());
    clause_.erase(std::unique(clause_.begin(), clause_.end()), clause_.end());
    return clause_;
}

void Supply::need_candidates(RequirementId peer) {
    for (const PackageId32 candidate : requirements_.candidates(peer)) {
        need(clauses_.package(candidate));
    }
}

void Supply::need_literal(Lit literal) { clause_.push_back(literal); }

/// Adds a variable to the loop, or to its formula when it is false and thus outside of it.
void Supply::need(Var var) {
    if (var == kNone || needed_[var] != 0) return;
    needed_[var] = 1;
    if (core_.is_false(positive(var))) {
        need_literal(positive(var));
    } else {
        loop_.push_back(var);
    }
}

void Supply::need_supports(Var var) {
    const VarMeaning meaning = clauses_.meaning(var);
    switch (meaning.kind) {
        case VarKind::kPackage:
            need_package(meaning.a);
            break;
        case VarKind::kDemand:
            need_demand(meaning.a);
            break;
        case VarKind::kFeature:
            need_feature(meaning.a, meaning.b);
            break;
        case VarKind::kSwitch: {
            const Record& record = *universe_.package(meaning.a).record;
            for (const Feature& feature : record.features) {
                const auto& on = feature.switches;
                if (std::find(on.begin(), on.end(), meaning.b) == on.end()) continue;
                need(clauses_.find_feature(meaning.a, feature.id));
            }
            break;
        }
        // A root that is neither asked nor left out could be asked.
        case VarKind::kRoot:
            need_literal(positive(var));
            break;
        case VarKind::kTruth:
        case VarKind::kExclusion:
        case VarKind::kTrial:
            break;
    }
}

void Supply::need_package(PackageId32 id) {
    for (const RequirementId demand : clauses_.demands_on(universe_.package(id).slot)) {
        const bool brings_in = !requirements_.demand(demand).peer || universe_.package(id).locked;
        if (!brings_in || !requirements_.has_candidate(demand, id)) continue;
        const Var var = clauses_.find_demand(demand);
        if (is_founded(var)) {
            // The demand could be met by this candidate instead.
            need_literal(positive(clauses_.package(id)));
        } else {
            need(var);
        }
    }
}

void Supply::need_demand(RequirementId id) {
    if (id < holders_.size()) {
        for (const Var holder : holders_[id]) need(holder);
    }
    const RequirementId parent = requirements_.demand(id).parent;
    if (parent == kNone) return;
    const Var choice = clauses_.find_demand(parent);
    if (is_founded(choice)) {
        need_literal(positive(clauses_.find_demand(id)));
    } else {
        need(choice);
    }
}

void Supply::need_feature(PackageId32 package, FeatureId feature) {
    if (!is_founded(clauses_.package(package))) {
        need(clauses_.package(package));
        return;
    }
    const Record& record = *universe_.package(package).record;
    for (const Feature& other : record.features) {
        const auto& on = other.features;
        if (std::find(on.begin(), on.end(), feature) == on.end()) continue;
        need(clauses_.find_feature(package, other.id));
    }
    for (const RequirementId id : clauses_.demands_on(universe_.package(package).slot)) {
        if (!requirements_.has_candidate(id, package)) continue;
        for (const FeatureRequest& request : requirements_.requests(id)) {
            if (request.feature != feature) continue;
            const Var var = clauses_.find_demand(id);
            if (!is_founded(var)) {
                need(var);
            } else if (request.condition != kNone) {
                need(clauses_.find_feature(requirements_.demand(id).owner, request.condition));
            }
        }
    }
}

}  // namespace catalog::resolve::engine
