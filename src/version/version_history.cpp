#include "catalog/version/version_history.hpp"

#include <algorithm>
#include <array>
#include <catalog/internal/try.hpp>
#include <numeric>
#include <utility>

namespace catalog::version {

std::vector<std::uint32_t> RankSet::ranks() const {
    std::vector<std::uint32_t> result;
    for (std::size_t word = 0; word < words_.size(); ++word)
        for (std::uint64_t rest = words_[word]; rest != 0; rest &= rest - 1)
            result.push_back(static_cast<std::uint32_t>(
                word * 64 + static_cast<std::size_t>(std::countr_zero(rest))));
    return result;
}

std::string_view change_kind_name(ChangeKind kind) noexcept {
    constexpr std::array<std::string_view, 6> kNames = {"none",  "build", "prerelease",
                                                        "patch", "minor", "major"};
    return kNames[static_cast<std::size_t>(kind)];
}

ChangeKind change_between(const SemVer& a, const SemVer& b) noexcept {
    if (a.major() != b.major()) return ChangeKind::kMajor;
    if (a.minor() != b.minor()) return ChangeKind::kMinor;
    if (a.patch() != b.patch()) return ChangeKind::kPatch;
    if (a.prerelease() != b.prerelease()) return ChangeKind::kPrerelease;
    return a.build() != b.build() ? ChangeKind::kBuild : ChangeKind::kNone;
}

std::size_t VersionHistory::lower_bound(const SemVer& version) const noexcept {
    const auto at = std::ranges::partition_point(entries_, [&](const Entry& entry) {
        return compare_precedence(entry.version, version) < 0;
    });
    return static_cast<std::size_t>(at - entries_.begin());
}

std::optional<std::uint32_t> VersionHistory::rank_of(const SemVer& version) const noexcept {
    const std::size_t at = lower_bound(version);
    if (at == entries_.size() || compare_precedence(entries_[at].version, version) != 0)
        return std::nullopt;
    return static_cast<std::uint32_t>(at);
}

Result<void> VersionHistory::add(Entry entry) {
    if (entries_.size() >= kVersionsMax)
        return fail(Errc::kLimitExceeded, "the package has too many versions",
                    LimitDetail{"versions of a package", kVersionsMax});
    const std::size_t at = lower_bound(entry.version);
    if (at < entries_.size() && compare_precedence(entries_[at].version, entry.version) == 0)
        return fail(Error(Errc::kAlreadyExists, "the version is in the history already")
                        .with_input(entry.version.to_string()));
    entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(at), std::move(entry));
    return {};
}

Result<VersionHistory::Entry*> VersionHistory::find(const SemVer& version) {
    const std::optional<std::uint32_t> rank = rank_of(version);
    if (!rank)
        return fail(Error(Errc::kNotFound, "the history has no such version")
                        .with_input(version.to_string()));
    return &entries_[*rank];
}

Result<void> VersionHistory::set_yanked(const SemVer& version, bool yanked, std::string note) {
    CATALOG_TRY(Entry * entry, find(version));
    entry->yanked = yanked;
    entry->note = std::move(note);
    return {};
}

Result<void> VersionHistory::set_deprecated(const SemVer& version, bool deprecated,
                                            std::string note) {
    CATALOG_TRY(Entry * entry, find(version));
    entry->deprecated = deprecated;
    entry->note = std::move(note);
    return {};
}

std::vector<std::uint32_t> VersionHistory::by_time() const {
    std::vector<std::uint32_t> ranks(entries_.size());
    std::iota(ranks.begin(), ranks.end(), 0U);
    std::ranges::stable_sort(
        ranks, {}, [this](std::uint32_t rank) { return entries_[rank].published_unix_ms; });
    return ranks;
}

const VersionHistory::Entry* VersionHistory::latest() const noexcept {
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry)
        if (!entry->yanked && !entry->version.is_prerelease()) return &*entry;
    return nullptr;
}

