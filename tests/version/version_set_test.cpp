#include "catalog/version/version_set.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "support/version/generators.hpp"

namespace catalog::version {
namespace {

using Bound = VersionSet::Bound;

std::optional<Bound> bound_at(std::string_view text, bool inclusive) {
    return Bound{semver(text), inclusive};
}

VersionSet half_open(std::string_view low, std::string_view high) {
    return VersionSet::between(bound_at(low, true), bound_at(high, false));
}

TEST(VersionSet, ContainsRespectsTheBounds) {
    const VersionSet set = half_open("1.0.0", "2.0.0");
    EXPECT_FALSE(set.contains(semver("1.0.0-rc.1")));
    EXPECT_TRUE(set.contains(semver("1.0.0")));
    EXPECT_TRUE(set.contains(semver("2.0.0-rc.1")));
    EXPECT_FALSE(set.contains(semver("2.0.0")));
}

TEST(VersionSet, NoneAndAllAreWhatTheySay) {
    EXPECT_TRUE(VersionSet::none().is_empty());
    EXPECT_FALSE(VersionSet::none().contains(semver("1.0.0")));
    EXPECT_TRUE(VersionSet::all().is_all());
    EXPECT_TRUE(VersionSet::all().contains(semver("0.0.0-0")));
    EXPECT_EQ(VersionSet::all().complement(), VersionSet::none());
    EXPECT_EQ(VersionSet::none().complement(), VersionSet::all());
}

TEST(VersionSet, ContradictoryBoundsMakeNothing) {
    EXPECT_TRUE(half_open("2.0.0", "1.0.0").is_empty());
    EXPECT_TRUE(half_open("1.0.0", "1.0.0").is_empty());
    EXPECT_TRUE(VersionSet::between(std::nullopt, bound_at("0.0.0-0", false)).is_empty());
    // Nothing lies between a release and the lowest pre-release of the next patch.
    EXPECT_TRUE(
        VersionSet::between(bound_at("1.2.3", false), bound_at("1.2.4-0", false)).is_empty());
}

TEST(VersionSet, TouchingIntervalsBecomeOne) {
    const VersionSet set = half_open("1.0.0", "2.0.0").united_with(half_open("2.0.0", "3.0.0"));
    EXPECT_EQ(set, half_open("1.0.0", "3.0.0"));
    EXPECT_EQ(set.intervals().size(), 1u);
}

TEST(VersionSet, SameVersionsMeanEqualSetsHoweverTheBoundsWereWritten) {
    EXPECT_EQ(half_open("0.0.3", "0.0.4-0"), VersionSet::exactly(semver("0.0.3")));
    EXPECT_EQ(VersionSet::between(bound_at("1.2.3", false), std::nullopt),
              VersionSet::between(bound_at("1.2.4-0", true), std::nullopt));
    EXPECT_EQ(VersionSet::between(bound_at("1.0.0-a", false), std::nullopt),
              VersionSet::between(bound_at("1.0.0-a.0", true), std::nullopt));
    EXPECT_EQ(VersionSet::between(bound_at("0.0.0-0", true), std::nullopt), VersionSet::all());
    EXPECT_EQ(VersionSet::exactly(semver("1.0.0+a")), VersionSet::exactly(semver("1.0.0+b")));
}

TEST(VersionSet, ReadsAsPeopleWriteIt) {
    EXPECT_EQ(VersionSet::all().to_string(), "*");
    EXPECT_EQ(VersionSet::none().to_string(), "none");
    EXPECT_EQ(
        half_open("1.2.0", "2.0.0").united_with(VersionSet::exactly(semver("3.1.0"))).to_string(),
        ">=1.2.0, <2.0.0 || =3.1.0");
    EXPECT_EQ(VersionSet::between(bound_at("1.0.0", false), bound_at("2.0.0-a", true)).to_string(),
              ">1.0.0, <=2.0.0-a");
    EXPECT_EQ(VersionSet::exactly(semver("1.0.0")).complement().to_string(), "<1.0.0 || >1.0.0");
}

TEST(VersionSet, MinusTakesAway) {
    EXPECT_EQ(VersionSet::all().minus(half_open("1.0.0", "2.0.0")).to_string(),
              "<1.0.0 || >=2.0.0");
}

// ---------------------------------------------------------------------------------------------
// Algebra against brute force: a set is the list of grid versions that it contains.

const std::vector<SemVer>& grid() {
    static const std::vector<SemVer> versions = version_grid(4);
    return versions;
}

std::vector<bool> members(const VersionSet& set) {
    std::vector<bool> result;
    for (const SemVer& version : grid()) {
        // Written out against the bounds, so that `contains` is under test, too.
        bool inside = false;
        for (const VersionSet::Interval& interval : set.intervals()) {
            const auto low = interval.lower ? version <=> interval.lower->version
                                            : std::strong_ordering::greater;
            const auto high =
                interval.upper ? version <=> interval.upper->version : std::strong_ordering::less;
            inside |= (low > 0 || (low == 0 && interval.lower->inclusive)) &&
                      (high < 0 || (high == 0 && interval.upper->inclusive));
        }
        RC_ASSERT(set.contains(version) == inside);
        result.push_back(inside);
    }
    return result;
}

template <class Combine>
std::vector<bool> combined(const VersionSet& a, const VersionSet& b, Combine combine) {
    std::vector<bool> left = members(a);
    const std::vector<bool> right = members(b);
    for (std::size_t i = 0; i < left.size(); ++i) left[i] = combine(left[i], right[i]);
    return left;
}

void assert_canonical(const VersionSet& set) {
    const std::vector<VersionSet::Interval> intervals = set.intervals();
    for (std::size_t i = 0; i < intervals.size(); ++i) {
        RC_ASSERT(i == 0 || intervals[i].lower.has_value());
        RC_ASSERT(i + 1 == intervals.size() || intervals[i].upper.has_value());
        const VersionSet alone = VersionSet::between(intervals[i].lower, intervals[i].upper);
        RC_ASSERT(alone.intervals().size() == 1 && alone.intervals()[0] == intervals[i]);
    }
    RC_ASSERT(VersionSet::union_of({intervals.begin(), intervals.end()}) == set);
}

RC_GTEST_PROP(VersionSetProperty, OperationsAgreeWithBruteForce,
              (const VersionSet& a, const VersionSet& b)) {
    RC_ASSERT(members(a.united_with(b)) == combined(a, b, [](bool x, bool y) { return x || y; }));
    RC_ASSERT(members(a.intersected_with(b)) ==
              combined(a, b, [](bool x, bool y) { return x && y; }));
    RC_ASSERT(members(a.minus(b)) == combined(a, b, [](bool x, bool y) { return x && !y; }));
    RC_ASSERT(members(a.complement()) == combined(a, a, [](bool x, bool) { return !x; }));
    for (const VersionSet& set :
         {a.united_with(b), a.intersected_with(b), a.minus(b), a.complement()})
        assert_canonical(set);
}

RC_GTEST_PROP(VersionSetProperty, RelationsAgreeWithTheAlgebra,
              (const VersionSet& a, const VersionSet& b)) {
    RC_ASSERT(a.is_subset_of(b) == a.minus(b).is_empty());
    RC_ASSERT(a.is_disjoint_from(b) == a.intersected_with(b).is_empty());
    RC_ASSERT(a.intersected_with(b).is_subset_of(a));
    RC_ASSERT(a.is_subset_of(a.united_with(b)));
    RC_ASSERT((a.is_subset_of(b) && b.is_subset_of(a)) == (a == b));
}

RC_GTEST_PROP(VersionSetProperty, LawsHold,
              (const VersionSet& a, const VersionSet& b, const VersionSet& c)) {
    RC_ASSERT(a.complement().complement() == a);
    RC_ASSERT(a.united_with(b) == b.united_with(a));
    RC_ASSERT(a.intersected_with(b) == b.intersected_with(a));
    RC_ASSERT(a.united_with(b).complement() == a.complement().intersected_with(b.complement()));
    RC_ASSERT(a.intersected_with(b.united_with(c)) ==
              a.intersected_with(b).united_with(a.intersected_with(c)));
    RC_ASSERT(a.united_with(a.complement()).is_all());
    RC_ASSERT(a.intersected_with(a.complement()).is_empty());
}

RC_GTEST_PROP(VersionSetProperty, EqualOnAFineGridMeansEqual,
              (const VersionSet& a, const VersionSet& b)) {
    // Every bound of a generated set has numbers up to 3 and one of the grid's pre-releases, and
    // the grid has a version on either side of each: what it cannot tell apart is the same set.
    RC_ASSERT((members(a) == members(b)) == (a == b));
}

// ---------------------------------------------------------------------------------------------
// Numbers on either side of the largest that class ReleaseKey tells apart, small ones among them:
// sets whose ends are keys, sets whose ends are not, and versions that have no key of their own.

constexpr std::array<std::uint64_t, 8> kEdgeNumbers = {0,
                                                       1,
                                                       ReleaseKey::kNumberMax - 1,
                                                       ReleaseKey::kNumberMax,
                                                       ReleaseKey::kNumberMax + 1,
                                                       ReleaseKey::kNumberMax + 2,
                                                       std::uint64_t{1} << 21,
                                                       SemVer::kNumberMax - 1};

const std::vector<SemVer>& edge_grid() {
    static const std::vector<SemVer> versions = [] {
        std::vector<SemVer> all;
        for (const std::uint64_t major : kEdgeNumbers)
            for (const std::uint64_t minor : kEdgeNumbers)
                for (const std::uint64_t patch : kEdgeNumbers)
                    for (const char* prerelease : {"0", "0.0", "a", ""})
                        all.push_back(SemVer(major, minor, patch).with_prerelease(prerelease));
        return all;
    }();
    return versions;
}

std::optional<Bound> pick_edge_bound() {
    if (*rc::gen::inRange(0, 6) == 0) return std::nullopt;
    return Bound{*rc::gen::elementOf(edge_grid()), *rc::gen::arbitrary<bool>()};
}

/// Two sets, and which versions of the grid the bounds that they were made of say are in them.
struct EdgeSet {
    VersionSet set;
    std::vector<bool> members;
};

EdgeSet pick_edge_set() {
    std::vector<VersionSet::Interval> raw;
    for (int count = *rc::gen::inRange(0, 6); count > 0; --count)
        raw.push_back({pick_edge_bound(), pick_edge_bound()});
    EdgeSet result;
    for (const SemVer& version : edge_grid()) {
        bool inside = false;
        for (const VersionSet::Interval& interval : raw) {
            const auto low = interval.lower ? version <=> interval.lower->version
                                            : std::strong_ordering::greater;
            const auto high =
                interval.upper ? version <=> interval.upper->version : std::strong_ordering::less;
            inside |= (low > 0 || (low == 0 && interval.lower->inclusive)) &&
                      (high < 0 || (high == 0 && interval.upper->inclusive));
        }
        result.members.push_back(inside);
    }
    result.set = VersionSet::union_of(std::move(raw));
    return result;
}

template <class Expected>
void assert_edge_members(const VersionSet& set, Expected expected) {
    for (std::size_t i = 0; i < edge_grid().size(); ++i)
        RC_ASSERT(set.contains(edge_grid()[i]) == expected(i));
    const std::vector<VersionSet::Interval> intervals = set.intervals();
    RC_ASSERT(VersionSet::union_of(intervals) == set);
}

RC_GTEST_PROP(VersionSetProperty, NumbersOfAnySizeAgreeWithBruteForce, ()) {
    const EdgeSet a = pick_edge_set();
    const EdgeSet b = pick_edge_set();
    assert_edge_members(a.set, [&](std::size_t i) { return a.members[i]; });
    assert_edge_members(a.set.complement(), [&](std::size_t i) { return !a.members[i]; });
    assert_edge_members(a.set.united_with(b.set),
                        [&](std::size_t i) { return a.members[i] || b.members[i]; });
    assert_edge_members(a.set.intersected_with(b.set),
                        [&](std::size_t i) { return a.members[i] && b.members[i]; });
    RC_ASSERT(a.set.is_subset_of(b.set) == a.set.minus(b.set).is_empty());
    RC_ASSERT(a.set.is_disjoint_from(b.set) == a.set.intersected_with(b.set).is_empty());
}

TEST(VersionSet, ACopyAndWhatWasMovedAreTheSameSet) {
    for (const char* text : {"1.2.3", "1.2.3-a", "1048576.0.0"}) {
        VersionSet set = VersionSet::exactly(semver(text)).complement();
        VersionSet copy = set;
        EXPECT_EQ(copy, set) << text;
        VersionSet moved = std::move(copy);
        EXPECT_EQ(moved, set) << text;
        copy = moved;
        EXPECT_EQ(copy, set) << text;
        EXPECT_FALSE(copy.contains(semver(text))) << text;
        EXPECT_TRUE(copy.contains(semver("0.0.1"))) << text;
    }
}

}  // namespace
}  // namespace catalog::version
