#include "range_builder.hpp"

namespace catalog::version {

namespace {

bool is_same_bound(const std::optional<RangeBuilder::Bound>& a,
                   const std::optional<RangeBuilder::Bound>& b) noexcept {
    if (!a || !b) return a.has_value() == b.has_value();
    return a->inclusive == b->inclusive && compare_precedence(a->version, b->version) == 0;
}

VersionSet::Interval to_interval(const RangeBuilder::Interval& interval) {
    VersionSet::Interval out;
    if (interval.lower)
        out.lower.emplace(interval.lower->version.to_version(), interval.lower->inclusive);
    if (interval.upper)
        out.upper.emplace(interval.upper->version.to_version(), interval.upper->inclusive);
    return out;
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

}  // namespace

bool RangeBuilder::append_simple(const SimpleRange& range, std::uint64_t& end, VersionReq& req) {
    // Only alternatives in order, with something between them, need no union.
    if (range.lower >= range.upper || (req.set_.count_ != 0 && range.lower <= end)) return false;
    if (range.wide_lower != range.lower) {
        if (range.wide_lower + 1 != range.lower || req.set_.count_ == VersionSet::kInlineMax)
            return false;
        req.wide_lowers_ |= static_cast<std::uint8_t>(1U << req.set_.count_);
    }
    if (req.wide_lowers_ != 0 && req.set_.count_ == VersionSet::kInlineMax) return false;
    if (req.set_.count_ == 0) [[likely]] {
        req.set_.keys_[0] = range.lower;
        req.set_.keys_[1] = range.upper;
        req.set_.count_ = 1;
    } else {
        req.set_.append({range.lower, nullptr, true}, {range.upper, nullptr, false});
    }
    end = range.upper;
    return true;
}

bool RangeBuilder::read_simple(VersionReq& req) {
    const char* at = req.text_.c_str();
    const char* const end = at + req.text_.size();
    if (at[0] == '*' && at + 1 == end) {
        req.set_.append({ReleaseKey::kStart, nullptr, true}, {ReleaseKey::kEnd, nullptr, false});
        return true;
    }
    std::uint64_t upper = 0;
    for (;;) {
        SimpleRange range;
        at = read_simple_range(at, end, req.dialect_, range);
        if (at == nullptr || !append_simple(range, upper, req)) break;
        if (at == end) return true;
        if (at[1] != '|') break;
        for (at += 2; *at == ' ';) ++at;
    }
    req.set_ = VersionSet();
    req.wide_lowers_ = 0;
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
    admitted_.push_back(to_interval(admitted));
}

void RangeBuilder::finish_alternative() {
    ++alternatives_ == 1 ? finish_first() : finish_next();
    bounds_ = {};
    wide_bounds_ = {};
}

void RangeBuilder::finish_first() {
    VersionSet::Interval interval = to_interval(bounds_);
    req_.set_ = VersionSet::between(std::move(interval.lower), std::move(interval.upper));
    if (is_same_bound(bounds_.lower, wide_bounds_.lower) &&
        is_same_bound(bounds_.upper, wide_bounds_.upper))
        return;
    const bool has_keys = req_.set_.many_ == nullptr && req_.set_.count_ == 1;
    if (has_keys && adds_lower_prereleases(bounds_, wide_bounds_)) {
        req_.wide_lowers_ = 1;
        return;
    }
    has_wide_ = true;
    wide_intervals_.push_back(to_interval(wide_bounds_));
}

void RangeBuilder::finish_next() {
    if (alternatives_ == 2) {
        intervals_ = req_.set_.intervals();
        if (!has_wide_) wide_intervals_ = intervals_;
        if (req_.wide_lowers_ != 0) {
            if (std::optional<VersionSet::Bound>& lower = wide_intervals_.front().lower)
                lower->version = lower->version.with_prerelease("0");
            req_.wide_lowers_ = 0;
            has_wide_ = true;
        }
    }
    has_wide_ |= !is_same_bound(bounds_.lower, wide_bounds_.lower) ||
                 !is_same_bound(bounds_.upper, wide_bounds_.upper);
    wide_intervals_.push_back(to_interval(wide_bounds_));
    intervals_.push_back(to_interval(bounds_));
}

void RangeBuilder::finish() {
    if (!intervals_.empty()) req_.set_ = VersionSet::union_of(std::move(intervals_));
    if (!has_wide_ && admitted_.empty()) return;
    VersionReq::Others others;
    others.has_wide = has_wide_;
    if (has_wide_) others.wide = VersionSet::union_of(std::move(wide_intervals_));
    others.admitted = VersionSet::union_of(std::move(admitted_));
    req_.others_ = std::make_shared<const VersionReq::Others>(std::move(others));
}

}  // namespace catalog::version
