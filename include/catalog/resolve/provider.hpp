#pragma once
// DependencyProvider: all that the resolvers know of packages. They see no store, no manifest and
// no file.

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/dependency_kind.hpp"
#include "catalog/core/platform.hpp"
#include "catalog/core/result.hpp"
#include "catalog/version/constraint.hpp"
#include "catalog/version/semver.hpp"

namespace catalog::resolve {

class FrozenUniverse;

/// A version that can be chosen.
struct Candidate {
    version::SemVer version;
    bool yanked = false;    ///< Only a lock may select it.
    std::string source_id;  ///< Empty for the registry; VersionConstraint::source_id() of the Git
                            ///< or Local source it came from.
    friend bool operator==(const Candidate&, const Candidate&) = default;
};

/// A package and which of its versions.
struct Target {
    std::string name;
    version::VersionConstraint constraint;
};

/// One dependency of one version.
struct Requirement {
    Target target;
    DependencyKind kind = DependencyKind::kRequired;
    PlatformPredicate platform;
    std::vector<std::string> features;
    bool default_features = true;
    std::vector<Target> any_of;  ///< Alternatives after `target`, in preference order.
};

/// A virtual name that a version answers to.
struct Provided {
    std::string name;
    version::SemVer version;
};

/// Everything the resolver needs of one version.
struct PackageRecord {
    std::vector<Requirement> dependencies;
    std::vector<Target> conflicts;
    std::vector<Provided> provides;
    std::map<std::string, std::vector<std::string>> features;
};

/// A version that provides a virtual name.
struct VirtualProvider {
    std::string package;
    Candidate candidate;
    version::SemVer provided;  ///< The version of the virtual name.
};

/// Source of packages. The resolver asks only for what it needs, and asks each question once in a
/// resolution.
///
/// Answers must not change during one resolution. Thread safety: called from one thread at a time.
/// Blocking: allowed.
class DependencyProvider {
public:
    virtual ~DependencyProvider() = default;

    /// Returns every version of `name`, in any order; empty when the name is unknown.
    [[nodiscard]] virtual Result<std::vector<Candidate>> versions(std::string_view name) = 0;

    /// Returns the record of one candidate. Errors: kProviderFailed when a listed version has none.
    [[nodiscard]] virtual Result<PackageRecord> record(std::string_view name,
                                                       const Candidate& candidate) = 0;

    /// Returns the versions that provide the virtual name `name`; empty for most names.
    [[nodiscard]] virtual Result<std::vector<VirtualProvider>> providers(std::string_view name) = 0;

    /// Says which names will be asked for soon; a hint that may be ignored.
    virtual void prefetch(std::span<const std::string> names) { static_cast<void>(names); }

    /// Returns the frozen form of exactly the packages of this provider, where there is one. A
    /// resolver may use it instead of asking. Valid as long as this object.
    [[nodiscard]] virtual const FrozenUniverse* universe() const noexcept { return nullptr; }
};

/// A complete provider in memory: the neutral package list, tests, hosts with few packages.
class MemoryProvider final : public DependencyProvider {
public:
    MemoryProvider();
    ~MemoryProvider() override;
    MemoryProvider(MemoryProvider&&) noexcept;
    MemoryProvider& operator=(MemoryProvider&&) noexcept;

    /// Adds a version. Errors: kAlreadyExists (same name, precedence-equal version and source).
    [[nodiscard]] Result<void> add(std::string name, Candidate candidate, PackageRecord record);

    [[nodiscard]] Result<std::vector<Candidate>> versions(std::string_view name) override;
    [[nodiscard]] Result<PackageRecord> record(std::string_view name,
                                               const Candidate& candidate) override;
    [[nodiscard]] Result<std::vector<VirtualProvider>> providers(std::string_view name) override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::resolve
