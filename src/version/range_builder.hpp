#pragma once
// RangeBuilder: what the parsers of both dialects produce. A comparator narrows the alternative
// that is being built, once under each pre-release rule; nothing is allocated before an alternative
// ends.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/version/version_req.hpp"
#include "scanner.hpp"
#include "simple_range.hpp"

namespace catalog::version {

/// A version that owns nothing: its pre-release is a part of the text that is being read.
struct VersionParts {
    std::array<std::uint64_t, 3> numbers = {};
    std::string_view prerelease;

    [[nodiscard]] SemVer to_version() const {
        return SemVer(numbers[0], numbers[1], numbers[2], prerelease);
    }
    /// Zero is the lowest pre-release there is.
    [[nodiscard]] VersionParts with_lowest_prerelease() const noexcept { return {numbers, "0"}; }
};

[[nodiscard]] inline std::weak_ordering compare_precedence(const VersionParts& a,
                                                           const VersionParts& b) noexcept {
    if (a.numbers != b.numbers) return a.numbers <=> b.numbers;
    return compare_prereleases(a.prerelease, b.prerelease);
}

/// major.minor.patch with everything from some point on left out or written as a wildcard.
struct Partial {
    VersionParts first;  ///< What is missing is zero; a pre-release only when nothing is.
    unsigned count = 0;  ///< How many of the three numbers are there: 0 to 3.

    [[nodiscard]] bool is_full() const noexcept { return count == 3; }

    /// major.minor.patch right after everything that begins with the first `kept` numbers (1 to 3).
    [[nodiscard]] VersionParts after(unsigned kept) const noexcept {
        VersionParts end;
        for (unsigned i = 0; i < kept; ++i) end.numbers[i] = first.numbers[i];
        ++end.numbers[kept - 1];
        return end;
    }
};

class RangeBuilder {
public:
    struct Bound {
        VersionParts version;
        bool inclusive = true;
    };
    struct Interval {
        std::optional<Bound> lower;
        std::optional<Bound> upper;
    };

    /// Builds `req`, which is new.
    explicit RangeBuilder(VersionReq& req) noexcept : req_(req) {}

    /// Lower bound under both rules, or under one of them.
    void above(const Bound& bound) {
        raise(bounds_, bound);
        raise(wide_bounds_, bound);
    }
    void above_in_dialect(const Bound& bound) { raise(bounds_, bound); }
    void above_with_prereleases(const Bound& bound) { raise(wide_bounds_, bound); }
    /// Upper bound, likewise.
    void below(const Bound& bound) {
        lower(bounds_, bound);
        lower(wide_bounds_, bound);
    }
    void below_in_dialect(const Bound& bound) { lower(bounds_, bound); }
    void below_with_prereleases(const Bound& bound) { lower(wide_bounds_, bound); }

    /// At or above `version`, where the wider reading also takes the version's pre-releases.
    void from(const VersionParts& version) {
        raise(bounds_, {version, true});
        raise(wide_bounds_, {version.with_lowest_prerelease(), true});
    }
    /// Below `version` and all its pre-releases.
    void before(const VersionParts& version) { below({version.with_lowest_prerelease(), false}); }
    void nothing() { before({}); }

    /// The alternative as it stands, under PrereleaseRule::kDialect.
    [[nodiscard]] const Interval& bounds() const noexcept { return bounds_; }

    /// Admits the pre-releases within the bounds that have the numbers of `bound`, which is one of
    /// them. No other comparator can admit one: a pre-release within the bounds that shares its
    /// numbers with some comparator shares them with a bound.
    void admit_prereleases_at(const Bound& bound);
    /// Takes back everything that was admitted.
    void admit_nothing() noexcept { admitted_.clear(); }

    /// Ends the alternative and begins the next.
    void finish_alternative();
    /// Ends the range.
    void finish();

    /// Reads the text of `req`, which has that and its dialect, into it without a builder; when the
    /// text is not simple, returns false and leaves `req` as it was.
    [[nodiscard]] static bool read_simple(VersionReq& req);

private:
    static void raise(Interval& interval, const Bound& bound);
    static void lower(Interval& interval, const Bound& bound);
    [[nodiscard]] static bool append_simple(const SimpleRange& range, std::uint64_t& end,
                                            VersionReq& req);
    void finish_first();
    void finish_next();

    VersionReq& req_;
    Interval bounds_;
    Interval wide_bounds_;
    std::size_t alternatives_ = 0;
    bool has_wide_ = false;  // the wider reading is more than pre-releases of the lower bound
    // All alternatives, from the second on; the first alone goes into the range directly.
    std::vector<VersionSet::Interval> intervals_;
    std::vector<VersionSet::Interval> wide_intervals_;  // also of the first alone, when has_wide_
    std::vector<VersionSet::Interval> admitted_;
};

/// Each reads the whole of `in`; false after `in.refuse`.
[[nodiscard]] bool read_cargo_range(Scanner& in, RangeBuilder& out);
[[nodiscard]] bool read_npm_range(Scanner& in, RangeBuilder& out);

}  // namespace catalog::version
