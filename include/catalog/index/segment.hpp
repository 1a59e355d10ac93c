#pragma once
// Segment: many package versions in one immutable file that is used where it lies.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"
#include "catalog/index/segment_record.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/version/constraint.hpp"
#include "catalog/version/semver.hpp"

namespace catalog::index {

/// What a package version can be found by beside its id. Values are stored and never change.
enum class Facet : char {
    kAuthor = 'a',    ///< A whole author or a word of it, lower case.
    kTag = 'g',       ///< As written.
    kKeyword = 'k',   ///< Lower case.
    kLicense = 'l',   ///< The whole expression, lower case.
    kState = 's',     ///< As package::state_name writes it, when the segment was built.
    kType = 't',      ///< As package::package_type_name writes it.
    kProvided = 'v',  ///< A name that is provided.
    kWord = 'w',      ///< A word of name, keywords or description, lower case.
};

/// Numbers of versions of one segment, ascending; borrows from the segment.
class DocList {
public:
    DocList() = default;
    explicit DocList(const NarrowNumbers& numbers) noexcept : numbers_(numbers) {}
    [[nodiscard]] std::size_t size() const noexcept { return numbers_.size(); }
    /// REQUIRES: index < size().
    [[nodiscard]] DocId operator[](std::size_t index) const noexcept {
        return DocId{numbers_[index]};
    }

private:
    NarrowNumbers numbers_;
};

/// Consecutive numbers of versions.
struct DocRange {
    std::uint32_t first = 0;
    std::uint32_t end = 0;  ///< One behind the last.
    [[nodiscard]] std::uint32_t size() const noexcept { return end - first; }
    friend bool operator==(const DocRange&, const DocRange&) = default;
};

/// Consecutive numbers of names.
struct NameRange {
    std::uint32_t first = 0;
    std::uint32_t end = 0;  ///< One behind the last.
    [[nodiscard]] std::uint32_t size() const noexcept { return end - first; }
    friend bool operator==(const NameRange&, const NameRange&) = default;
};

/// A version that a search found.
struct SegmentHit {
    DocId doc{};
    float score = 0;  ///< Greater is better; comparable within one segment.
    friend bool operator==(const SegmentHit&, const SegmentHit&) = default;
};

/// Many package versions, sealed (docs/formats/segment.md). Versions have numbers: in byte order of
/// names, and within a name from the newest to the oldest. Names have numbers in their byte order:
/// first those that have versions here, behind them those that are only named by relations.
///
/// Immutable. Thread safety: any thread. Memory: some hundred bytes on the heap whatever its size;
/// nothing is parsed or copied, pages of the file come and go as the system decides. Every access
/// is checked against the bounds of the bytes: bytes that `verify` would refuse lead to wrong
/// answers or none, never outside of them, and every call ends.
class Segment {
public:
    /// Uses `bytes`, which stay valid as long as `owner` lives. Looks at the last 4 KiB alone.
    /// Errors: kIndexCorrupted (none, another version of the format, cut short, damaged there).
    /// Cost: constant.
    [[nodiscard]] static Result<std::shared_ptr<const Segment>> open(
        ByteView bytes, std::shared_ptr<const void> owner);

    [[nodiscard]] std::uint32_t version_count() const noexcept;
    [[nodiscard]] std::uint32_t name_count() const noexcept;  ///< That have versions.
    [[nodiscard]] std::uint32_t foreign_name_count() const noexcept;
    [[nodiscard]] std::uint32_t term_count() const noexcept;
    [[nodiscard]] ByteView bytes() const noexcept;
    /// Returns the bytes of the frozen universe (resolve::FrozenUniverse::open), empty when there
    /// is none.
    [[nodiscard]] ByteView universe() const noexcept;

    /// Returns the content name: the root over the 64 KiB blocks. Cost: hashing all bytes.
    [[nodiscard]] ContentHash name() const;

    /// Checks every byte: checksums, and that all numbers, orders and tables fit each other. What a
    /// builder wrote passes; any flipped bit does not. Errors: kIndexCorrupted with the section or
    /// version. Cost: linear; reads everything.
    [[nodiscard]] Result<void> verify() const;

    // By id.

    /// Returns the key of an id in this segment and all others of the same secret.
    [[nodiscard]] PackageKey key_of(std::string_view name, std::string_view version) const noexcept;
    /// Returns the version of exactly that text. Cost: two cache misses.
    [[nodiscard]] std::optional<SegmentRecord> find(std::string_view name,
                                                    std::string_view version) const noexcept;
    /// The same by key, of which 64 bits are compared and some twenty more choose the place: that
    /// another key is taken for it has a chance of about one in 2^80.
    [[nodiscard]] std::optional<SegmentRecord> find(const PackageKey& key) const noexcept;
    /// Returns the number alone, without a look at the record. Cost: one cache miss.
    [[nodiscard]] std::optional<DocId> find_doc(const PackageKey& key) const noexcept;
    /// Looks up several at a time, so that their cache misses overlap. REQUIRES: as many places in
    /// `found` as keys.
    void find_many(std::span<const PackageKey> keys,
                   std::span<std::optional<SegmentRecord>> found) const noexcept;
    /// Returns the version of that number, or nothing behind the last.
    [[nodiscard]] std::optional<SegmentRecord> record(DocId doc) const noexcept;

