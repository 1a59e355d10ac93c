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

std::uint32_t take_number(const std::byte*& from) noexcept {
    std::uint32_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        const auto byte = std::to_integer<std::uint32_t>(*from++);
        number |= (byte & 0x7f) << shift;
        if (byte < 0x80) return number;
    }
}

// Walks a run, which this module wrote a moment ago, in order of the terms' ranks.
class RunCursor {
public:
    RunCursor(TermRun& run, const std::vector<std::uint32_t>& ranks, std::uint32_t first_version,
              std::vector<std::uint64_t>& scratch)
        : run_(run), first_(first_version) {
        for (std::uint64_t& place : run_.places)
            place = std::uint64_t{ranks[place >> 32]} << 32 | (place & 0xffffffff);
        sort_by_upper(run_.places, scratch, ranks.size());
        step();
    }
    [[nodiscard]] std::uint64_t rank() const noexcept { return rank_; }
    void append(bool is_word, std::vector<std::uint32_t>& docs,
                std::vector<std::uint8_t>& weights) {
        const std::byte* at = &run_.postings[run_.places[next_ - 1] & 0xffffffff];
        // What comes later lies anywhere.
        if (next_ + kAhead < run_.places.size())
            __builtin_prefetch(&run_.postings[run_.places[next_ + kAhead] & 0xffffffff]);
        std::uint32_t doc = first_;
        for (std::uint32_t count = take_number(at); count > 0; --count) {
            doc += take_number(at);
            docs.push_back(doc);
            if (is_word) weights.push_back(std::to_integer<std::uint8_t>(*at++));
        }
        step();
    }

private:
    void step() noexcept {
        rank_ = next_ == run_.places.size() ? UINT64_MAX : run_.places[next_] >> 32;
        ++next_;
    }

    static constexpr std::size_t kAhead = 8;
    TermRun& run_;
    std::uint32_t first_;
    std::size_t next_ = 0;  ///< One behind the term at hand.
    std::uint64_t rank_ = 0;
};

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

Result<void> TermCollector::write_dictionary(SegmentFile& file,
                                             const std::vector<std::uint32_t>& sorted) const {
    DictionaryWriter dictionary;
    constexpr std::size_t kAhead = 16;
    for (std::size_t rank = 0; rank < sorted.size(); ++rank) {
        if (rank + kAhead < sorted.size()) terms_.prefetch_number(sorted[rank + kAhead]);
        dictionary.add(terms_.text(sorted[rank]));
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

Result<void> TermCollector::write_postings(SegmentFile& file,
                                           const std::vector<std::uint32_t>& sorted) {
    std::vector<std::uint32_t> ranks(sorted.size());
    for (std::uint32_t rank = 0; rank < ranks.size(); ++rank) ranks[sorted[rank]] = rank;
    std::vector<RunCursor> cursors;
    std::vector<std::uint64_t> scratch;
    for (std::size_t run = 0; run < runs_.size(); ++run)
        cursors.emplace_back(runs_[run], ranks, static_cast<std::uint32_t>(run) * kRunVersions,
                             scratch);
    PostingWriter writer(lengths_, weight_);
    std::vector<std::uint32_t> rows(sorted.size());
    std::vector<std::uint8_t> weights(sorted.size());
    // No facet stands behind words.
    const auto first_word = static_cast<std::uint32_t>(
        std::ranges::partition_point(sorted,
                                     [this](std::uint32_t term) {
                                         return terms_.text(term).front() <
                                                static_cast<char>(Facet::kWord);
                                     }) -
        sorted.begin());
    CATALOG_TRY_VOID(file.begin(SectionKind::kPostings));
    for (std::uint32_t rank = 0; rank < rows.size(); ++rank) {
        const bool is_word = rank >= first_word;
        writer.docs.clear();
        writer.weights.clear();
        for (RunCursor& cursor : cursors)
            if (cursor.rank() == rank) cursor.append(is_word, writer.docs, writer.weights);
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
    std::vector<std::uint32_t> sorted(terms_.size());
    std::iota(sorted.begin(), sorted.end(), 0U);
    sort_by_text(sorted, [this](std::uint32_t term) { return terms_.text(term); });
    CATALOG_TRY_VOID(write_dictionary(file, sorted));
    CATALOG_TRY_VOID(write_postings(file, sorted));
    return file.write(SectionKind::kLengths, lengths_);
}

}  // namespace catalog::index
