// Full-text search over the delta and all segments as one: statistics of all versions, so that the
// score of a hit does not depend on where it lies.

#include <algorithm>
#include <cmath>

#include "catalog/index/query.hpp"
#include "catalog/internal/try.hpp"
#include "package_index_impl.hpp"
#include "query_counts.hpp"
#include "query_delta.hpp"
#include "query_names.hpp"
#include "query_sealed.hpp"

namespace catalog::index {

namespace {

constexpr std::size_t kHitsMax = 10'000;

/// One search under way.
class Search {
public:
    Search(const Moment& moment, const Query& query)
        : moment_(moment),
          query_(query),
          plan_(query),
          delta_(moment, plan_),
          best_(query.limit, std::nullopt) {}

    Result<SearchPage> run(std::uint64_t delta_lengths) {
        std::optional<SearchPosition> after;
        CATALOG_TRY_VOID(open_sources(delta_lengths));
        if (!query_.cursor.empty()) {
            CATALOG_TRY(after, decode_search_cursor(query_.cursor, plan_));
        }
        // One more tells whether there is a next page.
        best_ = BestHits(query_.limit + 1, std::move(after));
        CATALOG_TRY_VOID(visit());
        return page();
    }

    /// Gives every hit to `counter`, which outlives this call.
    Result<void> count(std::uint64_t delta_lengths, HitCounter& counter) {
        CATALOG_TRY_VOID(open_sources(delta_lengths));
        counter_ = &counter;
        return visit();
    }

private:
    Result<void> visit() {
        plan_.finish_statistics();
        return plan_.required.empty() ? search_filters() : search_words();
    }

    [[nodiscard]] bool may_take(double score) const noexcept {
        return counter_ != nullptr || best_.may_take(score);
    }

    /// Takes a version that is a hit.
    Result<void> take(IndexRow row, double score) {
        if (counter_ != nullptr) return counter_->add(row);
        best_.add(std::move(row), score);
        return {};
    }

    [[nodiscard]] bool takes(const IndexRow& row, double score) const {
        return counter_ != nullptr ||
               best_.takes(score, row.entry.id.name().view(), row.entry.version);
    }

    Result<void> open_sources(std::uint64_t delta_lengths) {
        for (const SealedSegment& segment : moment_.segments())
            sealed_.emplace_back(segment, plan_);
        CATALOG_TRY_VOID(delta_.read());
        CATALOG_TRY(const std::optional<std::string> counted,
                    moment_.get(moment_.families().packages, kCountsKey));
        if (counted) {
            CATALOG_TRY(const PackageIndex::Counts counts, decode_counts(*counted));
            plan_.versions = counts.versions;
        }
        std::uint64_t length = delta_lengths;
        for (std::size_t word = 0; word < plan_.words.size(); ++word)
            plan_.having[word] = delta_.having(word);
        for (SealedQuery& sealed : sealed_) {
            length += sealed.length();
            for (std::size_t word = 0; word < plan_.words.size(); ++word)
                plan_.having[word] += sealed.having(word);
        }
        if (plan_.versions > 0)
            plan_.mean_length =
                std::max(1.0, static_cast<double>(length) / static_cast<double>(plan_.versions));
        return {};
    }

    Result<void> search_words() {
        matches_ = delta_.matches();
        CATALOG_TRY_VOID(consider_exact());
        CATALOG_TRY_VOID(consider_delta());
        for (SealedQuery& sealed : sealed_) {
            const auto may_take = [this](double score) { return this->may_take(score); };
            const auto consider = [&](std::uint32_t doc, const VersionWeights& weights) {
                return consider_sealed(sealed, doc, weights);
            };
            CATALOG_TRY_VOID(sealed.visit(query_.popularity, may_take, consider));
        }
        return {};
    }

    /// Packages of the query's own name get more than the words say, so they are looked at apart.
    Result<void> consider_exact() {
        if (query_.exact.empty()) return {};
        for (SealedQuery& sealed : sealed_) {
            const Segment& segment = sealed.sealed().segment();
            for (const std::string& name : {query_.exact, plan_.exact_lower()}) {
                const std::optional<NameId> id = segment.find_name(name);
                if (!id) continue;
                const DocRange docs = segment.versions(*id);
                for (std::uint32_t doc = docs.first; doc < docs.end; ++doc) {
                    if (sealed.sealed().is_dead(doc)) continue;
                    const VersionWeights weights = sealed.weights_of(doc);
                    if (plan_.holds(weights))
                        CATALOG_TRY_VOID(consider_sealed(sealed, doc, weights));
                }
                if (query_.exact == plan_.exact_lower()) break;
            }
        }
        exact_done_ = true;
        return {};
    }

