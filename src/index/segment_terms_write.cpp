#include <algorithm>
#include <bit>
#include <numeric>
#include <string>

#include "catalog/index/segment.hpp"
#include "catalog/internal/try.hpp"
#include "segment_dictionary.hpp"
#include "segment_posting_writer.hpp"
#include "segment_sort.hpp"
#include "segment_terms.hpp"

namespace catalog::index {

namespace {

constexpr std::uint64_t kTermTextBytesMax = 0xffffffff;
constexpr std::uint64_t kPostingBytesMax = kOnlyPosting - 1;

}  // namespace

PostingWriter::PostingWriter(std::span<const std::uint16_t> lengths, std::uint64_t weight)
    : lengths_(lengths), norm_(mean_length(weight, lengths.size())) {}

TermRow PostingWriter::write(bool is_word) {
    if (docs.size() == 1)
        return {docs.front() | kOnlyPosting, is_word ? weights.front() : std::uint8_t{0}};
    TermRow row;
    row.place = static_cast<std::uint32_t>(flushed_ + blocks_.size());
    std::uint32_t champions = kNoNumber;
    bounds_.clear();
    if (is_word && docs.size() > kBlockPostings) {
        scores_.resize(docs.size());
        for (std::size_t i = 0; i < docs.size(); ++i)
            scores_[i] = word_score(weights[i], norm_(lengths_[docs[i]]));
        champions = add_champions();
        set_bounds();
    }
    append_postings(docs, weights, bounds_, champions, blocks_);
    return row;
}

void PostingWriter::set_bounds() {
    const float top = *std::ranges::max_element(scores_);
    for (std::size_t first = 0; first < scores_.size(); first += kBlockPostings) {
        const auto block =
            std::span(scores_).subspan(first, std::min(kBlockPostings, scores_.size() - first));
        bounds_.push_back(bound_of(*std::ranges::max_element(block), top));
    }
}

Result<void> PostingWriter::flush(SegmentFile& file, bool all) {
    if (!all && blocks_.size() < kFlushBytes) return {};
    flushed_ += blocks_.size();
    if (flushed_ > kPostingBytesMax)
        return fail(Errc::kLimitExceeded, "segment would have 2 GiB of postings",
                    LimitDetail{"segment_posting_bytes_max", kPostingBytesMax, flushed_});
    const auto written = file.append(blocks_);
    blocks_.clear();
    return written;
}

// The best versions of a common word, best first, with their scores.
std::uint32_t PostingWriter::add_champions() {
    const auto is_better = [this](std::uint32_t left, std::uint32_t right) {
        return scores_[left] != scores_[right] ? scores_[left] > scores_[right] : left < right;
    };
    best_.clear();
    for (std::uint32_t i = 0; i < docs.size(); ++i) {
        if (best_.size() == kChampions) {
            if (scores_[i] <= scores_[best_.front()]) continue;
            std::ranges::pop_heap(best_, is_better);
            best_.back() = i;
        } else {
            best_.push_back(i);
        }
        std::ranges::push_heap(best_, is_better);
    }
    std::ranges::sort_heap(best_, is_better);
    const auto number =
        static_cast<std::uint32_t>(champions_.size() / (kChampions * kChampionBytes));
    for (const std::uint32_t i : best_) {
        const std::size_t at = champions_.size();
        champions_.resize(at + kChampionBytes);
        store_le(&champions_[at], docs[i]);
        store_le(&champions_[at + 4], std::bit_cast<std::uint32_t>(scores_[i]));
    }
    return number;
}

Result<void> TermCollector::write_dictionary(SegmentFile& file, const Numbers& facets,
                                             const std::vector<FencedNumber>& words) const {
    DictionaryWriter dictionary;
    constexpr std::size_t kAhead = 16;
    for (std::size_t i = 0; i < facets.size(); ++i) {
        if (i + kAhead < facets.size()) facets_.prefetch_number(facets[i + kAhead]);
        dictionary.add(facets_.text(facets[i]));
    }
    std::string text;
    SegmentWordTable::TextBuffer buffer;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i + kAhead < words.size()) words_.prefetch_number(words[i + kAhead].number);
        text.assign(1, static_cast<char>(Facet::kWord));
        dictionary.add(text.append(words_.text(words[i].number, buffer)));
    }
    const std::vector<std::uint32_t>& offsets = dictionary.finish();
    if (dictionary.texts().size() > kTermTextBytesMax)
        return fail(
            Errc::kLimitExceeded, "segment would have 4 GiB of terms",
            LimitDetail{"segment_term_bytes_max", kTermTextBytesMax, dictionary.texts().size()});
    CATALOG_TRY_VOID(file.write(SectionKind::kTermFences, dictionary.fences()));
    CATALOG_TRY_VOID(file.write(SectionKind::kTermOffsets, offsets));
    CATALOG_TRY_VOID(file.begin(SectionKind::kTermTexts));
    return file.append(dictionary.texts());
}

Result<void> TermCollector::write_postings(SegmentFile& file) {
    PostingWriter writer(lengths_, weight_);
    std::vector<std::uint32_t> rows(terms_);
    std::vector<std::uint8_t> weights(terms_);
    CATALOG_TRY_VOID(file.begin(SectionKind::kPostings));
    for (std::uint32_t rank = 0; rank < rows.size(); ++rank) {
        // No facet stands behind words.
        const bool is_word = rank >= facet_count_;
        writer.docs.clear();
        writer.weights.clear();
        if (is_word)
            word_postings_.take(rank - facet_count_, writer.docs, writer.weights);
        else
            facet_postings_.take(rank, writer.docs, writer.weights);
        const TermRow row = writer.write(is_word);
        rows[rank] = row.place;
        weights[rank] = row.weight;
        CATALOG_TRY_VOID(writer.flush(file, false));
    }
    CATALOG_TRY_VOID(writer.flush(file, true));
    CATALOG_TRY_VOID(file.append_zeros(kPostingsSlackBytes));
    CATALOG_TRY_VOID(file.begin(SectionKind::kChampions));
    CATALOG_TRY_VOID(file.append(writer.champions()));
    CATALOG_TRY_VOID(file.write(SectionKind::kTermRows, rows));
    return file.write(SectionKind::kTermWeights, weights);
}

Result<void> TermCollector::write(SegmentFile& file) {
    {
        Numbers facets(facets_.size());
        std::iota(facets.begin(), facets.end(), 0U);
        sort_by_text(facets, [this](std::uint32_t facet) { return facets_.text(facet); });
        std::vector<FencedNumber> words;
        words.reserve(words_.size());
        for (std::uint32_t word = 0; word < words_.size(); ++word)
            words.push_back({words_.fence(word), word});
        sort_by_text(words, [this](std::uint32_t left, std::uint32_t right) {
            return words_.is_less(left, right);
        });
        CATALOG_TRY_VOID(write_dictionary(file, facets, words));
        Numbers ranks(words.size());
        for (std::uint32_t rank = 0; rank < words.size(); ++rank) ranks[words[rank].number] = rank;
        words = {};
        words_.clear_all();
        word_postings_.rank(ranks);
        ranks.resize(facets.size());
        for (std::uint32_t rank = 0; rank < facets.size(); ++rank) ranks[facets[rank]] = rank;
        facets_.clear();
        facet_postings_.rank(ranks);
    }
    CATALOG_TRY_VOID(write_postings(file));
    return file.write(SectionKind::kLengths, lengths_);
}

}  // namespace catalog::index
