#include "frozen_overlay.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace catalog::resolve {

namespace frozen {

namespace {

bool has_name_bit(const std::vector<std::uint64_t>& bits, std::uint32_t id) noexcept {
    return ((bits[id / 64] >> (id % 64)) & 1) != 0;
}

/// The text of a demand: its names' numbers and its constraints.
void append_to_key(std::string& key, std::uint32_t name, std::string_view constraint) {
    append_le(key, name);
    key += constraint;
    key += '\0';
}

}  // namespace

Overlay::Overlay(UniverseChanges changes, DependencyProvider& fresh)
    : changes_(std::move(changes)),
      tables_(changes_.tables()),
      base_(tables_.base.view()),
      fresh_(fresh) {}

void Overlay::fail_with(const Error& cause, std::string message, std::string input) {
    if (failure_) return;
    // Interruptions keep their code: the caller asked for them, the provider only noticed first.
    if (cause.code() == Errc::kCancelled || cause.code() == Errc::kDeadlineExceeded) {
        failure_ = cause;
        return;
    }
    failure_ = Error(Errc::kProviderFailed, std::move(message))
                   .with_input(std::move(input))
                   .with_cause(cause);
}

std::uint32_t Overlay::find(std::string_view text) {
    std::string key(text);
    const auto at = name_ids_.find(key);
    if (at != name_ids_.end()) return at->second;
    const bool is_new = tables_.new_names.contains(key) || tables_.new_virtuals.contains(key);
    return is_new ? intern_name(text) : kNone;
}

std::uint32_t Overlay::intern_name(std::string_view text) {
    if (const std::uint32_t id = base_.find(text); id != kNone) return id;
    const auto next = static_cast<std::uint32_t>(base_.names + names_.size());
    const auto [at, fresh] = name_ids_.emplace(std::string(text), next);
    if (!fresh) return at->second;
    NewName name;
    name.text = at->first;
    name.changed = tables_.new_names.contains(name.text);
    name.is_virtual = tables_.new_virtuals.contains(name.text);
    names_.push_back(std::move(name));
    return next;
}

std::string_view Overlay::name(std::uint32_t id) const noexcept {
    if (id < base_.names || id - base_.names >= names_.size()) return {};
    return names_[id - base_.names].text;
}

bool Overlay::is_changed(std::uint32_t id) const noexcept {
    if (id < base_.names) return has_name_bit(tables_.changed, id);
    return id - base_.names < names_.size() && names_[id - base_.names].changed;
}

bool Overlay::is_virtual(std::uint32_t id) const noexcept {
    if (id < base_.names) return has_name_bit(tables_.virtuals, id);
    return id - base_.names < names_.size() && names_[id - base_.names].is_virtual;
}

bool Overlay::is_dirty(std::uint32_t id) const noexcept { return is_changed(id) || is_virtual(id); }

std::pair<std::uint32_t, std::uint32_t> Overlay::versions_of(std::uint32_t id) {
    if (!is_changed(id)) return {0, 0};
    const auto [at, unseen] = spans_.try_emplace(id, 0, 0);
    if (!unseen) return at->second;
    const std::string text(view_->name(id));
    auto listed = fresh_.versions(text);
    if (!listed) {
        fail_with(listed.error(), "the versions of a package could not be listed", text);
        return {0, 0};
    }
    std::sort(listed->begin(), listed->end(), [](const Candidate& a, const Candidate& b) {
        const auto compared = b.version <=> a.version;
        return compared != 0 ? compared < 0 : a.source_id < b.source_id;
    });
    at->second = {static_cast<std::uint32_t>(base_.versions.size() + versions_.size()),
                  static_cast<std::uint32_t>(listed->size())};
    bool has_latest = false;
    for (Candidate& candidate : *listed) {
        Version version;
        version.name = id;
        if (candidate.yanked) version.flags |= kYanked;
        if (!candidate.source_id.empty()) version.flags |= kHasExtra;
        if (!has_latest && !candidate.yanked && candidate.source_id.empty() &&
            !candidate.version.is_prerelease()) {
            version.flags |= kLatest;
            has_latest = true;
        }
        version.candidate = std::move(candidate);
        versions_.push_back(std::move(version));
    }
    return at->second;
}

std::span<const ProvideEntry> Overlay::provided(std::uint32_t id) {
    const auto at = provided_.find(id);
    if (at != provided_.end()) return at->second;
    const std::string text(view_->name(id));
    auto listed = fresh_.providers(text);
    if (!listed) {
        fail_with(listed.error(), "the providers of a virtual package could not be listed", text);
        return {};
    }
    std::vector<ProvideEntry> entries;
    for (const VirtualProvider& provider : *listed) {
        const std::uint32_t package = intern_name(provider.package);
        const std::uint32_t version = view_->find_version(package, provider.candidate);
        if (failure_) return {};
        if (version == kNone) {
            failure_ =
                Error(Errc::kProviderFailed,
                      "a version that is said to provide " + text + " is not listed")
                    .with_input(provider.package + "@" + provider.candidate.version.to_string());
            return {};
        }
        std::uint64_t packed = 0;
        if (!pack(provider.provided, packed)) {
            packed = kTextVersion | intern_text(provider.provided.to_string());
        }
        entries.push_back({id, package, version, 0, packed});
    }
    std::sort(entries.begin(), entries.end(), [this](const auto& a, const auto& b) {
        if (a.name != b.name) return view_->name(a.name) < view_->name(b.name);
        return a.version != b.version ? a.version < b.version : a.provided < b.provided;
    });
    return provided_.emplace(id, std::move(entries)).first->second;
}

Candidate Overlay::candidate(std::uint32_t index) const {
    const std::size_t place = index - base_.versions.size();
    return place < versions_.size() ? versions_[place].candidate : Candidate();
}

std::uint8_t Overlay::flags(std::uint32_t index) const noexcept {
    const std::size_t place = index - base_.versions.size();
    return place < versions_.size() ? versions_[place].flags : std::uint8_t{0};
}

bool Overlay::provides_prerelease(std::uint32_t index) {
    const Version* version = loaded(index);
    return version != nullptr &&
           std::ranges::any_of(version->record.provides,
                               [](const auto& each) { return each.version.is_prerelease(); });
}

bool Overlay::has_default_feature(std::uint32_t index) {
    const Version* version = loaded(index);
    return version != nullptr &&
           version->record.features.find("default") != version->record.features.end();
}

std::span<const std::uint32_t> Overlay::row(std::uint32_t index) {
    const Version* version = loaded(index);
    if (version == nullptr) return {};
    return version->items;
}

Overlay::Version* Overlay::loaded(std::uint32_t index) {
    const std::size_t place = index - base_.versions.size();
    if (place >= versions_.size() || failure_) return nullptr;
    Version& version = versions_[place];
    if (version.loaded) return &version;
    const std::string name(view_->name(version.name));
    auto record = fresh_.record(name, version.candidate);
    if (!record) {
        fail_with(record.error(), "the record of a package could not be loaded",
                  name + "@" + version.candidate.version.to_string());
        return nullptr;
    }
    version.record = *std::move(record);
    for (const Requirement& source : version.record.dependencies) {
        const std::uint32_t demand = intern_demand(source.target, source.any_of);
        const bool plain = source.kind == DependencyKind::kRequired &&
                           source.platform.is_everywhere() && source.features.empty() &&
                           source.default_features;
        version.items.push_back(plain ? (kNeeds << kItemNumberBits) | demand
                                      : (kConditional << kItemNumberBits) |
                                            put_condition(source, demand));
    }
    for (const Target& conflict : version.record.conflicts) {
        version.items.push_back((kExcludes << kItemNumberBits) | intern_demand(conflict, {}));
    }
    version.loaded = true;
    return &version;
}

Result<PackageRecord> Overlay::record(std::uint32_t index,
                                      const std::function<bool(std::uint32_t)>& keep) {
    const Version* version = loaded(index);
    if (version == nullptr) {
        if (failure_) return fail(*failure_);
        return fail(Errc::kUniverseInvalid, "there is no version of that number");
    }
    PackageRecord record;
    record.provides = version->record.provides;
    record.features = version->record.features;
    const std::size_t dependencies = version->record.dependencies.size();
    for (std::size_t i = 0; i < version->items.size(); ++i) {
        if (!keep(version->items[i])) continue;
        if (i < dependencies) {
            record.dependencies.push_back(version->record.dependencies[i]);
        } else {
            record.conflicts.push_back(version->record.conflicts[i - dependencies]);
        }
    }
    return record;
}

std::uint32_t Overlay::intern_text(std::string text) {
    const auto next = static_cast<std::uint32_t>(base_.texts.size() + texts_.size());
    const auto [at, fresh] = text_ids_.emplace(std::move(text), next);
    if (fresh) texts_.push_back(at->first);
    return at->second;
}

std::uint32_t Overlay::intern_demand(const Target& first, const std::vector<Target>& others) {
    std::vector<std::uint32_t> names;
    std::vector<std::uint32_t> declared;
    std::string key;
    const auto put = [&](const Target& target) {
        const std::uint32_t name = intern_name(target.name);
        std::string constraint = constraint_text(target.constraint);
        append_to_key(key, name, constraint);
        names.push_back(name);
        declared.push_back(name);
        declared.push_back(intern_text(std::move(constraint)));
    };
    put(first);
    for (const Target& target : others) put(target);
    const auto known = demand_ids_.find(key);
    if (known != demand_ids_.end()) return known->second;
    std::uint32_t id = find_in_base(names, key);
    if (id == kNone) {
        id = static_cast<std::uint32_t>(base_.requirements.size() + declared_.size());
        RequirementEntry entry{declared[0], declared[1], kNone, 0, 0};
        if (declared.size() > 2) {
            entry.name = kNone;
            entry.constraint = static_cast<std::uint32_t>(base_.lists.size() + lists_.size());
            lists_.push_back(std::move(declared));
        }
        declared_.push_back(entry);
    }
    demand_ids_.emplace(std::move(key), id);
    return id;
}

std::uint32_t Overlay::put_condition(const Requirement& source, std::uint32_t demand) {
    ConditionEntry entry{demand,
                         static_cast<std::uint8_t>(source.kind),
                         static_cast<std::uint8_t>(source.default_features ? 1 : 0),
                         0,
                         kNone,
                         kNone};
    if (!source.platform.is_everywhere()) entry.platform = intern_text(source.platform.to_string());
    // Only that there are some matters: the record is read instead of this list.
    if (!source.features.empty()) entry.features = 0;
    conditions_.push_back(entry);
    return static_cast<std::uint32_t>(base_.conditions.size() + conditions_.size() - 1);
}

bool Overlay::may_be_choice(std::uint32_t name) const {
    return is_virtual(name) || (name < base_virtuals_.size() && base_virtuals_[name]);
}

/// A choice is decided once for all who want the same, so two who want the same must have one
/// number, whether they stand in the tables or not.
std::uint32_t Overlay::find_in_base(const std::vector<std::uint32_t>& names,
                                    const std::string& key) {
    if (!has_base_choices_) index_base_choices();
    if (names.size() == 1 && !may_be_choice(names.front())) return kNone;
    const auto at = base_choices_.find(key);
    return at == base_choices_.end() ? kNone : at->second;
}

void Overlay::index_base_choices() {
    has_base_choices_ = true;
    base_virtuals_.assign(base_.provides.empty() ? 0 : base_.names, false);
    for (const ProvideEntry& entry : base_.provides) {
        if (entry.virtual_name < base_.names) base_virtuals_[entry.virtual_name] = true;
    }
    for (std::uint32_t id = 0; id < base_.requirements.size(); ++id) {
        const RequirementEntry& entry = base_.requirements[id];
        if (entry.name != kNone && !may_be_choice(entry.name)) continue;
        // An exclusion keeps "not in", a requirement never does.
        const auto parts = base_.parts(entry);
        if (!parts.empty()) {
            const std::uint64_t* mask = base_.mask(parts.front());
            if (mask == nullptr || (*mask & 1) != 0) continue;
        }
        std::string key;
        if (entry.name != kNone) {
            append_to_key(key, entry.name, base_.text(entry.constraint));
        } else {
            const auto list = base_.list(entry.constraint);
            for (std::size_t i = 0; i + 1 < list.size(); i += 2) {
                append_to_key(key, list[i], base_.text(list[i + 1]));
            }
        }
        base_choices_.emplace(std::move(key), id);
    }
}

bool Overlay::is_dirty(const RequirementEntry& declared) const noexcept {
    if (declared.name != kNone) return is_dirty(declared.name);
    const auto list = base_.list(declared.constraint);
    for (std::size_t i = 0; i + 1 < list.size(); i += 2) {
        if (is_dirty(list[i])) return true;
    }
    return false;
}

const RequirementEntry* Overlay::requirement(std::uint32_t id, Reading reading) {
    const RequirementEntry* declared = nullptr;
    if (id < base_.requirements.size()) {
        declared = &base_.requirements[id];
        if (!is_dirty(*declared)) return declared;
    } else {
        const std::size_t place = id - base_.requirements.size();
        if (place >= declared_.size()) return nullptr;
        declared = &declared_[place];
    }
    const std::uint64_t key = (std::uint64_t{id} << 1) | (reading == Reading::kExcludes ? 1 : 0);
    const auto at = compiled_.find(key);
    if (at != compiled_.end()) return &at->second;
    const RequirementEntry entry = compile(*declared, reading);
    return &compiled_.emplace(key, entry).first->second;
}

RequirementEntry Overlay::compile(const RequirementEntry& declared, Reading reading) {
    const std::array<std::uint32_t, 2> alone{declared.name, declared.constraint};
    const std::span<const std::uint32_t> targets = declared.name != kNone
                                                       ? std::span<const std::uint32_t>(alone)
                                                       : view_->list(declared.constraint);
    std::vector<Part> parts;
    Compiler compiler(*view_);
    for (std::size_t i = 0; i + 1 < targets.size(); i += 2) {
        const auto constraint = view_->constraint(targets[i + 1]);
        if (!constraint) {
            if (!failure_) failure_ = constraint.error();
            break;
        }
        if (reading == Reading::kExcludes) {
            compiler.exclude(targets[i], *constraint, parts);
        } else {
            compiler.meet(targets[i], *constraint, parts);
        }
    }
    return complete_entry(declared, std::move(parts), reading, *this);
}

std::uint64_t Overlay::put_mask(std::vector<std::uint64_t> words) {
    masks_.push_back(std::move(words));
    return base_.masks.size() + masks_.size() - 1;
}

std::uint64_t Overlay::put_alternatives(std::vector<RequirementEntry> entries) {
    alternatives_.push_back(std::move(entries));
    return base_.alternatives.size() + alternatives_.size() - 1;
}

const ConditionEntry* Overlay::condition(std::uint32_t id) const noexcept {
    const std::size_t place = id - base_.conditions.size();
    return place < conditions_.size() ? &conditions_[place] : nullptr;
}

std::span<const RequirementEntry> Overlay::alternatives(std::uint64_t place) const noexcept {
    const std::uint64_t own = place - base_.alternatives.size();
    if (own >= alternatives_.size()) return {};
    return alternatives_[static_cast<std::size_t>(own)];
}

const std::uint64_t* Overlay::mask(std::uint64_t place, std::uint32_t words) const noexcept {
    const std::uint64_t own = place - base_.masks.size();
    if (own >= masks_.size()) return nullptr;
    const std::vector<std::uint64_t>& mask = masks_[static_cast<std::size_t>(own)];
    return mask.size() == words ? mask.data() : nullptr;
}

std::string_view Overlay::text(std::uint32_t offset) const noexcept {
    const std::size_t place = offset - base_.texts.size();
    return place < texts_.size() ? std::string_view(texts_[place]) : std::string_view();
}

std::span<const std::uint32_t> Overlay::list(std::uint32_t offset) const noexcept {
    const std::size_t place = offset - base_.lists.size();
    if (place >= lists_.size()) return {};
    return lists_[place];
}

}  // namespace frozen