    /// Returns the score without popularity.
    [[nodiscard]] double plain_score(const VersionWeights& weights, std::string_view name) const {
        return plan_.text_score(weights, name) +
               (plan_.is_exact(name) ? QueryPlan::kExactBonus : 0);
    }

    Result<double> with_popularity(double score, std::string_view name) const {
        if (query_.popularity == 0 || counter_ != nullptr) return score;
        CATALOG_TRY(const std::uint64_t dependents, dependents_of(moment_, name));
        const double most = std::log1p(static_cast<double>(kDependentsCounted));
        return score + query_.popularity * std::log1p(static_cast<double>(dependents)) / most;
    }

    Result<void> consider_delta() {
        struct Scored {
            double score;
            std::size_t match;
        };
        std::vector<Scored> order;
        order.reserve(matches_.size());
        for (std::size_t i = 0; i < matches_.size(); ++i)
            order.push_back({plain_score(matches_[i].weights, matches_[i].name()), i});
        std::ranges::sort(order, [](const Scored& a, const Scored& b) {
            return a.score != b.score ? a.score > b.score : a.match < b.match;
        });
        for (const Scored& one : order) {
            if (!may_take(one.score + query_.popularity)) break;
            const DeltaMatch& match = matches_[one.match];
            CATALOG_TRY(const double score, with_popularity(one.score, match.name()));
            if (!may_take(score)) continue;
            CATALOG_TRY(IndexRow row, delta_row(match));
            CATALOG_TRY_VOID(offer(std::move(row), match.weights, score));
        }
        return {};
    }

    Result<IndexRow> delta_row(const DeltaMatch& match) const {
        CATALOG_TRY(const std::optional<std::string> bytes,
                    moment_.get(moment_.families().packages, "p" + match.key));
        if (!bytes)
            return fail(Errc::kIndexCorrupted, "the index is damaged: a posting leads to no entry");
        CATALOG_TRY(IndexEntry entry, decode_entry(*bytes));
        return IndexRow(std::move(entry));
    }

    Result<void> consider_sealed(SealedQuery& sealed, std::uint32_t doc,
                                 const VersionWeights& weights) {
        const auto record = sealed.sealed().segment().record(DocId{doc});
        if (!record || (exact_done_ && plan_.is_exact(record->name()))) return {};
        const double plain = plain_score(weights, record->name());
        if (!may_take(plain + query_.popularity)) return {};
        CATALOG_TRY(const double score, with_popularity(plain, record->name()));
        if (!may_take(score)) return {};
        CATALOG_TRY(IndexRow row, moment_.row(sealed.sealed(), DocId{doc}));
        return offer(std::move(row), weights, score);
    }

    /// Takes a version among the hits when it is one.
    Result<void> offer(IndexRow row, const VersionWeights& weights, double score) {
        if (!takes(row, score)) return {};
        CATALOG_TRY(const bool wanted, is_wanted(row, weights));
        if (!wanted) return {};
        if (query_.filter.newest_only) {
            CATALOG_TRY(const bool is_old, has_newer(row));
            if (is_old) return {};
        }
        return take(std::move(row), score);
    }

    Result<bool> is_wanted(IndexRow& row, const VersionWeights& weights) const {
        CATALOG_TRY(const bool passed, passes(moment_, query_.filter, row));
        if (!passed) return false;
        for (const QueryDependency& one : query_.depends) {
            CATALOG_TRY(const bool depends, depends_on(row, one.name));
            if (depends == one.is_excluded) return false;
        }
        if (!plan_.has_phrase) return true;
        CATALOG_TRY(const std::vector<std::string> texts, texts_of(row));
        return phrases_hold(plan_, weights, texts);
    }

    Result<bool> depends_on(const IndexRow& row, const std::string& name) const {
        if (row.sealed == nullptr) return moment_.has_term(row, TermKind::kDependency, name);
        const DocList docs = row.sealed->segment().dependents(name);
        std::size_t low = 0;
        for (std::size_t high = docs.size(); low < high;) {
            const std::size_t middle = low + (high - low) / 2;
            if (docs[middle] < row.doc)
                low = middle + 1;
            else
                high = middle;
        }
        return low < docs.size() && docs[low] == row.doc;
    }

