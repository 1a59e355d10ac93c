#pragma once
// What the parts of a search share: its distinct words, the statistics that it ranks by, and the
// best hits so far.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/index/query.hpp"
#include "moment.hpp"

namespace catalog::index {

/// A query's clauses over numbers of its distinct words.
struct PlannedAlternative {
    std::vector<std::uint8_t> words;
    bool is_phrase = false;
};
using PlannedClause = std::vector<PlannedAlternative>;

/// What a version weighs for each word of the query (0: it does not have it), and its length.
struct VersionWeights {
    std::array<std::uint16_t, Query::kWordsMax> words{};
    std::uint32_t length = 0;
};

/// A query made ready. Immutable once its statistics are there.
class QueryPlan {
public:
    explicit QueryPlan(const Query& of);

    const Query& query;
    std::vector<std::string> words;  ///< Distinct.
    std::vector<bool> is_scored;     ///< By word: false where it is only in excluded clauses.
    std::vector<PlannedClause> required;
    std::vector<PlannedClause> excluded;
    bool has_phrase = false;

    // Statistics of all versions.
    std::uint64_t versions = 0;
    double mean_length = 1;
    std::vector<std::uint64_t> having;  ///< By word: versions that have it.

    /// Computes what follows from the statistics.
    void finish_statistics();

    /// Tells whether the clauses hold, phrases apart.
    [[nodiscard]] bool holds(const VersionWeights& weights) const noexcept;
    /// BM25 of a version, without its popularity and without the bonus of an exact name.
    [[nodiscard]] double text_score(const VersionWeights& weights, std::string_view name) const;
    /// No text_score of a version in which word `word` has a score of `part` in the segment's own
    /// measure, with a mean length of `mean`, gets more from it than this.
    [[nodiscard]] double bound(std::size_t word, float part, float mean) const noexcept;
    [[nodiscard]] bool is_exact(std::string_view name) const noexcept {
        return !exact_.empty() && (name == query.exact || name == exact_);
    }
    [[nodiscard]] const std::string& exact_lower() const noexcept { return exact_; }

    static constexpr double kExactBonus = 1000;

private:
    [[nodiscard]] double boosted(std::size_t word, unsigned weight, std::string_view name) const;

    std::string exact_;
    std::vector<double> rarity_;
    double boost_most_ = 1;
    bool is_boosted_ = false;
};

/// A hit that may be among the results.
struct RankedHit {
    RankedHit(IndexRow found, double score_of) : row(std::move(found)), score(score_of) {}
    IndexRow row;
    double score;
};

/// What hits are ordered by.
struct RankKey {
    double score;
    std::string_view name;
    std::string_view order;  ///< Order key of the version.
};

/// Where a page begins.
struct SearchPosition {
    double score = 0;
    std::string name;
    std::string order;  ///< Order key of the version.
    [[nodiscard]] RankKey key() const noexcept { return {score, name, order}; }
};

/// Tells whether one hit comes before another.
[[nodiscard]] bool ranks_before(const RankKey& first, const RankKey& second) noexcept;

/// The best hits so far, of those behind a position.
class BestHits {
public:
    BestHits(std::size_t limit, std::optional<SearchPosition> after)
        : limit_(limit), after_(std::move(after)) {}

    /// Tells whether something with this score at most may still be one.
    [[nodiscard]] bool may_take(double score) const noexcept {
        return hits_.size() < limit_ || score >= hits_.front().score;
    }
    [[nodiscard]] bool takes(double score, std::string_view name,
                             const version::SemVer& version) const;
    void add(IndexRow row, double score);
    /// Returns them, best first.
    [[nodiscard]] std::vector<RankedHit> take();

private:
    std::size_t limit_;
    std::optional<SearchPosition> after_;
    std::vector<RankedHit> hits_;  ///< A heap, the worst in front.
};

/// The cursor of a page: where it ended, and the statistics of the search. Errors of decoding:
/// kQueryInvalid (no cursor, or another query's).
[[nodiscard]] std::string encode_search_cursor(const QueryPlan& plan, const RankedHit& last);
[[nodiscard]] Result<SearchPosition> decode_search_cursor(std::string_view text, QueryPlan& plan);

/// Tells whether one of the phrases of a clause, and so on for all clauses, is in the texts of a
/// version. `weights` say which words it has.
[[nodiscard]] bool phrases_hold(const QueryPlan& plan, const VersionWeights& weights,
                                const std::vector<std::string>& texts);

}  // namespace catalog::index
