#include "catalog/version/constraint.hpp"

#include <algorithm>
#include <array>
#include <catalog/internal/try.hpp>

namespace catalog::version {

namespace {

constexpr std::string_view kGitPrefix = "git+";
constexpr std::string_view kPathPrefix = "path:";

Error constraint_error(std::string_view text, std::string message, std::size_t offset) {
    return Error(Errc::kRequirementSyntax, std::move(message),
                 LocationDetail{1, offset + 1, offset})
        .with_input(std::string(text.substr(0, 100)));
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

Result<VersionConstraint> parse_source(std::string_view text) {
    if (text.size() > VersionReq::kBytesMax)
        return fail(constraint_error(text, "the constraint is longer than 4096 bytes",
                                     VersionReq::kBytesMax));
    if (const auto bad = std::ranges::find_if(text, is_control); bad != text.end())
        return fail(constraint_error(text, "the constraint has a control character",
                                     static_cast<std::size_t>(bad - text.begin())));
    if (text.starts_with(kPathPrefix)) {
        if (text.size() == kPathPrefix.size())
            return fail(constraint_error(text, "the constraint names no path", text.size()));
        return VersionConstraint(Local{std::string(text.substr(kPathPrefix.size()))});
    }
    // The first number sign: a URL cannot contain one, a revision can.
    const std::size_t sign = std::min(text.find('#'), text.size());
    const std::string_view url = text.substr(kGitPrefix.size(), sign - kGitPrefix.size());
    if (url.empty())
        return fail(constraint_error(text, "the constraint names no URL", kGitPrefix.size()));
    const std::string_view rev = sign < text.size() ? text.substr(sign + 1) : std::string_view();
    if (rev.empty())
        return fail(constraint_error(text, "the constraint names no revision", text.size())
                        .with_hint("write git+URL#REV with a commit, tag or branch"));
    return VersionConstraint(Git{std::string(url), std::string(rev)});
}

/// The version that `text`, a valid range, names exactly. Build metadata is kept, which the range
/// itself does not do.
Result<SemVer> exact_version(std::string_view text, Dialect dialect) {
    const std::string_view blanks = dialect == Dialect::kCargo ? " " : " \t\n\v\f\r";
    const auto trim = [&text, blanks] {
        text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
        text = text.substr(0, text.find_last_not_of(blanks) + 1);
    };
    trim();
    const bool has_sign = text.starts_with('=');
    if (has_sign) text.remove_prefix(1);
    if (!has_sign && dialect == Dialect::kCargo) return fail(Errc::kVersionSyntax, "not exact");
    trim();
    if (dialect == Dialect::kNpm && text.starts_with('v')) text.remove_prefix(1);
    return SemVer::parse(text);
}

}  // namespace

Result<VersionConstraint> VersionConstraint::parse(std::string_view text, Dialect dialect) {
    if (text == "latest") return VersionConstraint(Latest{});
    if (text.starts_with(kGitPrefix) || text.starts_with(kPathPrefix)) return parse_source(text);
    CATALOG_TRY(VersionReq req, VersionReq::parse(text, dialect));
    if (Result<SemVer> version = exact_version(text, dialect))
        return VersionConstraint(Exact{*std::move(version)});
    return VersionConstraint(Range{std::move(req)});
}

std::string_view VersionConstraint::kind_name() const noexcept {
    constexpr std::array<std::string_view, std::variant_size_v<Kind>> kNames = {
        "exact", "range", "git", "local", "latest"};
    return kNames[kind_.index()];
}

bool VersionConstraint::matches(const SemVer& version) const noexcept {
    if (const auto* exact = get_if<Exact>())
        return compare_precedence(exact->version, version) == 0;
    if (const auto* range = get_if<Range>()) return range->req.matches(version);
    return get_if<Latest>() != nullptr && !version.is_prerelease();
}

VersionSet VersionConstraint::set() const {
    if (const auto* exact = get_if<Exact>()) return VersionSet::exactly(exact->version);
    if (const auto* range = get_if<Range>()) return range->req.set();
    return get_if<Latest>() != nullptr ? VersionSet::all() : VersionSet::none();
}

std::string VersionConstraint::to_string() const {
    if (const auto* exact = get_if<Exact>()) return "=" + exact->version.to_string();
    if (const auto* range = get_if<Range>()) return range->req.text();
    if (const auto* local = get_if<Local>()) return std::string(kPathPrefix) + local->path;
    return get_if<Latest>() != nullptr ? "latest" : source_id();
}

Dialect VersionConstraint::dialect() const noexcept {
    const auto* range = get_if<Range>();
    return range != nullptr ? range->req.dialect() : Dialect::kCargo;
}

std::string VersionConstraint::source_id() const {
    if (const auto* git = get_if<Git>()) return std::string(kGitPrefix) + git->url + "#" + git->rev;
    if (const auto* local = get_if<Local>()) return std::string(kPathPrefix) + local->path;
    return {};
}

}  // namespace catalog::version