using View = FrozenUniverse::View;

const Error* View::failure() const noexcept { return over == nullptr ? nullptr : over->failure(); }

std::string_view View::overlaid_name(std::uint32_t id) const noexcept {
    return over == nullptr ? std::string_view() : over->name(id);
}

std::pair<std::uint32_t, std::uint32_t> View::overlaid_versions(std::uint32_t id) const {
    if (over == nullptr) return {0, 0};
    return over->versions_of(id);
}

Candidate View::overlaid_candidate(std::uint32_t index) const { return over->candidate(index); }

std::uint8_t View::overlaid_flags(std::uint32_t index) const noexcept {
    return over == nullptr ? std::uint8_t{0} : over->flags(index);
}

bool View::overlaid_default_feature(std::uint32_t index) const {
    return over != nullptr && over->has_default_feature(index);
}

bool View::overlaid_provides_prerelease(std::uint32_t index) const {
    return over != nullptr && over->provides_prerelease(index);
}

std::span<const std::uint32_t> View::overlaid_row(std::uint32_t version) const {
    if (over == nullptr) return {};
    return over->row(version);
}

const frozen::RequirementEntry* View::overlaid_requirement(std::uint32_t id,
                                                           frozen::Reading reading) const {
    return over->requirement(id, reading);
}