    /// Name, keywords and description.
    Result<std::vector<std::string>> texts_of(IndexRow& row) const {
        CATALOG_TRY_VOID(moment_.complete(row));
        std::vector<std::string> texts{row.entry.id.name().str(), row.entry.description};
        if (row.sealed != nullptr) {
            const Segment& segment = row.sealed->segment();
            if (const auto record = segment.record(row.doc))
                for (std::size_t i = 0; i < record->keywords().size(); ++i)
                    texts.emplace_back(segment.text(record->keywords()[i]));
            return texts;
        }
        CATALOG_TRY(
            const std::optional<std::string> bytes,
            moment_.get(moment_.families().manifests, as_text(row.entry.digest.hash.bytes())));
        if (!bytes)
            return fail(Errc::kIndexCorrupted, "the index is damaged: a manifest is missing");
        CATALOG_TRY(const package::Manifest manifest, package::Manifest::decode(*bytes));
        for (const std::string& keyword : manifest.metadata.keywords) texts.push_back(keyword);
        return texts;
    }

    /// Tells whether a newer version of the same name is wanted too.
    Result<bool> has_newer(const IndexRow& row) {
        const std::string_view name = row.entry.id.name().view();
        const std::string order = order_key(row.entry.version);
        std::string key(name);
        key.push_back('\0');
        auto match = std::ranges::upper_bound(
            matches_, key + order, {},
            [](const DeltaMatch& at) -> const std::string& { return at.key; });
        for (; match != matches_.end() && match->key.starts_with(key); ++match) {
            CATALOG_TRY(IndexRow newer, delta_row(*match));
            CATALOG_TRY(const bool wanted, is_wanted(newer, match->weights));
            if (wanted) return true;
        }
        for (SealedQuery& sealed : sealed_) {
            CATALOG_TRY(const bool found, has_newer_in(sealed, row));
            if (found) return true;
        }
        return false;
    }

    Result<bool> has_newer_in(SealedQuery& sealed, const IndexRow& row) {
        const Segment& segment = sealed.sealed().segment();
        const std::string_view name = row.entry.id.name().view();
        DocRange docs;
        if (row.sealed == &sealed.sealed()) {
            // Newer ones stand right before it.
            docs.end = static_cast<std::uint32_t>(row.doc);
            docs.first = docs.end;
            while (docs.first > 0) {
                const auto before = segment.record(DocId{docs.first - 1});
                if (!before || before->name() != name) break;
                --docs.first;
            }
        } else if (const std::optional<NameId> id = segment.find_name(name)) {
            docs = segment.versions(*id);
        }
        for (std::uint32_t doc = docs.first; doc < docs.end; ++doc) {
            if (row.sealed != &sealed.sealed()) {
                const auto version = segment.version_of(DocId{doc});
                if (!version || compare_precedence(*version, row.entry.version) <= 0) break;
            }
            if (sealed.sealed().is_dead(doc)) continue;
            const VersionWeights weights = sealed.weights_of(doc);
            if (!plan_.holds(weights)) continue;
            CATALOG_TRY(IndexRow newer, moment_.row(sealed.sealed(), DocId{doc}));
            CATALOG_TRY(const bool wanted, is_wanted(newer, weights));
            if (wanted) return true;
        }
        return false;
    }

    /// Without words the order is that of names, and of popularity before it.
    Result<void> search_filters() {
        std::vector<IndexRow> rows;
        const auto needed = std::ranges::find(query_.depends, false, &QueryDependency::is_excluded);
        if (needed != query_.depends.end()) {
            CATALOG_TRY(rows, moment_.rows_with(TermKind::kDependency, needed->name));
            std::size_t end = rows.size();
            while (end > 0) {  // a name's versions, newest first
                std::size_t first = end - 1;
                while (first > 0 &&
                       rows[first - 1].entry.id.name() == rows[end - 1].entry.id.name())
                    --first;
                CATALOG_TRY_VOID(offer_name(std::span(rows).subspan(first, end - first)));
                end = first;
            }
            return {};
        }
        NameWalk walk(moment_, query_.filter.name_prefix);
        for (;;) {
            CATALOG_TRY(const bool more, walk.next());
            if (!more || !walk.name().starts_with(query_.filter.name_prefix)) return {};
            CATALOG_TRY(rows, walk.rows());
            CATALOG_TRY_VOID(offer_name(rows));
        }
    }

    [[nodiscard]] VersionWeights weights_of(const IndexRow& row) {
        if (plan_.words.empty()) return {};
        for (SealedQuery& sealed : sealed_)
            if (&sealed.sealed() == row.sealed)
                return sealed.weights_of(static_cast<std::uint32_t>(row.doc));
        std::string key = row.entry.id.name().str();
        key.push_back('\0');
        return delta_.weights_of(key + order_key(row.entry.version));
    }

