#pragma once
// FrozenUniverse::View: the tables of a frozen universe as typed, bounds-checked access to bytes.
// The byte tables are described in docs/formats/universe.md.

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "catalog/resolve/universe.hpp"

namespace catalog::resolve {

namespace frozen {

inline constexpr std::uint32_t kNone = 0xffff'ffff;
inline constexpr std::size_t kHeaderBytes = 512;
inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::string_view kMagic{"CTLGUNIV", 8};

/// The sections, in the order in which they lie.
enum Section : std::uint32_t {
    kNameOffsets,       ///< u32 each: where a name's text starts; one more than there are names.
    kNameTable,         ///< u32 each, a power of two of them: hash table of names, id + 1.
    kVersionFirst,      ///< u32 each: a name's first version; one more than there are names.
    kVersions,          ///< u64 each: packed, or where its text is.
    kVersionFlags,      ///< u8 each.
    kVersionRows,       ///< u32 each: the version's row.
    kRowFirst,          ///< u32 each: a row's first item; one more than there are rows.
    kItems,             ///< u32 each: kind and number.
    kRequirementTable,  ///< RequirementEntry each.
    kAlternatives,      ///< RequirementEntry each.
    kConditions,        ///< ConditionEntry each.
    kMasks,             ///< u64 each.
    kProvides,          ///< ProvideEntry each, by virtual name.
    kExtras,            ///< ExtraEntry each, by version.
    kLists,             ///< u32 each: counted lists.
    kTexts,             ///< Texts, each after its length as u16.
    kNames,             ///< The names' texts.
    kSectionCount,
};

enum VersionFlag : std::uint8_t {
    kYanked = 1,
    kHasExtra = 2,  ///< Provides something, has features or a source.
    kHasDefaultFeature = 4,
    kLatest = 8,  ///< What Latest means.
};

/// What an item of a row is: its two highest bits.
enum ItemKind : std::uint32_t {
    kNeeds = 0,        ///< Requirement `number` is required.
    kExcludes = 1,     ///< What requirement `number` lists must not be in.
    kConditional = 2,  ///< Condition `number`.
};
inline constexpr std::uint32_t kItemNumberBits = 30;
inline constexpr std::uint32_t kItemNumberMask = (1U << kItemNumberBits) - 1;

/// A requirement, or one alternative of one.
struct RequirementEntry {
    /// As declared: a name; kNone when `constraint` is the list of several. Of an alternative: the
    /// name by which it answers, kNone when its versions do so by several.
    std::uint32_t name;
    std::uint32_t constraint;  ///< Text, or list of (name, text).
    /// Name whose versions meet it; kNone for nobody; kSeveral when `mask` is the first of `count`
    /// alternatives.
    std::uint32_t target;
    std::uint32_t count;
    /// Values of the target: the set itself below 64 values, else the number of its first word.
    std::uint64_t mask;
};
inline constexpr std::uint32_t kSeveral = 0xffff'fffe;
/// In `count` of a requirement: candidates are wanted in another order than newest first.
inline constexpr std::uint32_t kOutOfOrder = 0x8000'0000;
/// In `count` of an entry: `mask` is the number of its first word.
inline constexpr std::uint32_t kWideMask = 0x4000'0000;
inline constexpr std::uint32_t kCountMask = 0x3fff'ffff;

struct ConditionEntry {
    std::uint32_t requirement;
    std::uint8_t kind;              ///< DependencyKind.
    std::uint8_t default_features;  ///< 0 or 1.
    std::uint16_t unused;
    std::uint32_t platform;  ///< Text, or kNone for everywhere.
    std::uint32_t features;  ///< List of texts, or kNone for none.
};

struct ProvideEntry {
    std::uint32_t virtual_name;
    std::uint32_t name;
    std::uint32_t version;  ///< Of all versions.
    std::uint32_t unused;
    std::uint64_t provided;  ///< As versions.
};

/// What a requirement entry says of its versions.
enum class Reading : std::uint8_t { kMeets, kExcludes };

class Overlay;

struct ExtraEntry {
    std::uint32_t version;
    std::uint32_t source_id;  ///< Text, or kNone.
    std::uint32_t provides;   ///< List of (name, low, high of version), or kNone.
    std::uint32_t features;   ///< List of (text, count, texts...), or kNone.
};

/// XXH64 of bytes (Collet, xxHash specification 0.1.1, seed 0).
[[nodiscard]] std::uint64_t checksum(ByteView bytes) noexcept;
/// The same for names: what kNameTable is keyed by.
[[nodiscard]] inline std::uint64_t name_hash(std::string_view name) noexcept {
    return checksum(as_bytes(name));
}

/// Returns a version as one number, or nothing when it has to be kept as text.
[[nodiscard]] bool pack(const version::SemVer& version, std::uint64_t& packed) noexcept;
inline constexpr std::uint64_t kTextVersion = std::uint64_t{1} << 63;
inline constexpr std::uint32_t kNumberBits = 21;  ///< Of each number of a packed version.
/// REQUIRES: not a kTextVersion.
[[nodiscard]] inline version::SemVer unpack(std::uint64_t packed) noexcept {
    constexpr std::uint64_t kLow = (std::uint64_t{1} << kNumberBits) - 1;
    return {packed >> (2 * kNumberBits), (packed >> kNumberBits) & kLow, packed & kLow};
}

}  // namespace frozen

struct FrozenUniverse::View {
    template <class T>
    using Table = std::span<const T>;

