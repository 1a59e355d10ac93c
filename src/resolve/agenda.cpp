#include "agenda.hpp"

#include <algorithm>

#include "stable.hpp"

namespace catalog::resolve::engine {

void Agenda::note(RequirementId demand, std::uint32_t trail_position) {
    if (requirements_.demand(demand).peer) {
        // The parts of a choice are looked at through the choice.
        if (requirements_.demand(demand).parent != kNone) return;
        peers_.push_back(demand);
        peer_positions_.push_back(trail_position);
        return;
    }
    entries_.push_back({demand, trail_position});
}

void Agenda::mark_level() { marks_.push_back(cursor_); }

void Agenda::forget(std::uint32_t level, std::uint32_t trail_size) {
    if (marks_.size() > level) {
        cursor_ = marks_[level];
        marks_.resize(level);
    }
    while (!entries_.empty() && entries_.back().trail_position >= trail_size) entries_.pop_back();
    while (!peers_.empty() && peer_positions_.back() >= trail_size) {
        peers_.pop_back();
        peer_positions_.pop_back();
    }
}

PackageId32 Agenda::met_by(RequirementId demand) const {
    if (!requirements_.demand(demand).choice) return true_candidate(demand);
    for (const RequirementId part : requirements_.parts(demand)) {
        if (!core_.is_true(positive(clauses_.demand(part)))) continue;
        const PackageId32 found = true_candidate(part);
        if (found != kNone) return found;
    }
    return kNone;
}

PackageId32 Agenda::true_candidate(RequirementId id) const {
    for (const PackageId32 candidate : requirements_.candidates(id)) {
        if (core_.is_true(positive(clauses_.package(candidate)))) return candidate;
    }
    return kNone;
}

RequirementId Agenda::true_part(RequirementId choice) const {
    for (const RequirementId part : requirements_.parts(choice)) {
        if (core_.is_true(positive(clauses_.demand(part)))) return part;
    }
    return kNone;
}

bool Agenda::is_open(RequirementId demand) const {
    return requirements_.demand(demand).choice ? true_part(demand) == kNone
                                               : true_candidate(demand) == kNone;
}

RequirementId Agenda::next() {
    // A root is served completely before the next one is looked at.
    for (; cursor_.roots < roots_.size(); ++cursor_.roots) {
        const RequirementId root = roots_[cursor_.roots];
        if (!core_.is_true(positive(clauses_.demand(root)))) continue;  // left out of this search
        if (is_open(root)) return root;
        if (!requirements_.demand(root).choice) continue;
        const RequirementId part = true_part(root);
        if (is_open(part)) return part;
    }
    for (; cursor_.plain < entries_.size(); ++cursor_.plain) {
        const RequirementId demand = entries_[cursor_.plain].demand;
        if (!requirements_.demand(demand).choice && is_open(demand)) return demand;
    }
    for (; cursor_.choices < entries_.size(); ++cursor_.choices) {
        const RequirementId demand = entries_[cursor_.choices].demand;
        if (requirements_.demand(demand).choice && is_open(demand)) return demand;
    }
    return kNone;
}

std::vector<RequirementId> Agenda::root_parts(std::size_t root) const {
    const RequirementId choice = roots_[root];
    std::vector<SlotId> served;
    for (std::size_t i = 0; i < root; ++i) {
        const PackageId32 package = met_by(roots_[i]);
        if (package != kNone) served.push_back(universe_.package(package).slot);
    }
    const auto rank = [&](RequirementId part) {
        return requirements_.root_part_rank(choice, part, served);
    };
    const auto parts = requirements_.parts(choice);
    std::vector<RequirementId> sorted(parts.begin(), parts.end());
    sort_stably(sorted, [&](RequirementId a, RequirementId b) { return rank(a) < rank(b); });
    return sorted;
}

RequirementId Agenda::pick_part(RequirementId choice) const {
    const auto open = [this](RequirementId part) {
        return !core_.is_false(positive(clauses_.demand(part)));
    };
    const auto root = std::find(roots_.begin(), roots_.end(), choice);
    if (root != roots_.end()) {
        for (const RequirementId part :
             root_parts(static_cast<std::size_t>(root - roots_.begin()))) {
            if (open(part)) return part;
        }
        return kNone;
    }
    const auto parts = requirements_.parts(choice);
    for (const RequirementId part : parts) {
        if (open(part) && met_by(part) != kNone) return part;
    }
    const auto first = std::find_if(parts.begin(), parts.end(), open);
    return first == parts.end() ? kNone : *first;
}

}  // namespace catalog::resolve::engine
