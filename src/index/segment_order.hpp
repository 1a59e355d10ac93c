#pragma once
// SegmentOrder: which number each name, version and text of a draft gets in the segment.

#include <cstdint>
#include <string_view>
#include <vector>

#include "segment_draft.hpp"

namespace catalog::index {

struct SegmentOrder {
    /// Numbers of the draft's names in the segment's order: those with versions, then foreign ones.
    std::vector<std::uint32_t> names;
    std::uint32_t own_names = 0;
    std::vector<std::uint32_t> name_ranks;  ///< Number in the segment by number in the draft.
    std::vector<std::uint32_t> first_docs;  ///< Of each own name, and the number of all versions.
    std::vector<const DraftHead*> docs;
    std::vector<std::uint32_t> texts;
    std::vector<std::uint32_t> text_ranks;
    std::uint32_t terms_end = 0;  ///< One behind the last text that is the terms of a relation.

    [[nodiscard]] RecordWidths widths() const noexcept {
        return {width_of(names.size()), width_of(texts.size()), width_of(terms_end)};
    }

    /// Brings near a version that comes soon, when versions are gone through in order: they lie in
    /// the order in which they were added.
    void prefetch_behind(std::uint32_t doc) const noexcept {
        constexpr std::size_t kAhead = 8;
        constexpr std::size_t kLine = 64;
        if (doc + kAhead + kAhead < docs.size()) __builtin_prefetch(docs[doc + kAhead + kAhead]);
        if (doc + kAhead >= docs.size()) return;
        const auto* const row = reinterpret_cast<const std::byte*>(docs[doc + kAhead]);
        for (std::size_t line = 0; line < 4; ++line) __builtin_prefetch(row + kLine * line);
    }

    /// The same for names.
    void prefetch_name_behind(const SegmentDraft& draft, std::uint32_t name) const noexcept {
        constexpr std::size_t kAhead = 8;
        if (name + 2 * kAhead >= names.size()) return;
        draft.names.prefetch_place(names[name + 2 * kAhead]);
        draft.names.prefetch_number(names[name + kAhead]);
    }

    /// The same for what stands apart from it; before facts are given back.
    void prefetch_facts_behind(std::uint32_t doc) const noexcept {
        constexpr std::size_t kAhead = 6;
        if (doc + kAhead >= docs.size()) return;
        const auto* const facts = reinterpret_cast<const std::byte*>(docs[doc + kAhead]->facts);
        __builtin_prefetch(facts);
        __builtin_prefetch(facts + 64);
    }
};

/// Errors: kPackageExists, kLimitExceeded.
[[nodiscard]] Result<SegmentOrder> order_of(const SegmentDraft& draft);

}  // namespace catalog::index
