#include "universe.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <utility>

#include "stable.hpp"

namespace catalog::resolve::engine {

namespace {

constexpr std::uint64_t kRecordsPerReport = 256;

bool same_precedence(const version::SemVer& a, const version::SemVer& b) {
    return compare_precedence(a, b) == std::weak_ordering::equivalent;
}

/// Interruptions keep their code: the caller asked for them, the provider only noticed first.
Error provider_error(const Error& cause, std::string message, std::string input) {
    if (cause.code() == Errc::kCancelled || cause.code() == Errc::kDeadlineExceeded) return cause;
    return Error(Errc::kProviderFailed, std::move(message))
        .with_input(std::move(input))
        .with_cause(cause);
}

class LoadTimer {
public:
    LoadTimer(const Clock& clock, std::chrono::nanoseconds& sum)
        : clock_(clock), sum_(sum), start_(clock.now_monotonic()) {}
    ~LoadTimer() { sum_ += clock_.now_monotonic() - start_; }
    LoadTimer(const LoadTimer&) = delete;
    LoadTimer& operator=(const LoadTimer&) = delete;

private:
    const Clock& clock_;
    std::chrono::nanoseconds& sum_;
    MonotonicTime start_;
};

}  // namespace

const Feature* Record::find(FeatureId id) const noexcept {
    const auto at = std::lower_bound(features.begin(), features.end(), id,
                                     [](const Feature& f, FeatureId key) { return f.id < key; });
    return at != features.end() && at->id == id ? &*at : nullptr;
}

FeatureEffect Record::effect_of(FeatureId id) const noexcept {
    if (const Feature* feature = find(id)) {
        return feature->broken ? FeatureEffect::kRefused : FeatureEffect::kOn;
    }
    return id <= kBuildFeature ? FeatureEffect::kNothing : FeatureEffect::kRefused;
}

Universe::Universe(const Request& request, DependencyProvider& provider, const CallContext& context,
                   const Clock& clock)
    : request_(request),
      provider_(provider),
      context_(context),
      clock_(clock),
      time_(request, clock) {
    // The control byte keeps the two made-up features apart from any that a package could name.
    for (const std::string_view text : {"default",
                                        "\x01"
                                        "development",
                                        "\x01"
                                        "build"}) {
        static_cast<void>(intern_feature(text));
    }
    for (const Locked& lock : request.locked) locked_[lock.name].push_back(&lock);
    for (const Target& target : request.constraints) constraints_[target.name].push_back(&target);
}

NameId Universe::intern(std::string_view text) {
    if (const auto at = name_index_.find(text); at != name_index_.end()) return at->second;
    const auto id = static_cast<NameId>(names_.size());
    name_index_.emplace(text, id);
    names_.emplace_back().text = text;
    return id;
}

FeatureId Universe::intern_feature(std::string_view text) {
    if (const auto at = feature_index_.find(text); at != feature_index_.end()) return at->second;
    const auto id = static_cast<FeatureId>(features_.size());
    feature_index_.emplace(text, id);
    features_.emplace_back(text);
    return id;
}

std::string Universe::label(PackageId32 id) const {
    const Package& package = packages_[id];
    std::string text = names_[package.name].text + " " + package.candidate.version.to_string();
    if (!package.candidate.source_id.empty()) text += " (" + package.candidate.source_id + ")";
    return text;
}

bool Universe::admits(const version::VersionConstraint& constraint, const version::SemVer& version,
                      bool locked) const {
    const auto* range = constraint.get_if<version::Range>();
    if (range == nullptr) return constraint.matches(version);
    if (request_.include_prereleases) {
        return range->req.matches(version, version::PrereleaseRule::kInclude);
    }
    return range->req.matches(version) ||
           (locked && range->req.matches(version, version::PrereleaseRule::kInclude));
}

bool Universe::satisfies(PackageId32 id, const version::VersionConstraint& constraint) const {
    return satisfies(packages_[id], constraint);
}

bool Universe::satisfies(const Package& package,
                         const version::VersionConstraint& constraint) const {
    if (constraint.get_if<version::Git>() != nullptr ||
        constraint.get_if<version::Local>() != nullptr) {
        return package.candidate.source_id == constraint.source_id();
    }
    if (!package.candidate.source_id.empty()) return false;
    if (constraint.get_if<version::Latest>() != nullptr) return package.latest;
    return admits(constraint, package.candidate.version, package.locked);
}

bool Universe::provided_satisfies(const VirtualCandidate& candidate,
                                  const version::VersionConstraint& constraint,
                                  const version::SemVer* latest) const {
    if (constraint.get_if<version::Latest>() != nullptr) {
        return latest != nullptr && same_precedence(candidate.provided, *latest);
    }
    if (constraint.get_if<version::Git>() != nullptr ||
        constraint.get_if<version::Local>() != nullptr) {
        return false;
    }
    return admits(constraint, candidate.provided, packages_[candidate.package].locked);
}

const version::SemVer* Universe::latest_provided(NameId name) const {
    if (names_[name].has_latest) return nullptr;
    const version::SemVer* latest = nullptr;
    for (const VirtualCandidate& candidate : names_[name].providers) {
        if (candidate.provided.is_prerelease()) continue;
        if (packages_[candidate.package].candidate.yanked) continue;
        if (latest == nullptr || *latest < candidate.provided) latest = &candidate.provided;
    }
    return latest;
}

bool Universe::excluded(PackageId32 id, const version::VersionConstraint& constraint) const {
    const Package& package = packages_[id];
    if (constraint.get_if<version::Git>() != nullptr ||
        constraint.get_if<version::Local>() != nullptr) {
        return package.candidate.source_id == constraint.source_id();
    }
    if (constraint.get_if<version::Latest>() != nullptr) return package.latest;
    return provided_excluded(package.candidate.version, constraint);
}

bool Universe::provided_excluded(const version::SemVer& provided,
                                 const version::VersionConstraint& constraint) {
    if (constraint.get_if<version::Exact>() != nullptr) return constraint.matches(provided);
    const auto* range = constraint.get_if<version::Range>();
    return range != nullptr && (range->req.matches(provided) ||
                                range->req.matches(provided, version::PrereleaseRule::kInclude));
}

bool Universe::host_satisfies(const Target& target) const {
    return std::any_of(request_.host_provides.begin(), request_.host_provides.end(),
                       [&](const Provided& supplied) {
                           return supplied.name == target.name &&
                                  admits(target.constraint, supplied.version, false);
                       });
}

Refusal Universe::refusal_of(const std::string& name, const Package& package) const {
    if (package.candidate.yanked && !package.locked) return Refusal::kYanked;
    const auto at = constraints_.find(name);
    if (at == constraints_.end()) return Refusal::kNo;
    const bool held = std::all_of(at->second.begin(), at->second.end(), [&](const Target* target) {
        return satisfies(package, target->constraint);
    });
    return held ? Refusal::kNo : Refusal::kConstrained;
}

Result<void> Universe::load_versions(NameId id) {
    if (names_[id].versions_loaded) return {};
    CATALOG_TRY_VOID(check());
    const std::string text = names_[id].text;
    std::vector<Candidate> candidates;
    {
        const LoadTimer timer(clock_, load_time_);
        auto loaded = provider_.versions(text);
        if (!loaded) {
            return fail(provider_error(loaded.error(),
                                       "the versions of a package could not be read", text));
        }
        candidates = *std::move(loaded);
    }
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
        const auto order = b.version <=> a.version;
        return order != 0 ? order < 0 : a.source_id < b.source_id;
    });
    const auto same = [](const Candidate& a, const Candidate& b) {
        return a.version == b.version && a.source_id == b.source_id;
    };
    candidates.erase(std::unique(candidates.begin(), candidates.end(), same), candidates.end());

    std::vector<Package> packages;
    packages.reserve(candidates.size());
    bool has_latest = false;
    for (Candidate& candidate : candidates) {
        Package package;
        package.name = id;
        package.locked = is_locked(text, candidate);
        package.latest = !has_latest && !candidate.yanked && candidate.source_id.empty() &&
                         !candidate.version.is_prerelease();
        has_latest = has_latest || package.latest;
        package.candidate = std::move(candidate);
        package.refusal = refusal_of(text, package);
        packages.push_back(std::move(package));
    }
    // Candidates that cannot be selected go last, so that those of a slot are consecutive.
    const std::size_t selectable = partition_stably(
        packages, [](const Package& package) { return package.refusal == Refusal::kNo; });
    Name& name = names_[id];
    name.versions_loaded = true;
    name.has_latest = has_latest;
    name.first = static_cast<PackageId32>(packages_.size());
    name.count = static_cast<std::uint32_t>(packages.size());
    name.selectable = static_cast<std::uint32_t>(selectable);
    for (Package& package : packages) packages_.push_back(std::move(package));
    make_slots(name);
    return {};
}