const frozen::ConditionEntry* View::overlaid_condition(std::uint32_t id) const noexcept {
    return over == nullptr ? nullptr : over->condition(id);
}

const std::uint64_t* View::overlaid_mask(std::uint64_t place, std::uint32_t words) const noexcept {
    return over->mask(place, words);
}

namespace frozen {

bool SharedTexts::contains(const std::string& text) const {
    return std::any_of(blocks_.begin(), blocks_.end(),
                       [&](const auto& block) { return block->find(text) != block->end(); });
}

void SharedTexts::add(std::vector<std::string> texts) {
    if (texts.empty()) return;
    std::unordered_set<std::string> block(std::make_move_iterator(texts.begin()),
                                          std::make_move_iterator(texts.end()));
    while (!blocks_.empty() && blocks_.back()->size() <= 2 * block.size()) {
        block.insert(blocks_.back()->begin(), blocks_.back()->end());
        blocks_.pop_back();
    }
    blocks_.push_back(std::make_shared<const std::unordered_set<std::string>>(std::move(block)));
}

void SharedTexts::append_to(std::vector<std::string>& out) const {
    for (const auto& block : blocks_) out.insert(out.end(), block->begin(), block->end());
}

}  // namespace frozen

void UniverseChanges::Tables::add(std::span<const std::string> names,
                                  std::span<const std::string> virtual_names) {
    const View& view = base.view();
    const auto set = [](std::vector<std::uint64_t>& bits, std::uint32_t id) {
        bits[id / 64] |= std::uint64_t{1} << (id % 64);
    };
    const auto sort_unique = [](std::vector<std::string>& texts) {
        std::sort(texts.begin(), texts.end());
        texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    };
    std::vector<std::string> fresh;
    for (const std::string& name : names) {
        const std::uint32_t id = view.find(name);
        if (id == frozen::kNone) {
            if (!new_names.contains(name)) fresh.push_back(name);
            continue;
        }
        if (frozen::has_name_bit(changed, id)) continue;
        ++count;
        set(changed, id);
        const auto [first, versions] = view.versions_of(id);
        for (std::uint32_t version = first; version < first + versions; ++version) {
            if ((view.version_flags[version] & frozen::kHasExtra) == 0) continue;
            const frozen::ExtraEntry* extra = view.extra(version);
            if (extra == nullptr) continue;
            const auto provides = view.list(extra->provides);
            for (std::size_t i = 0; i + 2 < provides.size(); i += 3) {
                if (provides[i] < view.names) set(virtuals, provides[i]);
            }
        }
    }
    sort_unique(fresh);
    count += fresh.size();
    new_names.add(std::move(fresh));
    fresh.clear();
    for (const std::string& name : virtual_names) {
        const std::uint32_t id = view.find(name);
        if (id != frozen::kNone) {
            set(virtuals, id);
        } else if (!new_virtuals.contains(name)) {
            fresh.push_back(name);
        }
    }
    sort_unique(fresh);
    new_virtuals.add(std::move(fresh));
}

