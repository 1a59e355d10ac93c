// Full-text search: all words must match. In the delta postings are intersected by leaping, in
// segments lists of versions; the score of a version is the same wherever it is.

#include <algorithm>
#include <limits>
#include <map>

#include "catalog/internal/try.hpp"
#include "package_index_impl.hpp"

namespace catalog::index {

namespace {

constexpr std::size_t kQueryWordsMax = 16;
constexpr std::size_t kHitsMax = 10'000;
constexpr double kExactNameBonus = 1000;

/// The postings of one word, in order of (name, version).
class WordPostings {
public:
    WordPostings(const Moment& moment, std::string_view word)
        : prefix_(posting_prefix(TermKind::kWord, word)),
          iterator_(moment.iterate(moment.families().postings)) {
        iterator_->seek(prefix_);
    }

    [[nodiscard]] bool valid() const {
        return iterator_->valid() && iterator_->key().starts_with(prefix_);
    }
    [[nodiscard]] std::string_view at() const { return iterator_->key().substr(prefix_.size()); }
    [[nodiscard]] std::uint32_t weight() const { return decode_weight(iterator_->value()); }
    void leap_to(std::string_view target) { iterator_->seek(prefix_ + std::string(target)); }
    void next() { iterator_->next(); }
    [[nodiscard]] Result<void> status() const { return iterator_->status(); }

private:
    std::string prefix_;
    std::unique_ptr<kv::Iterator> iterator_;
};

/// Moves every list to the first posting that all have; false at the end.
bool align(std::vector<WordPostings>& lists) {
    std::string target;
    for (std::size_t agreeing = 0; agreeing < lists.size();) {
        for (WordPostings& list : lists) {
            if (list.valid() && list.at() < target) list.leap_to(target);
            if (!list.valid()) return false;
            if (list.at() == target) {
                ++agreeing;
            } else {
                target = std::string(list.at());
                agreeing = 1;
            }
            if (agreeing == lists.size()) break;
        }
    }
    return true;
}

/// A version that has all words and passes the filter.
struct Candidate {
    Candidate(IndexRow found, std::uint64_t known, std::vector<std::string> words)
        : row(std::move(found)), weight(known), open_words(std::move(words)) {}

    IndexRow row;
    std::uint64_t weight;  ///< Of all words, as far as it is known.
    /// Words of which only the description can tell whether they weigh 1 more.
    std::vector<std::string> open_words;
    double bonus = 0;

    [[nodiscard]] double score_of(std::uint64_t whole_weight) const noexcept {
        // Of equal matches the shorter name is the better one.
        return static_cast<double>(whole_weight) + bonus -
               static_cast<double>(row.entry.id.name().view().size()) / 1000;
    }
    [[nodiscard]] double score() const noexcept { return score_of(weight); }
    [[nodiscard]] double most() const noexcept { return score_of(weight + open_words.size()); }
};

bool comes_before(const Candidate& a, const Candidate& b) {
    if (a.score() != b.score()) return a.score() > b.score();
    const IndexEntry& left = a.row.entry;
    const IndexEntry& right = b.row.entry;
    if (left.id.name() != right.id.name()) return left.id.name() < right.id.name();
    return compare_precedence(left.version, right.version) > 0;
}

/// One search under way.
class Search {
public:
    Search(const Moment& moment, const Filter& filter, std::vector<std::string> words,
           std::string whole)
        : moment_(moment), filter_(filter), words_(std::move(words)), whole_(std::move(whole)) {}

    Result<std::vector<SearchHit>> run(std::size_t limit) {
        CATALOG_TRY_VOID(search_delta());
        for (const SealedSegment& sealed : moment_.segments())
            CATALOG_TRY_VOID(search_segment(sealed));
        for (auto& [name, candidate] : newest_) candidates_.push_back(std::move(candidate));
        CATALOG_TRY_VOID(score_best(limit));
        std::vector<SearchHit> hits;
        for (Candidate& candidate : candidates_) {
            CATALOG_TRY_VOID(moment_.complete(candidate.row));
            const double score = candidate.score();
            hits.push_back({std::move(candidate.row.entry), score});
        }
        return hits;
    }

private:
    Result<void> search_delta() {
        std::vector<WordPostings> lists;
        lists.reserve(words_.size());
        for (const std::string& word : words_) lists.emplace_back(moment_, word);
        while (align(lists)) {
            const std::string key = "p" + std::string(lists.front().at());
            CATALOG_TRY(const std::optional<std::string> bytes,
                        moment_.get(moment_.families().packages, key));
            if (!bytes)
                return fail(Errc::kIndexCorrupted,
                            "the index is damaged: a posting leads to no entry");
            CATALOG_TRY(IndexEntry entry, decode_entry(*bytes));
            std::uint64_t weight = 0;
            for (const WordPostings& list : lists) weight += list.weight();
            CATALOG_TRY_VOID(take({IndexRow(std::move(entry)), weight, {}}));
            lists.front().next();
        }
        for (const WordPostings& list : lists) CATALOG_TRY_VOID(list.status());
        return {};
    }

