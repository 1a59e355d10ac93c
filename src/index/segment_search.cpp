// Full-text search of a segment: all words must match, best first. Blocks whose greatest impacts
// cannot reach the results are passed over (Ding and Suel, "Faster top-k document retrieval using
// block-max indexes", 2011).

#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include "catalog/index/segment.hpp"
#include "segment_bm25.hpp"
#include "segment_view.hpp"
#include "segment_words.hpp"

namespace catalog::index {

namespace {

constexpr std::size_t kSearchWordsMax = 16;
constexpr std::size_t kSearchHitsMax = 10'000;

bool is_better_hit(const SegmentHit& left, const SegmentHit& right) noexcept {
    return left.score != right.score ? left.score > right.score : left.doc < right.doc;
}

// The best hits so far. They come in order of versions, so of equal ones the earlier stays.
class TopHits {
public:
    explicit TopHits(std::size_t limit) : limit_(limit) {}

    /// What a hit has to exceed.
    [[nodiscard]] float threshold() const noexcept {
        return hits_.size() < limit_ ? -1 : hits_.front().score;
    }
    void add(std::uint32_t doc, float score) {
        if (score <= threshold()) return;
        if (hits_.size() == limit_) {
            std::ranges::pop_heap(hits_, is_better_hit);
            hits_.pop_back();
        }
        hits_.push_back({DocId{doc}, score});
        std::ranges::push_heap(hits_, is_better_hit);
    }
    [[nodiscard]] std::vector<SegmentHit> take() {
        std::ranges::sort(hits_, is_better_hit);
        return std::move(hits_);
    }

private:
    std::size_t limit_;
    std::vector<SegmentHit> hits_;  ///< The worst in front.
};

// One word of a query, and where in its postings the search stands.
class WordCursor {
public:
    WordCursor(const Segment::View& view, std::uint32_t term)
        : view_(&view),
          norm_(mean_length(view.root.weight, view.root.docs)),
          postings_(view.postings(term, true)),
          rarity_(word_rarity(postings_.df(), view.root.docs)) {
        const ByteView all = view[SectionKind::kChampions];
        const std::uint64_t row = std::uint64_t{postings_.champions()} * kChampions;
        if (postings_.champions() != kNoNumber && (row + kChampions) * kChampionBytes <= all.size())
            champions_ = all.data() + row * kChampionBytes;
        if (champions_ != nullptr) top_ = champion_score(0);
    }

    [[nodiscard]] std::uint32_t df() const noexcept { return postings_.df(); }
    [[nodiscard]] bool has_champions() const noexcept { return champions_ != nullptr; }
    [[nodiscard]] std::uint32_t champion(std::size_t index) const noexcept {
        return load_le<std::uint32_t>(champions_ + index * kChampionBytes);
    }
    /// Without the word's rarity.
    [[nodiscard]] float champion_score(std::size_t index) const noexcept {
        return std::bit_cast<float>(
            load_le<std::uint32_t>(champions_ + index * kChampionBytes + 4));
    }
    [[nodiscard]] float rarity() const noexcept { return rarity_; }
    [[nodiscard]] std::uint32_t blocks() const noexcept { return postings_.blocks(); }
    [[nodiscard]] PostingReader& postings() noexcept { return postings_; }
    [[nodiscard]] float most() const noexcept { return rarity_ * score_of_bound(255, top_); }
    [[nodiscard]] float most_in(std::uint32_t block) const noexcept {
        return rarity_ * score_of_bound(postings_.bound(block), top_);
    }
    [[nodiscard]] float score(std::size_t index) const noexcept {
        return rarity_ *
               word_score(postings_.weight(index), norm_(view_->length(postings_.docs()[index])));
    }

    // Steps to the block that may have `doc`; false when there is none any more. Goes forward only.
    [[nodiscard]] bool seek_block(std::uint32_t doc) noexcept {
        if (block_ < blocks() && postings_.last_doc(block_) >= doc) return true;
        std::uint32_t step = 1;
        std::uint32_t low = block_;
        while (low < blocks() && blocks() - low > step && postings_.last_doc(low + step) < doc) {
            low += step;
            step *= 2;
        }
        std::uint32_t high = blocks() - low > step ? low + step : blocks();
        while (low < high) {
            const std::uint32_t middle = low + (high - low) / 2;
            if (postings_.last_doc(middle) < doc)
                low = middle + 1;
            else
                high = middle;
        }
        block_ = low;
        return block_ < blocks();
    }
    [[nodiscard]] float most_here() const noexcept { return most_in(block_); }

