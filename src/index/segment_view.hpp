#pragma once
// What a segment knows of its bytes, and the searches that its parts share.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "catalog/index/segment.hpp"
#include "segment_dictionary.hpp"
#include "segment_format.hpp"
#include "segment_hash.hpp"
#include "segment_postings.hpp"
#include "segment_records.hpp"

namespace catalog::index {

struct Segment::View {
    View(ByteView of, const SegmentRoot& said, std::shared_ptr<const void> keeps)
        : bytes(of),
          root(said),
          owner(std::move(keeps)),
          hash(said.secret),
          records((*this)[SectionKind::kRecords]),
          table(at(SectionKind::kKeyTable)) {}

    ByteView bytes;
    SegmentRoot root;
    std::shared_ptr<const void> owner;
    SipHash hash;
    ByteView records;
    const std::byte* table;  ///< Of keys.

    [[nodiscard]] ByteView operator[](SectionKind kind) const noexcept {
        return bytes.subspan(root[kind].offset, root[kind].bytes);
    }
    [[nodiscard]] const std::byte* at(SectionKind kind) const noexcept {
        return bytes.data() + root[kind].offset;
    }
    /// Number `index` of a section of 32-bit numbers. REQUIRES: it has that many.
    [[nodiscard]] std::uint32_t number(SectionKind kind, std::size_t index) const noexcept {
        return load_le<std::uint32_t>(at(kind) + 4 * index);
    }

    /// The record of a version; none behind the last, or when it is damaged.
    [[nodiscard]] std::optional<SegmentRecord> record(std::uint32_t doc) const noexcept {
        if (doc >= root.docs) return std::nullopt;
        const ByteView found =
            record_at(records, number(SectionKind::kRecordPlaces, doc), root.widths);
        if (found.empty()) return std::nullopt;
        return SegmentRecord(found, DocId{doc}, root.widths);
    }
    /// The name of a version; empty when its record is damaged.
    [[nodiscard]] std::string_view name_of(std::uint32_t doc) const noexcept {
        const auto found = record(doc);
        return found ? found->name() : std::string_view();
    }
    [[nodiscard]] std::string_view own_name(std::uint32_t name) const noexcept {
        return name_of(number(SectionKind::kFirstDocs, name));
    }
    /// Text `index` of a pool. REQUIRES: the pool has that many.
    [[nodiscard]] std::string_view pooled(SectionKind offsets, SectionKind texts,
                                          std::size_t index) const noexcept {
        const std::uint32_t begin = number(offsets, index);
        const std::uint32_t end = number(offsets, index + 1);
        const ByteView all = (*this)[texts];
        if (begin > end || end > all.size()) return {};
        return as_text(all.subspan(begin, end - begin));
    }
    [[nodiscard]] std::string_view foreign_name(std::uint32_t index) const noexcept {
        return pooled(SectionKind::kForeignOffsets, SectionKind::kForeignNames, index);
    }
    [[nodiscard]] TermRow term_row(std::uint32_t index) const noexcept {
        return {number(SectionKind::kTermRows, index),
                std::to_integer<std::uint8_t>(at(SectionKind::kTermWeights)[index])};
    }
    /// What goes through the terms from number `block` * kFenceStep on.
    [[nodiscard]] DictionaryWalk terms_from(std::uint32_t block) const noexcept;
    /// A version's sum of weights. REQUIRES: doc < root.docs.
    [[nodiscard]] std::uint32_t length(std::uint32_t doc) const noexcept {
        return load_le<std::uint16_t>(at(SectionKind::kLengths) + std::size_t{2} * doc);
    }

    /// The first own name that is not less than `text`.
    [[nodiscard]] std::uint32_t lower_name(std::string_view text) const noexcept;
    /// The first foreign name that is not less than `text`, counted from 0.
    [[nodiscard]] std::uint32_t lower_foreign(std::string_view text) const noexcept;
    /// The first term that is not less than `text`, kind included, and a walk that stands at it
    /// unless there is none.
    [[nodiscard]] std::uint32_t lower_term(std::string_view text,
                                           DictionaryWalk& walk) const noexcept;
    [[nodiscard]] std::optional<std::uint32_t> find_term(std::string_view text) const noexcept;
    [[nodiscard]] PostingReader postings(std::uint32_t term, bool is_word) const noexcept {
        return {(*this)[SectionKind::kPostings], term_row(term), is_word, root.docs};
    }
};

/// Binary search among texts: the first of [low, high) for which `is_less(text(i))` is false.
template <class Text>
[[nodiscard]] std::uint32_t lower_text(std::uint32_t low, std::uint32_t high,
                                       std::string_view wanted, const Text& text) noexcept {
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (text(middle) < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/// The same among `count` texts with fences, which leave a few texts to look at.
template <class Text>
[[nodiscard]] std::uint32_t lower_fenced(const std::byte* fences, std::uint32_t count,
                                         std::string_view wanted, const Text& text) noexcept {
    const std::uint64_t fence = fence_of(wanted);
    const auto steps =
        static_cast<std::uint32_t>((std::uint64_t{count} + kFenceStep - 1) / kFenceStep);
    // Fences below [first, last) are less than the wanted one, those from `last` on greater.
    std::uint32_t first = 0;
    std::uint32_t size = steps;
    while (size > 0) {
        const std::uint32_t half = size / 2;
        const bool less = load_le<std::uint64_t>(fences + std::size_t{8} * (first + half)) < fence;
        first = less ? first + half + 1 : first;
        size = less ? size - half - 1 : half;
    }
    std::uint32_t last = first;
    size = steps - first;
    // Rarely is there more than one text with these 8 bytes.
    for (std::uint32_t reach = 1; last < steps; reach *= 2) {
        const std::uint32_t next = std::min(steps - 1, last + reach - 1);
        if (load_le<std::uint64_t>(fences + std::size_t{8} * next) != fence) {
            std::uint32_t high = next;
            while (last < high) {
                const std::uint32_t middle = last + (high - last) / 2;
                if (load_le<std::uint64_t>(fences + std::size_t{8} * middle) == fence)
                    last = middle + 1;
                else
                    high = middle;
            }
            break;
        }
        last = next + 1;
    }
    constexpr auto kStep = static_cast<std::uint32_t>(kFenceStep);
    const std::uint32_t low = first == 0 ? 0 : (first - 1) * kStep;
    const std::uint32_t high = last >= steps ? count : last * kStep;
    return lower_text(low, high, wanted, text);
}

}  // namespace catalog::index
