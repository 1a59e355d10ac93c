#pragma once
// Terms of a segment: gathered version by version, written as dictionary and postings.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "catalog/index/segment.hpp"
#include "segment_file.hpp"
#include "segment_order.hpp"
#include "segment_postings.hpp"

namespace catalog::index {

/// Postings of some versions, sorted by term.
struct TermRun {
    /// Number of a term in the upper half, where its postings begin in the lower one.
    std::vector<std::uint64_t> places;
    Bytes postings;  ///< For each term their count, then gap and, of a word, weight.
};

/// Sorts by the upper half, which is below `end`; equal ones stay in order.
void sort_by_upper(std::vector<std::uint64_t>& entries, std::vector<std::uint64_t>& scratch,
                   std::uint64_t end);

/// Gathers which terms each version has. Terms get numbers in the order in which they first occur,
/// and ranks in their byte order when all are known.
///
/// Postings of 65,536 versions at a time are sorted by term and kept in a run of about two bytes
/// each. Thread safety: one thread at a time.
class TermCollector {
public:
    TermCollector(const SegmentDraft& draft, const SegmentOrder& order,
                  const SegmentSecret& secret);

    /// Goes through all versions.
    void collect();

    /// Writes the sections from kTermFences to kLengths. Errors: kLimitExceeded (4 GiB of terms, 2
    /// GiB of postings), the sink's.
    [[nodiscard]] Result<void> write(SegmentFile& file);

    [[nodiscard]] std::uint32_t terms() const noexcept { return terms_.size(); }
    /// Sum of the weights of all words.
    [[nodiscard]] std::uint64_t weight() const noexcept { return weight_; }

private:
    using Numbers = std::vector<std::uint32_t>;
    static constexpr std::uint32_t kRunVersions = 65536;

    /// Words of a text by its number, once it was looked at.
    struct Known {
        std::vector<std::uint32_t> first;  ///< By text: place in `list` plus one, 0 for unknown.
        Numbers list;                      ///< A count and so many terms.
    };

    struct Word {
        std::uint64_t hash = 0;
        std::size_t at = 0;
        std::size_t bytes = 0;
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

    [[nodiscard]] std::uint32_t look_ahead(std::uint32_t first, std::uint32_t name);
    static void prefetch_known(const Known& known, std::span<const std::uint32_t> texts,
                               bool is_near) noexcept;
    [[nodiscard]] WordRange split(char kind, std::string_view text);
    void prefetch_words() const noexcept;
    /// Appends the terms of words, each once, to `out`.
    void resolve(const WordRange& range, Numbers& out);
    void collect_version(const DraftRow& row, const Ahead& ahead);
    void collect_type_and_state(const DraftHead& head);
    void add(std::uint32_t term, unsigned weight);
    void add_known(Known& known, std::uint32_t text, Facet facet, unsigned weight);
    [[nodiscard]] std::uint32_t facet_term(Facet facet, std::string_view value, bool fold);
    /// Appends the words of a text, each once, to `out`.
    void words(char kind, std::string_view text, Numbers& out);
    void end_run();
    [[nodiscard]] Result<void> write_dictionary(SegmentFile& file,
                                                const std::vector<std::uint32_t>& sorted) const;
    [[nodiscard]] Result<void> write_postings(SegmentFile& file,
                                              const std::vector<std::uint32_t>& sorted);

    const SegmentDraft& draft_;
    const SegmentOrder& order_;
    SegmentInterner terms_;
    std::uint32_t text_serial_ = 0;  ///< A term's mark is the text in which it was seen last.
    std::vector<Word> words_;        ///< Of the batch at hand.
    std::array<Ahead, kBatchVersions> ahead_;
    std::string word_texts_;
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

    std::vector<std::uint64_t> pending_;  ///< Term, version within the run, weight.
    std::vector<std::uint64_t> scratch_;
    std::uint32_t run_first_ = 0;
    std::vector<TermRun> runs_;
    std::vector<std::uint16_t> lengths_;  ///< By version: sum of the weights of its words.
    std::uint64_t weight_ = 0;
};

}  // namespace catalog::index
