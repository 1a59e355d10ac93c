#pragma once
// VersionReq: a range as people write it, in Cargo's or npm's syntax, and the set that it means.
// Both grammars, as tables: docs/versions.md.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "catalog/version/semver.hpp"
#include "catalog/version/version_set.hpp"

namespace catalog::version {

/// Syntax and pre-release rule of a range. Stored with every constraint.
enum class Dialect : std::uint8_t {
    kCargo,  ///< Cargo's requirements: comma-separated comparators; bare `1.2.3` means `^1.2.3`; `~
             ///< ^ = > >= < <= * x`.
    kNpm,    ///< node-semver ranges: `||`, white space = and, hyphen ranges, x-ranges, bare `1.2.3`
             ///< is exact.
};

[[nodiscard]] std::string_view dialect_name(Dialect dialect) noexcept;  ///< "cargo" or "npm"
[[nodiscard]] Result<Dialect> parse_dialect(std::string_view text);  ///< Errors: kInvalidArgument.

/// How a match treats pre-releases.
enum class PrereleaseRule : std::uint8_t {
    kDialect,  ///< Admitted only when the same alternative names a pre-release of the same
               ///< major.minor.patch (both dialects).
    kInclude,  ///< Admitted whenever the range's bounds, read inclusively of pre-releases, contain
               ///< them (npm includePrerelease).
};

/// A parsed range.
///
/// A value type; immutable. Thread safety: as `int`. Size: at most one interval for every two bytes
/// of the text in each of three sets.
class VersionReq {
    struct Unset {
        explicit Unset() = default;
    };

public:
    static constexpr std::size_t kBytesMax = 4096;  ///< Longest accepted text, bytes.
    /// Most comparators of a Cargo requirement (Cargo's own limit).
    static constexpr std::size_t kCargoComparatorsMax = 32;
    /// Largest number in an npm range, 2^53 - 1: what node-semver can count.
    static constexpr std::uint64_t kNpmNumberMax = (std::uint64_t{1} << 53) - 1;

    /// Everything that is not a pre-release: `*`.
    VersionReq();

    /// For `parse` alone, which names the type: a range to be written in place.
    explicit VersionReq(Unset) noexcept {}

    /// Reads a range. Errors: kRequirementSyntax with LocationDetail::offset. Cost: linear (n log n
    /// in alternatives); allocates for a text of more than 15 bytes, for more than three
    /// alternatives and for named pre-releases; no recursion.
    [[nodiscard]] static Result<VersionReq> parse(std::string_view text, Dialect dialect);

    /// A range that only `version` satisfies, pre-release or not; build metadata does not count.
    /// Dialect kCargo, text `=version`.
    [[nodiscard]] static VersionReq exactly(const SemVer& version);

    /// Tells whether `version` satisfies the range. Cost: logarithmic in the alternatives; no
    /// allocation.
    [[nodiscard]] bool matches(const SemVer& version,
                               PrereleaseRule rule = PrereleaseRule::kDialect) const noexcept {
        if (rule == PrereleaseRule::kInclude) return matches_wide(version);
        // No branch on the version for the ranges that name no pre-release.
        if (others_ == nullptr) [[likely]] {
            unsigned inside = set_.contains(version) ? 1 : 0;
            inside &= version.is_prerelease() ? 0 : 1;
            return inside != 0;
        }
        return version.is_prerelease() ? others_->admitted.contains(version)
                                       : set_.contains(version);
    }

    /// Returns the set of versions within the bounds; pre-releases in it are not thereby admitted.
    /// A release is in it exactly when it matches under kDialect.
    [[nodiscard]] const VersionSet& set() const noexcept { return set_; }
    /// Returns the pre-releases that match under kDialect: what the range names, within its bounds.
    [[nodiscard]] const VersionSet& admitted_prereleases() const noexcept;
    /// Returns the text as it was written.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] Dialect dialect() const noexcept { return dialect_; }

    /// Two ranges are equal when text and dialect are.
    friend bool operator==(const VersionReq& a, const VersionReq& b) noexcept {
        return a.dialect_ == b.dialect_ && a.text_ == b.text_;
    }

private:
    friend class RangeBuilder;
    struct Others {
        bool has_wide = false;
        VersionSet wide;      // bounds under PrereleaseRule::kInclude, when wide_lowers_ cannot say
        VersionSet admitted;  // pre-releases that match under PrereleaseRule::kDialect
    };
    [[nodiscard]] static Result<VersionReq> parse_short(std::string_view text, Dialect dialect);
    [[nodiscard]] bool matches_wide(const SemVer& version) const noexcept;

    std::string text_;
    Dialect dialect_ = Dialect::kCargo;
    // Under PrereleaseRule::kInclude: a bit for each interval of set_ whose lower bound, a release,
    // lets its pre-releases in. Of a set within the object only.
    std::uint8_t wide_lowers_ = 0;
    VersionSet set_;                        // bounds under PrereleaseRule::kDialect
    std::shared_ptr<const Others> others_;  // few ranges need it; never changed
};

}  // namespace catalog::version
