#include "range_builder.hpp"

namespace catalog::version {

namespace {

bool is_same_bound(const std::optional<RangeBuilder::Bound>& a,
                   const std::optional<RangeBuilder::Bound>& b) noexcept {
    if (!a || !b) return a.has_value() == b.has_value();
    return a->inclusive == b->inclusive && compare_precedence(a->version, b->version) == 0;
}

void append_interval(std::vector<VersionSet::Interval>& intervals,
                     const RangeBuilder::Interval& interval) {
    VersionSet::Interval& added = intervals.emplace_back();
    if (interval.lower)
        added.lower.emplace(interval.lower->version.to_version(), interval.lower->inclusive);
    if (interval.upper)
        added.upper.emplace(interval.upper->version.to_version(), interval.upper->inclusive);
}

}  // namespace

void RangeBuilder::raise(Interval& interval, const Bound& bound) {
    if (interval.lower) {
        const auto order = compare_precedence(bound.version, interval.lower->version);
        if (order < 0 || (order == 0 && bound.inclusive)) return;
    }
    interval.lower = bound;
}

void RangeBuilder::lower(Interval& interval, const Bound& bound) {
    if (interval.upper) {
        const auto order = compare_precedence(bound.version, interval.upper->version);
        if (order > 0 || (order == 0 && bound.inclusive)) return;
    }
    interval.upper = bound;
}

void RangeBuilder::admit_prereleases_at(const Bound& bound) {
    const VersionParts release{bound.version.numbers, {}};
    // Every `^1.2.3` comes here with its <2.0.0-0, below which no pre-release of 2.0.0 lies.
    if (bounds_.upper && !bounds_.upper->inclusive &&
        compare_precedence(bounds_.upper->version, release.with_lowest_prerelease()) == 0)
        return;
    Interval admitted = bounds_;
    raise(admitted, {release.with_lowest_prerelease(), true});
    lower(admitted, {release, false});
    append_interval(admitted_, admitted);
}

void RangeBuilder::finish_alternative() {
    const bool differs = !is_same_bound(bounds_.lower, wide_bounds_.lower) ||
                         !is_same_bound(bounds_.upper, wide_bounds_.upper);
    if (differs && wide_intervals_.empty()) wide_intervals_ = intervals_;
    if (differs || !wide_intervals_.empty()) append_interval(wide_intervals_, wide_bounds_);
    append_interval(intervals_, bounds_);
    bounds_ = {};
    wide_bounds_ = {};
}

VersionReq RangeBuilder::build(std::string_view text, Dialect dialect) && {
    VersionReq req{VersionReq::Unset{}};
    req.text_ = text;
    req.dialect_ = dialect;
    req.is_wider_ = !wide_intervals_.empty();
    req.set_ = VersionSet::union_of(std::move(intervals_));
    req.wide_set_ = VersionSet::union_of(std::move(wide_intervals_));
    req.admitted_ = VersionSet::union_of(std::move(admitted_));
    return req;
}

}  // namespace catalog::version
