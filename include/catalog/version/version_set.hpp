#pragma once
// VersionSet: a set of versions as a union of intervals over precedence order, with the full
// Boolean algebra.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "catalog/version/semver.hpp"

namespace catalog::version {

/// A union of disjoint, sorted, non-touching intervals. Build metadata does not count.
///
/// Canonical: two sets that contain the same versions compare equal. Some versions have an
/// immediate successor in precedence order (1.2.3 is followed by 1.2.4-0, 1.0.0-a by 1.0.0-a.0), so
/// one interval can be written in several ways; the set keeps the form that names the lower of the
/// two neighbours: `<1.2.4-0` is kept as `<=1.2.3`, `>=1.2.4-0` as `>1.2.3`, `>=0.0.0-0` as
/// unbounded.
///
/// A value type. Thread safety: as `int`. Cost: `contains` is logarithmic in the number of
/// intervals, every operation on two sets linear in both. One interval lies in the object itself;
/// only sets of more allocate.
class VersionSet {
public:
    /// One end of an interval; nullopt as a whole means unbounded.
    struct Bound {
        SemVer version;
        bool inclusive = true;

        Bound() = default;
        Bound(SemVer at, bool includes) noexcept : version(std::move(at)), inclusive(includes) {}
        /// With the version made in its place.
        template <class... Arguments>
        Bound(std::in_place_t, bool includes, Arguments&&... arguments)
            : version(std::forward<Arguments>(arguments)...), inclusive(includes) {}
        friend bool operator==(const Bound&, const Bound&) = default;

        /// Tells whether `other` is within this lower bound.
        [[nodiscard]] bool is_below(const SemVer& other) const noexcept {
            const bool same = version.has_same_numbers(other);
            if (same & other.is_prerelease()) {
                const std::weak_ordering order = compare_precedence(other, version);
                return order > 0 || (order == 0 && inclusive);
            }
            // No branches: which number decides is different for every version.
            const bool smaller = version.has_smaller_numbers(other);
            const bool below_release = version.is_prerelease();
            return smaller | (same & (below_release | inclusive));
        }
        /// Tells whether `other` is within this upper bound.
        [[nodiscard]] bool is_above(const SemVer& other) const noexcept {
            const bool same = version.has_same_numbers(other);
            if (same & other.is_prerelease()) {
                const std::weak_ordering order = compare_precedence(other, version);
                return order < 0 || (order == 0 && inclusive);
            }
            const bool smaller = other.has_smaller_numbers(version);
            const bool is_release = !version.is_prerelease();
            return smaller | (same & is_release & inclusive);
        }
    };
    struct Interval {
        std::optional<Bound> lower;
        std::optional<Bound> upper;
        friend bool operator==(const Interval&, const Interval&) = default;
    };

    /// The empty set.
    VersionSet() noexcept = default;
    VersionSet(const VersionSet& other) { *this = other; }
    VersionSet(VersionSet&& other) noexcept { *this = std::move(other); }
    VersionSet& operator=(const VersionSet& other);
    VersionSet& operator=(VersionSet&& other) noexcept;
    ~VersionSet() = default;

    [[nodiscard]] static VersionSet none() { return {}; }
    [[nodiscard]] static VersionSet all();
    [[nodiscard]] static VersionSet exactly(const SemVer& version);
    /// Makes one interval; empty when the bounds exclude everything.
    [[nodiscard]] static VersionSet between(std::optional<Bound> lower, std::optional<Bound> upper);
    /// Makes the union of intervals in any order, empty ones included. Cost: n log n.
    [[nodiscard]] static VersionSet union_of(std::vector<Interval> intervals);

    [[nodiscard]] bool contains(const SemVer& version) const noexcept {
        return count_ == 1 ? contains_in_one(version) : contains_in_many(version);
    }
    [[nodiscard]] bool is_empty() const noexcept { return count_ == 0; }
    [[nodiscard]] bool is_all() const noexcept;
    [[nodiscard]] bool is_subset_of(const VersionSet& other) const noexcept;
    [[nodiscard]] bool is_disjoint_from(const VersionSet& other) const noexcept;

    [[nodiscard]] VersionSet united_with(const VersionSet& other) const;
    [[nodiscard]] VersionSet intersected_with(const VersionSet& other) const;
    [[nodiscard]] VersionSet complement() const;
    [[nodiscard]] VersionSet minus(const VersionSet& other) const {
        return intersected_with(other.complement());
    }

    /// Returns the intervals, lowest first. Valid as long as this set is not changed.
    [[nodiscard]] std::span<const Interval> intervals() const noexcept {
        return {count_ > 1 ? many_.get() : &one_, count_};
    }

    /// Returns readable text such as ">=1.2.0, <2.0.0 || =3.1.0", "*" for everything, "none" for
    /// nothing.
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const VersionSet& a, const VersionSet& b) noexcept;

private:
    friend class RangeBuilder;

    [[nodiscard]] bool contains_in_one(const SemVer& version) const noexcept;
    [[nodiscard]] bool contains_in_many(const SemVer& version) const noexcept;
    void clear() noexcept;
    // REQUIRES: above every interval so far, and not touching the last.
    void append(Interval interval);
    /// Makes the set what `one_`, just written, says; the set was empty.
    void settle_one();

    std::uint32_t count_ = 0;
    std::uint32_t room_ = 0;            // in many_
    std::unique_ptr<Interval[]> many_;  // all of them, when there are more than one
    Interval one_;                      // else
};

/// Tells whether `version` lies between the bounds of `interval`.
[[nodiscard]] inline bool contains(const VersionSet::Interval& interval,
                                   const SemVer& version) noexcept {
    // Both ends, always: whether the first decides cannot be foretold.
    bool inside = true;
    if (interval.lower) inside &= interval.lower->is_below(version);
    if (interval.upper) inside &= interval.upper->is_above(version);
    return inside;
}

inline bool VersionSet::contains_in_one(const SemVer& version) const noexcept {
    return version::contains(one_, version);
}

}  // namespace catalog::version
