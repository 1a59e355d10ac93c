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

VersionSet& VersionSet::operator=(const VersionSet& other) {
    if (this == &other) return *this;
    if (other.count_ > 1) {
        auto copy = std::make_unique<Interval[]>(other.count_);
        std::copy_n(other.many_.get(), other.count_, copy.get());
        many_ = std::move(copy);
        room_ = other.count_;
    } else if (other.count_ == 1) {
        one_ = other.one_;
    }
    count_ = other.count_;
    return *this;
}

VersionSet& VersionSet::operator=(VersionSet&& other) noexcept {
    if (this == &other) return *this;
    if (other.count_ == 1) one_ = std::move(other.one_);
    many_ = std::move(other.many_);
    room_ = std::exchange(other.room_, 0);
    count_ = std::exchange(other.count_, 0);
    return *this;
}

void VersionSet::append(Interval interval) {
    if (count_ == 0) {
        one_ = std::move(interval);
        count_ = 1;
        return;
    }
    if (count_ == 1 || count_ == room_) {
        const std::uint32_t room = std::max<std::uint32_t>(2, 2 * count_);
        auto grown = std::make_unique<Interval[]>(room);
        std::move(count_ == 1 ? &one_ : many_.get(), (count_ == 1 ? &one_ : many_.get()) + count_,
                  grown.get());
        many_ = std::move(grown);
        room_ = room;
    }
    many_[count_++] = std::move(interval);
}

void VersionSet::clear() noexcept {
    one_.lower.reset();
    one_.upper.reset();
    many_.reset();
    count_ = room_ = 0;
}

void VersionSet::settle_one() { count_ = make_canonical(one_) ? 1 : 0; }

VersionSet VersionSet::all() { return between(std::nullopt, std::nullopt); }

VersionSet VersionSet::exactly(const SemVer& version) {
    return between(Bound{version, true}, Bound{version, true});
}

VersionSet VersionSet::between(std::optional<Bound> lower, std::optional<Bound> upper) {
    VersionSet set;
    set.one_ = {std::move(lower), std::move(upper)};
    set.settle_one();
    return set;
}

VersionSet VersionSet::union_of(std::vector<Interval> intervals) {
    std::erase_if(intervals, [](Interval& interval) { return !make_canonical(interval); });
    if (!std::ranges::is_sorted(intervals, is_cut_before, lower_cut))
        std::ranges::sort(intervals, is_cut_before, lower_cut);
    VersionSet set;
    for (std::size_t next = 0; next < intervals.size();) {
        Interval merged = std::move(intervals[next++]);
        for (; next < intervals.size(); ++next) {
            if (is_cut_before(upper_cut(merged), lower_cut(intervals[next]))) break;
            if (is_cut_before(upper_cut(merged), upper_cut(intervals[next])))
                merged.upper = std::move(intervals[next].upper);
        }
        set.append(std::move(merged));
    }
    return set;
}

bool VersionSet::contains_in_many(const SemVer& version) const noexcept {
    // The first interval that does not end below the version is the only one that can hold it.
    const Cut behind{&version, true};
    const std::span<const Interval> all = intervals();
    const auto found = std::ranges::partition_point(
        all, [&](const Interval& interval) { return is_cut_before(upper_cut(interval), behind); });
    return found != all.end() && version::contains(*found, version);
}

bool VersionSet::is_all() const noexcept { return count_ == 1 && !one_.lower && !one_.upper; }

bool VersionSet::is_subset_of(const VersionSet& other) const noexcept {
    const std::span<const Interval> outers = other.intervals();
    auto outer = outers.begin();
    for (const Interval& inner : intervals()) {
        while (outer != outers.end() && is_cut_before(upper_cut(*outer), upper_cut(inner))) ++outer;
        if (outer == outers.end() || is_cut_before(lower_cut(inner), lower_cut(*outer)))
            return false;
    }
    return true;
}

bool VersionSet::is_disjoint_from(const VersionSet& other) const noexcept {
    const std::span<const Interval> left = intervals();
    const std::span<const Interval> right = other.intervals();
    auto a = left.begin();
    auto b = right.begin();
    while (a != left.end() && b != right.end()) {
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
    intervals.reserve(std::size_t{count_} + other.count_);
    std::ranges::merge(this->intervals(), other.intervals(), std::back_inserter(intervals),
                       is_cut_before, lower_cut, lower_cut);
    return union_of(std::move(intervals));
}

VersionSet VersionSet::intersected_with(const VersionSet& other) const {
    VersionSet set;
    const std::span<const Interval> left = intervals();
    const std::span<const Interval> right = other.intervals();
    auto a = left.begin();
    auto b = right.begin();
    while (a != left.end() && b != right.end()) {
        const Interval& higher_lower = is_cut_before(lower_cut(*a), lower_cut(*b)) ? *b : *a;
        const bool a_ends_first = is_cut_before(upper_cut(*a), upper_cut(*b));
        const Interval& lower_upper = a_ends_first ? *a : *b;
        if (is_cut_before(lower_cut(higher_lower), upper_cut(lower_upper)))
            set.append({higher_lower.lower, lower_upper.upper});
        a_ends_first ? ++a : ++b;
    }
    return set;
}

VersionSet VersionSet::complement() const {
    VersionSet set;
    std::optional<Bound> lower;
    bool open = true;  // whether something may lie above what has been covered so far
    for (const Interval& interval : intervals()) {
        if (interval.lower) set.append({lower, opposite(*interval.lower)});
        open = interval.upper.has_value();
        if (interval.upper) lower = opposite(*interval.upper);
    }
    if (open) set.append({lower, std::nullopt});
    return set;
}

bool operator==(const VersionSet& a, const VersionSet& b) noexcept {
    return std::ranges::equal(a.intervals(), b.intervals());
}

std::string VersionSet::to_string() const {
    if (is_empty()) return "none";
    std::string text;
    for (const Interval& interval : intervals()) {
        if (!text.empty()) text += " || ";
        text += interval_text(interval);
    }
    return text;
}

}  // namespace catalog::version
