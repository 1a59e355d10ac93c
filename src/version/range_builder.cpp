#include "range_builder.hpp"

namespace catalog::version {

namespace {

bool is_same_bound(const std::optional<RangeBuilder::Bound>& a,
                   const std::optional<RangeBuilder::Bound>& b) noexcept {
    if (!a || !b) return a.has_value() == b.has_value();
    return a->inclusive == b->inclusive && compare_precedence(a->version, b->version) == 0;
}

void write_interval(const RangeBuilder::Interval& interval, VersionSet::Interval& out) {
    if (interval.lower)
        out.lower.emplace(interval.lower->version.to_version(), interval.lower->inclusive);
    if (interval.upper)
        out.upper.emplace(interval.upper->version.to_version(), interval.upper->inclusive);
}

/// Whether `wide` is `bounds` with the pre-releases of its lower bound, and with nothing else.
bool adds_lower_prereleases(const RangeBuilder::Interval& bounds,
                            const RangeBuilder::Interval& wide) noexcept {
    if (!bounds.lower || !wide.lower || !bounds.lower->inclusive || !wide.lower->inclusive)
        return false;
    return bounds.lower->version.prerelease.empty() && wide.lower->version.prerelease == "0" &&
           bounds.lower->version.numbers == wide.lower->version.numbers &&
           is_same_bound(bounds.upper, wide.upper);
}

void write_end(const ReleaseCut& cut, bool is_lower, std::optional<VersionSet::Bound>& out) {
    if (cut.side() == ReleaseCut::kBeforePrereleases) {
        // Its patch number is zero, as the canonical form has it.
        out.emplace(std::in_place, is_lower, cut.major_number, cut.minor_number(), 0U, "0");
    } else {
        out.emplace(std::in_place, (cut.side() == ReleaseCut::kAfterRelease) != is_lower,
                    cut.major_number, cut.minor_number(), cut.patch_number());
    }
}

}  // namespace

bool RangeBuilder::append_simple(const SimpleRange& range, ReleaseCut& end, VersionReq& req) {
    const ReleaseCut lower = range.lower.canonical();
    const ReleaseCut upper = range.upper.canonical();
    if (lower >= upper) return false;
    const bool is_wider = range.lower != range.wide_lower;
    const bool is_first = req.set_.count_ == 0;
    // Only alternatives in order, with something between them, need no union.
    if (!is_first && (is_wider || req.wider_ != VersionReq::Wider::kSame || lower <= end))
        return false;
    if (is_wider) {
        if (range.lower != range.wide_lower.moved_to(ReleaseCut::kBeforeRelease)) return false;
        req.wider_ = VersionReq::Wider::kLowerPrereleases;
    }
    const auto write = [&](VersionSet::Interval& interval) {
        if (lower != ReleaseCut{}) write_end(lower, true, interval.lower);
        if (upper.major_number != SimpleRange::kNoEnd) write_end(upper, false, interval.upper);
    };
    if (is_first) {
        write(req.set_.one_);
        req.set_.count_ = 1;
    } else {
        VersionSet::Interval next;
        write(next);
        req.set_.append(std::move(next));
    }
    end = upper;
    return true;
}

bool RangeBuilder::read_simple(std::string_view text, Dialect dialect, VersionReq& req) {
    if (text == "*") {
        req.set_.count_ = 1;
        return true;
    }
    ReleaseCut end;
    for (;;) {
        SimpleRange range;
        if (!read_simple_range(text, dialect, range) || !append_simple(range, end, req)) break;
        if (text.empty()) return true;
        if (!text.starts_with("||")) break;
        text.remove_prefix(2);
        while (text.starts_with(' ')) text.remove_prefix(1);
    }
    req.set_.clear();
    req.wider_ = VersionReq::Wider::kSame;
    return false;
}

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
    write_interval(admitted, admitted_.emplace_back());
}

void RangeBuilder::finish_alternative() {
    ++alternatives_ == 1 ? finish_first() : finish_next();
    bounds_ = {};
    wide_bounds_ = {};
}

void RangeBuilder::finish_first() {
    write_interval(bounds_, req_.set_.one_);
    req_.set_.settle_one();
    if (is_same_bound(bounds_.lower, wide_bounds_.lower) &&
        is_same_bound(bounds_.upper, wide_bounds_.upper))
        return;
    if (!req_.set_.is_empty() && adds_lower_prereleases(bounds_, wide_bounds_)) {
        req_.wider_ = VersionReq::Wider::kLowerPrereleases;
        return;
    }
    req_.wider_ = VersionReq::Wider::kOther;
    write_interval(wide_bounds_, wide_intervals_.emplace_back());
}

void RangeBuilder::finish_next() {
    if (alternatives_ == 2) {
        for (const VersionSet::Interval& first : req_.set_.intervals()) intervals_.push_back(first);
        if (req_.wider_ == VersionReq::Wider::kLowerPrereleases) {
            VersionSet::Interval& first = wide_intervals_.emplace_back(intervals_.front());
            first.lower->version = first.lower->version.with_prerelease("0");
        } else if (req_.wider_ == VersionReq::Wider::kSame) {
            wide_intervals_ = intervals_;
        }
    }
    const bool differs = !is_same_bound(bounds_.lower, wide_bounds_.lower) ||
                         !is_same_bound(bounds_.upper, wide_bounds_.upper);
    if (differs || req_.wider_ == VersionReq::Wider::kLowerPrereleases)
        req_.wider_ = VersionReq::Wider::kOther;
    write_interval(wide_bounds_, wide_intervals_.emplace_back());
    write_interval(bounds_, intervals_.emplace_back());
}

void RangeBuilder::finish() {
    if (!intervals_.empty()) req_.set_ = VersionSet::union_of(std::move(intervals_));
    const bool is_other = req_.wider_ == VersionReq::Wider::kOther;
    if (!is_other && admitted_.empty()) return;
    VersionReq::Others others;
    if (is_other) others.wide = VersionSet::union_of(std::move(wide_intervals_));
    others.admitted = VersionSet::union_of(std::move(admitted_));
    req_.others_ = std::make_shared<const VersionReq::Others>(std::move(others));
}

}  // namespace catalog::version