UniverseChanges::UniverseChanges(FrozenUniverse base, std::span<const std::string> names,
                                 std::span<const std::string> virtual_names) {
    auto tables = std::make_shared<Tables>(std::move(base));
    tables->changed.assign((std::size_t{tables->base.view().names} + 63) / 64, 0);
    tables->virtuals = tables->changed;
    tables->add(names, virtual_names);
    tables_ = std::move(tables);
}

UniverseChanges UniverseChanges::with(std::span<const std::string> names,
                                      std::span<const std::string> virtual_names) const {
    auto tables = std::make_shared<Tables>(*tables_);
    tables->add(names, virtual_names);
    return UniverseChanges(std::shared_ptr<const Tables>(std::move(tables)));
}

std::vector<std::string> UniverseChanges::names() const {
    const View& view = tables_->base.view();
    std::vector<std::string> names;
    names.reserve(tables_->count);
    for (std::uint32_t id = 0; id < view.names; ++id) {
        if (frozen::has_name_bit(tables_->changed, id)) names.emplace_back(view.name(id));
    }
    tables_->new_names.append_to(names);
    return names;
}

const FrozenUniverse& UniverseChanges::base() const noexcept { return tables_->base; }
std::size_t UniverseChanges::count() const noexcept { return tables_->count; }

