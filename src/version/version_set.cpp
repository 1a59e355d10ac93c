#include "catalog/version/version_set.hpp"

#include <algorithm>
#include <utility>

namespace catalog::version {

namespace {

using Bound = VersionSet::Bound;
using Interval = VersionSet::Interval;

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

/// Makes `interval` canonical; false when nothing can lie below its upper end.
bool make_canonical(Interval& interval) {
    if (interval.lower && interval.lower->inclusive && is_least(interval.lower->version))
        interval.lower.reset();
    if (interval.upper && !interval.upper->inclusive && is_least(interval.upper->version))
        return false;
    make_canonical(interval.lower, true);
    make_canonical(interval.upper, false);
    return true;
}

/// Whether a bound lies behind its version, rather than before it.
bool is_after(const Bound& bound, bool is_lower) noexcept { return bound.inclusive != is_lower; }

/// The end at which `key` stands; `is_lower` tells which end of an interval is asked for.
Bound bound_at(std::uint64_t key, bool is_lower) {
    constexpr std::uint64_t kMask = ReleaseKey::kMinor / ReleaseKey::kPatch - 1;
    const std::uint64_t major = key / ReleaseKey::kMajor;
    const std::uint64_t minor = key / ReleaseKey::kMinor & kMask;
    const std::uint64_t patch = key / ReleaseKey::kPatch & kMask;
    const bool is_release = key % ReleaseKey::kPatch != 0;
    // What follows a release directly is named by that release.
    if (!is_release && patch > 0) return Bound(std::in_place, !is_lower, major, minor, patch - 1);
    if (!is_release) return Bound(std::in_place, is_lower, major, minor, patch, "0");
    return Bound(std::in_place, is_lower, major, minor, patch);
}

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

VersionSet::Cut VersionSet::lower_cut(const Interval& interval) noexcept {
    return interval.lower ? cut_at(*interval.lower, true) : Cut{ReleaseKey::kStart, nullptr, true};
}

VersionSet::Cut VersionSet::upper_cut(const Interval& interval) noexcept {
    return interval.upper ? cut_at(*interval.upper, false) : Cut{ReleaseKey::kEnd, nullptr, false};
}

VersionSet::Cut VersionSet::cut_at(const Bound& bound, bool is_lower) noexcept {
    const SemVer& version = bound.version;
    if (!ReleaseKey::is_exact_for(version))
        return {ReleaseKey::of_large(version), &bound, is_lower};
    const std::uint64_t first =
        ReleaseKey::first(version.major(), version.minor(), version.patch());
    const bool after = is_after(bound, is_lower);
    if (!version.is_prerelease())
        return {after ? first + ReleaseKey::kPatch : first + 1, nullptr, is_lower};
    if (version.prerelease() == "0" && !after) return {first, nullptr, is_lower};
    return {first, &bound, is_lower};
}

VersionSet::Cut VersionSet::lower_cut(std::size_t index) const noexcept {
    return many_ ? lower_cut(many_[index]) : Cut{keys_[2 * index], nullptr, true};
}

VersionSet::Cut VersionSet::upper_cut(std::size_t index) const noexcept {
    return many_ ? upper_cut(many_[index]) : Cut{keys_[2 * index + 1], nullptr, false};
}

std::weak_ordering VersionSet::compare(const Cut& a, const Cut& b) noexcept {
    if (a.key != b.key) return a.key <=> b.key;
    // What is no key lies behind the key that it has.
    if (a.bound == nullptr || b.bound == nullptr)
        return (a.bound != nullptr) <=> (b.bound != nullptr);
    const std::weak_ordering order = compare_precedence(a.bound->version, b.bound->version);
    if (order != 0) return order;
    return is_after(*a.bound, a.is_lower) <=> is_after(*b.bound, b.is_lower);
}

bool VersionSet::is_before(const Cut& a, const Cut& b) noexcept { return compare(a, b) < 0; }

std::optional<Bound> VersionSet::to_bound(const Cut& cut, bool is_lower) {
    // The other side of the same place: what is before a version is not behind it.
    if (cut.bound != nullptr)
        return Bound(cut.bound->version, cut.bound->inclusive != (is_lower != cut.is_lower));
    if (cut.key == (is_lower ? ReleaseKey::kStart : ReleaseKey::kEnd)) return std::nullopt;
    return bound_at(cut.key, is_lower);
}

VersionSet::VersionSet(const VersionSet& other)
    : count_(other.count_), room_(other.many_ ? other.count_ : 0), keys_(other.keys_) {
    if (!other.many_) return;
    many_ = std::make_unique<Interval[]>(count_);
    std::copy_n(other.many_.get(), count_, many_.get());
}

void VersionSet::append_to_many(const Cut& lower, const Cut& upper) {
    Interval next{to_bound(lower, true), to_bound(upper, false)};  // may lie in many_
    if (many_ == nullptr || count_ == room_) {
        // Sets of one interval with named pre-releases are the most common here.
        const std::uint32_t room = std::max<std::uint32_t>(1, 2 * count_);
        auto grown = std::make_unique<Interval[]>(room);
        if (many_) {
            std::move(many_.get(), many_.get() + count_, grown.get());
        } else {
            std::ranges::move(intervals(), grown.get());
        }
        many_ = std::move(grown);
        room_ = room;
        keys_ = {};
    }
    many_[count_++] = std::move(next);
}

std::vector<Interval> VersionSet::intervals() const {
    std::vector<Interval> all;
    all.reserve(count_);
    for (std::size_t i = 0; i < count_; ++i) {
        if (many_) {
            all.push_back(many_[i]);
        } else {
            all.push_back({to_bound(lower_cut(i), true), to_bound(upper_cut(i), false)});
        }
    }
    return all;
}

VersionSet VersionSet::all() { return between(std::nullopt, std::nullopt); }

VersionSet VersionSet::exactly(const SemVer& version) {
    return between(Bound{version, true}, Bound{version, true});
}

VersionSet VersionSet::between(std::optional<Bound> lower, std::optional<Bound> upper) {
    VersionSet set;
    Interval interval{std::move(lower), std::move(upper)};
    if (!make_canonical(interval)) return set;
    const Cut from = lower_cut(interval);
    const Cut to = upper_cut(interval);
    if (is_before(from, to)) set.append(from, to);
    return set;
}

VersionSet VersionSet::union_of(std::vector<Interval> intervals) {
    std::erase_if(intervals, [](Interval& interval) {
        return !make_canonical(interval) || !is_before(lower_cut(interval), upper_cut(interval));
    });
    const auto begin_of = [](const Interval& interval) { return lower_cut(interval); };
    if (!std::ranges::is_sorted(intervals, is_before, begin_of))
        std::ranges::sort(intervals, is_before, begin_of);
    VersionSet set;
    for (std::size_t next = 0; next < intervals.size();) {
        const Cut from = lower_cut(intervals[next]);
        Cut to = upper_cut(intervals[next++]);
        for (; next < intervals.size() && !is_before(to, lower_cut(intervals[next])); ++next)
            to = std::max(to, upper_cut(intervals[next]), is_before);
        set.append(from, to);
    }
    return set;
}

bool VersionSet::contains_in_many(const SemVer& version) const noexcept {
    // The first interval that does not end below the version is the only one that can hold it.
    const auto found =
        std::partition_point(many_.get(), many_.get() + count_, [&](const Interval& interval) {
            return interval.upper && !interval.upper->is_above(version);
        });
    return found != many_.get() + count_ && version::contains(*found, version);
}

bool VersionSet::is_all() const noexcept {
    return count_ == 1 && !many_ && keys_[0] == ReleaseKey::kStart && keys_[1] == ReleaseKey::kEnd;
}

bool VersionSet::is_subset_of(const VersionSet& other) const noexcept {
    std::size_t outer = 0;
    for (std::size_t inner = 0; inner < count_; ++inner) {
        while (outer < other.count_ && is_before(other.upper_cut(outer), upper_cut(inner))) ++outer;
        if (outer == other.count_ || is_before(lower_cut(inner), other.lower_cut(outer)))
            return false;
    }
    return true;
}

bool VersionSet::is_disjoint_from(const VersionSet& other) const noexcept {
    for (std::size_t a = 0, b = 0; a < count_ && b < other.count_;) {
        if (!is_before(lower_cut(a), other.upper_cut(b))) {
            ++b;
        } else if (!is_before(other.lower_cut(b), upper_cut(a))) {
            ++a;
        } else {
            return false;
        }
    }
    return true;
}

VersionSet VersionSet::united_with(const VersionSet& other) const {
    VersionSet set;
    std::size_t a = 0;
    std::size_t b = 0;
    const auto a_is_next = [&] {
        if (a == count_ || b == other.count_) return b == other.count_;
        return is_before(lower_cut(a), other.lower_cut(b));
    };
    while (a < count_ || b < other.count_) {
        Cut from = a_is_next() ? lower_cut(a) : other.lower_cut(b);
        Cut to = from;
        while (a < count_ || b < other.count_) {
            const bool next = a_is_next();
            if (is_before(to, next ? lower_cut(a) : other.lower_cut(b))) break;
            to = std::max(to, next ? upper_cut(a++) : other.upper_cut(b++), is_before);
        }
        set.append(from, to);
    }
    return set;
}

VersionSet VersionSet::intersected_with(const VersionSet& other) const {
    VersionSet set;
    for (std::size_t a = 0, b = 0; a < count_ && b < other.count_;) {
        const Cut a_end = upper_cut(a);
        const Cut b_end = other.upper_cut(b);
        const bool a_ends_first = is_before(a_end, b_end);
        const Cut from = std::max(lower_cut(a), other.lower_cut(b), is_before);
        const Cut to = a_ends_first ? a_end : b_end;
        if (is_before(from, to)) set.append(from, to);
        a_ends_first ? ++a : ++b;
    }
    return set;
}

VersionSet VersionSet::complement() const {
    VersionSet set;
    Cut from;  // the end of what has been covered so far
    for (std::size_t i = 0; i < count_; ++i) {
        const Cut to = lower_cut(i);
        if (is_before(from, to)) set.append(from, to);
        from = upper_cut(i);
    }
    const Cut end{ReleaseKey::kEnd, nullptr, false};
    if (is_before(from, end)) set.append(from, end);
    return set;
}

bool operator==(const VersionSet& a, const VersionSet& b) noexcept {
    if (a.count_ != b.count_) return false;
    for (std::size_t i = 0; i < a.count_; ++i)
        if (VersionSet::compare(a.lower_cut(i), b.lower_cut(i)) != 0 ||
            VersionSet::compare(a.upper_cut(i), b.upper_cut(i)) != 0)
            return false;
    return true;
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
