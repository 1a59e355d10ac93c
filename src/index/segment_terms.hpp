#pragma once
// Terms of a segment: gathered version by version, written as dictionary and postings.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/index/segment.hpp"
#include "segment_file.hpp"
#include "segment_order.hpp"
#include "segment_posting_runs.hpp"
#include "segment_sort.hpp"
#include "segment_word_table.hpp"

namespace catalog::index {

class PostingWriter;

/// Gathers which terms each version has. Words and values of facets get numbers in the order in
/// which they first occur, and ranks in their byte order when all are known.
///
/// Words of some versions at a time have numbers of their own, so that the table in which most
/// lookups are stays in the cache; they are looked up among all words once a run. Thread safety:
/// one thread at a time.
class TermCollector {
public:
    TermCollector(const SegmentDraft& draft, const SegmentOrder& order,
                  const SegmentSecret& secret);

    /// Goes through all versions.
    void collect();

    /// Writes the sections from kTermFences to kLengths. Errors: kLimitExceeded (4 GiB of terms, 2
    /// GiB of postings), the sink's.
    [[nodiscard]] Result<void> write(SegmentFile& file);

    /// After `collect`.
    [[nodiscard]] std::uint32_t terms() const noexcept { return terms_; }
    /// Sum of the weights of all words.
    [[nodiscard]] std::uint64_t weight() const noexcept { return weight_; }

private:
    using Numbers = std::vector<std::uint32_t>;
    using Word = SegmentWordTable::Word;
    static constexpr std::uint32_t kRunVersions = 8192;

    /// Terms of a text by its number, once it was looked at.
    struct Known {
        std::vector<std::uint32_t> first;  ///< By text: place in `list` plus one, 0 for unknown.
        Numbers list;  ///< A count and so many values of facets, the same of words.
    };

    /// Words of `words_`.
    struct WordRange {
        std::size_t first = 0;
        std::size_t end = 0;
    };
    /// What was split of a version that is to come.
    struct Ahead {
        WordRange name;
        WordRange description;
        bool has_name = false;         ///< It is the first one of its name.
        bool has_description = false;  ///< Another one than that of the version before.
    };
    static constexpr std::uint32_t kBatchVersions = 16;
    static_assert(kRunVersions % kBatchVersions == 0);
    /// Of a posting that waits: its word's number is that of the run.
    static constexpr std::uint32_t kRunWord = 0x80000000;

    [[nodiscard]] std::uint32_t look_ahead(std::uint32_t first, std::uint32_t name);
    static void prefetch_known(const Known& known, std::span<const std::uint32_t> texts,
                               bool is_near) noexcept;
    [[nodiscard]] WordRange split(std::string_view text);
    /// Sets `out` to the words of a range, each once, as the run numbers them.
    void resolve(const WordRange& range, Numbers& out);
    void collect_version(const DraftRow& row, const Ahead& ahead);
    void collect_type_and_state(const DraftHead& head);
    void add_words(const Numbers& words, unsigned weight);
    /// Returns how many words the text has.
    std::size_t add_known(Known& known, std::uint32_t text, Facet facet, unsigned weight);
    void learn(Known& known, std::uint32_t text, Facet facet);
    [[nodiscard]] std::uint32_t facet_term(Facet facet, std::string_view value, bool fold);
    [[nodiscard]] Numbers words_of_run();
    void end_run();
    [[nodiscard]] Result<void> write_dictionary(SegmentFile& file, const Numbers& facets,
                                                const std::vector<FencedNumber>& words) const;
    [[nodiscard]] Result<void> write_postings(SegmentFile& file);

    const SegmentDraft& draft_;
    const SegmentOrder& order_;
    SegmentInterner facets_;  ///< Kind and value.
    SegmentWordTable words_;
    std::uint32_t terms_ = 0;
    std::uint32_t facet_count_ = 0;

    SegmentWordTable run_words_;
    std::uint32_t run_serial_ = 0;  ///< Of the text at hand, in the run.
    std::uint32_t serial_ = 0;      ///< The same among all.
    std::vector<Word> batch_words_;
    std::array<Ahead, kBatchVersions> ahead_;
    SegmentArena lowered_;  ///< Texts of the batch in lower case.

    Known authors_;
    Known keywords_;
    Known tags_;
    Known licenses_;
    std::array<std::uint32_t, 8> types_;  ///< Terms; kNoNumber until one is met.
    std::array<std::uint32_t, 8> states_;
    Numbers name_words_;
    Numbers description_words_;
    std::string_view description_;
    std::string folded_;

    PostingRuns facet_postings_{false};
    PostingRuns word_postings_{true};
    std::uint32_t run_first_ = 0;
    std::vector<std::uint16_t> lengths_;  ///< By version: sum of the weights of its words.
    std::uint64_t weight_ = 0;
};

}  // namespace catalog::index
