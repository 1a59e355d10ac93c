#include "check_world.hpp"

#include <catalog/internal/try.hpp>
#include <utility>

namespace catalog::resolve::checking {

namespace {

Error provider_failed(const Error& cause, const std::string& input) {
    return Error(Errc::kProviderFailed,
                 "the provider could not answer while a solution was checked")
        .with_input(input)
        .with_cause(cause);
}

bool names_source(const version::VersionConstraint& constraint) {
    return constraint.kind_name() == "git" || constraint.kind_name() == "local";
}

bool within_bounds(const version::VersionConstraint& constraint, const version::SemVer& version) {
    if (const auto* exact = constraint.get_if<version::Exact>()) {
        return same_version(exact->version, version);
    }
    const auto* range = constraint.get_if<version::Range>();
    return range != nullptr && (range->req.matches(version, version::PrereleaseRule::kDialect) ||
                                range->req.matches(version, version::PrereleaseRule::kInclude));
}

}  // namespace

bool same_version(const version::SemVer& a, const version::SemVer& b) {
    return !(compare_precedence(a, b) < 0) && !(compare_precedence(a, b) > 0);
}

Result<const std::vector<Candidate>*> CheckWorld::versions(const std::string& name) {
    if (versions_.count(name) == 0) {
        auto loaded = provider_.versions(name);
        if (!loaded) return fail(provider_failed(loaded.error(), name));
        versions_[name] = *std::move(loaded);
    }
    return &versions_[name];
}

Result<const std::vector<VirtualProvider>*> CheckWorld::providers(const std::string& name) {
    if (providers_.count(name) == 0) {
        auto loaded = provider_.providers(name);
        if (!loaded) return fail(provider_failed(loaded.error(), name));
        providers_[name] = *std::move(loaded);
    }
    return &providers_[name];
}

Result<PackageRecord> CheckWorld::record(const Resolved& package) {
    auto loaded = provider_.record(package.name, package.candidate);
    if (!loaded) return fail(provider_failed(loaded.error(), package.name));
    return loaded;
}

bool CheckWorld::is_locked(const std::string& name, const Candidate& candidate) const {
    for (const Locked& lock : request_.locked) {
        if (lock.name == name && lock.source_id == candidate.source_id &&
            same_version(lock.version, candidate.version)) {
            return true;
        }
    }
    return false;
}

bool CheckWorld::admits(const version::VersionConstraint& constraint,
                        const version::SemVer& version, bool locked) const {
    if (const auto* exact = constraint.get_if<version::Exact>()) {
        return same_version(exact->version, version);
    }
    const auto* range = constraint.get_if<version::Range>();
    if (range == nullptr) return false;
    if (request_.include_prereleases || (locked && version.is_prerelease())) {
        if (range->req.matches(version, version::PrereleaseRule::kInclude)) return true;
        if (request_.include_prereleases) return false;
    }
    return range->req.matches(version, version::PrereleaseRule::kDialect);
}

Result<const Candidate*> CheckWorld::newest(const std::string& name) {
    CATALOG_TRY(const auto* all, versions(name));
    const Candidate* best = nullptr;
    for (const Candidate& candidate : *all) {
        if (candidate.yanked || !candidate.source_id.empty()) continue;
        if (candidate.version.is_prerelease()) continue;
        if (best == nullptr || candidate.version > best->version) best = &candidate;
    }
    return best;
}

Result<const version::SemVer*> CheckWorld::newest_provided(const std::string& name) {
    CATALOG_TRY(const auto* all, providers(name));
    const version::SemVer* best = nullptr;
    for (const VirtualProvider& provider : *all) {
        if (provider.package == name || provider.candidate.yanked) continue;
        if (provider.provided.is_prerelease()) continue;
        CATALOG_TRY(const bool usable, is_usable(provider.package, provider.candidate));
        if (usable && (best == nullptr || provider.provided > *best)) best = &provider.provided;
    }
    return best;
}

Result<bool> CheckWorld::own_name_satisfies(const std::string& name, const Candidate& candidate,
                                            const version::VersionConstraint& constraint) {
    if (names_source(constraint)) return candidate.source_id == constraint.source_id();
    if (!candidate.source_id.empty()) return false;
    if (constraint.get_if<version::Latest>() != nullptr) {
        CATALOG_TRY(const Candidate* best, newest(name));
        return best != nullptr && best->version == candidate.version;
    }
    return admits(constraint, candidate.version, is_locked(name, candidate));
}

Result<bool> CheckWorld::satisfies(const Resolved& package, const PackageRecord& record,
                                   const Target& target) {
    if (package.name == target.name) {
        return own_name_satisfies(package.name, package.candidate, target.constraint);
    }
    if (names_source(target.constraint)) return false;
    const bool locked = is_locked(package.name, package.candidate);
    for (const Provided& provided : record.provides) {
        if (provided.name != target.name) continue;
        if (target.constraint.get_if<version::Latest>() == nullptr) {
            if (admits(target.constraint, provided.version, locked)) return true;
            continue;
        }
        CATALOG_TRY(const Candidate* own, newest(target.name));
        if (own != nullptr) continue;
        CATALOG_TRY(const version::SemVer* best, newest_provided(target.name));
        if (best != nullptr && same_version(*best, provided.version)) return true;
    }
    return false;
}

Result<bool> CheckWorld::is_usable(const std::string& name, const Candidate& candidate) {
    if (candidate.yanked && !is_locked(name, candidate)) return false;
    for (const Target& constraint : request_.constraints) {
        if (constraint.name != name) continue;
        CATALOG_TRY(const bool met, own_name_satisfies(name, candidate, constraint.constraint));
        if (!met) return false;
    }
    return true;
}

Result<bool> CheckWorld::is_excluded(const Resolved& package, const PackageRecord& record,
                                     const Target& conflict) {
    if (package.name == conflict.name) {
        if (names_source(conflict.constraint)) {
            return package.candidate.source_id == conflict.constraint.source_id();
        }
        if (conflict.constraint.get_if<version::Latest>() != nullptr) {
            CATALOG_TRY(const Candidate* best, newest(package.name));
            return best != nullptr && package.candidate.source_id.empty() &&
                   best->version == package.candidate.version;
        }
        return within_bounds(conflict.constraint, package.candidate.version);
    }
    for (const Provided& provided : record.provides) {
        if (provided.name == conflict.name &&
            within_bounds(conflict.constraint, provided.version)) {
            return true;
        }
    }
    return false;
}

bool CheckWorld::host_supplies(const Target& target) const {
    for (const Provided& supplied : request_.host_provides) {
        if (supplied.name != target.name) continue;
        const bool latest = target.constraint.get_if<version::Latest>() != nullptr;
        if (latest ? !supplied.version.is_prerelease()
                   : admits(target.constraint, supplied.version, false)) {
            return true;
        }
    }
    return false;
}

}  // namespace catalog::resolve::checking
