#pragma once
// VersionSet: a set of versions as a union of intervals over precedence order, with the full
// Boolean algebra.

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/version/release_key.hpp"
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
/// intervals, every operation on two sets linear in both. Up to three intervals lie in the object
/// itself when every end of them is a key (class ReleaseKey), as nearly all are; others allocate.
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
    VersionSet(const VersionSet& other);
    VersionSet(VersionSet&& other) noexcept
        : count_(std::exchange(other.count_, 0)),
          room_(std::exchange(other.room_, 0)),
          keys_(std::exchange(other.keys_, {})),
          many_(std::move(other.many_)) {}
    VersionSet& operator=(const VersionSet& other) {
        if (this != &other) *this = VersionSet(other);
        return *this;
    }
    VersionSet& operator=(VersionSet&& other) noexcept {
        std::swap(count_, other.count_);
        std::swap(room_, other.room_);
        std::swap(keys_, other.keys_);
        std::swap(many_, other.many_);
        return *this;
    }
    ~VersionSet() = default;

    [[nodiscard]] static VersionSet none() { return {}; }
    [[nodiscard]] static VersionSet all();
    [[nodiscard]] static VersionSet exactly(const SemVer& version);
    /// Makes one interval; empty when the bounds exclude everything.
    [[nodiscard]] static VersionSet between(std::optional<Bound> lower, std::optional<Bound> upper);
    /// Makes the union of intervals in any order, empty ones included. Cost: n log n.
    [[nodiscard]] static VersionSet union_of(std::vector<Interval> intervals);

    [[nodiscard]] bool contains(const SemVer& version) const noexcept {
        if (many_ != nullptr) [[unlikely]]
            return contains_in_many(version);
        return contains_key(ReleaseKey::of(version));
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

    /// Returns the intervals, lowest first. Cost: they are made from what is kept.
    [[nodiscard]] std::vector<Interval> intervals() const;

    /// Returns readable text such as ">=1.2.0, <2.0.0 || =3.1.0", "*" for everything, "none" for
    /// nothing.
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const VersionSet& a, const VersionSet& b) noexcept;

private:
    friend class RangeBuilder;

    friend class VersionReq;

    /// An end of an interval. Ends that are keys need no more; others lie right behind their key,
    /// where only their versions tell them apart.
    struct Cut {
        std::uint64_t key = ReleaseKey::kStart;
        const Bound* bound = nullptr;
        bool is_lower = false;  // how `bound` is meant
    };
    /// Intervals that are kept in the object.
    static constexpr std::size_t kInlineMax = 3;

    // REQUIRES: every end is a key.
    [[nodiscard]] bool contains_key(std::uint64_t key) const noexcept {
        // No branch but one that a range decides, not a version: an unused interval is empty.
        bool inside = key - keys_[0] < keys_[1] - keys_[0];
        if (count_ > 1) {
            inside |= key - keys_[2] < keys_[3] - keys_[2];
            inside |= key - keys_[4] < keys_[5] - keys_[4];
        }
        return inside;
    }
    [[nodiscard]] bool contains_in_many(const SemVer& version) const noexcept;

    [[nodiscard]] static Cut cut_at(const Bound& bound, bool is_lower) noexcept;
    [[nodiscard]] static Cut lower_cut(const Interval& interval) noexcept;
    [[nodiscard]] static Cut upper_cut(const Interval& interval) noexcept;
    [[nodiscard]] Cut lower_cut(std::size_t index) const noexcept;
    [[nodiscard]] Cut upper_cut(std::size_t index) const noexcept;
    [[nodiscard]] static std::weak_ordering compare(const Cut& a, const Cut& b) noexcept;
    [[nodiscard]] static bool is_before(const Cut& a, const Cut& b) noexcept;
    /// The cut as an end of an interval, lower or upper; nullopt where there is none.
    [[nodiscard]] static std::optional<Bound> to_bound(const Cut& cut, bool is_lower);

    // REQUIRES: above every interval so far, and not touching the last.
    void append(const Cut& lower, const Cut& upper) {
        if (many_ == nullptr && count_ < kInlineMax && lower.bound == nullptr &&
            upper.bound == nullptr) {
            const std::size_t end = 2 * std::size_t{count_};
            keys_[end] = lower.key;
            keys_[end + 1] = upper.key;
            ++count_;
        } else {
            append_to_many(lower, upper);
        }
    }
    void append_to_many(const Cut& lower, const Cut& upper);

    std::uint32_t count_ = 0;
    std::uint32_t room_ = 0;  // in many_
    std::array<std::uint64_t, 2 * kInlineMax> keys_ =
        {};                             // lower and upper ends in turn, then zero
    std::unique_ptr<Interval[]> many_;  // all intervals, when they cannot be in keys_
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

}  // namespace catalog::version
