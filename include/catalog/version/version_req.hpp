#pragma once
// VersionReq: a range as people write it, in Cargo's or npm's syntax, and the set that it means.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

/// A parsed range. A value type; immutable.
class VersionReq {
public:
    static constexpr std::size_t kBytesMax = 4096;  ///< Longest accepted text, bytes.

    /// Everything that is not a pre-release: `*`.
    VersionReq();

    /// Reads a range. Errors: kRequirementSyntax with LocationDetail::offset. Cost: linear.
    [[nodiscard]] static Result<VersionReq> parse(std::string_view text, Dialect dialect);

    /// A range that only `version` satisfies, pre-release or not.
    [[nodiscard]] static VersionReq exactly(const SemVer& version);

    /// Tells whether `version` satisfies the range.
    [[nodiscard]] bool matches(const SemVer& version,
                               PrereleaseRule rule = PrereleaseRule::kDialect) const noexcept;

    /// Returns the set of versions within the bounds; pre-releases in it are not thereby admitted.
    [[nodiscard]] const VersionSet& set() const noexcept { return set_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] Dialect dialect() const noexcept { return dialect_; }

    /// Two ranges are equal when text and dialect are.
    friend bool operator==(const VersionReq& a, const VersionReq& b) noexcept {
        return a.dialect_ == b.dialect_ && a.text_ == b.text_;
    }

private:
    friend class RangeParser;

    /// One alternative of `||` (the only one in Cargo's syntax).
    struct Alternative {
        VersionSet set;                   ///< Bounds under PrereleaseRule::kDialect.
        VersionSet set_with_prereleases;  ///< Bounds under PrereleaseRule::kInclude.
        std::vector<std::array<std::uint64_t, 3>>
            prerelease_of;  ///< major.minor.patch whose pre-releases are admitted.
    };

    std::string text_ = "*";
    Dialect dialect_ = Dialect::kCargo;
    VersionSet set_;
    std::vector<Alternative> alternatives_;
};

}  // namespace catalog::version
