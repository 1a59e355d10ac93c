#include <algorithm>
#include <bit>
#include <string>

#include "catalog/internal/try.hpp"
#include "segment_bm25.hpp"
#include "segment_verify.hpp"

namespace catalog::index {

namespace {

using View = Segment::View;

tl::unexpected<Error> term_damaged(std::string_view term, std::string_view what) {
    return segment_damaged("has a term '" + std::string(term) + "' with " + std::string(what));
}

// Postings of one term after the other, and what they say together.
class TermCheck {
public:
    explicit TermCheck(const View& view)
        : view_(view), norm_(mean_length(view.root.weight, view.root.docs)) {}

    [[nodiscard]] Result<void> check(std::uint32_t index, std::string_view text) {
        const bool is_word = text.starts_with(static_cast<char>(Facet::kWord));
        PostingReader postings = view_.postings(index, is_word);
        const TermRow row = view_.term_row(index);
        const bool is_only = (row.place & kOnlyPosting) != 0;
        if (is_only ? (row.weight != 0) != is_word : row.weight != 0)
            return term_damaged(text, "a weight that it has not");
        std::uint64_t count = 0;
        bounds_.clear();
        scores_.clear();
        for (std::uint32_t block = 0; block < postings.blocks(); ++block) {
            if (!postings.load(block) ||
                (postings.blocks() > 1 && postings.docs().back() != postings.last_doc(block)))
                return term_damaged(text, "damaged postings");
            count += postings.docs().size();
            if (is_word) add_scores(postings);
        }
        if (count == 0 || count != postings.df()) return term_damaged(text, "damaged postings");
        return is_word && postings.blocks() > 1 ? check_best(postings, text) : Result<void>();
    }

    [[nodiscard]] std::uint32_t champion_rows() const noexcept { return champion_rows_; }

private:
    struct Score {
        std::uint32_t doc;
        float score;
    };

    void add_scores(const PostingReader& postings) {
        float most = 0;
        for (std::size_t i = 0; i < postings.docs().size(); ++i) {
            const std::uint32_t doc = postings.docs()[i];
            const float score = word_score(postings.weight(i), norm_(view_.length(doc)));
            scores_.push_back({doc, score});
            most = std::max(most, score);
        }
        bounds_.push_back(most);
    }

    // Bounds and champions follow from the scores.
    [[nodiscard]] Result<void> check_best(const PostingReader& postings, std::string_view text) {
        const float top = *std::ranges::max_element(bounds_);
        for (std::uint32_t block = 0; block < postings.blocks(); ++block)
            if (postings.bound(block) != bound_of(bounds_[block], top))
                return term_damaged(text, "a bound that does not follow from its weights");
        const ByteView all = view_[SectionKind::kChampions];
        if (postings.champions() != champion_rows_++ ||
            std::uint64_t{champion_rows_} * kChampions * kChampionBytes > all.size())
            return term_damaged(text, "champions of another term");
        std::ranges::partial_sort(
            scores_, scores_.begin() + kChampions, [](const Score& left, const Score& right) {
                return left.score != right.score ? left.score > right.score : left.doc < right.doc;
            });
        const std::byte* champion =
            all.data() + std::size_t{champion_rows_ - 1} * kChampions * kChampionBytes;
        for (std::size_t i = 0; i < kChampions; ++i, champion += kChampionBytes)
            if (load_le<std::uint32_t>(champion) != scores_[i].doc ||
                load_le<std::uint32_t>(champion + 4) !=
                    std::bit_cast<std::uint32_t>(scores_[i].score))
                return term_damaged(text, "champions that are not its best versions");
        return {};
    }

    const View& view_;
    LengthNorm norm_;
    std::vector<float> bounds_;
    std::vector<Score> scores_;
    std::uint32_t champion_rows_ = 0;
};

Result<void> check_lengths(const View& view) {
    std::uint64_t weight = 0;
    for (std::uint32_t doc = 0; doc < view.root.docs; ++doc) weight += view.length(doc);
    if (weight != view.root.weight)
        return segment_damaged("has versions whose words weigh another sum than it says");
    return {};
}

}  // namespace

Result<void> check_terms(const View& view) {
    CATALOG_TRY_VOID(check_lengths(view));
    TermCheck check(view);
    std::string last;
    DictionaryWalk walk;
    for (std::uint32_t index = 0; index < view.root.terms; ++index) {
        const auto block = static_cast<std::uint32_t>(index / kFenceStep);
        const bool is_first = index % kFenceStep == 0;
        // A block that does not end where the next begins gives another text there.
        if (is_first) walk = view.terms_from(block);
        if (!walk.next()) return segment_damaged("has terms that are cut short");
        const std::string_view text = walk.text();
        if (text.empty() || (index > 0 && last >= text))
            return segment_damaged("has terms that are not in order");
        if (walk.shared() != (is_first ? 0 : shared_bytes(last, text)))
            return segment_damaged("has a term in another form");
        if (is_first && load_le<std::uint64_t>(view.at(SectionKind::kTermFences) +
                                               std::size_t{8} * block) != fence_of(text))
            return segment_damaged("has a fence that is not what it stands before");
        CATALOG_TRY_VOID(check.check(index, text));
        last.assign(text);
    }
    if (std::uint64_t{check.champion_rows()} * kChampions * kChampionBytes !=
        view.root[SectionKind::kChampions].bytes)
        return segment_damaged("has champions of no term");
    return {};
}

}  // namespace catalog::index
