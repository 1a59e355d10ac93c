#pragma once
// PackageMetadata: what a package says of itself. Plain data: no store, no I/O.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/dependency_kind.hpp"
#include "catalog/core/ids.hpp"
#include "catalog/core/limits.hpp"
#include "catalog/core/platform.hpp"
#include "catalog/core/result.hpp"
#include "catalog/json/value.hpp"
#include "catalog/version/constraint.hpp"
#include "catalog/version/semver.hpp"

namespace catalog::package {

/// What kind of asset a package is. Written by name, for example "library".
enum class PackageType : std::uint8_t {
    kLibrary,
    kApplication,
    kVm,
    kContainer,
    kDataset,
    kModel,
    kTemplate,
    kResource,
};

[[nodiscard]] std::string_view package_type_name(PackageType type) noexcept;
[[nodiscard]] Result<PackageType> parse_package_type(
    std::string_view text);  ///< Errors: kMetadataInvalid.

/// One alternative of a dependency: a package and which of its versions.
struct DependencyTarget {
    PackageName name;
    version::VersionConstraint constraint;
    friend bool operator==(const DependencyTarget&, const DependencyTarget&) = default;
};

/// One dependency. `any_of` holds further alternatives in preference order after `target`; most
/// have none.
struct Dependency {
    DependencyTarget target;
    DependencyKind kind = DependencyKind::kRequired;
    PlatformPredicate platform;         ///< Where it applies; empty: everywhere.
    std::vector<std::string> features;  ///< Features of the target that are asked for.
    bool default_features = true;  ///< Whether the target's `default` feature is asked for too.
    std::vector<DependencyTarget> any_of;  ///< Alternatives to `target`, in preference order.
    friend bool operator==(const Dependency&, const Dependency&) = default;
};

/// A package that must not stand in the same solution.
struct Conflict {
    PackageName name;
    version::VersionConstraint constraint;
    friend bool operator==(const Conflict&, const Conflict&) = default;
};

/// A virtual name that this package also answers to.
struct Provide {
    PackageName name;
    version::SemVer version;
    friend bool operator==(const Provide&, const Provide&) = default;
};

/// What a package needs of the machine that runs it. Zero or empty: nothing particular.
struct ResourceRequirements {
    double cpu_cores = 0;  ///< Cores; fractions allowed.
    std::uint64_t memory_bytes = 0;
    std::uint64_t storage_bytes = 0;
    std::uint32_t gpu_count = 0;
    std::uint64_t gpu_memory_bytes = 0;
    bool network = false;  ///< Needs the network at run time.
    friend bool operator==(const ResourceRequirements&, const ResourceRequirements&) = default;
};

/// Which consensus proofs a package demands before it is published or installed. All false: none.
struct ConsensusRequirements {
    bool stake = false;
    bool time = false;
    bool space = false;
    bool work = false;
    std::uint64_t stake_min = 0;  ///< In the host's unit of stake.
    std::uint64_t space_bytes_min = 0;
    std::uint32_t work_difficulty_min = 0;  ///< Bits.
    friend bool operator==(const ConsensusRequirements&, const ConsensusRequirements&) = default;
};

/// Everything that a package's author writes. A value type.
struct PackageMetadata {
    PackageMetadata(PackageName package_name, version::SemVer package_version)
        : name(std::move(package_name)), version(std::move(package_version)) {}

    PackageName name;
    version::SemVer version;
    PackageType type = PackageType::kLibrary;
    std::string description;
    std::string license;                ///< SPDX expression, as written.
    std::vector<std::string> authors;   ///< "Name <mail>", as written.
    std::vector<std::string> keywords;  ///< In the order in which they were written.
    std::vector<std::string> tags;      ///< Labels for grouping, namespace of their own.
    std::string homepage;
    std::string repository;
    std::string entry;  ///< Path inside the package of what is run or loaded first; may be empty.
    std::vector<std::string> binaries;     ///< Paths of programs.
    std::vector<std::string> templates;    ///< Paths of templates.
    std::vector<std::string> resources;    ///< Paths of resources.
    std::vector<Dependency> dependencies;  ///< Canonical order: kind, then target name; unique by
                                           ///< (kind, name, platform).
    std::vector<Conflict> conflicts;       ///< Sorted by name.
    std::vector<Provide> provides;         ///< Sorted by name.
    std::map<std::string, std::vector<std::string>> features;  ///< Feature -> what it switches on.
    ResourceRequirements requirements;
    ConsensusRequirements consensus;
    json::Object extra;  ///< Unknown members of the input, kept as they came.

    friend bool operator==(const PackageMetadata&, const PackageMetadata&) = default;

    /// Returns `name@version`.
    [[nodiscard]] PackageId id() const;
};

/// Checks everything that can be checked without other packages: limits, UTF-8, features name
/// existing things, paths are relative and safe, no Local constraint when `for_publish`. Errors:
/// kMetadataInvalid, kLimitExceeded, kPathUnsafe.
[[nodiscard]] Result<void> validate(const PackageMetadata& metadata, const Limits& limits,
                                    bool for_publish);

/// Sorts dependencies, conflicts and provides into canonical order, so that equal packages have
/// equal manifests.
void canonicalise(PackageMetadata& metadata);

/// Reads the members that a manifest and a line of a neutral package list share; unknown ones go to
/// `extra`. `where` prefixes messages ("line 3"). Errors: kMetadataInvalid, kJsonType,
/// kInvalidName, kVersionSyntax, kRequirementSyntax.
[[nodiscard]] Result<PackageMetadata> metadata_from_json(const json::Object& object,
                                                         std::string_view where);

/// Returns the members that a manifest holds for the metadata; `metadata_from_json` reads them back
/// to an equal value.
[[nodiscard]] json::Object metadata_to_json(const PackageMetadata& metadata);

}  // namespace catalog::package