bool Universe::is_locked(const std::string& name, const Candidate& candidate) const {
    const auto locks = locked_.find(name);
    if (locks == locked_.end()) return false;
    return std::any_of(locks->second.begin(), locks->second.end(), [&](const Locked* lock) {
        return lock->source_id == candidate.source_id &&
               same_precedence(lock->version, candidate.version);
    });
}

void Universe::make_slots(const Name& name) {
    for (PackageId32 p = name.first; p < name.first + name.selectable; ++p) {
        const bool starts = p == name.first || (request_.policy == VersionPolicy::kPerMajor &&
                                                !is_compatible(packages_[p - 1].candidate.version,
                                                               packages_[p].candidate.version));
        if (starts) slots_.push_back({p, 0, packages_[p].name});
        ++slots_.back().count;
        packages_[p].slot = static_cast<SlotId>(slots_.size() - 1);
    }
}

Result<void> Universe::load_providers(NameId id) {
    if (names_[id].providers_loaded) return {};
    CATALOG_TRY_VOID(check());
    const std::string text = names_[id].text;
    std::vector<VirtualProvider> providers;
    {
        const LoadTimer timer(clock_, load_time_);
        auto loaded = provider_.providers(text);
        if (!loaded) {
            return fail(provider_error(
                loaded.error(), "the providers of a virtual package could not be read", text));
        }
        providers = *std::move(loaded);
    }
    std::vector<VirtualCandidate> candidates;
    for (VirtualProvider& provider : providers) {
        const NameId owner = intern(provider.package);
        CATALOG_TRY_VOID(load_versions(owner));
        const Name& name = names_[owner];
        PackageId32 found = kNone;
        for (PackageId32 p = name.first; p < name.first + name.count && found == kNone; ++p) {
            const Candidate& candidate = packages_[p].candidate;
            if (candidate.version == provider.candidate.version &&
                candidate.source_id == provider.candidate.source_id) {
                found = p;
            }
        }
        if (found == kNone) {
            return fail(
                Error(Errc::kProviderFailed,
                      "a version that is said to provide " + text + " is not listed")
                    .with_input(provider.package + "@" + provider.candidate.version.to_string()));
        }
        // A package answers to its own name with its own version only.
        if (packages_[found].slot == kNone || owner == id) continue;
        candidates.push_back({found, std::move(provider.provided)});
    }
    names_[id].providers = std::move(candidates);
    names_[id].providers_loaded = true;
    return {};
}

