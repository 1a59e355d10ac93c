#include "requests.hpp"

#include "catalog/core/ids.hpp"
#include "catalog/internal/try.hpp"

namespace catalog::cli {

namespace {

Error unknown_choice(std::string_view what, std::string_view text, std::string_view hint) {
    return Error(Errc::kInvalidArgument, "unknown " + std::string(what))
        .with_input(std::string(text))
        .with_hint(std::string(hint));
}

}  // namespace

Result<resolve::Root> make_root(std::string_view name, std::string_view requirement,
                                version::Dialect dialect) {
    CATALOG_TRY(const PackageName parsed, PackageName::parse(name));
    resolve::Root root;
    root.target.name = parsed.str();
    Result<version::VersionConstraint> constraint =
        version::VersionConstraint::parse(requirement.empty() ? "*" : requirement, dialect);
    if (!constraint)
        return fail(
            constraint.error().with_input(std::string(name) + " " + std::string(requirement)));
    root.target.constraint = *std::move(constraint);
    return root;
}

Result<resolve::Root> parse_request(std::string_view text, version::Dialect dialect) {
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos || at == 0) return make_root(text, "", dialect);
    return make_root(text.substr(0, at), text.substr(at + 1), dialect);
}

Result<resolve::VersionPolicy> parse_policy(std::string_view text) {
    if (text == "single") return resolve::VersionPolicy::kSingle;
    if (text == "per-major") return resolve::VersionPolicy::kPerMajor;
    return fail(unknown_choice("policy", text, "use single or per-major"));
}

Result<resolve::Preference> parse_preference(std::string_view text) {
    if (text == "newest") return resolve::Preference::kNewest;
    if (text == "minimal") return resolve::Preference::kMinimal;
    return fail(unknown_choice("preference", text, "use newest or minimal"));
}

}  // namespace catalog::cli
