// Full-text search: all words must match; postings are intersected by leaping.

#include <algorithm>
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
    WordPostings(const kv::KeyValueStore& store, kv::Family family, std::string_view word)
        : prefix_(posting_prefix(TermKind::kWord, word)), iterator_(store.iterate(family)) {
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

double score_of(const std::vector<WordPostings>& lists, const IndexEntry& entry,
                std::string_view query) {
    double score = 0;
    for (const WordPostings& list : lists) score += list.weight();
    const std::string name = lower_case(entry.id.name().view());
    if (name == query) score += kExactNameBonus;
    return score - static_cast<double>(name.size()) /
                       1000;  // of equal matches the shorter name is the better one
}

}  // namespace

Result<std::vector<SearchHit>> PackageIndex::search(std::string_view words, const Filter& filter,
                                                    std::size_t limit) const {
    if (limit == 0 || limit > kHitsMax)
        return fail(Errc::kQueryInvalid, "a search returns 1 to 10,000 hits");
    const std::vector<std::string> query = words_of(words);
    if (query.empty())
        return fail(Error(Errc::kQueryInvalid, "the search has no word")
                        .with_input(std::string(words.substr(0, 100))));
    if (query.size() > kQueryWordsMax)
        return fail(Errc::kQueryInvalid, "a search has at most 16 words");
    std::vector<WordPostings> lists;
    lists.reserve(query.size());
    for (const std::string& word : query)
        lists.emplace_back(impl_->store, impl_->families.postings, word);

    const std::string whole = lower_case(words);
    std::map<std::string, SearchHit>
        newest;  // by name; postings come oldest version first, so a later one replaces
    std::vector<SearchHit> hits;
    while (align(lists)) {
        CATALOG_TRY(const IndexEntry entry, impl_->entry_at("p" + std::string(lists.front().at())));
        CATALOG_TRY(const bool passes, impl_->passes(filter, entry));
        if (passes) {
            SearchHit hit{entry, score_of(lists, entry, whole)};
            if (filter.newest_only)
                newest.insert_or_assign(entry.id.name().str(), std::move(hit));
            else
                hits.push_back(std::move(hit));
        }
        lists.front().next();
    }
    for (const WordPostings& list : lists) CATALOG_TRY_VOID(list.status());
    for (auto& [name, hit] : newest) hits.push_back(std::move(hit));
    std::ranges::sort(hits, [](const SearchHit& a, const SearchHit& b) {
        if (a.score != b.score) return a.score > b.score;
        if (a.entry.id.name() != b.entry.id.name()) return a.entry.id.name() < b.entry.id.name();
        return compare_precedence(a.entry.version, b.entry.version) > 0;
    });
    if (hits.size() > limit)
        hits.erase(hits.begin() + static_cast<std::ptrdiff_t>(limit), hits.end());
    return hits;
}

}  // namespace catalog::index
