#pragma once
// SemVer: a version as defined by Semantic Versioning 2.0.0 (semver.org).

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "catalog/core/result.hpp"

namespace catalog::version {

/// A semantic version: numbers, pre-release and build metadata.
///
/// Comparison operators follow precedence (section 11) and then build metadata byte-wise, so that
/// the order is total and equal means the same text; `compare_precedence` ignores build metadata. A
/// value type. Thread safety: as `int`. Cost of a copy: an allocation only when pre-release and
/// build text together exceed the string's own buffer.
class SemVer {
public:
    /// Longest accepted text, bytes.
    static constexpr std::size_t kBytesMax = 256;
    /// Largest number that `parse` accepts for major, minor and patch.
    static constexpr std::uint64_t kNumberMax = (std::uint64_t{1} << 63) - 1;

    /// 0.0.0
    SemVer() = default;
    SemVer(std::uint64_t major, std::uint64_t minor, std::uint64_t patch) noexcept
        : major_(major), minor_(minor), patch_(patch) {}
    /// With that pre-release text. REQUIRES: valid identifiers, or empty.
    SemVer(std::uint64_t major, std::uint64_t minor, std::uint64_t patch,
           std::string_view prerelease)
        : major_(major),
          minor_(minor),
          patch_(patch),
          identifiers_(prerelease),
          prerelease_bytes_(prerelease.size()) {}

    /// Reads strict SemVer 2.0.0 text: no leading `v`, no white space, no leading zeros, numbers up
    /// to 2^63 - 1. Errors: kVersionSyntax with LocationDetail::offset. Cost: linear; allocates
    /// only for pre-release and build text that do not fit the string's own buffer.
    [[nodiscard]] static Result<SemVer> parse(std::string_view text);

    [[nodiscard]] std::uint64_t major() const noexcept { return major_; }
    [[nodiscard]] std::uint64_t minor() const noexcept { return minor_; }
    [[nodiscard]] std::uint64_t patch() const noexcept { return patch_; }
    /// Returns the pre-release text without the hyphen, empty for a release. Valid as long as this
    /// object.
    [[nodiscard]] std::string_view prerelease() const noexcept {
        return std::string_view(identifiers_).substr(0, prerelease_bytes_);
    }
    /// Returns the build metadata without the plus sign. Valid as long as this object.
    [[nodiscard]] std::string_view build() const noexcept {
        return std::string_view(identifiers_).substr(prerelease_bytes_);
    }
    [[nodiscard]] bool is_prerelease() const noexcept { return prerelease_bytes_ != 0; }

    /// Tells whether major, minor and patch are the same.
    [[nodiscard]] bool has_same_numbers(const SemVer& other) const noexcept {
        return major_ == other.major_ && minor_ == other.minor_ && patch_ == other.patch_;
    }

    /// Returns a copy with that pre-release text; empty makes a release. REQUIRES: valid
    /// identifiers.
    [[nodiscard]] SemVer with_prerelease(std::string_view prerelease) const;
    /// Returns a copy without build metadata.
    [[nodiscard]] SemVer without_build() const;

    /// Returns the canonical text.
    [[nodiscard]] std::string to_string() const;

    /// Precedence (section 11): build metadata does not count. Cost: linear in the pre-release
    /// text; numeric identifiers of any length compare as numbers.
    friend std::weak_ordering compare_precedence(const SemVer& a, const SemVer& b) noexcept;

    friend bool operator==(const SemVer&, const SemVer&) noexcept = default;
    friend std::strong_ordering operator<=>(const SemVer& a, const SemVer& b) noexcept;

private:
    std::uint64_t major_ = 0;
    std::uint64_t minor_ = 0;
    std::uint64_t patch_ = 0;
    std::string identifiers_;             // pre-release text, then build text, no separators
    std::uint64_t prerelease_bytes_ = 0;  // where the first ends
};

/// Compares pre-release texts by the rules of section 11.4; an empty text (a release) is greatest.
/// REQUIRES: valid identifiers.
[[nodiscard]] std::weak_ordering compare_prereleases(std::string_view a,
                                                     std::string_view b) noexcept;

[[nodiscard]] inline std::weak_ordering compare_precedence(const SemVer& a,
                                                           const SemVer& b) noexcept {
    if (a.major_ != b.major_) return a.major_ <=> b.major_;
    if (a.minor_ != b.minor_) return a.minor_ <=> b.minor_;
    if (a.patch_ != b.patch_) return a.patch_ <=> b.patch_;
    if ((a.prerelease_bytes_ | b.prerelease_bytes_) == 0) return std::weak_ordering::equivalent;
    return compare_prereleases(a.prerelease(), b.prerelease());
}

[[nodiscard]] inline std::strong_ordering operator<=>(const SemVer& a, const SemVer& b) noexcept {
    const std::weak_ordering order = compare_precedence(a, b);
    if (order < 0) return std::strong_ordering::less;
    if (order > 0) return std::strong_ordering::greater;
    return a.build() <=> b.build();
}

/// Tells whether two versions are semver-compatible in Cargo's sense: same major, or below 1.0.0
/// same minor, or below 0.1.0 same patch. This is the line between copies under
/// VersionPolicy::kPerMajor.
[[nodiscard]] bool is_compatible(const SemVer& a, const SemVer& b) noexcept;

}  // namespace catalog::version

template <>
struct std::hash<catalog::version::SemVer> {
    /// Equal versions (build metadata included) have equal hashes.
    [[nodiscard]] std::size_t operator()(const catalog::version::SemVer& version) const noexcept;
};
