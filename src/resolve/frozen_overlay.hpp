#pragma once
// frozen::Overlay: packages that are newer than the tables of a view, loaded when they are looked
// at, under numbers behind the tables' ends.
//
// A name is *changed* when its versions are not those of the tables. It is *dirty* when what meets
// a requirement on it may be other than the tables say: it is changed, or a changed package
// provides it or did so. Requirements on dirty names are compiled again; all others stand.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "catalog/resolve/overlay.hpp"
#include "frozen_view.hpp"

namespace catalog::resolve {

namespace frozen {

/// A set of texts that is made larger by making another one: blocks that never change, the later
/// ones smaller, so that copies share nearly everything.
class SharedTexts {
public:
    [[nodiscard]] bool contains(const std::string& text) const;
    /// Adds texts of which none is there. Cost: linear in them, times the logarithm of all.
    void add(std::vector<std::string> texts);
    void append_to(std::vector<std::string>& out) const;

private:
    std::vector<std::shared_ptr<const std::unordered_set<std::string>>> blocks_;
};

}  // namespace frozen

struct UniverseChanges::Tables {
    explicit Tables(FrozenUniverse universe) : base(std::move(universe)) {}
    void add(std::span<const std::string> names, std::span<const std::string> virtual_names);

    FrozenUniverse base;
    std::vector<std::uint64_t> changed;   ///< A bit for each name of the base.
    std::vector<std::uint64_t> virtuals;  ///< As well: others provide it than the base says.
    frozen::SharedTexts new_names;        ///< Changed, and unknown to the base.
    frozen::SharedTexts new_virtuals;     ///< Provided, and unknown to the base.
    std::size_t count = 0;
};

namespace frozen {

class Overlay final : private EntryStore {
public:
    Overlay(UniverseChanges changes, DependencyProvider& fresh);

    /// Makes known the view that has this overlay; it must outlive it.
    void bind(const FrozenUniverse::View& view) { view_ = &view; }

    [[nodiscard]] const Error* failure() const noexcept { return failure_ ? &*failure_ : nullptr; }

    // Names. Numbers are given to new ones when they are met.
    [[nodiscard]] std::uint32_t find(std::string_view text);
    [[nodiscard]] std::string_view name(std::uint32_t id) const noexcept;
    [[nodiscard]] bool is_dirty(std::uint32_t id) const noexcept;
    /// Returns the versions of a changed or new name.
    [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> versions_of(std::uint32_t id);
    /// Tells whether others provide a name than the tables say.
    [[nodiscard]] bool is_virtual(std::uint32_t id) const noexcept;
    /// Returns who provides such a name.
    [[nodiscard]] std::span<const ProvideEntry> provided(std::uint32_t id);

    // Versions of changed names.
    [[nodiscard]] Candidate candidate(std::uint32_t index) const;
    [[nodiscard]] std::uint8_t flags(std::uint32_t index) const noexcept;
    [[nodiscard]] bool has_default_feature(std::uint32_t index);
    [[nodiscard]] bool provides_prerelease(std::uint32_t index);
    [[nodiscard]] std::span<const std::uint32_t> row(std::uint32_t index);
    [[nodiscard]] Result<PackageRecord> record(std::uint32_t index,
                                               const std::function<bool(std::uint32_t)>& keep);

    // What rows and entries lead to.
    [[nodiscard]] const RequirementEntry* requirement(std::uint32_t id, Reading reading);
    [[nodiscard]] const ConditionEntry* condition(std::uint32_t id) const noexcept;
    [[nodiscard]] std::span<const RequirementEntry> alternatives(
        std::uint64_t place) const noexcept;
    [[nodiscard]] const std::uint64_t* mask(std::uint64_t place,
                                            std::uint32_t words) const noexcept;
    [[nodiscard]] std::string_view text(std::uint32_t offset) const noexcept;
    [[nodiscard]] std::span<const std::uint32_t> list(std::uint32_t offset) const noexcept;

private:
    struct NewName {
        std::string text;
        bool changed = false;
        bool is_virtual = false;
    };
    struct Version {
        Candidate candidate;
        std::uint32_t name = 0;
        std::uint8_t flags = 0;
        bool loaded = false;
        PackageRecord record;
        std::vector<std::uint32_t> items;  ///< Dependencies, then conflicts, as in the record.
    };

    [[nodiscard]] std::uint32_t intern_name(std::string_view text);
    [[nodiscard]] std::uint32_t intern_text(std::string text);
    [[nodiscard]] std::uint32_t intern_demand(const Target& first,
                                              const std::vector<Target>& others);
    [[nodiscard]] std::uint32_t put_condition(const Requirement& source, std::uint32_t demand);
    [[nodiscard]] Version* loaded(std::uint32_t index);
    /// Returns the base's requirement of the same text, where both may be a choice, or kNone.
    [[nodiscard]] std::uint32_t find_in_base(const std::vector<std::uint32_t>& names,
                                             const std::string& key);
    void index_base_choices();
    [[nodiscard]] bool is_changed(std::uint32_t id) const noexcept;
    [[nodiscard]] bool may_be_choice(std::uint32_t name) const;
    [[nodiscard]] bool is_dirty(const RequirementEntry& declared) const noexcept;
    [[nodiscard]] RequirementEntry compile(const RequirementEntry& declared, Reading reading);
    void fail_with(const Error& cause, std::string message, std::string input);

    std::uint64_t put_mask(std::vector<std::uint64_t> words) override;
    std::uint64_t put_alternatives(std::vector<RequirementEntry> entries) override;

    UniverseChanges changes_;
    const UniverseChanges::Tables& tables_;
    const FrozenUniverse::View& base_;
    const FrozenUniverse::View* view_ = nullptr;
    DependencyProvider& fresh_;
    std::optional<Error> failure_;

    // Deques, because what they hold is referred to while they grow.
    std::deque<NewName> names_;
    std::unordered_map<std::string, std::uint32_t> name_ids_;
    std::unordered_map<std::uint32_t, std::pair<std::uint32_t, std::uint32_t>> spans_;
    std::deque<Version> versions_;
    std::unordered_map<std::uint32_t, std::vector<ProvideEntry>> provided_;
    std::deque<std::string> texts_;
    std::unordered_map<std::string, std::uint32_t> text_ids_;
    std::deque<std::vector<std::uint32_t>> lists_;
    std::deque<ConditionEntry> conditions_;
    std::deque<RequirementEntry> declared_;
    std::unordered_map<std::string, std::uint32_t> demand_ids_;
    std::unordered_map<std::uint64_t, RequirementEntry> compiled_;  ///< By number and reading.
    std::deque<std::vector<RequirementEntry>> alternatives_;
    std::deque<std::vector<std::uint64_t>> masks_;
    bool has_base_choices_ = false;
    std::unordered_map<std::string, std::uint32_t> base_choices_;
    std::vector<bool> base_virtuals_;  ///< Filled with base_choices_.
};

}  // namespace frozen
}  // namespace catalog::resolve
