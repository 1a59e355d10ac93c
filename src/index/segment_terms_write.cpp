#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <string>

#include "catalog/index/segment.hpp"
#include "catalog/internal/try.hpp"
#include "segment_bm25.hpp"
#include "segment_sort.hpp"
#include "segment_terms.hpp"

namespace catalog::index {

namespace {

constexpr std::uint64_t kTermTextBytesMax = 0xffffffff;
constexpr std::uint64_t kPostingBytesMax = std::uint64_t{0xffffffff} * 4;

std::uint32_t take_number(const std::byte*& from) noexcept {
    std::uint32_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        const auto byte = std::to_integer<std::uint32_t>(*from++);
        number |= (byte & 0x7f) << shift;
        if (byte < 0x80) return number;
    }
}

// Walks a run, which this module wrote a moment ago, term by term.
class RunCursor {
public:
    RunCursor(const Bytes& run, std::uint32_t first_version)
        : at_(run.data()), end_(run.data() + run.size()), first_(first_version) {
        next();
    }
    [[nodiscard]] std::uint64_t term() const noexcept { return term_; }
    void append(bool is_word, std::vector<std::uint32_t>& docs,
                std::vector<std::uint8_t>& weights) {
        std::uint32_t doc = first_;
        for (std::uint32_t count = take_number(at_); count > 0; --count) {
            doc += take_number(at_);
            docs.push_back(doc);
            if (is_word) weights.push_back(std::to_integer<std::uint8_t>(*at_++));
        }
        next();
    }

private:
    void next() noexcept {
        if (at_ == end_)
            term_ = UINT64_MAX;
        else
            term_ += take_number(at_);
    }

    const std::byte* at_;
    const std::byte* end_;
    std::uint32_t first_;
    std::uint64_t term_ = 0;
};

// Postings of all terms, in order of their numbers.
class PostingWriter {
public:
    PostingWriter(const std::vector<std::uint32_t>& lengths, std::uint64_t weight)
        : norms_(lengths.size()) {
        const float mean = mean_length(weight, lengths.size());
        for (std::size_t doc = 0; doc < lengths.size(); ++doc)
            norms_[doc] = length_norm(static_cast<float>(lengths[doc]), mean);
    }

    std::vector<std::uint32_t> docs;
    std::vector<std::uint8_t> weights;  ///< Beside `docs`; empty for a facet.

    // Writes what is in `docs` and `weights`.
    TermRow write(bool is_word) {
        TermRow row;
        row.df = static_cast<std::uint32_t>(docs.size());
        if (is_word) quantise(row);
        if (row.df == 1) {
            row.at = docs.front();
        } else if (row.df > 1) {
            row.at = static_cast<std::uint32_t>((flushed_ + blocks_.size()) / 4);
            append_postings(docs, impacts_, blocks_);
        }
        return row;
    }

    [[nodiscard]] Result<void> flush(SegmentFile& file, bool all) {
        if (!all && blocks_.size() < kFlushBytes) return {};
        flushed_ += blocks_.size();
        if (flushed_ > kPostingBytesMax)
            return fail(Errc::kLimitExceeded, "segment would have 16 GiB of postings",
                        LimitDetail{"segment_posting_bytes_max", kPostingBytesMax, flushed_});
        const auto written = file.append(blocks_);
        blocks_.clear();
        return written;
    }

    [[nodiscard]] const Bytes& champions() const noexcept { return champions_; }

    void begin_term() {
        docs.clear();
        weights.clear();
        impacts_.clear();
    }

private:
    void quantise(TermRow& row) {
        scores_.resize(docs.size());
        for (std::size_t i = 0; i < docs.size(); ++i)
            scores_[i] = word_score(static_cast<float>(weights[i]), norms_[docs[i]]);
        row.scale = *std::ranges::max_element(scores_);
        impacts_.resize(docs.size());
        const float steps = 255.0F / row.scale;
        for (std::size_t i = 0; i < docs.size(); ++i)
            impacts_[i] =
                static_cast<std::uint8_t>(std::clamp(scores_[i] * steps + 0.5F, 1.0F, 255.0F));
        if (docs.size() > kBlockPostings) row.champions = add_champions();
    }

