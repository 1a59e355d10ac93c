#include "query_sealed.hpp"

#include <bit>
#include <limits>

#include "segment_bm25.hpp"
#include "segment_view.hpp"

namespace catalog::index {

SealedWord::SealedWord(const Segment::View& view, std::uint32_t term)
    : postings_(view.postings(term, true)), top_(kBm25K1 + 1) {
    const ByteView all = view[SectionKind::kChampions];
    const std::uint64_t row = std::uint64_t{postings_.champions()} * kChampions;
    if (postings_.champions() == kNoNumber || (row + kChampions) * kChampionBytes > all.size())
        return;
    champions_ = all.data() + row * kChampionBytes;
    top_ = std::bit_cast<float>(load_le<std::uint32_t>(champions_ + 4));
}

bool SealedWord::seek(std::uint32_t doc) noexcept {
    const std::uint32_t blocks = postings_.blocks();
    if (blocks == 0) return false;
    const bool is_behind = block_ > 0 && postings_.last_doc(block_ - 1) >= doc;
    std::uint32_t low = is_behind ? 0 : block_;
    std::uint32_t high = is_behind ? block_ : blocks;
    for (std::uint32_t step = 1; !is_behind && high - low > step; step *= 2) {
        if (postings_.last_doc(low + step - 1) >= doc) {
            high = low + step;
            break;
        }
        low += step;
    }
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (postings_.last_doc(middle) < doc)
            low = middle + 1;
        else
            high = middle;
    }
    if (low >= blocks) return false;
    block_ = low;
    return true;
}

float SealedWord::most() const noexcept { return score_of_bound(postings_.bound(block_), top_); }

std::span<const std::uint32_t> SealedWord::docs() noexcept {
    if (loaded_ != block_) {
        loaded_ = block_;
        static_cast<void>(postings_.load(block_));
    }
    return postings_.docs();
}

unsigned SealedWord::weight_in(std::uint32_t doc) noexcept {
    if (!seek(doc)) return 0;
    const std::span<const std::uint32_t> here = docs();
    const auto found = std::ranges::lower_bound(here, doc);
    if (found == here.end() || *found != doc) return 0;
    return postings_.weight(static_cast<std::size_t>(found - here.begin()));
}

std::vector<std::uint32_t> SealedWord::champions() const {
    std::vector<std::uint32_t> docs;
    for (std::size_t i = 0; champions_ != nullptr && i < kChampions; ++i)
        docs.push_back(load_le<std::uint32_t>(champions_ + i * kChampionBytes));
    return docs;
}

SealedQuery::SealedQuery(const SealedSegment& sealed, const QueryPlan& plan)
    : sealed_(&sealed), plan_(&plan), docs_(sealed.segment().version_count()) {
    const Segment::View& view = sealed.segment().view();
    mean_ = mean_length(view.root.weight, view.root.docs);
    for (const std::string& word : plan.words) {
        const auto term = view.find_term(static_cast<char>(Facet::kWord) + word);
        if (term)
            words_.emplace_back(SealedWord(view, *term));
        else
            words_.emplace_back();
    }
}

std::uint64_t SealedQuery::having(std::size_t word) noexcept {
    SealedWord* there = find(word);
    if (there == nullptr) return 0;
    std::uint64_t count = there->df();
    for (const std::uint32_t doc : sealed_->place.dead)
        if (there->weight_in(doc) != 0) --count;
    return count;
}

std::uint64_t SealedQuery::length() const noexcept {
    const Segment::View& view = sealed_->segment().view();
    std::uint64_t sum = view.root.weight;
    for (const std::uint32_t doc : sealed_->place.dead)
        if (doc < docs_) sum -= view.length(doc);
    return sum;
}

VersionWeights SealedQuery::weights_of(std::uint32_t doc) noexcept {
    VersionWeights weights;
    for (std::size_t word = 0; word < words_.size(); ++word)
        if (SealedWord* there = find(word); there != nullptr)
            weights.words[word] = static_cast<std::uint16_t>(there->weight_in(doc));
    weights.length = sealed_->segment().view().length(doc);
    return weights;
}

// Of the clause that the fewest versions can hold for: of each alternative the rarest word. None
// when a clause holds for no version.
std::optional<std::vector<std::size_t>> SealedQuery::find_leads() const {
    std::optional<std::vector<std::size_t>> best;
    std::uint64_t fewest = std::numeric_limits<std::uint64_t>::max();
    for (const PlannedClause& clause : plan_->required) {
        std::vector<std::size_t> leads;
        std::uint64_t count = 0;
        for (const PlannedAlternative& way : clause) {
            const bool can_hold = std::ranges::all_of(
                way.words, [this](std::uint8_t word) { return find(word) != nullptr; });
            if (!can_hold) continue;
            const auto rarest = std::ranges::min_element(
                way.words, {}, [this](std::uint8_t word) { return df(word); });
            if (std::ranges::find(leads, *rarest) != leads.end()) continue;
            leads.push_back(*rarest);
            count += df(*rarest);
        }
        if (leads.empty()) return std::nullopt;
        if (count < fewest) {
            fewest = count;
            best = std::move(leads);
        }
    }
    return best;
}

// The best versions of one word: seen first, they leave the fewer others to look at.
std::vector<std::uint32_t> SealedQuery::champions_of(const std::vector<std::size_t>& leads) const {
    const SealedWord* only = leads.size() == 1 ? find(leads.front()) : nullptr;
    return only != nullptr ? only->champions() : std::vector<std::uint32_t>();
}

double SealedQuery::most_of(std::size_t word, float part) const noexcept {
    return plan_->bound(word, part, mean_);
}

SealedQuery::Range SealedQuery::range_at(const std::vector<std::size_t>& leads,
                                         std::uint32_t from) {
    Range range;
    range.last = docs_ - 1;
    for (const std::size_t lead : leads) {
        SealedWord* word = find(lead);
        if (word == nullptr || !word->seek(from)) continue;
        range.has_any = true;
        range.most += most_of(lead, word->most());
        range.last = std::min(range.last, word->last_doc());
    }
    return range;
}

void SealedQuery::collect(const std::vector<std::size_t>& leads, std::uint32_t from,
                          std::uint32_t last, std::vector<std::uint32_t>& docs) {
    docs.clear();
    for (const std::size_t lead : leads) {
        SealedWord* word = find(lead);
        if (word == nullptr || !word->seek(from)) continue;
        const std::span<const std::uint32_t> all = word->docs();
        const auto first = std::ranges::lower_bound(all, from);
        docs.insert(docs.end(), first, std::ranges::upper_bound(first, all.end(), last));
    }
    if (leads.size() == 1) return;
    std::ranges::sort(docs);
    const auto rest = std::ranges::unique(docs);
    docs.erase(rest.begin(), rest.end());
}

double SealedQuery::bound_at(std::uint32_t doc) noexcept {
    double most = 0;
    for (std::size_t word = 0; word < words_.size(); ++word)
        if (SealedWord* there = find(word);
            there != nullptr && plan_->is_scored[word] && there->seek(doc))
            most += most_of(word, there->most());
    return most;
}

bool SealedQuery::is_wanted(std::uint32_t doc) {
    if (sealed_->is_dead(doc)) return false;
    weights_ = weights_of(doc);
    return plan_->holds(weights_);
}

}  // namespace catalog::index