    /// `oldest_first` are versions of one name.
    Result<void> offer_name(std::span<IndexRow> oldest_first) {
        if (oldest_first.empty()) return {};
        const std::string name = oldest_first.front().entry.id.name().str();
        CATALOG_TRY(const double score, with_popularity(0, name));
        for (std::size_t i = oldest_first.size(); i-- > 0;) {
            IndexRow& row = oldest_first[i];
            const VersionWeights weights = weights_of(row);
            if (!plan_.holds(weights)) continue;
            CATALOG_TRY(const bool wanted, is_wanted(row, weights));
            if (!wanted) continue;
            if (takes(row, score)) CATALOG_TRY_VOID(take(std::move(row), score));
            if (query_.filter.newest_only) return {};
        }
        return {};
    }

    Result<SearchPage> page() {
        std::vector<RankedHit> hits = best_.take();
        SearchPage page;
        if (hits.size() > query_.limit) {
            hits.erase(hits.begin() + static_cast<std::ptrdiff_t>(query_.limit), hits.end());
            page.cursor = encode_search_cursor(plan_, hits.back());
        }
        for (RankedHit& hit : hits) {
            if (query_.descriptions) CATALOG_TRY_VOID(moment_.complete(hit.row));
            page.hits.push_back({std::move(hit.row.entry), hit.score});
        }
        return page;
    }

    const Moment& moment_;
    const Query& query_;
    QueryPlan plan_;
    DeltaQuery delta_;
    std::vector<SealedQuery> sealed_;
    std::vector<DeltaMatch> matches_;
    BestHits best_;
    HitCounter* counter_ = nullptr;  ///< Gets every hit instead of the best ones.
    bool exact_done_ = false;        ///< Sealed versions of the query's own name were looked at.
};

Result<void> check_query(const Query& query) {
    if (query.limit == 0 || query.limit > kHitsMax)
        return fail(Errc::kQueryInvalid, "a search returns 1 to 10,000 hits");
    std::size_t words = 0;
    for (const QueryClause& clause : query.clauses) {
        if (clause.any_of.empty())
            return fail(Errc::kQueryInvalid, "a clause of the search has no alternative");
        for (const QueryAlternative& alternative : clause.any_of) {
            words += alternative.words.size();
            if (alternative.words.empty())
                return fail(Errc::kQueryInvalid, "an alternative of the search has no word");
        }
    }
    if (words > Query::kWordsMax) return fail(Errc::kQueryInvalid, "a search has at most 16 words");
    if (query.depends.size() > Query::kDependenciesMax)
        return fail(Errc::kQueryInvalid, "a search names at most 8 dependencies");
    for (const double weight :
         {query.name_boost, query.keyword_boost, query.description_boost, query.popularity})
        if (std::isnan(weight) || weight < 0 || weight > 100)
            return fail(Errc::kQueryInvalid, "boosts and popularity are 0 to 100");
    return {};
}

}  // namespace

Result<std::uint64_t> PackageIndex::Impl::delta_lengths(const Moment& of,
                                                        std::uint64_t revision) const {
    {
        const internal::MutexLock lock(mutex);
        if (lengths && lengths->first == revision) return lengths->second;
    }
    CATALOG_TRY(const std::uint64_t sum, delta_length(of));
    // What was committed meanwhile may be in the sum, or may not.
    if (store.revision() != revision) return sum;
    const internal::MutexLock lock(mutex);
    lengths = {revision, sum};
    return sum;
}

Result<SearchPage> PackageIndex::search(const Query& query) const {
    CATALOG_TRY_VOID(check_query(query));
    const std::uint64_t revision = impl_->store.revision();
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    CATALOG_TRY(const std::uint64_t lengths, impl_->delta_lengths(*moment, revision));
    return Search(*moment, query).run(lengths);
}

Result<HitCounts> PackageIndex::count(const Query& query, std::span<const CountedField> fields,
                                      std::size_t values_max) const {
    constexpr std::size_t kFieldsMax = 16;
    constexpr std::size_t kValuesMax = 1'000;
    CATALOG_TRY_VOID(check_query(query));
    if (fields.size() > kFieldsMax)
        return fail(Errc::kQueryInvalid, "hits are counted by at most 16 fields");
    if (values_max == 0 || values_max > kValuesMax)
        return fail(Errc::kQueryInvalid, "of a field 1 to 1,000 values are returned");
    const std::uint64_t revision = impl_->store.revision();
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    CATALOG_TRY(const std::uint64_t lengths, impl_->delta_lengths(*moment, revision));
    HitCounter counter(*moment, fields);
    CATALOG_TRY_VOID(Search(*moment, query).count(lengths, counter));
    return counter.take(values_max);
}

Result<std::vector<SearchHit>> PackageIndex::search(std::string_view words, const Filter& filter,
                                                    std::size_t limit) const {
    CATALOG_TRY(Query query, Query::all_of(words));
    query.filter = filter;
    query.limit = limit;
    CATALOG_TRY(SearchPage page, search(query));
    return std::move(page.hits);
}

}  // namespace catalog::index