const VersionHistory::Entry* VersionHistory::newest(const VersionReq& req,
                                                    PrereleaseRule rule) const noexcept {
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry)
        if (!entry->yanked && req.matches(entry->version, rule)) return &*entry;
    return nullptr;
}

const VersionHistory::Entry* VersionHistory::newest_at(std::int64_t unix_ms,
                                                       const VersionReq& req) const noexcept {
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry)
        if (!entry->yanked && entry->published_unix_ms <= unix_ms && req.matches(entry->version))
            return &*entry;
    return nullptr;
}

RankSet VersionHistory::matching(const VersionReq& req, PrereleaseRule rule) const {
    // Everything that matches under the dialect's rule lies between the ends of one of two sets.
    RankSet result(entries_.size());
    if (rule == PrereleaseRule::kInclude) {
        for (std::uint32_t rank = 0; rank < entries_.size(); ++rank)
            if (req.matches(entries_[rank].version, rule)) result.insert(rank);
        return result;
    }
    for (const bool prereleases : {false, true})
        for (const std::uint32_t rank :
             within(prereleases ? req.admitted_prereleases() : req.set()).ranks())
            if (entries_[rank].version.is_prerelease() == prereleases) result.insert(rank);
    return result;
}

RankSet VersionHistory::within(const VersionSet& set) const {
    RankSet result(entries_.size());
    for (const VersionSet::Interval& interval : set.intervals()) {
        std::size_t rank = interval.lower ? lower_bound(interval.lower->version) : 0;
        for (; rank < entries_.size(); ++rank) {
            const SemVer& version = entries_[rank].version;
            if (interval.upper && compare_precedence(version, interval.upper->version) > 0) break;
            if (contains(interval, version)) result.insert(static_cast<std::uint32_t>(rank));
        }
    }
    return result;
}

std::string VersionHistory::describe(const RankSet& ranks) const {
    const std::vector<std::uint32_t> all = ranks.ranks();
    if (all.empty()) return "no version";
    if (all.size() == entries_.size() && all.size() > 1) return "all versions";
    std::string text;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::size_t first = i;
        while (i + 1 < all.size() && all[i + 1] == all[i] + 1) ++i;
        if (!text.empty()) text += ", ";
        text += entries_[all[first]].version.to_string();
        if (i > first)
            text += (i == first + 1 ? ", " : " to ") + entries_[all[i]].version.to_string();
    }
    return text;
}

std::optional<VersionReq> VersionHistory::range_for(const RankSet& ranks, Dialect dialect) const {
    std::vector<std::uint32_t> releases;
    for (const std::uint32_t rank : ranks.ranks())
        if (!entries_[rank].version.is_prerelease()) releases.push_back(rank);
    if (releases.empty()) return std::nullopt;
    const std::string lowest = entries_[releases.front()].version.without_build().to_string();
    const SemVer* above = nullptr;  // the first release above the set
    for (std::size_t rank = releases.back() + std::size_t{1};
         rank < entries_.size() && above == nullptr; ++rank)
        if (!entries_[rank].version.is_prerelease()) above = &entries_[rank].version;
    std::vector<std::string> texts = {"=" + lowest, "^" + lowest, "~" + lowest, ">=" + lowest};
    if (above != nullptr) {
        const std::string end = "<" + above->without_build().to_string();
        texts.push_back(end);
        texts.push_back(">=" + lowest + (dialect == Dialect::kCargo ? ", " : " ") + end);
    }
    for (const std::string& text : texts) {
        const Result<VersionReq> req = VersionReq::parse(text, dialect);
        if (!req) continue;
        std::vector<std::uint32_t> found;
        for (const std::uint32_t rank : matching(*req).ranks())
            if (!entries_[rank].version.is_prerelease()) found.push_back(rank);
        if (found == releases) return *req;
    }
    return std::nullopt;
}

}  // namespace catalog::version
