#pragma once
// SemVer: a version as defined by Semantic Versioning 2.0.0 (semver.org).

#include <compare>
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
/// value type.
class SemVer {
public:
    /// Longest accepted text, bytes.
    static constexpr std::size_t kBytesMax = 256;

    /// 0.0.0
    SemVer() = default;
    SemVer(std::uint64_t major, std::uint64_t minor, std::uint64_t patch) noexcept
        : major_(major), minor_(minor), patch_(patch) {}

    /// Reads strict SemVer 2.0.0 text: no leading `v`, no white space, no leading zeros, numbers up
    /// to 2^63 - 1. Errors: kVersionSyntax with LocationDetail::offset. Cost: linear; allocates
    /// only for pre-release or build text that does not fit the string's own buffer.
    [[nodiscard]] static Result<SemVer> parse(std::string_view text);

    [[nodiscard]] std::uint64_t major() const noexcept { return major_; }
    [[nodiscard]] std::uint64_t minor() const noexcept { return minor_; }
    [[nodiscard]] std::uint64_t patch() const noexcept { return patch_; }
    /// Returns the pre-release text without the hyphen, empty for a release.
    [[nodiscard]] std::string_view prerelease() const noexcept { return prerelease_; }
    /// Returns the build metadata without the plus sign.
    [[nodiscard]] std::string_view build() const noexcept { return build_; }
    [[nodiscard]] bool is_prerelease() const noexcept { return !prerelease_.empty(); }

    /// Returns a copy with that pre-release text. REQUIRES: valid identifiers.
    [[nodiscard]] SemVer with_prerelease(std::string prerelease) const;
    /// Returns a copy without build metadata.
    [[nodiscard]] SemVer without_build() const;

    /// Returns the canonical text.
    [[nodiscard]] std::string to_string() const;

    /// Precedence (section 11): build metadata does not count.
    friend std::weak_ordering compare_precedence(const SemVer& a, const SemVer& b) noexcept;

    friend bool operator==(const SemVer&, const SemVer&) noexcept = default;
    friend std::strong_ordering operator<=>(const SemVer& a, const SemVer& b) noexcept;

private:
    std::uint64_t major_ = 0;
    std::uint64_t minor_ = 0;
    std::uint64_t patch_ = 0;
    std::string prerelease_;
    std::string build_;
};

[[nodiscard]] std::weak_ordering compare_precedence(const SemVer& a, const SemVer& b) noexcept;
[[nodiscard]] std::strong_ordering operator<=>(const SemVer& a, const SemVer& b) noexcept;

/// Tells whether two versions are semver-compatible in Cargo's sense: same major, or below 1.0.0
/// same minor, or below 0.1.0 same patch. This is the line between copies under
/// VersionPolicy::kPerMajor.
[[nodiscard]] bool is_compatible(const SemVer& a, const SemVer& b) noexcept;

}  // namespace catalog::version
