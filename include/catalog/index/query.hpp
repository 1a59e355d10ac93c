#pragma once
// Query: what to look for in an index, and how to rank what is found.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/index/package_index.hpp"

namespace catalog::index {

/// One way in which a clause can hold: all of these words are there, as a phrase one behind the
/// other in the name, in one keyword or in the description.
struct QueryAlternative {
    std::vector<std::string> words;  ///< Lower case, as the index cuts them; one at least.
    bool is_phrase = false;
    friend bool operator==(const QueryAlternative&, const QueryAlternative&) = default;
};

/// Holds where one of its alternatives does.
struct QueryClause {
    std::vector<QueryAlternative> any_of;
    bool is_excluded = false;  ///< What it holds for is not found.
    friend bool operator==(const QueryClause&, const QueryClause&) = default;
};

/// A name that a version has to depend on, or must not.
struct QueryDependency {
    std::string name;
    bool is_excluded = false;
    friend bool operator==(const QueryDependency&, const QueryDependency&) = default;
};

/// A search: clauses that must all hold, filters, and what makes a hit a better one. A value type;
/// thread safety as `int`.
class Query {
public:
    Query() = default;

    /// Reads what people write:
    ///
    ///     fast json             both words
    ///     fast OR quick json    one of the first two, and the third
    ///     "fast json"           a phrase
    ///     -slow -"too slow"     not these
    ///     license:MIT type:model tag:x keyword:x author:x state:deprecated   filters
    ///     name:acme/            a prefix of names
    ///     depends:acme/blas     of those that depend on it; -depends: of others
    ///
    /// A value with spaces is quoted: author:"Ada L". Everything else is a word, or several: they
    /// are cut as those of the index are (docs/formats/index-records.md), and all of them count.
    /// Errors: kQueryInvalid (with what is wrong and where: a quote that is not closed, OR without
    /// something on both sides or beside a filter, an unknown field, a filter twice, without value
    /// or excluded, nothing that is a word, limits below).
    [[nodiscard]] static Result<Query> parse(std::string_view text);
    /// Takes every word of a text as required, whatever stands between them. Errors: kQueryInvalid
    /// (no word, more than 16).
    [[nodiscard]] static Result<Query> all_of(std::string_view words);

    /// Adds what a filter says beside the text, its flags included. Errors: kQueryInvalid (both say
    /// something of one field).
    [[nodiscard]] Result<void> narrow(const Filter& other);

    static constexpr std::size_t kTextBytesMax = 4096;  ///< Of what `parse` reads.
    static constexpr std::size_t kWordsMax = 16;        ///< In all clauses.
    static constexpr std::size_t kDependenciesMax = 8;

    std::vector<QueryClause> clauses;
    std::vector<QueryDependency> depends;
    Filter filter;
    std::string exact;  ///< A package of this name, or of its lower-case form, comes first.

    // Ranking: BM25 over all versions of the index, wherever they lie.

    double name_boost = 1;         ///< 0 to 100; how much more a word in the name counts,
    double keyword_boost = 1;      ///< in keywords,
    double description_boost = 1;  ///< and in the description.
    /// 0 to 100; what is added to the score of a name that 1,000 versions or more depend on; to
    /// that of others as much less as the logarithm of their dependents is.
    double popularity = 0;

    std::size_t limit = 20;    ///< Hits of a page, 1 to 10,000.
    std::string cursor;        ///< Of the page before; empty for the first one.
    bool descriptions = true;  ///< False: those of sealed versions are left empty, and not read.
};

/// A page of hits, best first; of equal ones in byte order of names, newest first.
struct SearchPage {
    std::vector<SearchHit> hits;
    /// Pass it with the same query to get the next page; empty at the end. It holds the statistics
    /// that the first page was ranked by, so that what is published meanwhile moves no hit from one
    /// page to another; only what changes itself may be missed or come twice.
    std::string cursor;
};

/// A field whose values hits are counted by.
enum class CountedField : std::uint8_t { kType, kLicense, kState, kKeyword, kTag, kAuthor };

/// Returns "type", "license", "state", "keyword", "tag" or "author".
[[nodiscard]] std::string_view counted_field_name(CountedField field) noexcept;
/// Errors: kQueryInvalid (no such field).
[[nodiscard]] Result<CountedField> parse_counted_field(std::string_view text);

/// How many hits have a value; a hit may have several of a field, or none.
struct ValueCount {
    std::string value;  ///< As it was written.
    std::uint64_t hits = 0;
    friend bool operator==(const ValueCount&, const ValueCount&) = default;
};

struct FieldCounts {
    CountedField field = CountedField::kType;
    std::vector<ValueCount> values;     ///< Most hits first, then in byte order.
    std::uint64_t distinct_values = 0;  ///< How many there are, in `values` or not.
    friend bool operator==(const FieldCounts&, const FieldCounts&) = default;
};

/// What all hits of a query are, on whichever page.
struct HitCounts {
    std::uint64_t hits = 0;
    std::vector<FieldCounts> fields;  ///< In the order in which they were asked for.
    friend bool operator==(const HitCounts&, const HitCounts&) = default;
};

/// A package that needs another one, itself or through others.
struct Dependent {
    PackageId id;                ///< The newest version of its name.
    std::uint32_t distance = 1;  ///< Dependencies from it to the package, the fewest.
    PackageName needs;           ///< What it depends on itself.
    friend bool operator==(const Dependent&, const Dependent&) = default;
};

struct Dependents {
    std::vector<Dependent> packages;  ///< Nearest first, then in byte order of names.
    bool is_truncated = false;        ///< There are more than were asked for.
};

}  // namespace catalog::index
