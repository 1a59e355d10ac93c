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

VersionReq::VersionReq() : text_("*"), set_(VersionSet::all()) {}

Result<VersionReq> VersionReq::parse(std::string_view text, Dialect dialect) {
    if (text.size() > kBytesMax)
        return fail(
            requirement_error(text, dialect, "the text is longer than 4096 bytes", kBytesMax));
    return parse_short(text, dialect);
}

Result<VersionReq> VersionReq::parse_short(std::string_view text, Dialect dialect) {
    Result<VersionReq> result(tl::in_place, Unset());  // filled in place: the only thing returned
    result->text_ = text;
    result->dialect_ = dialect;
    if (!RangeBuilder::read_simple(*result)) {
        Scanner in(text);
        RangeBuilder out(*result);
        const bool ok =
            dialect == Dialect::kCargo ? read_cargo_range(in, out) : read_npm_range(in, out);
        if (ok) {
            out.finish();
        } else {
            result = fail(requirement_error(text, dialect, in.reason(), in.refused_at()));
        }
    }
    return result;
}

VersionReq VersionReq::exactly(const SemVer& version) {
    VersionReq req{Unset()};
    req.text_ = "=" + version.to_string();
    req.set_ = VersionSet::exactly(version);
    if (version.is_prerelease())
        req.others_ = std::make_shared<const Others>(Others{false, VersionSet::none(), req.set_});
    return req;
}

const VersionSet& VersionReq::admitted_prereleases() const noexcept {
    static const VersionSet none;
    return others_ ? others_->admitted : none;
}

bool VersionReq::matches_wide(const SemVer& version) const noexcept {
    if (others_ && others_->has_wide) return others_->wide.contains(version);
    if (wide_lowers_ == 0) return set_.contains(version);
    const std::uint64_t key = ReleaseKey::of(version);
    bool inside = false;
    for (std::size_t i = 0; i < set_.count_; ++i) {
        // The key before a release is that of its pre-releases.
        const std::uint64_t lower = set_.keys_[2 * i] - (wide_lowers_ >> i & 1U);
        inside |= key - lower < set_.keys_[2 * i + 1] - lower;
    }
    return inside;
}

}  // namespace catalog::version
