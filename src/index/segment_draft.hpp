#pragma once
// SegmentDraft: package versions as they wait in memory to be written, in interned form.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/index/segment_builder.hpp"
#include "catalog/index/segment_record.hpp"
#include "segment_interner.hpp"

namespace catalog::index {

/// What of a waiting version only its record and the order of versions need; given back before
/// terms are gathered. Behind it content (file count, file bytes, log index) where there is some,
/// then name and terms of each relation.
struct DraftFacts {
    std::uint64_t release_key = 0;
    std::uint64_t published = 0;
    std::array<std::byte, 32> digest{};
};
static_assert(sizeof(DraftFacts) == 48);

/// What stands before a waiting version's numbers and texts: authors, keywords, tags, names that
/// are provided; then version, description, rest.
struct DraftHead {
    const DraftFacts* facts = nullptr;
    std::uint32_t license = kNoNumber;
    std::uint32_t description_bytes = 0;
    std::uint32_t rest_bytes = 0;
    std::uint16_t flags = 0;
    std::uint16_t version_bytes = 0;
    std::uint16_t relations = 0;
    std::uint16_t provided = 0;
    std::uint8_t type = 0;
    std::uint8_t authors = 0;
    std::uint8_t keywords = 0;
    std::uint8_t tags = 0;
};
static_assert(sizeof(DraftHead) == 32);

/// One waiting version. Borrows from the draft.
class DraftRow {
public:
    explicit DraftRow(const DraftHead* head) noexcept : head_(head) {}

    [[nodiscard]] const DraftHead& head() const noexcept { return *head_; }
    [[nodiscard]] const DraftFacts& facts() const noexcept { return *head_->facts; }
    [[nodiscard]] bool has_content() const noexcept { return (head_->flags & kFlagContent) != 0; }
    /// File count, file bytes and log index, when there are some.
    [[nodiscard]] const std::byte* content() const noexcept {
        return reinterpret_cast<const std::byte*>(head_->facts + 1);
    }
    /// Name and terms in turn.
    [[nodiscard]] std::span<const std::uint32_t> relations() const noexcept {
        return {reinterpret_cast<const std::uint32_t*>(content() +
                                                       (has_content() ? kBodyContentBytes : 0)),
                std::size_t{2} * head_->relations};
    }
    [[nodiscard]] std::span<const std::uint32_t> authors() const noexcept {
        return {numbers(), head_->authors};
    }
    [[nodiscard]] std::span<const std::uint32_t> keywords() const noexcept {
        return {numbers() + head_->authors, head_->keywords};
    }
    [[nodiscard]] std::span<const std::uint32_t> tags() const noexcept {
        return {numbers() + head_->authors + head_->keywords, head_->tags};
    }
    /// Names that the version provides.
    [[nodiscard]] std::span<const std::uint32_t> provided() const noexcept {
        return {numbers() + head_->authors + head_->keywords + head_->tags, head_->provided};
    }
    [[nodiscard]] std::string_view version() const noexcept {
        return {texts(), head_->version_bytes};
    }
    [[nodiscard]] std::string_view description() const noexcept {
        return {texts() + head_->version_bytes, head_->description_bytes};
    }
    [[nodiscard]] std::string_view rest() const noexcept {
        return {texts() + head_->version_bytes + head_->description_bytes, head_->rest_bytes};
    }

private:
    [[nodiscard]] const std::uint32_t* numbers() const noexcept {
        return reinterpret_cast<const std::uint32_t*>(head_ + 1);
    }
    [[nodiscard]] const char* texts() const noexcept {
        return reinterpret_cast<const char*>(numbers() + head_->authors + head_->keywords +
                                             head_->tags + head_->provided);
    }

    const DraftHead* head_;
};

/// Thread safety: one thread at a time. Numbers of names and texts are those of the interners.
class SegmentDraft {
public:
    explicit SegmentDraft(const SegmentSecret& secret)
        : names(QuickHash(secret)), texts(QuickHash(secret)) {}

    /// Errors: as SegmentBuilder::add, but for memory.
    [[nodiscard]] Result<void> add(const SegmentRow& row);
    /// Bring near what `add` will look up for the row, one after the other with some time between.
    void prefetch(const SegmentRow& row) const noexcept;
    void prefetch_texts(const SegmentRow& row) const noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return rows.size(); }
    [[nodiscard]] std::size_t memory_bytes() const noexcept;
    /// Gives back what only `add` needs.
    void end_adding() noexcept {
        names.end_adding();
        texts.end_adding();
    }
    /// Gives all memory back; the draft is of no further use.
    void clear() noexcept {
        rows = {};
        row_names = {};
        arena.clear();
        facts.clear();
        names.clear();
        texts.clear();
    }

    SegmentInterner names;
    SegmentInterner texts;
    SegmentArena arena;
    SegmentArena facts;  ///< What DraftFacts says.
    std::vector<const DraftHead*> rows;
    std::vector<std::uint32_t> row_names;  ///< Beside `rows`.

private:
    [[nodiscard]] Result<std::uint32_t> name_number(std::string_view name);
    [[nodiscard]] Result<void> add_relation(const SegmentRelation& relation);
    /// With what `relations_` says.
    [[nodiscard]] const DraftFacts* add_facts(const SegmentRow& row, std::uint64_t release_key);

    std::vector<std::uint32_t> numbers_;    ///< Of the row at hand.
    std::vector<std::uint32_t> relations_;  ///< Beside it.
    std::string terms_;                     ///< Of the relation at hand.
};

/// Reads what `add` made of a relation's terms; for any bytes.
[[nodiscard]] RelationTerms decode_terms(std::string_view bytes) noexcept;

}  // namespace catalog::index
