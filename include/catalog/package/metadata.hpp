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

/// Largest whole number that a manifest can hold: 2^53, up to which JSON numbers are exact.
inline constexpr std::uint64_t kExactIntegerMax = std::uint64_t{1} << 53;

/// Longest name of a feature, bytes.
inline constexpr std::size_t kFeatureNameBytesMax = 64;

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
    json::Object extra;                    ///< Unknown members of the input, kept as they came.
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

/// What a package needs of the machine that runs it. Zero: nothing particular. Numbers of bytes are
/// at most kExactIntegerMax, because manifests are JSON.
struct ResourceRequirements {
    double cpu_cores = 0;  ///< Cores; fractions allowed; finite and not negative.
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

/// Checks everything that can be checked without other packages:
///  - limits, UTF-8, no control characters (a description may have line ends and tabs);
///  - dependencies are unique by (kind, name, platform), provides by (name, version), conflicts by
///    (name, constraint);
///  - a feature's name is 1 to kFeatureNameBytesMax letters, digits and `_ - + .`, beginning with a
///    letter, digit or `_`; what it switches on is `dep:NAME` (an optional dependency),
///    `NAME/FEATURE` (a feature of a dependency, which is thereby switched on when it is optional),
///    `NAME?/FEATURE` (the same without switching it on), or the name of another feature;
///  - `entry`, `binaries`, `templates` and `resources` pass check_package_path;
///  - numbers fit a manifest; `extra` holds no member that has a meaning of its own;
///  - no Local constraint when `for_publish`.
/// Errors: kMetadataInvalid, kLimitExceeded, kPathUnsafe, with the member in the message. Cost:
/// n log n in the members. Thread safety: any thread.
[[nodiscard]] Result<void> validate(const PackageMetadata& metadata, const Limits& limits,
                                    bool for_publish);

/// Brings metadata into the one form that all equal metadata share, so that equal packages have
/// equal manifests. Sorts and removes repetitions where order means nothing: dependencies (by kind,
/// name, platform), conflicts, provides, the patterns of a platform, features and what they switch
/// on, `binaries`, `templates`, `resources`. Keeps the order of authors, keywords, tags and
/// alternatives. Numbers in `extra` become what a JSON reader would read back: a whole double an
/// integer, an integer beyond 2^53 a double, NaN and infinities null. Idempotent. Cost: n log n.
void canonicalise(PackageMetadata& metadata);

/// Reads the members that a manifest and a line of a neutral package list share. Only `name` and
/// `version` are mandatory; null counts as absent; docs/formats/package-list.md lists all. Members
/// of the document and of a dependency that have no meaning go to `extra`; elsewhere they are
/// errors. `yanked` is no metadata and is skipped (see yanked_in). `where` prefixes messages
/// ("line 3"). Nothing beyond types and syntax is checked (see validate). Errors:
/// kMetadataInvalid, kJsonType, kInvalidName, kVersionSyntax, kRequirementSyntax. Cost: linear.
[[nodiscard]] Result<PackageMetadata> metadata_from_json(const json::Object& object,
                                                         std::string_view where);

/// Returns the member `yanked` of a line of a neutral package list, false when it is absent or
/// null. Errors: kJsonType.
[[nodiscard]] Result<bool> yanked_in(const json::Object& object, std::string_view where);

/// Returns the members that a manifest holds for the metadata, without those that have their
/// default value; `metadata_from_json` reads them back to an equal value (canonical numbers in
/// `extra` provided, see canonicalise). Members of `extra` that have a meaning of their own, which
/// `validate` refuses, are left out.
[[nodiscard]] json::Object metadata_to_json(const PackageMetadata& metadata);

}  // namespace catalog::package
