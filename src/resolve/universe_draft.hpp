#pragma once
// UniverseDraft: packages on their way into frozen form, as numbers in arrays. What takes a string
// or a vector a package elsewhere takes four bytes here: a draft of many packages is to be smaller
// than the universe that it becomes.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "catalog/resolve/overlay.hpp"
#include "catalog/resolve/record_text.hpp"
#include "frozen_view.hpp"

namespace catalog::resolve::frozen {

/// Doubles a hash table by open addressing whose slots are 0 when free, and else have the upper
/// half of a hash above a number that is not 0; 16 slots at least.
void grow_slots(std::vector<std::uint64_t>& slots);

/// Texts by number, each once, in one block.
class TextTable {
public:
    std::uint32_t intern(std::string_view text);
    [[nodiscard]] std::string_view text(std::uint32_t id) const {
        return std::string_view(bytes_).substr(starts_[id], starts_[id + 1] - starts_[id]);
    }
    [[nodiscard]] std::uint32_t size() const {
        return static_cast<std::uint32_t>(starts_.size() - 1);
    }
    [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

private:
    std::string bytes_;
    std::vector<std::uint32_t> starts_{0};
    /// Hash table, a power of two: number + 1, or 0, below the upper half of the text's hash, so
    /// that it grows, and others are passed over, without a look at the texts.
    std::vector<std::uint64_t> slots_;
};

/// Lists of numbers, equal ones once.
class ListTable {
public:
    std::uint32_t intern(std::span<const std::uint32_t> list) {
        return keys_.intern({reinterpret_cast<const char*>(list.data()), list.size_bytes()});
    }
    [[nodiscard]] std::vector<std::uint32_t> list(std::uint32_t id) const {
        const std::string_view key = keys_.text(id);
        std::vector<std::uint32_t> numbers(key.size() / sizeof(std::uint32_t));
        std::memcpy(numbers.data(), key.data(), key.size());
        return numbers;
    }
    [[nodiscard]] std::uint32_t size() const { return keys_.size(); }
    [[nodiscard]] std::size_t bytes() const { return keys_.bytes(); }

private:
    TextTable keys_;
};

/// A dependency or conflict: its kind and what it wants, in one number of 64 bits.
///
/// Of kNeeds and kExcludes `subject` is a name and `rest` a constraint; of kNeedsOneOf `subject` is
/// a list of (name, constraint); of kConditional it is a place among the draft's conditionals.
struct DraftItem {
    enum class Kind : std::uint32_t { kNeeds, kExcludes, kConditional, kNeedsOneOf };
    std::uint32_t subject = 0;
    std::uint32_t rest_and_kind = 0;

    [[nodiscard]] static DraftItem make(Kind kind, std::uint32_t subject, std::uint32_t rest = 0) {
        return {subject, (static_cast<std::uint32_t>(kind) << kItemNumberBits) | rest};
    }
    [[nodiscard]] Kind kind() const { return static_cast<Kind>(rest_and_kind >> kItemNumberBits); }
    [[nodiscard]] std::uint32_t rest() const { return rest_and_kind & kItemNumberMask; }
};

/// A dependency that is not simply required, everywhere, without features.
struct DraftConditional {
    DraftItem wanted;         ///< kNeeds or kNeedsOneOf.
    std::uint32_t condition;  ///< List: kind, default features, platform text or kNone, features.
};

/// What few versions have.
struct DraftExtra {
    std::uint32_t version;         ///< In the order in which they were added.
    std::uint32_t source;          ///< Text; kNone for the registry.
    std::uint64_t first;           ///< Place in UniverseDraft::extra_numbers.
    std::uint32_t provides_count;  ///< Three numbers each: name, lower and upper half of a value.
    std::uint32_t features_count;  ///< Numbers: for each its text, a count, and so many texts.
};

/// Numbers of names, texts and constraints are the draft's own.
struct UniverseDraft {
    TextTable names;
    TextTable texts;
    std::vector<version::VersionConstraint> constraints;
    TextTable constraint_texts;  ///< Dialect's letter, then the text; numbered as `constraints`.
    ListTable choices;           ///< Lists of (name, constraint).
    ListTable conditions;        ///< See DraftConditional.

    // For each version. A value is as in a universe, but with kTextVersion it is followed by a
    // place in `odd_versions`.
    std::vector<std::uint32_t> version_names;
    std::vector<std::uint64_t> version_values;
    std::vector<std::uint8_t> version_flags;
    std::vector<std::uint32_t> version_items;  ///< First item; the next version's is the end.
    std::vector<version::SemVer> odd_versions;

    std::vector<DraftItem> items;
    std::vector<DraftConditional> conditionals;
    std::vector<DraftExtra> extras;  ///< Sorted by version.
    std::vector<std::uint32_t> extra_numbers;

    /// All three add versions. Errors: kLimitExceeded, and those of what is said with each.
    [[nodiscard]] Result<void> add(std::string_view name, const Candidate& candidate,
                                   const PackageRecord& record);
    /// Errors: those of the texts' readers.
    [[nodiscard]] Result<void> add(bool yanked, const RecordText& record);
    /// Every version of a universe's names but those that changed. Errors: kUniverseInvalid.
    [[nodiscard]] Result<void> add_unchanged(const UniverseChanges& changes);

    [[nodiscard]] version::SemVer version_of(std::uint64_t value) const;
    /// Returns what a version has beside, or null.
    [[nodiscard]] const DraftExtra* extra_of(std::uint32_t version) const;

private:
    friend class UnchangedCopy;

    [[nodiscard]] Result<void> check_room(std::size_t more_items) const;
    [[nodiscard]] std::uint64_t value_of(const version::SemVer& version);
    [[nodiscard]] std::uint32_t constraint(const version::VersionConstraint& constraint);
    [[nodiscard]] Result<std::uint32_t> constraint(const TargetText& target);
    [[nodiscard]] Result<std::uint32_t> platform(std::string_view text);
    [[nodiscard]] DraftItem item_of(std::span<const std::uint32_t> targets);
    void put_dependency(DraftItem wanted, std::span<const std::uint32_t> condition);
    void put_version(std::uint32_t name, std::uint64_t value, bool yanked);
    /// Completes the version that was put last with what it has in `extra_numbers` from `first` on.
    void put_extra(std::string_view source, std::uint64_t first, std::size_t provides,
                   bool default_feature);

    TextTable raw_constraints_;  ///< Dialect's letter, then the text as it came.
    std::vector<std::uint32_t> constraint_of_raw_;
    std::unordered_map<std::string, std::uint32_t> platform_ids_;
    std::string key_;  ///< Kept for its memory, as the two lists are.
    std::vector<std::uint32_t> targets_;
    std::vector<std::uint32_t> condition_;
};

[[nodiscard]] Error no_room_for_more(std::string_view what);

}  // namespace catalog::resolve::frozen