    // The best versions of a common word, best first, with their unrounded scores.
    std::uint32_t add_champions() {
        const auto is_better = [this](std::uint32_t left, std::uint32_t right) {
            return scores_[left] != scores_[right] ? scores_[left] > scores_[right] : left < right;
        };
        best_.clear();
        for (std::uint32_t i = 0; i < docs.size(); ++i) {
            if (best_.size() == kChampions) {
                if (!is_better(i, best_.front())) continue;
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
            store_word(&champions_[at], docs[i]);
            store_word(&champions_[at + 4], std::bit_cast<std::uint32_t>(scores_[i]));
        }
        return number;
    }

    static constexpr std::size_t kFlushBytes = std::size_t{1} << 20;
    std::vector<float> norms_;
    std::vector<float> scores_;
    std::vector<std::uint8_t> impacts_;
    std::vector<std::uint32_t> best_;
    Bytes blocks_;
    Bytes champions_;
    std::uint64_t flushed_ = 0;
};

}  // namespace

Result<void> TermCollector::write_dictionary(SegmentFile& file,
                                             const std::vector<std::uint32_t>& sorted) {
    std::vector<std::uint64_t> fences;
    std::vector<std::uint32_t> offsets;
    offsets.reserve(sorted.size() + 1);
    std::uint64_t at = 0;
    for (std::size_t rank = 0; rank < sorted.size(); ++rank) {
        const std::string_view text = terms_.text(sorted[rank]);
        if (rank % kFenceStep == 0) fences.push_back(fence_of(text));
        offsets.push_back(static_cast<std::uint32_t>(at));
        at += text.size();
    }
    offsets.push_back(static_cast<std::uint32_t>(at));
    if (at > kTermTextBytesMax)
        return fail(Errc::kLimitExceeded, "segment would have 4 GiB of terms",
                    LimitDetail{"segment_term_bytes_max", kTermTextBytesMax, at});
    CATALOG_TRY_VOID(file.write(SectionKind::kTermFences, fences));
    CATALOG_TRY_VOID(file.write(SectionKind::kTermOffsets, offsets));
    CATALOG_TRY_VOID(file.begin(SectionKind::kTermTexts));
    for (const std::uint32_t term : sorted)
        CATALOG_TRY_VOID(file.append(as_bytes(terms_.text(term))));
    return {};
}

Result<void> TermCollector::write(SegmentFile& file) {
    std::vector<std::uint32_t> sorted(terms_.size());
    std::iota(sorted.begin(), sorted.end(), 0U);
    sort_by_text(sorted, [this](std::uint32_t term) { return terms_.text(term); });
    CATALOG_TRY_VOID(write_dictionary(file, sorted));

    PostingWriter writer(lengths_, weight_);
    lengths_ = {};
    std::vector<RunCursor> cursors;
    for (std::size_t run = 0; run < runs_.size(); ++run)
        cursors.emplace_back(runs_[run], static_cast<std::uint32_t>(run) * kRunVersions);
    CATALOG_TRY_VOID(file.begin(SectionKind::kPostings));
    std::vector<TermRow> rows(terms_.size());
    for (std::uint32_t term = 0; term < rows.size(); ++term) {
        const bool is_word = terms_.text(term).front() == static_cast<char>(Facet::kWord);
        writer.begin_term();
        for (RunCursor& cursor : cursors)
            if (cursor.term() == term) cursor.append(is_word, writer.docs, writer.weights);
        rows[term] = writer.write(is_word);
        CATALOG_TRY_VOID(writer.flush(file, false));
    }
    CATALOG_TRY_VOID(writer.flush(file, true));
    CATALOG_TRY_VOID(file.append_zeros(kPostingsSlackBytes));
    CATALOG_TRY_VOID(file.begin(SectionKind::kChampions));
    CATALOG_TRY_VOID(file.append(writer.champions()));
    CATALOG_TRY_VOID(file.begin(SectionKind::kTermRows));
    for (const std::uint32_t term : sorted) {
        std::array<std::byte, kTermRowBytes> bytes;
        store_word(bytes.data(), rows[term].df);
        store_word(&bytes[4], rows[term].at);
        store_word(&bytes[8], std::bit_cast<std::uint32_t>(rows[term].scale));
        store_word(&bytes[12], rows[term].champions);
        CATALOG_TRY_VOID(file.append(bytes));
    }
    return {};
}

}  // namespace catalog::index