namespace {

FrozenUniverse overlaid(const UniverseChanges& changes, DependencyProvider& fresh) {
    const auto overlay = std::make_shared<frozen::Overlay>(changes, fresh);
    auto view = std::make_shared<View>(changes.base().view());
    view->over = overlay.get();
    view->changed = changes.tables().changed;
    view->owner = overlay;
    overlay->bind(*view);
    return FrozenUniverse(std::shared_ptr<const View>(std::move(view)));
}

}  // namespace

struct OverlayProvider::Impl {
    explicit Impl(FrozenUniverse both) : universe(both), provider(std::move(both)) {}

    FrozenUniverse universe;
    UniverseProvider provider;
};

OverlayProvider::OverlayProvider(const UniverseChanges& changes, DependencyProvider& fresh)
    : impl_(std::make_unique<Impl>(overlaid(changes, fresh))) {}

OverlayProvider::~OverlayProvider() = default;

Result<std::vector<Candidate>> OverlayProvider::versions(std::string_view name) {
    return impl_->provider.versions(name);
}

Result<PackageRecord> OverlayProvider::record(std::string_view name, const Candidate& candidate) {
    return impl_->provider.record(name, candidate);
}

Result<std::vector<VirtualProvider>> OverlayProvider::providers(std::string_view name) {
    return impl_->provider.providers(name);
}

const FrozenUniverse* OverlayProvider::universe() const noexcept { return &impl_->universe; }

}  // namespace catalog::resolve
