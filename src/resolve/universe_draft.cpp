#include "universe_draft.hpp"

#include <algorithm>

#include "catalog/internal/try.hpp"
#include "frozen_overlay.hpp"

namespace catalog::resolve::frozen {

namespace {

/// Places in a draft's blocks have 32 bits; one package more always fits behind this.
constexpr std::size_t kBlockBytesMax = std::size_t{1} << 31;

constexpr std::uint64_t kSlotNumberMask = 0xffff'ffff;

void put_value(std::vector<std::uint32_t>& numbers, std::uint32_t name, std::uint64_t value) {
    numbers.push_back(name);
    numbers.push_back(static_cast<std::uint32_t>(value));
    numbers.push_back(static_cast<std::uint32_t>(value >> 32));
}

}  // namespace

Error no_room_for_more(std::string_view what) {
    return Error(Errc::kLimitExceeded,
                 "a frozen universe has no room for more " + std::string(what));
}

void grow_slots(std::vector<std::uint64_t>& slots) {
    std::vector<std::uint64_t> old(std::max<std::size_t>(slots.size() * 2, 16), 0);
    old.swap(slots);
    const std::size_t mask = slots.size() - 1;
    for (const std::uint64_t slot : old) {
        if (slot == 0) continue;
        std::size_t at = (slot >> 32) & mask;
        while (slots[at] != 0) at = (at + 1) & mask;
        slots[at] = slot;
    }
}

std::uint32_t TextTable::intern(std::string_view text) {
    if (std::size_t{size()} * 4 >= slots_.size() * 3) grow_slots(slots_);
    const std::uint64_t hash = name_hash(text);
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (hash >> 32) & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
        if ((slots_[at] ^ hash) >> 32 != 0) continue;
        const auto id = static_cast<std::uint32_t>(slots_[at] & kSlotNumberMask) - 1;
        if (this->text(id) == text) return id;
    }
    const std::uint32_t id = size();
    slots_[at] = (hash & ~kSlotNumberMask) | (std::uint64_t{id} + 1);
    bytes_ += text;
    starts_.push_back(static_cast<std::uint32_t>(bytes_.size()));
    return id;
}

Result<void> UniverseDraft::check_room(std::size_t more_items) const {
    if (items.size() + more_items > kItemNumberMask) return fail(no_room_for_more("dependencies"));
    if (version_names.size() >= kItemNumberMask) return fail(no_room_for_more("versions"));
    for (const std::size_t bytes :
         {names.bytes(), texts.bytes(), constraint_texts.bytes(), raw_constraints_.bytes(),
          choices.bytes(), conditions.bytes()}) {
        if (bytes > kBlockBytesMax) return fail(no_room_for_more("text"));
    }
    return {};
}

std::uint64_t UniverseDraft::value_of(const version::SemVer& version) {
    std::uint64_t packed = 0;
    if (pack(version, packed)) return packed;
    odd_versions.push_back(version);
    return kTextVersion | (odd_versions.size() - 1);
}

version::SemVer UniverseDraft::version_of(std::uint64_t value) const {
    if ((value & kTextVersion) != 0) {
        return odd_versions[static_cast<std::size_t>(value & ~kTextVersion)];
    }
    return unpack(value);
}

const DraftExtra* UniverseDraft::extra_of(std::uint32_t version) const {
    const auto at = std::ranges::lower_bound(extras, version, {}, &DraftExtra::version);
    return at != extras.end() && at->version == version ? &*at : nullptr;
}

std::uint32_t UniverseDraft::constraint(const version::VersionConstraint& constraint) {
    const std::uint32_t id = constraint_texts.intern(constraint_text(constraint));
    if (id == constraints.size()) constraints.push_back(constraint);
    return id;
}

Result<std::uint32_t> UniverseDraft::constraint(const TargetText& target) {
    key_.assign(1, target.dialect == version::Dialect::kNpm ? 'n' : 'c');
    key_ += target.constraint;
    const std::uint32_t raw = raw_constraints_.intern(key_);
    if (raw < constraint_of_raw_.size() && constraint_of_raw_[raw] != kNone) {
        return constraint_of_raw_[raw];
    }
    if (raw == constraint_of_raw_.size()) constraint_of_raw_.push_back(kNone);
    CATALOG_TRY(const auto parsed,
                version::VersionConstraint::parse(target.constraint, target.dialect));
    return constraint_of_raw_[raw] = constraint(parsed);
}

