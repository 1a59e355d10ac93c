#include <catalog/internal/try.hpp>
#include <utility>

#include "frozen_overlay.hpp"
#include "frozen_view.hpp"

namespace catalog::resolve {

namespace {

using View = FrozenUniverse::View;

Error unreadable(std::string_view name) {
    return Error(Errc::kUniverseInvalid, "a record of a frozen universe cannot be read")
        .with_input(std::string(name))
        .with_hint("build the universe again from its packages");
}

Result<Target> read_target(const View& view, std::uint32_t name, std::uint32_t constraint) {
    CATALOG_TRY(auto read, view.constraint(constraint));
    return Target{std::string(view.name(name)), std::move(read)};
}

/// Reads the alternatives of a requirement as they were written.
Result<std::vector<Target>> read_targets(const View& view, std::uint32_t id) {
    const frozen::RequirementEntry* entry = view.requirement(id);
    if (entry == nullptr) return fail(unreadable("requirement"));
    std::vector<Target> targets;
    if (entry->name != frozen::kNone) {
        CATALOG_TRY(Target target, read_target(view, entry->name, entry->constraint));
        targets.push_back(std::move(target));
        return targets;
    }
    const auto list = view.list(entry->constraint);
    for (std::size_t i = 0; i + 1 < list.size(); i += 2) {
        CATALOG_TRY(Target target, read_target(view, list[i], list[i + 1]));
        targets.push_back(std::move(target));
    }
    if (targets.empty()) return fail(unreadable("requirement"));
    return targets;
}

Result<Requirement> read_dependency(const View& view, std::uint32_t item) {
    const std::uint32_t number = item & frozen::kItemNumberMask;
    Requirement requirement;
    std::uint32_t id = number;
    if (item >> frozen::kItemNumberBits == frozen::kConditional) {
        const frozen::ConditionEntry* found = view.condition(number);
        if (found == nullptr) return fail(unreadable("condition"));
        const frozen::ConditionEntry& condition = *found;
        id = condition.requirement;
        if (condition.kind > static_cast<std::uint8_t>(DependencyKind::kPeer)) {
            return fail(unreadable("condition"));
        }
        requirement.kind = static_cast<DependencyKind>(condition.kind);
        requirement.default_features = condition.default_features != 0;
        if (condition.platform != frozen::kNone) {
            CATALOG_TRY(requirement.platform,
                        PlatformPredicate::parse(view.text(condition.platform)));
        }
        if (condition.features != frozen::kNone) {
            for (const std::uint32_t text : view.list(condition.features)) {
                requirement.features.emplace_back(view.text(text));
            }
        }
    }
    CATALOG_TRY(std::vector<Target> targets, read_targets(view, id));
    requirement.target = std::move(targets.front());
    targets.erase(targets.begin());
    requirement.any_of = std::move(targets);
    return requirement;
}

void read_extra(const View& view, std::uint32_t version, PackageRecord& record) {
    const frozen::ExtraEntry* extra = view.extra(version);
    if (extra == nullptr) return;
    const auto provides = view.list(extra->provides);
    for (std::size_t i = 0; i + 2 < provides.size(); i += 3) {
        const std::uint64_t packed = provides[i + 1] | (std::uint64_t{provides[i + 2]} << 32);
        record.provides.push_back({std::string(view.name(provides[i])), view.version_from(packed)});
    }
    const auto features = view.list(extra->features);
    for (std::size_t i = 0; i + 1 < features.size();) {
        auto& items = record.features[std::string(view.text(features[i]))];
        const std::uint32_t count = features[i + 1];
        if (count > features.size() - i - 2) return;
        for (std::uint32_t k = 0; k < count; ++k) {
            items.emplace_back(view.text(features[i + 2 + k]));
        }
        i += 2 + std::size_t{count};
    }
}

}  // namespace

Result<PackageRecord> frozen::read_record(const View& view, std::uint32_t version,
                                          const std::function<bool(std::uint32_t)>& keep) {
    if (view.over != nullptr && version >= view.versions.size()) {
        return view.over->record(version, keep);
    }
    PackageRecord record;
    for (const std::uint32_t item : view.row(version)) {
        if (!keep(item)) continue;
        if (item >> kItemNumberBits == kExcludes) {
            CATALOG_TRY(auto targets, read_targets(view, item & kItemNumberMask));
            record.conflicts.push_back(std::move(targets.front()));
        } else {
            CATALOG_TRY(Requirement dependency, read_dependency(view, item));
            record.dependencies.push_back(std::move(dependency));
        }
    }
    if ((view.version_flags[version] & kHasExtra) != 0) read_extra(view, version, record);
    return record;
}

Result<std::vector<Candidate>> UniverseProvider::versions(std::string_view name) {
    const View& view = universe_.view();
    const auto [first, count] = view.versions_of(view.find(name));
    std::vector<Candidate> candidates;
    candidates.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) candidates.push_back(view.candidate(first + i));
    if (const Error* failure = view.failure()) return fail(*failure);
    return candidates;
}

Result<PackageRecord> UniverseProvider::record(std::string_view name, const Candidate& candidate) {
    const View& view = universe_.view();
    const std::uint32_t version = view.find_version(view.find(name), candidate);
    if (version != frozen::kNone) {
        return frozen::read_record(view, version, [](std::uint32_t) { return true; });
    }
    if (const Error* failure = view.failure()) return fail(*failure);
    return fail(Error(Errc::kProviderFailed, "there is no record of this version")
                    .with_input(std::string(name) + "@" + candidate.version.to_string()));
}

Result<std::vector<VirtualProvider>> UniverseProvider::providers(std::string_view name) {
    const View& view = universe_.view();
    std::vector<VirtualProvider> providers;
    for (const frozen::ProvideEntry& entry : view.provided(view.find(name))) {
        providers.push_back({std::string(view.name(entry.name)), view.candidate(entry.version),
                             view.version_from(entry.provided)});
    }
    if (const Error* failure = view.failure()) return fail(*failure);
    return providers;
}

}  // namespace catalog::resolve
