#pragma once
// RangeBuilder: what the parsers of both dialects produce. A comparator narrows the alternative
// that is being built, once under each pre-release rule.

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/version/version_req.hpp"
#include "scanner.hpp"

namespace catalog::version {

/// major.minor.patch with everything from some point on left out or written as a wildcard.
struct Partial {
    std::uint64_t major = 0;
    std::uint64_t minor = 0;
    std::uint64_t patch = 0;
    unsigned numbers = 0;         ///< How many of the three count: 0 to 3.
    std::string_view prerelease;  ///< Only with three numbers.

    [[nodiscard]] bool is_full() const noexcept { return numbers == 3; }
};

/// The version that `partial` begins with, missing numbers being zero.
[[nodiscard]] inline SemVer first_of(const Partial& partial) {
    SemVer version(partial.major, partial.minor, partial.patch);
    return partial.prerelease.empty() ? version : version.with_prerelease(partial.prerelease);
}

/// major.minor.patch right after everything that begins with the first `kept` numbers (1 to 3).
[[nodiscard]] inline SemVer after(const Partial& partial, unsigned kept) {
    if (kept == 1) return SemVer(partial.major + 1, 0, 0);
    if (kept == 2) return SemVer(partial.major, partial.minor + 1, 0);
    return SemVer(partial.major, partial.minor, partial.patch + 1);
}

class RangeBuilder {
public:
    using Bound = VersionSet::Bound;
    using Interval = VersionSet::Interval;
    using Alternative = VersionReq::Alternative;

    /// Lower bound under both rules, or under one of them.
    void above(Bound bound) {
        raise(current_.bounds_with_prereleases, bound);
        raise(current_.bounds, std::move(bound));
    }
    void above_in_dialect(Bound bound) { raise(current_.bounds, std::move(bound)); }
    void above_with_prereleases(Bound bound) {
        raise(current_.bounds_with_prereleases, std::move(bound));
    }
    /// Upper bound, likewise.
    void below(Bound bound) {
        lower(current_.bounds_with_prereleases, bound);
        lower(current_.bounds, std::move(bound));
    }
    void below_in_dialect(Bound bound) { lower(current_.bounds, std::move(bound)); }
    void below_with_prereleases(Bound bound) {
        lower(current_.bounds_with_prereleases, std::move(bound));
    }

    /// At or above `version`, where the wider reading also takes the version's pre-releases.
    void from(const SemVer& version) {
        above_in_dialect({version, true});
        above_with_prereleases({version.with_prerelease("0"), true});
    }
    /// Below `version` and all its pre-releases: 0 is the lowest pre-release there is.
    void before(const SemVer& version) { below({version.with_prerelease("0"), false}); }
    void nothing() { before(SemVer()); }

    [[nodiscard]] Alternative& current() noexcept { return current_; }
    /// Ends the alternative and begins the next.
    void finish_alternative() { alternatives_.push_back(std::exchange(current_, {})); }
    [[nodiscard]] std::vector<Alternative>& alternatives() noexcept { return alternatives_; }

    /// Makes the range. `text` is what it was read from.
    [[nodiscard]] VersionReq build(std::string_view text, Dialect dialect) &&;

private:
    static void raise(Interval& interval, Bound bound);
    static void lower(Interval& interval, Bound bound);

    Alternative current_;
    std::vector<Alternative> alternatives_;
};

/// Each reads the whole of `in`; false after `in.refuse`.
[[nodiscard]] bool read_cargo_range(Scanner& in, RangeBuilder& out);
[[nodiscard]] bool read_npm_range(Scanner& in, RangeBuilder& out);

}  // namespace catalog::version
