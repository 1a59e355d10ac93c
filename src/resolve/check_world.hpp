#pragma once
// CheckWorld: what the checker knows of packages, and its own reading of what satisfies what.
//
// Deliberately nothing here comes from the engines, nor the other way round: two readings of the
// same rules find each other's mistakes.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/resolve/request.hpp"
#include "guarded_provider.hpp"

namespace catalog::resolve::checking {

class CheckWorld {
public:
    CheckWorld(const Request& request, DependencyProvider& provider)
        : request_(request), provider_(provider) {}

    /// Return what the provider says, asked once. Errors: kProviderFailed.
    [[nodiscard]] Result<const std::vector<Candidate>*> versions(const std::string& name);
    [[nodiscard]] Result<const std::vector<VirtualProvider>*> providers(const std::string& name);
    [[nodiscard]] Result<PackageRecord> record(const Resolved& package);

    [[nodiscard]] bool is_locked(const std::string& name, const Candidate& candidate) const;

    /// Tells whether a package, under its own name or one that it provides, satisfies a target.
    [[nodiscard]] Result<bool> satisfies(const Resolved& package, const PackageRecord& record,
                                         const Target& target);
    /// Tells whether a package may be used at all: constraints and yanked versions.
    [[nodiscard]] Result<bool> is_usable(const std::string& name, const Candidate& candidate);
    /// Tells whether a conflict names a package.
    [[nodiscard]] Result<bool> is_excluded(const Resolved& package, const PackageRecord& record,
                                           const Target& conflict);
    [[nodiscard]] bool host_supplies(const Target& target) const;

private:
    [[nodiscard]] bool admits(const version::VersionConstraint& constraint,
                              const version::SemVer& version, bool locked) const;
    [[nodiscard]] Result<bool> own_name_satisfies(const std::string& name,
                                                  const Candidate& candidate,
                                                  const version::VersionConstraint& constraint);
    /// Newest release of the name itself, or null.
    [[nodiscard]] Result<const Candidate*> newest(const std::string& name);
    /// Newest release of the name that somebody provides, or null.
    [[nodiscard]] Result<const version::SemVer*> newest_provided(const std::string& name);

    const Request& request_;
    GuardedProvider provider_;
    std::map<std::string, std::vector<Candidate>> versions_;
    std::map<std::string, std::vector<VirtualProvider>> providers_;
};

/// Tells whether two versions have the same precedence.
[[nodiscard]] bool same_version(const version::SemVer& a, const version::SemVer& b);

}  // namespace catalog::resolve::checking
