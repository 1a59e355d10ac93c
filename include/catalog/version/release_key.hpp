#pragma once
// ReleaseKey: where a version stands among releases, as one number.

#include <cstdint>

#include "catalog/version/semver.hpp"

namespace catalog::version {

/// Numbers that order versions as precedence does, but for pre-releases of the same
/// major.minor.patch, which share one, and for numbers above `kNumberMax`, which are cut off there.
///
/// The key of `first(major, minor, patch)` stands for all pre-releases of these numbers, the one
/// after it for their release. A key is also the place right before the versions that have it: the
/// end of a range that lies before a release, or before all its pre-releases, is a key, and a
/// version is between two such ends when its own key is. Thread safety: as `int`.
struct ReleaseKey {
    /// Largest number that is told from all others.
    static constexpr std::uint64_t kNumberMax = (std::uint64_t{1} << 20) - 1;
    /// What patch, minor and major count in. A bit more than `kNumberMax` takes, for what lies
    /// behind it.
    static constexpr std::uint64_t kPatch = 2;
    static constexpr std::uint64_t kMinor = kPatch << 21;
    static constexpr std::uint64_t kMajor = kMinor << 21;
    /// Before every version.
    static constexpr std::uint64_t kStart = 0;
    /// After every version, and the key of none.
    static constexpr std::uint64_t kEnd = ~std::uint64_t{0};

    /// REQUIRES: numbers up to `kNumberMax` + 1.
    [[nodiscard]] static constexpr std::uint64_t first(std::uint64_t major, std::uint64_t minor,
                                                       std::uint64_t patch) noexcept {
        return major * kMajor + minor * kMinor + patch * kPatch;
    }

    /// Tells whether all numbers of `version` are told from all others.
    [[nodiscard]] static bool is_exact_for(const SemVer& version) noexcept {
        return (version.major() | version.minor() | version.patch()) <= kNumberMax;
    }

    /// The key of `version`. No end that is a key lies at a number above `kNumberMax`, so that the
    /// answer to whether a version is between two such ends is right for all versions.
    [[nodiscard]] static std::uint64_t of(const SemVer& version) noexcept {
        if (!is_exact_for(version)) [[unlikely]]
            return of_large(version);
        return first(version.major(), version.minor(), version.patch()) +
               (version.is_prerelease() ? 0 : 1);
    }

    /// The key that all versions share whose numbers are cut off at the same place. REQUIRES: a
    /// number above `kNumberMax`.
    [[nodiscard]] static std::uint64_t of_large(const SemVer& version) noexcept {
        constexpr std::uint64_t kBehind = kNumberMax + 1;
        if (version.major() > kNumberMax) return first(kBehind, 0, 0);
        if (version.minor() > kNumberMax) return first(version.major(), kBehind, 0);
        return first(version.major(), version.minor(), kBehind);
    }
};

}  // namespace catalog::version