Result<std::uint32_t> UniverseDraft::platform(std::string_view text) {
    const auto [at, fresh] = platform_ids_.try_emplace(std::string(text), kNone);
    if (!fresh) return at->second;
    auto parsed = PlatformPredicate::parse(text);
    if (!parsed) {
        platform_ids_.erase(at);
        return fail(std::move(parsed).error());
    }
    return at->second = texts.intern(parsed->to_string());
}

DraftItem UniverseDraft::item_of(std::span<const std::uint32_t> targets) {
    if (targets.size() == 2)
        return DraftItem::make(DraftItem::Kind::kNeeds, targets[0], targets[1]);
    return DraftItem::make(DraftItem::Kind::kNeedsOneOf, choices.intern(targets));
}

/// A condition is made even for who needs none, and left out here.
void UniverseDraft::put_dependency(DraftItem wanted, std::span<const std::uint32_t> condition) {
    const bool plain = condition.size() == 3 &&
                       condition[0] == static_cast<std::uint32_t>(DependencyKind::kRequired) &&
                       condition[1] == 1 && condition[2] == kNone;
    if (plain) {
        items.push_back(wanted);
        return;
    }
    const auto place = static_cast<std::uint32_t>(conditionals.size());
    conditionals.push_back({wanted, conditions.intern(condition)});
    items.push_back(DraftItem::make(DraftItem::Kind::kConditional, place));
}

void UniverseDraft::put_version(std::uint32_t name, std::uint64_t value, bool yanked) {
    version_names.push_back(name);
    version_values.push_back(value);
    version_flags.push_back(yanked ? std::uint8_t{kYanked} : std::uint8_t{0});
    version_items.push_back(static_cast<std::uint32_t>(items.size()));
}

void UniverseDraft::put_extra(std::string_view source, std::uint64_t first, std::size_t provides,
                              bool default_feature) {
    if (default_feature) version_flags.back() |= kHasDefaultFeature;
    if (source.empty() && first == extra_numbers.size()) return;
    version_flags.back() |= kHasExtra;
    extras.push_back({static_cast<std::uint32_t>(version_names.size() - 1),
                      source.empty() ? kNone : texts.intern(source), first,
                      static_cast<std::uint32_t>(provides),
                      static_cast<std::uint32_t>(extra_numbers.size() - first - 3 * provides)});
}

Result<void> UniverseDraft::add(std::string_view name, const Candidate& candidate,
                                const PackageRecord& record) {
    CATALOG_TRY_VOID(check_room(record.dependencies.size() + record.conflicts.size()));
    put_version(names.intern(name), value_of(candidate.version), candidate.yanked);
    const auto put_target = [this](const Target& target) {
        targets_.push_back(names.intern(target.name));
        targets_.push_back(constraint(target.constraint));
    };
    for (const Requirement& source : record.dependencies) {
        targets_.clear();
        put_target(source.target);
        for (const Target& target : source.any_of) put_target(target);
        condition_ = {
            static_cast<std::uint32_t>(source.kind), source.default_features ? 1U : 0U,
            source.platform.is_everywhere() ? kNone : texts.intern(source.platform.to_string())};
        for (const std::string& feature : source.features) {
            condition_.push_back(texts.intern(feature));
        }
        put_dependency(item_of(targets_), condition_);
    }
    for (const Target& conflict : record.conflicts) {
        targets_.clear();
        put_target(conflict);
        items.push_back(DraftItem::make(DraftItem::Kind::kExcludes, targets_[0], targets_[1]));
    }
    const std::uint64_t first = extra_numbers.size();
    for (const Provided& provided : record.provides) {
        put_value(extra_numbers, names.intern(provided.name), value_of(provided.version));
    }
    for (const auto& [feature, list] : record.features) {
        extra_numbers.push_back(texts.intern(feature));
        extra_numbers.push_back(static_cast<std::uint32_t>(list.size()));
        for (const std::string& item : list) extra_numbers.push_back(texts.intern(item));
    }
    put_extra(candidate.source_id, first, record.provides.size(),
              record.features.find("default") != record.features.end());
    return {};
}