    Result<void> search_segment(const SealedSegment& sealed) {
        const Segment& segment = sealed.segment();
        std::vector<std::string_view> rarest_first(words_.begin(), words_.end());
        std::ranges::sort(rarest_first, {},
                          [&](std::string_view word) { return segment.count(Facet::kWord, word); });
        std::vector<DocId> docs;
        for (const std::string_view word : rarest_first) {
            std::vector<DocId> having;
            segment.list(Facet::kWord, word, DocId{0}, std::numeric_limits<std::size_t>::max(),
                         having);
            if (word == rarest_first.front()) {
                docs = std::move(having);
                continue;
            }
            const auto rest = std::ranges::set_intersection(docs, having, docs.begin()).out;
            docs.erase(rest, docs.end());
        }
        for (const DocId doc : docs) {
            if (sealed.is_dead(static_cast<std::uint32_t>(doc))) continue;
            CATALOG_TRY(IndexRow row, moment_.row(sealed, doc));
            const SegmentRecord record = *segment.record(doc);
            CATALOG_TRY_VOID(take(weigh(std::move(row), segment, record)));
        }
        return {};
    }

    /// A word that neither name nor keywords have is in the description, where it weighs 1.
    Candidate weigh(IndexRow row, const Segment& segment, const SegmentRecord& record) const {
        std::uint64_t known = 0;
        std::vector<std::string> open;
        const std::vector<std::string> of_name = words_of(record.name());
        std::vector<std::vector<std::string>> of_keywords;
        for (std::size_t i = 0; i < record.keywords().size(); ++i)
            of_keywords.push_back(words_of(segment.text(record.keywords()[i])));
        for (const std::string& word : words_) {
            std::uint32_t weight = std::ranges::count(of_name, word) != 0 ? kNameWeight : 0;
            for (const auto& keyword : of_keywords)
                weight += std::ranges::count(keyword, word) != 0 ? kKeywordWeight : 0;
            known += weight == 0 ? kDescriptionWeight : weight;
            if (weight != 0) open.push_back(word);
        }
        return {std::move(row), known, std::move(open)};
    }

    Result<void> take(Candidate candidate) {
        CATALOG_TRY(const bool wanted, passes(moment_, filter_, candidate.row));
        if (!wanted) return {};
        const std::string name = lower_case(candidate.row.entry.id.name().view());
        if (name == whole_) candidate.bonus = kExactNameBonus;
        if (!filter_.newest_only) {
            candidates_.push_back(std::move(candidate));
            return {};
        }
        const auto [there, is_new] =
            newest_.try_emplace(candidate.row.entry.id.name().str(), candidate);
        if (!is_new &&
            compare_precedence(there->second.row.entry.version, candidate.row.entry.version) < 0)
            there->second = std::move(candidate);
        return {};
    }

    /// Leaves the best, in order. Reads descriptions only of those that may be among them.
    Result<void> score_best(std::size_t limit) {
        std::ranges::sort(candidates_, [](const Candidate& a, const Candidate& b) {
            return a.most() > b.most();
        });
        std::vector<double> best;  // a heap of the best scores, the least in front
        std::size_t scored = 0;
        for (; scored < candidates_.size(); ++scored) {
            Candidate& candidate = candidates_[scored];
            if (best.size() == limit && candidate.most() < best.front()) break;
            CATALOG_TRY_VOID(score(candidate));
            best.push_back(candidate.score());
            std::ranges::push_heap(best, std::greater<>());
            if (best.size() <= limit) continue;
            std::ranges::pop_heap(best, std::greater<>());
            best.pop_back();
        }
        candidates_.erase(candidates_.begin() + static_cast<std::ptrdiff_t>(scored),
                          candidates_.end());
        std::ranges::sort(candidates_, comes_before);
        if (candidates_.size() > limit)
            candidates_.erase(candidates_.begin() + static_cast<std::ptrdiff_t>(limit),
                              candidates_.end());
        return {};
    }

    Result<void> score(Candidate& candidate) const {
        if (candidate.open_words.empty()) return {};
        CATALOG_TRY_VOID(moment_.complete(candidate.row));
        const std::vector<std::string> said = words_of(candidate.row.entry.description);
        for (const std::string& word : candidate.open_words)
            candidate.weight += std::ranges::count(said, word) != 0 ? kDescriptionWeight : 0;
        candidate.open_words.clear();
        return {};
    }

    const Moment& moment_;
    const Filter& filter_;
    std::vector<std::string> words_;
    std::string whole_;
    std::vector<Candidate> candidates_;
    std::map<std::string, Candidate> newest_;  ///< By name.
};

}  // namespace

Result<std::vector<SearchHit>> PackageIndex::search(std::string_view words, const Filter& filter,
                                                    std::size_t limit) const {
    if (limit == 0 || limit > kHitsMax)
        return fail(Errc::kQueryInvalid, "a search returns 1 to 10,000 hits");
    std::vector<std::string> query = words_of(words);
    if (query.empty())
        return fail(Error(Errc::kQueryInvalid, "the search has no word")
                        .with_input(std::string(words.substr(0, 100))));
    if (query.size() > kQueryWordsMax)
        return fail(Errc::kQueryInvalid, "a search has at most 16 words");
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    return Search(*moment, filter, std::move(query), lower_case(words)).run(limit);
}

}  // namespace catalog::index
