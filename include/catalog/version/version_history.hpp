#pragma once
// VersionHistory: the versions of one package, in order, with what became of each; and ranks, by
// which a range that was matched once is asked again in a nanosecond.

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/version/semver.hpp"
#include "catalog/version/version_req.hpp"
#include "catalog/version/version_set.hpp"

namespace catalog::version {

/// A set of ranks in one history: a bit for each. Means nothing for another history, nor after the
/// history changed. A value type. Thread safety: as `int`.
class RankSet {
public:
    RankSet() = default;
    /// The empty set, for ranks below `count`.
    explicit RankSet(std::size_t count) : words_((count + 63) / 64) {}

    /// Tells whether `rank` is in. False for a rank that the set was not made for. Cost: one word.
    [[nodiscard]] bool contains(std::uint32_t rank) const noexcept {
        const std::size_t word = rank >> 6;
        return word < words_.size() && ((words_[word] >> (rank & 63)) & 1) != 0;
    }
    /// REQUIRES: a rank below the count that the set was made for.
    void insert(std::uint32_t rank) noexcept {
        words_[rank >> 6] |= std::uint64_t{1} << (rank & 63);
    }

    [[nodiscard]] std::size_t size() const noexcept {
        std::size_t sum = 0;
        for (const std::uint64_t word : words_)
            sum += static_cast<std::size_t>(std::popcount(word));
        return sum;
    }
    [[nodiscard]] bool is_empty() const noexcept { return size() == 0; }
    /// Returns the ranks, lowest first.
    [[nodiscard]] std::vector<std::uint32_t> ranks() const;

    friend bool operator==(const RankSet&, const RankSet&) = default;

private:
    std::vector<std::uint64_t> words_;
};

/// How far apart two versions are, named after the first number that differs.
enum class ChangeKind : std::uint8_t { kNone, kBuild, kPrerelease, kPatch, kMinor, kMajor };

[[nodiscard]] std::string_view change_kind_name(ChangeKind kind) noexcept;  ///< "none" to "major"
/// Returns the kind of change between two versions, whichever is newer.
[[nodiscard]] ChangeKind change_between(const SemVer& a, const SemVer& b) noexcept;

/// The history of one package.
///
/// A rank is the place of a version in order of precedence, 0 for the lowest. A value type. Thread
/// safety: as `int`. Memory: an entry a version.
class VersionHistory {
public:
    /// Most versions of one package.
    static constexpr std::size_t kVersionsMax = std::size_t{1} << 20;

    /// What is known of one version.
    struct Entry {
        SemVer version;
        std::int64_t published_unix_ms = 0;  ///< 0 when unknown.
        bool yanked = false;
        bool deprecated = false;
        std::string note;  ///< Why it was yanked or deprecated; empty when nobody said.
        friend bool operator==(const Entry&, const Entry&) = default;
    };

    VersionHistory() = default;

    /// Adds a version; ranks above it move up by one. Errors: kAlreadyExists (a version of the same
    /// precedence is there: two may not differ in build metadata alone), kLimitExceeded
    /// (kVersionsMax). Cost: logarithmic when it is the newest, else linear.
    [[nodiscard]] Result<void> add(Entry entry);
    /// Sets `yanked` and `note`. Errors: kNotFound.
    [[nodiscard]] Result<void> set_yanked(const SemVer& version, bool yanked, std::string note);
    /// Sets `deprecated` and `note`. Errors: kNotFound.
    [[nodiscard]] Result<void> set_deprecated(const SemVer& version, bool deprecated,
                                              std::string note);

    /// Returns all entries, lowest version first. Valid until the history is changed.
    [[nodiscard]] std::span<const Entry> entries() const noexcept { return entries_; }
    /// Returns the ranks in the order in which versions were published; equal times in order of
    /// version. A fix to an old line stands behind the newer line here.
    [[nodiscard]] std::vector<std::uint32_t> by_time() const;
    /// Returns the rank of the version of that precedence.
    [[nodiscard]] std::optional<std::uint32_t> rank_of(const SemVer& version) const noexcept;

    /// Returns the newest version that is neither a pre-release nor yanked, or null.
    [[nodiscard]] const Entry* latest() const noexcept;
    /// Returns the newest version that matches and is not yanked, or null.
    [[nodiscard]] const Entry* newest(
        const VersionReq& req, PrereleaseRule rule = PrereleaseRule::kDialect) const noexcept;
    /// Returns the newest version that was published at `unix_ms` or before, matches and is not
    /// yanked now, or null. Versions of unknown time are older than all others.
    [[nodiscard]] const Entry* newest_at(std::int64_t unix_ms,
                                         const VersionReq& req) const noexcept;

    /// Returns the ranks of all that match, yanked or not. Cost: logarithmic for each interval of
    /// the range, linear in what it holds.
    [[nodiscard]] RankSet matching(const VersionReq& req,
                                   PrereleaseRule rule = PrereleaseRule::kDialect) const;
    /// Returns the ranks of all in `set`, pre-releases too.
    [[nodiscard]] RankSet within(const VersionSet& set) const;

    /// Says which versions are in `ranks`, runs of neighbours as one: "1.0.0, 1.2.0 to 1.4.1"; "all
    /// versions" and "no version".
    [[nodiscard]] std::string describe(const RankSet& ranks) const;

    /// Returns the shortest range in `dialect` that takes in exactly the releases of this history
    /// that `ranks` holds, among `=v`, `^v`, `~v`, `>=v`, `<v` and `>=v, <w`; nullopt when none
    /// does.
    [[nodiscard]] std::optional<VersionReq> range_for(const RankSet& ranks, Dialect dialect) const;

private:
    [[nodiscard]] std::size_t lower_bound(const SemVer& version) const noexcept;
    [[nodiscard]] Result<Entry*> find(const SemVer& version);

    std::vector<Entry> entries_;  // in order of precedence, no two equal
};

}  // namespace catalog::version