Result<void> UniverseDraft::add(bool yanked, const RecordText& record) {
    CATALOG_TRY_VOID(check_room(record.dependencies.size() + record.conflicts.size()));
    CATALOG_TRY(const version::SemVer version, version::SemVer::parse(record.version));
    put_version(names.intern(record.name), value_of(version), yanked);
    const auto put_target = [this](const TargetText& target) -> Result<void> {
        targets_.push_back(names.intern(target.name));
        CATALOG_TRY(const std::uint32_t id, constraint(target));
        targets_.push_back(id);
        return {};
    };
    for (const RequirementText& source : record.dependencies) {
        targets_.clear();
        CATALOG_TRY_VOID(put_target(source.target));
        for (const TargetText& target : source.any_of) CATALOG_TRY_VOID(put_target(target));
        std::uint32_t where = kNone;
        if (!source.platform.empty()) {
            CATALOG_TRY(where, platform(source.platform));
        }
        condition_ = {static_cast<std::uint32_t>(source.kind), source.default_features ? 1U : 0U,
                      where};
        for (const std::string_view feature : source.features) {
            condition_.push_back(texts.intern(feature));
        }
        put_dependency(item_of(targets_), condition_);
    }
    for (const TargetText& conflict : record.conflicts) {
        targets_.clear();
        CATALOG_TRY_VOID(put_target(conflict));
        items.push_back(DraftItem::make(DraftItem::Kind::kExcludes, targets_[0], targets_[1]));
    }
    const std::uint64_t first = extra_numbers.size();
    for (const auto& [name, text] : record.provides) {
        CATALOG_TRY(const version::SemVer provided, version::SemVer::parse(text));
        put_value(extra_numbers, names.intern(name), value_of(provided));
    }
    bool default_feature = false;
    for (const auto& [feature, list] : record.features) {
        default_feature = default_feature || feature == "default";
        extra_numbers.push_back(texts.intern(feature));
        extra_numbers.push_back(static_cast<std::uint32_t>(list.size()));
        for (const std::string_view item : list) extra_numbers.push_back(texts.intern(item));
    }
    put_extra({}, first, record.provides.size(), default_feature);
    return {};
}

/// Copies versions out of a universe; what is met again and again is translated once.
class UnchangedCopy {
public:
    UnchangedCopy(UniverseDraft& draft, const FrozenUniverse::View& view)
        : draft_(draft),
          view_(view),
          names_(view.names, kNone),
          requirements_(view.requirements.size(), DraftItem{kNone, 0}) {}

    Result<void> copy(std::uint32_t version, std::uint32_t of) {
        const auto row = view_.row(version);
        CATALOG_TRY_VOID(draft_.check_room(row.size()));
        CATALOG_TRY(const std::uint32_t name, this->name(of));
        const std::uint64_t value = view_.versions[version];
        const std::uint8_t flags = view_.version_flags[version];
        draft_.put_version(name, value_from(value), (flags & kYanked) != 0);
        for (const std::uint32_t item : row) CATALOG_TRY_VOID(copy_item(item));
        if ((flags & kHasExtra) == 0) return {};
        const ExtraEntry* extra = view_.extra(version);
        if (extra == nullptr) return fail(unsound());
        return copy_extra(*extra, (flags & kHasDefaultFeature) != 0);
    }

private:
    static Error unsound() {
        return Error(Errc::kUniverseInvalid, "a frozen universe has numbers that lead nowhere")
            .with_hint("build the universe again from its packages");
    }

    Result<std::uint32_t> name(std::uint32_t id) {
        if (id >= names_.size()) return fail(unsound());
        if (names_[id] == kNone) names_[id] = draft_.names.intern(view_.name(id));
        return names_[id];
    }

    std::uint64_t value_from(std::uint64_t value) {
        if ((value & kTextVersion) == 0) return value;
        return draft_.value_of(view_.version_from(value));
    }

    Result<std::uint32_t> constraint(std::uint32_t place) {
        const auto [at, fresh] = constraints_.try_emplace(place, kNone);
        if (!fresh && at->second != kNone) return at->second;
        CATALOG_TRY(const auto read, view_.constraint(place));
        return at->second = draft_.constraint(read);
    }