    ByteView all;
    std::shared_ptr<const void> owner;
    std::uint64_t identity = 0;
    std::uint32_t names = 0;
    Table<std::uint32_t> name_offsets;
    Table<std::uint32_t> name_table;
    Table<std::uint32_t> version_first;
    Table<std::uint64_t> versions;
    Table<std::uint8_t> version_flags;
    Table<std::uint32_t> version_rows;
    Table<std::uint32_t> row_first;
    Table<std::uint32_t> items;
    Table<frozen::RequirementEntry> requirements;
    Table<frozen::RequirementEntry> alternatives;
    Table<frozen::ConditionEntry> conditions;
    Table<std::uint64_t> masks;
    Table<frozen::ProvideEntry> provides;
    Table<frozen::ExtraEntry> extras;
    Table<std::uint32_t> lists;
    std::string_view texts;
    std::string_view name_texts;
    /// Packages that are newer than the tables, or null; numbers behind a table's end are its.
    /// What it is asked may be loaded now, and references into it stay valid.
    frozen::Overlay* over = nullptr;
    Table<std::uint64_t> changed;  ///< A bit for each name of which `over` knows the versions.

    [[nodiscard]] std::string_view name(std::uint32_t id) const noexcept {
        if (id >= names) return overlaid_name(id);
        const std::uint32_t first = name_offsets[id];
        const std::uint32_t end = name_offsets[id + 1];
        if (first > end || end > name_texts.size()) return {};
        return name_texts.substr(first, end - first);
    }
    /// Returns the number of a name, or kNone.
    [[nodiscard]] std::uint32_t find(std::string_view wanted) const noexcept;
    /// Returns the versions of a name, newest first, as [first, first + count).
    [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> versions_of(std::uint32_t id) const {
        if (id >= names || is_changed(id)) return overlaid_versions(id);
        const std::uint32_t first = version_first[id];
        const std::uint32_t end = version_first[id + 1];
        if (first > end || end > versions.size()) return {0, 0};
        return {first, end - first};
    }
    /// Returns the number of a version of a name, or kNone.
    [[nodiscard]] std::uint32_t find_version(std::uint32_t id, const Candidate& wanted) const;
    [[nodiscard]] version::SemVer version_from(std::uint64_t packed) const;
    [[nodiscard]] version::SemVer version(std::uint32_t index) const {
        if (over != nullptr && index >= versions.size()) return overlaid_candidate(index).version;
        return version_from(versions[index]);
    }
    /// Returns a version's VersionFlags, of a newer package without kHasDefaultFeature.
    [[nodiscard]] std::uint8_t flags(std::uint32_t index) const {
        return index < version_flags.size() ? version_flags[index] : overlaid_flags(index);
    }
    [[nodiscard]] bool has_default_feature(std::uint32_t index) const {
        return index < version_flags.size()
                   ? (version_flags[index] & frozen::kHasDefaultFeature) != 0
                   : overlaid_default_feature(index);
    }
    [[nodiscard]] std::string_view text(std::uint32_t offset) const noexcept;
    /// Returns the list that starts with its count at `offset`; empty for kNone.
    [[nodiscard]] std::span<const std::uint32_t> list(std::uint32_t offset) const noexcept;
    /// Tells whether a version provides a pre-release of some name.
    [[nodiscard]] bool provides_prerelease(std::uint32_t index) const;
    /// Returns the items of a version.
    [[nodiscard]] std::span<const std::uint32_t> row(std::uint32_t version) const {
        if (version >= version_rows.size()) return overlaid_row(version);
        const std::uint32_t id = version_rows[version];
        if (id >= row_first.size() - 1) return {};
        const std::uint32_t first = row_first[id];
        const std::uint32_t end = row_first[id + 1];
        if (first > end || end > items.size()) return {};
        return items.subspan(first, end - first);
    }
    /// Returns a requirement, or null when there is none of that number.
    [[nodiscard]] const frozen::RequirementEntry* requirement(
        std::uint32_t id, frozen::Reading reading = frozen::Reading::kMeets) const {
        if (over != nullptr) return overlaid_requirement(id, reading);
        return id < requirements.size() ? &requirements[id] : nullptr;
    }
    [[nodiscard]] const frozen::ConditionEntry* condition(std::uint32_t id) const noexcept {
        return id < conditions.size() ? &conditions[id] : overlaid_condition(id);
    }
    /// Returns what a requirement comes down to, one entry for each target.
    [[nodiscard]] std::span<const frozen::RequirementEntry> parts(
        const frozen::RequirementEntry& entry) const noexcept;
    /// Returns the words of a part's mask; null when damaged.
    [[nodiscard]] const std::uint64_t* mask(const frozen::RequirementEntry& part) const {
        const auto [first, count] = versions_of(part.target);
        const std::uint32_t words = (count + 1 + 63) / 64;
        if ((part.count & frozen::kWideMask) == 0) return words == 1 ? &part.mask : nullptr;
        if (over != nullptr && part.mask >= masks.size()) return overlaid_mask(part.mask, words);
        if (part.mask > masks.size() || words > masks.size() - part.mask) return nullptr;
        return masks.data() + part.mask;
    }
    [[nodiscard]] const frozen::ExtraEntry* extra(std::uint32_t version) const noexcept;
    [[nodiscard]] std::span<const frozen::ProvideEntry> provided(std::uint32_t virtual_name) const;
    /// Reads a constraint's text. Errors: kUniverseInvalid.
    [[nodiscard]] Result<version::VersionConstraint> constraint(std::uint32_t offset) const;
    [[nodiscard]] Candidate candidate(std::uint32_t index) const;
    /// Returns why a newer package could not be loaded; what was asked for since may be wrong.
    [[nodiscard]] const Error* failure() const noexcept;

private:
    [[nodiscard]] bool is_changed(std::uint32_t id) const noexcept {
        return id / 64 < changed.size() && ((changed[id / 64] >> (id % 64)) & 1) != 0;
    }
    // What `over` says, or what there is to say without it.
    [[nodiscard]] std::string_view overlaid_name(std::uint32_t id) const noexcept;
    [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> overlaid_versions(std::uint32_t id) const;
    [[nodiscard]] Candidate overlaid_candidate(std::uint32_t index) const;
    [[nodiscard]] std::uint8_t overlaid_flags(std::uint32_t index) const noexcept;
    [[nodiscard]] bool overlaid_default_feature(std::uint32_t index) const;
    [[nodiscard]] bool overlaid_provides_prerelease(std::uint32_t index) const;
    [[nodiscard]] std::span<const std::uint32_t> overlaid_row(std::uint32_t version) const;
    [[nodiscard]] const frozen::RequirementEntry* overlaid_requirement(
        std::uint32_t id, frozen::Reading reading) const;
    [[nodiscard]] const frozen::ConditionEntry* overlaid_condition(std::uint32_t id) const noexcept;
    [[nodiscard]] const std::uint64_t* overlaid_mask(std::uint64_t place,
                                                     std::uint32_t words) const noexcept;
};

namespace frozen {

/// Puts a record together again, without the items for which `keep` is false. Errors:
/// kUniverseInvalid.
[[nodiscard]] Result<PackageRecord> read_record(const FrozenUniverse::View& view,
                                                std::uint32_t version,
                                                const std::function<bool(std::uint32_t)>& keep);

/// Versions of one name that meet a requirement.
struct Part {
    std::uint32_t target = kNone;
    std::vector<std::uint64_t> mask;
    bool out_of_order = false;
    std::uint32_t as = kNone;  ///< The name by which all of them meet it, if there is one.
};

/// Returns the number of words of a name's domain.
[[nodiscard]] std::uint32_t domain_words(const FrozenUniverse::View& view, std::uint32_t name);

/// Compiles requirements: the same reading as `engine::Requirements`, over a view whose names,
/// versions and provides are there.
class Compiler {
public:
    explicit Compiler(const FrozenUniverse::View& view) : view_(view) {}

    /// Adds to `parts` what meets one target.
    void meet(std::uint32_t name, const version::VersionConstraint& constraint,
              std::vector<Part>& parts);
    /// Adds to `parts` what a conflict excludes.
    void exclude(std::uint32_t name, const version::VersionConstraint& constraint,
                 std::vector<Part>& parts);

private:
    [[nodiscard]] Part& part_of(std::uint32_t target, std::uint32_t as, std::vector<Part>& parts);
    void put(std::uint32_t target, std::uint32_t value, std::uint32_t as, std::vector<Part>& parts);
    [[nodiscard]] bool own_meets(std::uint32_t version,
                                 const version::VersionConstraint& constraint) const;
    void meet_provided(std::uint32_t name, const version::VersionConstraint& constraint,
                       std::vector<Part>& parts);

    const FrozenUniverse::View& view_;
};

/// Where sets and alternatives go that an entry has no room for.
class EntryStore {
public:
    virtual ~EntryStore() = default;
    /// Both return the place that the entry is to name.
    [[nodiscard]] virtual std::uint64_t put_mask(std::vector<std::uint64_t> words) = 0;
    [[nodiscard]] virtual std::uint64_t put_alternatives(
        std::vector<RequirementEntry> alternatives) = 0;
};

/// Completes an entry, of which `name` and `constraint` are there, with what was compiled.
[[nodiscard]] RequirementEntry complete_entry(RequirementEntry entry, std::vector<Part> parts,
                                              Reading reading, EntryStore& store);

/// Returns the text by which a universe keeps a constraint.
[[nodiscard]] std::string constraint_text(const version::VersionConstraint& constraint);

}  // namespace frozen
}  // namespace catalog::resolve