void Universe::prefetch(const Record& record) {
    std::vector<std::string> wanted;
    for (const Dependency& dependency : record.dependencies) {
        if (!dependency.switched && !names_[dependency.name].versions_loaded) {
            wanted.push_back(names_[dependency.name].text);
        }
    }
    if (!wanted.empty()) provider_.prefetch(wanted);
}

Result<Record*> Universe::load_record(PackageId32 id) {
    if (packages_[id].record) return packages_[id].record.get();
    CATALOG_TRY_VOID(check());
    auto record = std::make_unique<Record>();
    {
        const LoadTimer timer(clock_, load_time_);
        const Package& package = packages_[id];
        auto loaded = provider_.record(names_[package.name].text, package.candidate);
        if (!loaded) {
            return fail(provider_error(
                loaded.error(), "the record of a listed version could not be read",
                names_[package.name].text + "@" + package.candidate.version.to_string()));
        }
        record->source = *std::move(loaded);
    }
    compile(*record);
    if (++records_loaded_ % kRecordsPerReport == 0) {
        context_.report({"resolve", kLoadPhase, "packages", records_loaded_, 0});
    }
    packages_[id].record = std::move(record);
    return packages_[id].record.get();
}

void Universe::compile(Record& record) {
    std::vector<std::uint32_t> positions;
    for (const Requirement& source : record.source.dependencies) {
        const bool wanted = (source.kind != DependencyKind::kDevelopment || request_.development) &&
                            (source.kind != DependencyKind::kBuild || request_.build) &&
                            source.platform.matches(request_.platform);
        positions.push_back(wanted ? static_cast<std::uint32_t>(record.dependencies.size())
                                   : kNone);
        if (!wanted) continue;
        Dependency dependency;
        dependency.source = &source;
        dependency.name = intern(source.target.name);
        switch (source.kind) {
            case DependencyKind::kOptional:
                dependency.switched = std::find(request_.optional.begin(), request_.optional.end(),
                                                source.target.name) == request_.optional.end();
                break;
            case DependencyKind::kDevelopment:
            case DependencyKind::kBuild:
                dependency.switched = true;
                break;
            case DependencyKind::kPeer:
                dependency.host_supplied =
                    host_satisfies(source.target) ||
                    std::any_of(source.any_of.begin(), source.any_of.end(),
                                [this](const Target& target) { return host_satisfies(target); });
                break;
            case DependencyKind::kRequired:
                break;
        }
        record.dependencies.push_back(dependency);
    }
    compile_features(record, positions);
}

