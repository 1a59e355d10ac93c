#pragma once
// UniverseWriter: sorts a draft, compiles what it wants, and writes the sections.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "frozen_view.hpp"
#include "universe_draft.hpp"

namespace catalog::resolve::frozen {

/// The sections while they grow, with a view over them for the compiler.
struct UniverseTables final : EntryStore {
    std::vector<std::uint32_t> name_offsets, name_table, version_first, version_rows, row_first;
    std::vector<std::uint32_t> items, lists;
    std::vector<std::uint64_t> versions, masks;
    std::vector<std::uint8_t> version_flags;
    std::vector<RequirementEntry> requirements, alternatives;
    std::vector<ConditionEntry> conditions;
    std::vector<ProvideEntry> provides;
    std::vector<ExtraEntry> extras;
    std::string texts, names;

    void show(FrozenUniverse::View& view) const;
    /// A text longer than a u16 can say is cut: nothing that is checked before gets that long.
    std::uint32_t put_text(std::string_view text);
    std::uint32_t put_list(std::span<const std::uint32_t> list);
    std::uint64_t put_version(const version::SemVer& version);
    std::uint64_t put_mask(std::vector<std::uint64_t> words) override;
    std::uint64_t put_alternatives(std::vector<RequirementEntry> entries) override;

private:
    TextTable texts_by_number_;
    std::vector<std::uint32_t> text_places_;
};

/// A hash table of numbers of rows that lie elsewhere.
class RowTable {
public:
    /// Returns the number of the row of this hash for which `is_it(number)` holds, or `next`,
    /// having added it.
    template <class IsIt>
    std::uint32_t find_or_add(std::uint64_t hash, std::uint32_t next, const IsIt& is_it) {
        if (std::size_t{used_} * 4 >= slots_.size() * 3) grow_slots(slots_);
        const std::size_t mask = slots_.size() - 1;
        const std::uint64_t upper = hash & ~std::uint64_t{0xffff'ffff};
        std::size_t at = (hash >> 32) & mask;
        for (; slots_[at] != 0; at = (at + 1) & mask) {
            const auto number = static_cast<std::uint32_t>(slots_[at]) - 1;
            if (((slots_[at] ^ hash) >> 32) == 0 && is_it(number)) return number;
        }
        slots_[at] = upper | (std::uint64_t{next} + 1);
        ++used_;
        return next;
    }

private:
    std::vector<std::uint64_t> slots_;
    std::uint32_t used_ = 0;
};

/// Writes one universe. What it has read of the draft it gives free.
class UniverseWriter {
public:
    /// `proceed` is called now and then, and what it returns as error ends the work.
    UniverseWriter(UniverseDraft draft, const std::function<Result<void>()>& proceed)
        : draft_(std::move(draft)), proceed_(proceed) {}

    /// Returns `front` zero bytes and the universe. Errors: kAlreadyExists, kLimitExceeded,
    /// `proceed`'s.
    [[nodiscard]] Result<Bytes> write(std::size_t front);

private:
    void write_names();
    [[nodiscard]] Result<void> sort_versions();
    [[nodiscard]] bool is_before(std::uint32_t a, std::uint32_t b) const;
    void write_versions();
    void write_extra(std::uint32_t index, const DraftExtra& extra);
    [[nodiscard]] Result<void> write_rows();
    [[nodiscard]] std::uint32_t write_item(const DraftItem& item);
    [[nodiscard]] std::uint32_t write_single(const DraftItem& item);
    [[nodiscard]] std::uint32_t write_choice(std::uint32_t list);
    [[nodiscard]] std::uint32_t write_requirement(std::span<const std::uint32_t> targets,
                                                  Reading reading);
    [[nodiscard]] std::uint32_t write_conditional(const DraftConditional& conditional);
    [[nodiscard]] std::uint64_t put_value(std::uint64_t value);
    [[nodiscard]] Result<Bytes> assemble(std::size_t front);

    UniverseDraft draft_;
    const std::function<Result<void>()>& proceed_;
    UniverseTables out_;
    FrozenUniverse::View view_;
    std::uint32_t names_ = 0;
    std::vector<std::uint32_t> final_name_;  ///< By number in the draft.
    std::vector<std::uint32_t> order_;       ///< Versions of the draft, as they are to lie.
    std::vector<std::uint32_t> constraint_places_;
    RowTable needs_;
    RowTable excludes_;
    std::vector<std::uint32_t> choice_ids_;
    std::unordered_map<std::uint64_t, std::uint32_t> condition_ids_;
};

}  // namespace catalog::resolve::frozen
