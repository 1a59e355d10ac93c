// Names: which there are, which begin with a text, which are like one.

#include <algorithm>

#include "catalog/internal/try.hpp"
#include "package_index_impl.hpp"
#include "query_names.hpp"

namespace catalog::index {

namespace {

constexpr std::size_t kNamesMax = 10'000;
constexpr std::size_t kHintNames = 3;
constexpr std::size_t kHintVersions = 5;

Result<void> check_limit(std::size_t limit) {
    if (limit == 0 || limit > kNamesMax)
        return fail(Errc::kQueryInvalid, "1 to 10,000 names are returned");
    return {};
}

}  // namespace

std::string available_text(const std::vector<IndexRow>& newest_first) {
    std::string text;
    for (std::size_t i = 0; i < std::min(newest_first.size(), kHintVersions); ++i)
        text += (i == 0 ? "" : ", ") + newest_first[i].entry.id.version();
    if (newest_first.size() > kHintVersions)
        text += " and " + std::to_string(newest_first.size() - kHintVersions) + " older";
    return text;
}

Error PackageIndex::Impl::not_found(std::string_view what) const {
    const std::string_view name = what.substr(0, what.find('@', 1));
    Error error(Errc::kPackageNotFound, "no such package in the library",
                NotFoundDetail{"package", std::string(what)});
    error = error.with_input(std::string(what));
    // A hint is left out where it cannot be had.
    const Result<MomentLink> now = moment();
    if (!now) return error;
    if (Result<std::vector<IndexRow>> rows = (*now)->versions(name); rows && !rows->empty()) {
        std::ranges::reverse(*rows);
        return error.with_hint("there is " + available_text(*rows));
    }
    const Result<std::vector<NearName>> near = near_names(**now, name, kHintNames);
    if (!near || near->empty()) return error;
    std::string hint = "did you mean ";
    for (const NearName& other : *near) hint += (&other == near->data() ? "" : ", ") + other.name;
    return error.with_hint(hint + "?");
}

Result<std::vector<std::string>> PackageIndex::complete(std::string_view prefix,
                                                        std::size_t limit) const {
    CATALOG_TRY_VOID(check_limit(limit));
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    std::vector<std::string> names;
    NameLeaps leaps(*moment);
    CATALOG_TRY(bool more, leaps.leap(prefix));
    while (more && leaps.name().starts_with(prefix)) {
        if (leaps.counts()) names.push_back(leaps.name());
        if (names.size() == limit) break;
        CATALOG_TRY(more, leaps.next());
    }
    return names;
}

Result<std::vector<std::string>> PackageIndex::suggest(std::string_view name,
                                                       std::size_t limit) const {
    CATALOG_TRY_VOID(check_limit(limit));
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    CATALOG_TRY(std::vector<NearName> near, near_names(*moment, name, limit));
    std::vector<std::string> names;
    names.reserve(near.size());
    for (NearName& other : near) names.push_back(std::move(other.name));
    return names;
}

}  // namespace catalog::index
