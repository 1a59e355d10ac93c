#include "catalog/version/version_set.hpp"

#include <algorithm>
#include <utility>

namespace catalog::version {

namespace {

using Bound = VersionSet::Bound;
using Interval = VersionSet::Interval;

/// A cut lies between two versions: just before `version`, or just after it. Cuts order sets more
/// simply than bounds do, because a lower and an upper bound at one place are the same cut.
struct Cut {
    const SemVer* version;  // null: before or after everything
    bool after;
};

Cut lower_cut(const Interval& interval) noexcept {
    if (!interval.lower) return {nullptr, false};
    return {&interval.lower->version, !interval.lower->inclusive};
}

Cut upper_cut(const Interval& interval) noexcept {
    if (!interval.upper) return {nullptr, true};
    return {&interval.upper->version, interval.upper->inclusive};
}

std::weak_ordering compare_cuts(const Cut& a, const Cut& b) noexcept {
    if (a.version == nullptr || b.version == nullptr) {
        const auto rank = [](const Cut& cut) {
            if (cut.version != nullptr) return 0;
            return cut.after ? 1 : -1;
        };
        return rank(a) <=> rank(b);
    }
    const std::weak_ordering order = compare_precedence(*a.version, *b.version);
    return order != 0 ? order : a.after <=> b.after;
}

bool is_cut_before(const Cut& a, const Cut& b) noexcept { return compare_cuts(a, b) < 0; }

bool is_least(const SemVer& version) noexcept {
    return version.major() == 0 && version.minor() == 0 && version.patch() == 0 &&
           version.prerelease() == "0";
}

/// The version right below `version` in precedence order, if there is one: x.y.z-0 follows x.y.z-1
/// decremented in its patch, and a pre-release p.0 follows p.
std::optional<SemVer> predecessor(const SemVer& version) {
    const std::string_view prerelease = version.prerelease();
    if (prerelease == "0" && version.patch() > 0)
        return SemVer(version.major(), version.minor(), version.patch() - 1);
    if (prerelease.ends_with(".0"))
        return version.with_prerelease(prerelease.substr(0, prerelease.size() - 2));
    return std::nullopt;
}

/// Brings a bound to the form that the class comment promises. `flips` is the value of `inclusive`
/// that a bound has when it cuts just before its version (true for lower bounds).
void make_canonical(std::optional<Bound>& bound, bool flips) {
    if (!bound) return;
    if (!bound->version.build().empty()) bound->version = bound->version.without_build();
    if (bound->inclusive != flips) return;
    if (std::optional<SemVer> below = predecessor(bound->version)) {
        bound->version = *std::move(below);
        bound->inclusive = !flips;
    }
}

/// Makes `interval` canonical; false when nothing lies between its bounds.
bool make_canonical(Interval& interval) {
    if (interval.lower && interval.lower->inclusive && is_least(interval.lower->version))
        interval.lower.reset();
    if (interval.upper && !interval.upper->inclusive && is_least(interval.upper->version))
        return false;
    make_canonical(interval.lower, true);
    make_canonical(interval.upper, false);
    return is_cut_before(lower_cut(interval), upper_cut(interval));
}

/// The bound on the other side of the same cut.
Bound opposite(const Bound& bound) { return {bound.version, !bound.inclusive}; }

std::string interval_text(const Interval& interval) {
    if (!interval.lower && !interval.upper) return "*";
    if (interval.lower && interval.upper && interval.lower->inclusive &&
        interval.lower == interval.upper)
        return "=" + interval.lower->version.to_string();
    std::string text;
    if (interval.lower)
        text = (interval.lower->inclusive ? ">=" : ">") + interval.lower->version.to_string();
    if (interval.lower && interval.upper) text += ", ";
    if (interval.upper)
        text += (interval.upper->inclusive ? "<=" : "<") + interval.upper->version.to_string();
    return text;
}

}  // namespace

bool contains(const Interval& interval, const SemVer& version) noexcept {
    if (interval.lower) {
        const std::weak_ordering order = compare_precedence(version, interval.lower->version);
        if (order < 0 || (order == 0 && !interval.lower->inclusive)) return false;
    }
    if (interval.upper) {
        const std::weak_ordering order = compare_precedence(version, interval.upper->version);
        if (order > 0 || (order == 0 && !interval.upper->inclusive)) return false;
    }
    return true;
}

VersionSet VersionSet::all() { return between(std::nullopt, std::nullopt); }

VersionSet VersionSet::exactly(const SemVer& version) {
    return between(Bound{version, true}, Bound{version, true});
}

VersionSet VersionSet::between(std::optional<Bound> lower, std::optional<Bound> upper) {
    VersionSet set;
    Interval interval{std::move(lower), std::move(upper)};
    if (make_canonical(interval)) set.intervals_.push_back(std::move(interval));
    return set;
}

VersionSet VersionSet::union_of(std::vector<Interval> intervals) {
    std::erase_if(intervals, [](Interval& interval) { return !make_canonical(interval); });
    if (!std::ranges::is_sorted(intervals, is_cut_before, lower_cut))
        std::ranges::sort(intervals, is_cut_before, lower_cut);
    // Intervals up to `last` are done; each next one is moved behind it or melts into it.
    std::size_t last = 0;
    for (std::size_t next = 1; next < intervals.size(); ++next) {
        if (is_cut_before(upper_cut(intervals[last]), lower_cut(intervals[next]))) {
            if (++last != next) intervals[last] = std::move(intervals[next]);
        } else if (is_cut_before(upper_cut(intervals[last]), upper_cut(intervals[next]))) {
            intervals[last].upper = std::move(intervals[next].upper);
        }
    }
    if (!intervals.empty()) intervals.resize(last + 1);
    VersionSet set;
    set.intervals_ = std::move(intervals);
    return set;
}

bool VersionSet::contains(const SemVer& version) const noexcept {
    // The first interval that does not end below the version is the only one that can hold it.
    const Cut behind{&version, true};
    const auto found = std::ranges::partition_point(intervals_, [&](const Interval& interval) {
        return is_cut_before(upper_cut(interval), behind);
    });
    return found != intervals_.end() && version::contains(*found, version);
}

bool VersionSet::is_all() const noexcept {
    return intervals_.size() == 1 && !intervals_.front().lower && !intervals_.front().upper;
}

bool VersionSet::is_subset_of(const VersionSet& other) const noexcept {
    auto outer = other.intervals_.begin();
    for (const Interval& inner : intervals_) {
        while (outer != other.intervals_.end() &&
               is_cut_before(upper_cut(*outer), upper_cut(inner)))
            ++outer;
        if (outer == other.intervals_.end() || is_cut_before(lower_cut(inner), lower_cut(*outer)))
            return false;
    }
    return true;
}

bool VersionSet::is_disjoint_from(const VersionSet& other) const noexcept {
    auto a = intervals_.begin();
    auto b = other.intervals_.begin();
    while (a != intervals_.end() && b != other.intervals_.end()) {
        if (!is_cut_before(lower_cut(*a), upper_cut(*b))) {
            ++b;
        } else if (!is_cut_before(lower_cut(*b), upper_cut(*a))) {
            ++a;
        } else {
            return false;
        }
    }
    return true;
}

VersionSet VersionSet::united_with(const VersionSet& other) const {
    std::vector<Interval> intervals;
    intervals.reserve(intervals_.size() + other.intervals_.size());
    std::ranges::merge(intervals_, other.intervals_, std::back_inserter(intervals), is_cut_before,
                       lower_cut, lower_cut);
    return union_of(std::move(intervals));
}

VersionSet VersionSet::intersected_with(const VersionSet& other) const {
    VersionSet set;
    auto a = intervals_.begin();
    auto b = other.intervals_.begin();
    while (a != intervals_.end() && b != other.intervals_.end()) {
        const Interval& higher_lower = is_cut_before(lower_cut(*a), lower_cut(*b)) ? *b : *a;
        const bool a_ends_first = is_cut_before(upper_cut(*a), upper_cut(*b));
        const Interval& lower_upper = a_ends_first ? *a : *b;
        if (is_cut_before(lower_cut(higher_lower), upper_cut(lower_upper)))
            set.intervals_.push_back({higher_lower.lower, lower_upper.upper});
        a_ends_first ? ++a : ++b;
    }
    return set;
}

VersionSet VersionSet::complement() const {
    VersionSet set;
    std::optional<Bound> lower;
    bool open = true;  // whether something may lie above what has been covered so far
    for (const Interval& interval : intervals_) {
        if (interval.lower) set.intervals_.push_back({lower, opposite(*interval.lower)});
        open = interval.upper.has_value();
        if (interval.upper) lower = opposite(*interval.upper);
    }
    if (open) set.intervals_.push_back({lower, std::nullopt});
    return set;
}

std::string VersionSet::to_string() const {
    if (is_empty()) return "none";
    std::string text;
    for (const Interval& interval : intervals_) {
        if (!text.empty()) text += " || ";
        text += interval_text(interval);
    }
    return text;
}

}  // namespace catalog::version