    /// Returns what a requirement wants: of an exclusion as if it was needed.
    Result<DraftItem> wanted(std::uint32_t id) {
        if (id >= requirements_.size()) return fail(unsound());
        if (requirements_[id].subject != kNone) return requirements_[id];
        const RequirementEntry& entry = view_.requirements[id];
        const std::array<std::uint32_t, 2> alone{entry.name, entry.constraint};
        const std::span<const std::uint32_t> declared = entry.name != kNone
                                                            ? std::span<const std::uint32_t>(alone)
                                                            : view_.list(entry.constraint);
        if (declared.size() < 2 || declared.size() % 2 != 0) return fail(unsound());
        std::vector<std::uint32_t>& targets = draft_.targets_;
        targets.clear();
        for (std::size_t i = 0; i < declared.size(); i += 2) {
            CATALOG_TRY(const std::uint32_t target, name(declared[i]));
            CATALOG_TRY(const std::uint32_t text, constraint(declared[i + 1]));
            targets.push_back(target);
            targets.push_back(text);
        }
        return requirements_[id] = draft_.item_of(targets);
    }

    Result<void> copy_item(std::uint32_t item) {
        const std::uint32_t number = item & kItemNumberMask;
        const std::uint32_t kind = item >> kItemNumberBits;
        if (kind == kConditional) return copy_conditional(number);
        CATALOG_TRY(const DraftItem wanted, this->wanted(number));
        if (kind == kNeeds) {
            draft_.items.push_back(wanted);
        } else {
            if (wanted.kind() != DraftItem::Kind::kNeeds) return fail(unsound());
            draft_.items.push_back(
                DraftItem::make(DraftItem::Kind::kExcludes, wanted.subject, wanted.rest()));
        }
        return {};
    }

    Result<void> copy_conditional(std::uint32_t number) {
        const ConditionEntry* entry = view_.condition(number);
        if (entry == nullptr) return fail(unsound());
        CATALOG_TRY(const DraftItem wanted, this->wanted(entry->requirement));
        std::vector<std::uint32_t>& condition = draft_.condition_;
        condition = {entry->kind, entry->default_features,
                     entry->platform == kNone ? kNone : text(entry->platform)};
        for (const std::uint32_t feature : view_.list(entry->features)) {
            condition.push_back(text(feature));
        }
        draft_.put_dependency(wanted, condition);
        return {};
    }

    std::uint32_t text(std::uint32_t place) { return draft_.texts.intern(view_.text(place)); }

    Result<void> copy_extra(const ExtraEntry& extra, bool default_feature) {
        std::vector<std::uint32_t>& numbers = draft_.extra_numbers;
        const std::uint64_t first = numbers.size();
        const auto provides = view_.list(extra.provides);
        if (provides.size() % 3 != 0) return fail(unsound());
        for (std::size_t i = 0; i < provides.size(); i += 3) {
            CATALOG_TRY(const std::uint32_t provided, name(provides[i]));
            put_value(numbers, provided,
                      value_from(provides[i + 1] | (std::uint64_t{provides[i + 2]} << 32)));
        }
        const auto features = view_.list(extra.features);
        for (std::size_t i = 0; i < features.size();) {
            const std::size_t left = features.size() - i;
            if (left < 2 || features[i + 1] > left - 2) return fail(unsound());
            numbers.push_back(text(features[i]));
            const std::uint32_t count = features[i + 1];
            numbers.push_back(count);
            for (std::uint32_t k = 0; k < count; ++k) {
                numbers.push_back(text(features[i + 2 + k]));
            }
            i += 2 + std::size_t{count};
        }
        draft_.put_extra(
            extra.source_id == kNone ? std::string_view() : view_.text(extra.source_id), first,
            provides.size() / 3, default_feature);
        return {};
    }

    UniverseDraft& draft_;
    const FrozenUniverse::View& view_;
    std::vector<std::uint32_t> names_;
    std::vector<DraftItem> requirements_;
    std::unordered_map<std::uint32_t, std::uint32_t> constraints_;
};

Result<void> UniverseDraft::add_unchanged(const UniverseChanges& changes) {
    const FrozenUniverse::View& view = changes.base().view();
    const std::vector<std::uint64_t>& changed = changes.tables().changed;
    UnchangedCopy copy(*this, view);
    for (std::uint32_t name = 0; name < view.names; ++name) {
        if (((changed[name / 64] >> (name % 64)) & 1) != 0) continue;
        const auto [first, count] = view.versions_of(name);
        for (std::uint32_t i = 0; i < count; ++i) CATALOG_TRY_VOID(copy.copy(first + i, name));
    }
    return {};
}

}  // namespace catalog::resolve::frozen
