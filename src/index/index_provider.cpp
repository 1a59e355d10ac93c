#include "catalog/index/index_provider.hpp"

#include <algorithm>
#include <map>

#include "catalog/internal/try.hpp"

namespace catalog::index {

namespace {

resolve::Target to_target(const package::DependencyTarget& target) {
    return {target.name.str(), target.constraint};
}

}  // namespace

resolve::PackageRecord record_of(const package::PackageMetadata& metadata) {
    resolve::PackageRecord record;
    for (const package::Dependency& dependency : metadata.dependencies) {
        resolve::Requirement requirement;
        requirement.target = to_target(dependency.target);
        requirement.kind = dependency.kind;
        requirement.platform = dependency.platform;
        requirement.features = dependency.features;
        requirement.default_features = dependency.default_features;
        for (const package::DependencyTarget& target : dependency.any_of)
            requirement.any_of.push_back(to_target(target));
        record.dependencies.push_back(std::move(requirement));
    }
    for (const package::Conflict& conflict : metadata.conflicts)
        record.conflicts.push_back({conflict.name.str(), conflict.constraint});
    for (const package::Provide& provide : metadata.provides)
        record.provides.push_back({provide.name.str(), provide.version});
    record.features = metadata.features;
    return record;
}

struct IndexProvider::Impl {
    const PackageIndex& index;
    std::vector<resolve::Locked> locked;
    std::map<std::string, std::map<std::string, package::PackageDigest>, std::less<>>
        digests;  ///< name -> version text -> digest

    [[nodiscard]] bool is_listed(const IndexEntry& entry) const {
        if (entry.state == package::PackageState::kPublished ||
            entry.state == package::PackageState::kDeprecated)
            return true;
        if (entry.state != package::PackageState::kArchived) return false;
        return std::ranges::any_of(locked, [&](const resolve::Locked& lock) {
            return lock.name == entry.id.name().view() && lock.source_id.empty() &&
                   compare_precedence(lock.version, entry.version) == 0;
        });
    }
};

IndexProvider::IndexProvider(const PackageIndex& index, std::vector<resolve::Locked> locked)
    : impl_(new Impl{index, std::move(locked), {}}) {}

IndexProvider::~IndexProvider() = default;

Result<std::vector<resolve::Candidate>> IndexProvider::versions(std::string_view name) {
    std::vector<resolve::Candidate> candidates;
    const Result<PackageName> parsed = PackageName::parse(name);
    if (!parsed) return candidates;  // such a name cannot be in a library
    CATALOG_TRY(const std::vector<IndexEntry> entries, impl_->index.versions(*parsed));
    auto& digests = impl_->digests[std::string(name)];
    for (const IndexEntry& entry : entries) {
        if (!impl_->is_listed(entry)) continue;
        candidates.push_back({entry.version, entry.yanked, ""});
        digests.insert_or_assign(entry.id.version(), entry.digest);
    }
    return candidates;
}

Result<resolve::PackageRecord> IndexProvider::record(std::string_view name,
                                                     const resolve::Candidate& candidate) {
    const auto versions = impl_->digests.find(name);
    const std::string text = candidate.version.to_string();
    if (versions == impl_->digests.end() || !versions->second.contains(text)) {
        CATALOG_TRY_VOID(this->versions(name));
        if (!impl_->digests[std::string(name)].contains(text))
            return fail(Errc::kProviderFailed,
                        "the library does not have " + std::string(name) + "@" + text);
    }
    const Result<package::Manifest> manifest =
        impl_->index.manifest(impl_->digests.find(name)->second.at(text));
    if (!manifest)
        return fail(Error(Errc::kProviderFailed,
                          "the manifest of " + std::string(name) + "@" + text + " cannot be read")
                        .with_cause(manifest.error()));
    return record_of(manifest->metadata);
}

Result<std::vector<resolve::VirtualProvider>> IndexProvider::providers(std::string_view name) {
    std::vector<resolve::VirtualProvider> providers;
    const Result<PackageName> parsed = PackageName::parse(name);
    if (!parsed) return providers;
    CATALOG_TRY(const std::vector<IndexEntry> entries, impl_->index.providers_of(*parsed));
    for (const IndexEntry& entry : entries) {
        if (!impl_->is_listed(entry)) continue;
        CATALOG_TRY(const package::Manifest manifest, impl_->index.manifest(entry.digest));
        for (const package::Provide& provide : manifest.metadata.provides)
            if (provide.name == *parsed)
                providers.push_back(
                    {entry.id.name().str(), {entry.version, entry.yanked, ""}, provide.version});
        impl_->digests[entry.id.name().str()].insert_or_assign(entry.id.version(), entry.digest);
    }
    return providers;
}

}  // namespace catalog::index
