#include <algorithm>

#include "frozen_view.hpp"

namespace catalog::resolve::frozen {

namespace {

bool names_a_source(const version::VersionConstraint& constraint) {
    return constraint.get_if<version::Git>() != nullptr ||
           constraint.get_if<version::Local>() != nullptr;
}

/// As far as a conflict is concerned: it excludes rather than admits.
bool is_excluded(const version::SemVer& version, const version::VersionConstraint& constraint) {
    if (constraint.get_if<version::Exact>() != nullptr) return constraint.matches(version);
    const auto* range = constraint.get_if<version::Range>();
    return range != nullptr && (range->req.matches(version) ||
                                range->req.matches(version, version::PrereleaseRule::kInclude));
}

}  // namespace

Part& Compiler::part_of(std::uint32_t target, std::uint32_t as, std::vector<Part>& parts) {
    const auto at = std::find_if(parts.begin(), parts.end(),
                                 [&](const Part& part) { return part.target == target; });
    if (at != parts.end()) return *at;
    parts.push_back(
        {target, std::vector<std::uint64_t>(domain_words(view_, target), 0), false, as});
    return parts.back();
}

void Compiler::put(std::uint32_t target, std::uint32_t value, std::uint32_t as,
                   std::vector<Part>& parts) {
    Part& part = part_of(target, as, parts);
    const std::uint64_t bit = std::uint64_t{1} << (value % 64);
    if ((part.mask[value / 64] & bit) != 0) return;
    // Wanted after one that is there: is that one the newer?
    for (std::size_t w = value / 64; w < part.mask.size(); ++w) {
        const std::uint64_t above = w == value / 64 ? ~(bit | (bit - 1)) : ~std::uint64_t{0};
        if ((part.mask[w] & above) != 0) part.out_of_order = true;
    }
    part.mask[value / 64] |= bit;
    if (part.as != as) part.as = kNone;
}

bool Compiler::own_meets(std::uint32_t version,
                         const version::VersionConstraint& constraint) const {
    const bool sourced = (view_.flags(version) & kHasExtra) != 0;
    const std::string source = sourced ? view_.candidate(version).source_id : std::string();
    if (names_a_source(constraint)) return source == constraint.source_id();
    if (!source.empty()) return false;
    if (constraint.get_if<version::Latest>() != nullptr) {
        return (view_.flags(version) & kLatest) != 0;
    }
    return constraint.matches(view_.version(version));
}

void Compiler::meet(std::uint32_t name, const version::VersionConstraint& constraint,
                    std::vector<Part>& parts) {
    const auto [first, count] = view_.versions_of(name);
    for (std::uint32_t i = 0; i < count; ++i) {
        if (own_meets(first + i, constraint)) put(name, i + 1, name, parts);
    }
    meet_provided(name, constraint, parts);
}

void Compiler::meet_provided(std::uint32_t name, const version::VersionConstraint& constraint,
                             std::vector<Part>& parts) {
    struct Found {
        version::SemVer provided;
        std::uint32_t name;
        std::uint32_t value;
    };
    if (names_a_source(constraint)) return;
    const bool latest = constraint.get_if<version::Latest>() != nullptr;
    std::vector<Found> found;
    for (const ProvideEntry& entry : view_.provided(name)) {
        const std::uint32_t first = view_.versions_of(entry.name).first;
        if (entry.name == name || entry.version < first) continue;
        version::SemVer provided = view_.version_from(entry.provided);
        if (!latest && !constraint.matches(provided)) continue;
        found.push_back({std::move(provided), entry.name, entry.version - first + 1});
    }
    // Names stand in the order of their texts, but those that were added later.
    std::sort(found.begin(), found.end(), [this](const Found& a, const Found& b) {
        if (const auto order = compare_precedence(a.provided, b.provided); order != 0) {
            return order > 0;
        }
        if (a.name == b.name) return a.value < b.value;
        return view_.over == nullptr ? a.name < b.name : view_.name(a.name) < view_.name(b.name);
    });
    for (const Found& one : found) {
        if (one.value > view_.versions_of(one.name).second) continue;
        put(one.name, one.value, name, parts);
        // Which one is the latest depends on the request.
        if (latest) part_of(one.name, name, parts).out_of_order = true;
    }
}

void Compiler::exclude(std::uint32_t name, const version::VersionConstraint& constraint,
                       std::vector<Part>& parts) {
    const auto [first, count] = view_.versions_of(name);
    for (std::uint32_t i = 0; i < count; ++i) {
        bool out = false;
        if (names_a_source(constraint)) {
            out = view_.candidate(first + i).source_id == constraint.source_id();
        } else if (constraint.get_if<version::Latest>() != nullptr) {
            out = (view_.flags(first + i) & kLatest) != 0;
        } else {
            out = is_excluded(view_.version(first + i), constraint);
        }
        if (out) put(name, i + 1, name, parts);
    }
    for (const ProvideEntry& entry : view_.provided(name)) {
        const auto [from, versions] = view_.versions_of(entry.name);
        if (entry.name == name || entry.version < from || entry.version - from >= versions) {
            continue;
        }
        if (is_excluded(view_.version_from(entry.provided), constraint)) {
            put(entry.name, entry.version - from + 1, name, parts);
        }
    }
}

namespace {

RequirementEntry entry_of_part(Part part, RequirementEntry entry, EntryStore& store) {
    entry.target = part.target;
    entry.count = part.out_of_order ? kOutOfOrder : 0;
    if (part.mask.size() == 1) {
        entry.mask = part.mask.front();
    } else {
        entry.count |= kWideMask;
        entry.mask = store.put_mask(std::move(part.mask));
    }
    return entry;
}

}  // namespace

RequirementEntry complete_entry(RequirementEntry entry, std::vector<Part> parts, Reading reading,
                                EntryStore& store) {
    entry.target = kNone;
    entry.count = 0;
    entry.mask = 0;
    if (reading == Reading::kExcludes) {
        // What is left: absent, and every other version.
        for (Part& part : parts) {
            for (std::uint64_t& word : part.mask) word = ~word;
        }
    }
    if (parts.empty()) return entry;
    if (parts.size() == 1) return entry_of_part(std::move(parts.front()), entry, store);
    std::vector<RequirementEntry> alternatives;
    entry.target = kSeveral;
    entry.count = static_cast<std::uint32_t>(parts.size());
    for (Part& part : parts) {
        if (part.out_of_order) entry.count |= kOutOfOrder;
        const std::uint32_t as = part.as;
        alternatives.push_back(entry_of_part(std::move(part), entry, store));
        alternatives.back().name = as;
    }
    entry.mask = store.put_alternatives(std::move(alternatives));
    return entry;
}

std::string constraint_text(const version::VersionConstraint& constraint) {
    std::string text(1, constraint.dialect() == version::Dialect::kNpm ? 'n' : 'c');
    const auto* range = constraint.get_if<version::Range>();
    text += range != nullptr ? range->req.text() : constraint.to_string();
    return text;
}

}  // namespace catalog::resolve::frozen
