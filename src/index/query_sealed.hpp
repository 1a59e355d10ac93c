#pragma once
// A query in one segment: which versions its clauses hold for, the promising ones alone.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "catalog/internal/try.hpp"
#include "query_plan.hpp"
#include "sealed_set.hpp"
#include "segment_postings.hpp"

namespace catalog::index {

/// The postings of one word, reached in any order.
class SealedWord {
public:
    SealedWord(const Segment::View& view, std::uint32_t term);

    [[nodiscard]] std::uint32_t df() const noexcept { return postings_.df(); }
    /// Steps to the block that may have `doc`; false when none does.
    [[nodiscard]] bool seek(std::uint32_t doc) noexcept;
    /// Of the block at hand: its last version, and the most that a version scores in it, in the
    /// segment's own measure without the word's rarity.
    [[nodiscard]] std::uint32_t last_doc() const noexcept { return postings_.last_doc(block_); }
    [[nodiscard]] float most() const noexcept;
    /// The same of all blocks.
    [[nodiscard]] float most_of_all() const noexcept { return top_; }
    /// Returns the versions of the block at hand, none when it is damaged.
    [[nodiscard]] std::span<const std::uint32_t> docs() noexcept;
    /// Returns what the word weighs in a version, 0 when it does not have it.
    [[nodiscard]] unsigned weight_in(std::uint32_t doc) noexcept;
    /// Returns its champions, none where it has none.
    [[nodiscard]] std::vector<std::uint32_t> champions() const;

private:
    PostingReader postings_;
    const std::byte* champions_ = nullptr;
    float top_;
    std::uint32_t block_ = 0;
    std::uint32_t loaded_ = 0xffffffff;
};

/// One thread at a time. Borrows what it is made of.
class SealedQuery {
public:
    SealedQuery(const SealedSegment& sealed, const QueryPlan& plan);

    [[nodiscard]] const SealedSegment& sealed() const noexcept { return *sealed_; }
    /// Versions that count and have a word.
    [[nodiscard]] std::uint64_t having(std::size_t word) noexcept;
    /// The sum of their lengths.
    [[nodiscard]] std::uint64_t length() const noexcept;
    [[nodiscard]] VersionWeights weights_of(std::uint32_t doc) noexcept;

    /// Calls `consider` for each version that counts, for which the clauses hold (phrases apart),
    /// and which could score what `may_take` asks for, `more` included.
    template <class MayTake, class Consider>
    [[nodiscard]] Result<void> visit(double more, const MayTake& may_take,
                                     const Consider& consider) {
        const std::optional<std::vector<std::size_t>> leads = find_leads();
        if (!leads) return {};
        std::vector<std::uint32_t> champions = champions_of(*leads);
        for (const std::uint32_t doc : champions)
            if (doc < docs_ && is_wanted(doc)) CATALOG_TRY_VOID(consider(doc, weights_));
        std::ranges::sort(champions);
        double rest = more;
        for (std::size_t word = 0; word < words_.size(); ++word)
            if (const SealedWord* other = find(word);
                other != nullptr && std::ranges::find(*leads, word) == leads->end())
                rest += most_of(word, other->most_of_all());
        std::vector<std::uint32_t> docs;
        for (std::uint64_t from = 0; from < docs_;) {
            const Range range = range_at(*leads, static_cast<std::uint32_t>(from));
            if (!range.has_any) return {};
            if (may_take(range.most + rest)) {
                collect(*leads, static_cast<std::uint32_t>(from), range.last, docs);
                for (const std::uint32_t doc : docs) {
                    if (!may_take(bound_at(doc) + more)) continue;
                    if (std::ranges::binary_search(champions, doc) || !is_wanted(doc)) continue;
                    CATALOG_TRY_VOID(consider(doc, weights_));
                }
            }
            from = std::uint64_t{range.last} + 1;
        }
        return {};
    }

private:
    /// Versions between two block ends of the leading words.
    struct Range {
        bool has_any = false;
        std::uint32_t last = 0;
        double most = 0;
    };

    /// Returns null where the segment does not have the word.
    [[nodiscard]] SealedWord* find(std::size_t word) noexcept {
        std::optional<SealedWord>& there = words_[word];
        return there ? &*there : nullptr;
    }
    [[nodiscard]] const SealedWord* find(std::size_t word) const noexcept {
        const std::optional<SealedWord>& there = words_[word];
        return there ? &*there : nullptr;
    }
    [[nodiscard]] std::uint32_t df(std::size_t word) const noexcept {
        const SealedWord* there = find(word);
        return there != nullptr ? there->df() : 0;
    }
    [[nodiscard]] std::optional<std::vector<std::size_t>> find_leads() const;
    [[nodiscard]] std::vector<std::uint32_t> champions_of(
        const std::vector<std::size_t>& leads) const;
    [[nodiscard]] double most_of(std::size_t word, float part) const noexcept;
    [[nodiscard]] Range range_at(const std::vector<std::size_t>& leads, std::uint32_t from);
    void collect(const std::vector<std::size_t>& leads, std::uint32_t from, std::uint32_t last,
                 std::vector<std::uint32_t>& docs);
    [[nodiscard]] double bound_at(std::uint32_t doc) noexcept;
    [[nodiscard]] bool is_wanted(std::uint32_t doc);

    const SealedSegment* sealed_;
    const QueryPlan* plan_;
    std::uint32_t docs_;
    float mean_;
    std::vector<std::optional<SealedWord>> words_;
    VersionWeights weights_;  ///< Of the version at hand.
};

}  // namespace catalog::index
