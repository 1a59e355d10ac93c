#include "catalog/version/version_req.hpp"

#include "range_builder.hpp"

namespace catalog::version {

namespace {

[[gnu::cold]] Error requirement_error(std::string_view text, Dialect dialect, const char* reason,
                                      std::size_t offset) {
    const std::string message = "not a version requirement: " + std::string(reason) + " at byte " +
                                std::to_string(offset + 1);
    return Error(Errc::kRequirementSyntax, message, LocationDetail{1, offset + 1, offset})
        .with_input(std::string(text.substr(0, 100)))
        .with_hint(dialect == Dialect::kCargo
                       ? "write for example ^1.2, ~1.2.3, >=1.2, <2.0 or 1.*"
                       : "write for example ^1.2.3, ~1.2, >=1.2.0 <2.0.0, 1.x || 2.x");
}

}  // namespace

std::string_view dialect_name(Dialect dialect) noexcept {
    return dialect == Dialect::kCargo ? "cargo" : "npm";
}

Result<Dialect> parse_dialect(std::string_view text) {
    for (const Dialect dialect : {Dialect::kCargo, Dialect::kNpm})
        if (text == dialect_name(dialect)) return dialect;
    return fail(Error(Errc::kInvalidArgument, "unknown dialect of version requirements")
                    .with_input(std::string(text.substr(0, 100)))
                    .with_hint("use cargo or npm"));
}

void RangeBuilder::raise(Interval& interval, Bound bound) {
    if (interval.lower) {
        const auto order = compare_precedence(bound.version, interval.lower->version);
        if (order < 0 || (order == 0 && bound.inclusive)) return;
    }
    interval.lower = std::move(bound);
}

void RangeBuilder::lower(Interval& interval, Bound bound) {
    if (interval.upper) {
        const auto order = compare_precedence(bound.version, interval.upper->version);
        if (order > 0 || (order == 0 && bound.inclusive)) return;
    }
    interval.upper = std::move(bound);
}

VersionReq RangeBuilder::build(std::string_view text, Dialect dialect) && {
    VersionReq req;
    req.text_ = text;
    req.dialect_ = dialect;
    req.alternatives_ = std::move(alternatives_);
    std::vector<Interval> intervals;
    intervals.reserve(req.alternatives_.size());
    for (const Alternative& alternative : req.alternatives_)
        intervals.push_back(alternative.bounds);
    req.set_ = VersionSet::union_of(std::move(intervals));
    return req;
}

VersionReq::VersionReq() : set_(VersionSet::all()), alternatives_(1) {}

Result<VersionReq> VersionReq::parse(std::string_view text, Dialect dialect) {
    if (text.size() > kBytesMax)
        return fail(
            requirement_error(text, dialect, "the text is longer than 4096 bytes", kBytesMax));
    Scanner in(text);
    RangeBuilder out;
    const bool ok =
        dialect == Dialect::kCargo ? read_cargo_range(in, out) : read_npm_range(in, out);
    if (!ok) return fail(requirement_error(text, dialect, in.reason(), in.refused_at()));
    return std::move(out).build(text, dialect);
}

VersionReq VersionReq::exactly(const SemVer& version) {
    RangeBuilder out;
    out.above({version.without_build(), true});
    out.below({version.without_build(), true});
    out.current().lower_admits = true;
    out.finish_alternative();
    return std::move(out).build("=" + version.to_string(), Dialect::kCargo);
}

bool VersionReq::matches(const SemVer& version, PrereleaseRule rule) const noexcept {
    for (const Alternative& alternative : alternatives_) {
        if (rule == PrereleaseRule::kInclude) {
            if (contains(alternative.bounds_with_prereleases, version)) return true;
            continue;
        }
        if (!contains(alternative.bounds, version)) continue;
        if (!version.is_prerelease()) return true;
        if (alternative.lower_admits && version.has_same_numbers(alternative.bounds.lower->version))
            return true;
        if (alternative.upper_admits && version.has_same_numbers(alternative.bounds.upper->version))
            return true;
    }
    return false;
}

}  // namespace catalog::version
