#pragma once
// Keys and values of the index in the key-value store. Format page: docs/formats/index-records.md.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/index/package_index.hpp"
#include "catalog/package/metadata.hpp"
#include "catalog/version/semver.hpp"

namespace catalog::index {

/// First byte of a posting's key: what kind of term it is.
enum class TermKind : char {
    kAuthor = 'a',      ///< Whole author or a word of it, lower case.
    kDependency = 'd',  ///< Name of a package that is depended on.
    kTag = 'g',
    kKeyword = 'k',  ///< Lower case.
    kLicense = 'l',  ///< Lower case.
    kType = 't',
    kVirtual = 'v',  ///< Virtual name that is provided.
    kWord = 'w',     ///< Word of name, keywords or description, lower case.
};

/// One posting of a package version.
struct Term {
    TermKind kind;
    std::string text;
    std::uint32_t weight = 1;  ///< Of a word: the sum of its fields' weights.
    /// Of a word and of the type: what all words of the version weigh.
    std::uint32_t length = 0;
};

/// Returns bytes whose byte-wise order is version precedence (SemVer section 11); build metadata
/// does not count.
[[nodiscard]] std::string order_key(const version::SemVer& version);

/// Key of a version in family `packages`: 'p' name NUL order_key.
[[nodiscard]] std::string entry_key(std::string_view name, const version::SemVer& version);
/// First byte of the keys of versions that were sealed and have changed their state since.
inline constexpr char kChangedPrefix = 'o';
/// Key of such a version in family `packages`: 'o' name NUL order_key.
[[nodiscard]] std::string changed_key(std::string_view name, const version::SemVer& version);
/// Key of a name of which every version is in the delta: 'n' name.
[[nodiscard]] std::string name_key(std::string_view name);
/// Prefix of all versions of a name.
[[nodiscard]] std::string name_prefix(std::string_view name);
/// Splits what follows 'p' (or a posting's prefix) into name and order key. Errors:
/// kIndexCorrupted.
struct NameAndOrder {
    std::string_view name;
    std::string_view order;
};
[[nodiscard]] Result<NameAndOrder> split_name(std::string_view rest);

/// Prefix of all postings of a term: kind text NUL.
[[nodiscard]] std::string posting_prefix(TermKind kind, std::string_view text);
/// Key of one posting: prefix name NUL order_key.
[[nodiscard]] std::string posting_key(const Term& term, std::string_view name,
                                      const version::SemVer& version);

/// Key of the counters in family `packages`.
inline constexpr std::string_view kCountsKey = "c";

[[nodiscard]] std::string encode_entry(const IndexEntry& entry);
[[nodiscard]] Result<IndexEntry> decode_entry(
    std::string_view bytes);  ///< Errors: kIndexCorrupted.

[[nodiscard]] std::string encode_weight(std::uint32_t weight);
[[nodiscard]] std::uint32_t decode_weight(std::string_view bytes) noexcept;
/// The value of a posting: its weight, and of a word and of the type the version's length.
[[nodiscard]] std::string encode_posting(const Term& term);
/// The length in such a value; 0 where there is none.
[[nodiscard]] std::uint32_t decode_length(std::string_view bytes) noexcept;

[[nodiscard]] std::string encode_counts(const PackageIndex::Counts& counts);
[[nodiscard]] Result<PackageIndex::Counts> decode_counts(std::string_view bytes);

/// Keys in family `changes`: the state, and the first of which the changes since are known.
inline constexpr std::string_view kStateKey = "n";
inline constexpr std::string_view kKnownSinceKey = "v";
/// Key of the change that led to a state.
[[nodiscard]] std::string change_key(std::uint64_t sequence);

[[nodiscard]] std::string encode_state(const IndexState& state);
[[nodiscard]] Result<IndexState> decode_state(std::string_view bytes);

/// What a change did.
struct ChangeNote {
    std::array<std::byte, 16> chain{};  ///< Of the state that it led to.
    std::string name;
    std::vector<std::string> virtual_names;
};
[[nodiscard]] std::string encode_change(const ChangeNote& note);
[[nodiscard]] Result<ChangeNote> decode_change(std::string_view bytes);

/// What a word weighs by where it stands; a keyword counts each time.
inline constexpr std::uint32_t kNameWeight = 6;
inline constexpr std::uint32_t kKeywordWeight = 3;
inline constexpr std::uint32_t kDescriptionWeight = 1;

/// Returns all postings of a package version, each (kind, text) once.
[[nodiscard]] std::vector<Term> terms_of(const package::PackageMetadata& metadata);

/// Splits text into lower-case words of ASCII letters and digits and of non-ASCII bytes; a compound
/// such as `fast-json` or `camelCase` yields its parts and the whole. Words are cut at 64 bytes.
[[nodiscard]] std::vector<std::string> words_of(std::string_view text);

/// Calls `use` with the parts of all words in order, in lower case, without the compounds that they
/// are parts of.
void for_each_part(std::string_view text, const std::function<void(std::string_view)>& use);

/// Returns the ASCII lower-case form.
[[nodiscard]] std::string lower_case(std::string_view text);

}  // namespace catalog::index