    // By name.

    /// Returns the number of a name that has versions here. Cost: about four cache misses.
    [[nodiscard]] std::optional<NameId> find_name(std::string_view name) const noexcept;
    /// Returns the text of a name, empty for a number that there is not.
    [[nodiscard]] std::string_view name_text(NameId name) const noexcept;
    /// Returns the versions of a name, newest first; none for a foreign one.
    [[nodiscard]] DocRange versions(NameId name) const noexcept;
    /// Returns the version that a number stands for. Nothing behind the last, or when the record is
    /// damaged.
    [[nodiscard]] std::optional<version::SemVer> version_of(DocId doc) const;
    /// Returns the newest version of a name that is neither yanked nor archived and satisfies the
    /// constraint. Cost: one test of the constraint for each newer one; a release is read from its
    /// order key alone.
    [[nodiscard]] std::optional<DocId> best(NameId name,
                                            const version::VersionConstraint& constraint) const;
    /// Returns the names that begin with `prefix`. Cost: two binary searches.
    [[nodiscard]] NameRange names_with_prefix(std::string_view prefix) const noexcept;
    /// Returns the versions with a dependency (or an alternative) of that name, ascending. Cost:
    /// that of finding the name.
    [[nodiscard]] DocList dependents(std::string_view name) const noexcept;
    /// The same of a name's number, also a foreign one's; none for a number that there is not.
    [[nodiscard]] DocList dependents(NameId name) const noexcept;

    // By words and facets.

    /// Returns how many versions have the facet's value. Cost: a binary search.
    [[nodiscard]] std::uint32_t count(Facet facet, std::string_view value) const noexcept;
    /// Appends the versions that have it, ascending, from `from` on, at most `limit` of them.
    void list(Facet facet, std::string_view value, DocId from, std::size_t limit,
              std::vector<DocId>& out) const;
    /// Appends values of the facet that begin with `prefix` and their counts, in byte order, at
    /// most `limit` of them. Values are cut at 256 bytes.
    void values(Facet facet, std::string_view prefix, std::size_t limit,
                std::vector<std::pair<std::string, std::uint32_t>>& out) const;

    /// Full-text search over name, keywords and description: every word must match (words as in
    /// docs/formats/index-records.md), best first, of equal ones in order of versions. Scores are
    /// BM25 in single precision.
    /// `limit` 1 to 10,000. Errors: kQueryInvalid (no word, more than 16). Cost: of one common word
    /// constant, else what blocks of postings of the rarest word can still reach the results.
    [[nodiscard]] Result<std::vector<SegmentHit>> search(std::string_view words,
                                                         std::size_t limit) const;

    // Texts.

    /// Returns an author, licence, keyword, tag or the terms of a relation; empty for a number that
    /// there is not.
    [[nodiscard]] std::string_view text(TextId id) const noexcept;
    /// Returns what the terms of a relation say.
    [[nodiscard]] RelationTerms terms(const StoredRelation& relation) const noexcept;

    /// For the module's own use.
    struct View;
    [[nodiscard]] const View& view() const noexcept { return *view_; }
    explicit Segment(std::unique_ptr<const View> view) noexcept;
    ~Segment();
    Segment(const Segment&) = delete;
    Segment& operator=(const Segment&) = delete;

private:
    std::unique_ptr<const View> view_;
};

/// Description and rest of a version, in cold storage.
struct ColdText {
    std::string_view description;
    std::string_view rest;
};

/// Reads cold texts of one segment, and keeps the group that it read last.
///
/// Thread safety: one object from one thread at a time. Memory: about 200 KiB and the largest
/// group.
class ColdReader {
public:
    explicit ColdReader(std::shared_ptr<const Segment> segment);
    ~ColdReader();
    ColdReader(ColdReader&&) noexcept;
    ColdReader& operator=(ColdReader&&) noexcept;

    /// Returns the texts of a version, valid until the next call. Errors: kInvalidArgument (no such
    /// version), kIndexCorrupted. Cost: decompressing some KiB, unless the version before or
    /// behind it was read last.
    [[nodiscard]] Result<ColdText> read(DocId doc);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Maps a segment file and opens it. Blocking: yes. Errors: as Segment::open, kFileNotFound, kIo.
[[nodiscard]] Result<std::shared_ptr<const Segment>> open_segment(io::FileSystem& fs,
                                                                  const std::string& path);

}  // namespace catalog::index