    // The score of `doc` in the block at hand, negative when it is not there.
    [[nodiscard]] float find(std::uint32_t doc) noexcept {
        if (loaded_ != block_) {
            loaded_ = block_;
            if (!postings_.load(block_)) return -1;
        }
        const std::span<const std::uint32_t> docs = postings_.docs();
        const auto found = std::ranges::lower_bound(docs, doc);
        if (found == docs.end() || *found != doc) return -1;
        return score(static_cast<std::size_t>(found - docs.begin()));
    }

private:
    const Segment::View* view_;
    LengthNorm norm_;
    PostingReader postings_;
    float rarity_;
    const std::byte* champions_ = nullptr;
    float top_ = kBm25K1 + 1;  ///< No score is above it.
    std::uint32_t block_ = 0;
    std::uint32_t loaded_ = kNoNumber;
};

// The champions of a common word are its best versions.
bool take_champions(const Segment::View& view, const WordCursor& word, std::size_t limit,
                    std::vector<SegmentHit>& hits) {
    if (!word.has_champions() || limit > kChampions) return false;
    for (std::size_t i = 0; i < limit; ++i) {
        if (word.champion(i) >= view.root.docs) {
            hits.clear();
            return false;
        }
        hits.push_back({DocId{word.champion(i)}, word.rarity() * word.champion_score(i)});
    }
    return true;
}

// The score of a version in all words but the first; negative when one does not have it, or when
// the result could not be above `threshold`.
float score_rest(std::span<WordCursor> rest, std::uint32_t doc, float score, float threshold) {
    float most = score;
    for (WordCursor& word : rest) {
        if (!word.seek_block(doc)) return -1;
        most += word.most_here();
    }
    if (most <= threshold) return -1;
    for (WordCursor& word : rest) {
        const float part = word.find(doc);
        if (part < 0) return -1;
        score += part;
    }
    return score;
}

// `words` are in order of how many versions have them, the rarest first.
std::vector<SegmentHit> intersect(std::span<WordCursor> words, std::size_t limit) {
    TopHits top(limit);
    WordCursor& first = words.front();
    const std::span<WordCursor> rest = words.subspan(1);
    float most_of_rest = 0;
    for (const WordCursor& word : rest) most_of_rest += word.most();
    for (std::uint32_t block = 0; block < first.blocks(); ++block) {
        if (first.most_in(block) + most_of_rest <= top.threshold()) continue;
        if (!first.postings().load(block)) break;
        const std::span<const std::uint32_t> docs = first.postings().docs();
        for (std::size_t i = 0; i < docs.size(); ++i) {
            const float score = score_rest(rest, docs[i], first.score(i), top.threshold());
            if (score >= 0) top.add(docs[i], score);
        }
    }
    return top.take();
}

}  // namespace

Result<std::vector<SegmentHit>> Segment::search(std::string_view words, std::size_t limit) const {
    if (limit == 0 || limit > kSearchHitsMax)
        return fail(Errc::kQueryInvalid, "a search returns 1 to 10,000 hits");
    std::vector<std::string> texts;
    for_each_word(words, static_cast<char>(Facet::kWord), [&texts](std::string_view word) {
        if (texts.size() <= kSearchWordsMax && std::ranges::find(texts, word) == texts.end())
            texts.emplace_back(word);
    });
    if (texts.empty())
        return fail(Error(Errc::kQueryInvalid, "the search has no word")
                        .with_input(std::string(words.substr(0, 100))));
    if (texts.size() > kSearchWordsMax)
        return fail(Errc::kQueryInvalid, "a search has at most 16 words");
    std::vector<WordCursor> cursors;
    cursors.reserve(texts.size());
    for (const std::string& text : texts) {
        const auto term = view_->find_term(text);
        if (!term) return std::vector<SegmentHit>();
        cursors.emplace_back(*view_, *term);
    }
    std::vector<SegmentHit> hits;
    if (cursors.size() == 1 && take_champions(*view_, cursors.front(), limit, hits)) return hits;
    std::ranges::sort(cursors, [](const WordCursor& left, const WordCursor& right) {
        return left.df() < right.df();
    });
    return intersect(cursors, limit);
}

}  // namespace catalog::index