namespace {

/// Splits `dep:x`, `x/feature` and `x?/feature`; `weak` is the last form.
struct FeatureItem {
    std::string_view dependency;
    std::string_view feature;
    bool weak = false;
};

FeatureItem split_feature_item(std::string_view text) {
    if (text.substr(0, 4) == "dep:") return {text.substr(4), {}, false};
    const auto slash = text.rfind('/');
    if (slash == std::string_view::npos) return {{}, text, false};
    FeatureItem item{text.substr(0, slash), text.substr(slash + 1), false};
    if (!item.dependency.empty() && item.dependency.back() == '?') {
        item.dependency.remove_suffix(1);
        item.weak = true;
    }
    return item;
}

/// Whoever switches on a broken feature is broken too.
void spread_broken(std::vector<Feature>& features) {
    std::unordered_map<FeatureId, std::vector<Feature*>> users;
    std::vector<FeatureId> queue;
    for (Feature& feature : features) {
        for (const FeatureId used : feature.features) users[used].push_back(&feature);
        if (feature.broken) queue.push_back(feature.id);
    }
    while (!queue.empty()) {
        const FeatureId id = queue.back();
        queue.pop_back();
        for (Feature* user : users[id]) {
            if (user->broken) continue;
            user->broken = true;
            queue.push_back(user->id);
        }
    }
}

}  // namespace

void Universe::compile_features(Record& record, const std::vector<std::uint32_t>& positions) {
    const PackageRecord& source = record.source;
    const auto add_item = [&](Feature& feature, const std::string& text) {
        if (source.features.find(text) != source.features.end()) {
            feature.features.push_back(intern_feature(text));
            return;
        }
        const FeatureItem item = split_feature_item(text);
        if (item.dependency.empty()) {
            feature.broken = feature.broken || text != "default";
            return;
        }
        bool known = false;
        for (std::size_t i = 0; i < source.dependencies.size(); ++i) {
            if (source.dependencies[i].target.name != item.dependency) continue;
            known = true;
            const std::uint32_t at = positions[i];
            if (at == kNone) continue;
            const bool optional = source.dependencies[i].kind == DependencyKind::kOptional;
            if (optional && !item.weak) feature.switches.push_back(at);
            if (!item.feature.empty()) {
                feature.dependency_features.push_back({at, intern_feature(item.feature)});
            }
        }
        feature.broken = feature.broken || !known;
    };
    for (const auto& [text, items] : source.features) {
        Feature feature;
        feature.id = intern_feature(text);
        for (const std::string& item : items) add_item(feature, item);
        record.features.push_back(std::move(feature));
    }
    for (const FeatureId id : {kDevelopmentFeature, kBuildFeature}) {
        const DependencyKind kind =
            id == kDevelopmentFeature ? DependencyKind::kDevelopment : DependencyKind::kBuild;
        Feature feature;
        feature.id = id;
        for (std::uint32_t d = 0; d < record.dependencies.size(); ++d) {
            if (record.dependencies[d].source->kind == kind) feature.switches.push_back(d);
        }
        if (!feature.switches.empty()) record.features.push_back(std::move(feature));
    }
    spread_broken(record.features);
    std::sort(record.features.begin(), record.features.end(),
              [](const Feature& a, const Feature& b) { return a.id < b.id; });
}

}  // namespace catalog::resolve::engine
