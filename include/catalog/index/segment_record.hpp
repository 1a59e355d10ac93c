#pragma once
// SegmentRecord: what a segment says of one package version, read where it lies.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>

#include "catalog/core/bytes.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/dependency_kind.hpp"
#include "catalog/index/segment_row.hpp"
#include "catalog/package/metadata.hpp"
#include "catalog/package/state.hpp"
#include "catalog/version/version_req.hpp"

namespace catalog::index {

/// Number of a package version in one segment.
enum class DocId : std::uint32_t {};
/// Number of a name in one segment.
enum class NameId : std::uint32_t {};
/// Number of a text in one segment.
enum class TextId : std::uint32_t {};

/// The number of no text.
inline constexpr TextId kNoText{0xffffffff};

/// 128-bit keyed hash of a package id: the same in all segments of one library, and of no meaning
/// outside of it. A value type.
struct PackageKey {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    friend bool operator==(const PackageKey&, const PackageKey&) noexcept = default;
};

/// How many bytes numbers take in the records of one segment, 1 to 4.
struct RecordWidths {
    std::uint8_t name = 1;
    std::uint8_t text = 1;
    std::uint8_t terms = 1;  ///< Of a text that is the terms of a relation.
};

/// Numbers of one to four bytes, one behind the other; borrows from the segment.
class NarrowNumbers {
public:
    NarrowNumbers() = default;
    /// REQUIRES: a width of 1 to 4.
    NarrowNumbers(ByteView bytes, unsigned width) noexcept
        : at_(bytes.data()), size_(bytes.size() / width), width_(width) {}
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// REQUIRES: index < size().
    [[nodiscard]] std::uint32_t operator[](std::size_t index) const noexcept {
        return load(at_ + width_ * index, width_);
    }
    [[nodiscard]] static std::uint32_t load(const std::byte* from, unsigned width) noexcept {
        std::uint32_t number = 0;
        for (unsigned i = 0; i < width; ++i)
            number |= std::to_integer<std::uint32_t>(from[i]) << (8 * i);
        return number;
    }

private:
    const std::byte* at_ = nullptr;
    std::size_t size_ = 0;
    unsigned width_ = 1;
};

/// Numbers of texts of one record; borrows from the segment.
class TextList {
public:
    TextList() = default;
    explicit TextList(const NarrowNumbers& numbers) noexcept : numbers_(numbers) {}
    [[nodiscard]] std::size_t size() const noexcept { return numbers_.size(); }
    /// REQUIRES: index < size().
    [[nodiscard]] TextId operator[](std::size_t index) const noexcept {
        return TextId{numbers_[index]};
    }

private:
    NarrowNumbers numbers_;
};

/// A relation as it is stored: which name, and the number of its terms (Segment::terms).
struct StoredRelation {
    NameId name{};
    TextId terms{};
    friend bool operator==(const StoredRelation&, const StoredRelation&) noexcept = default;
};

/// Relations of one record; borrows from the segment.
class RelationList {
public:
    RelationList() = default;
    RelationList(ByteView bytes, const RecordWidths& widths) noexcept
        : bytes_(bytes), widths_(widths) {}
    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() / step(); }
    /// REQUIRES: index < size().
    [[nodiscard]] StoredRelation operator[](std::size_t index) const noexcept {
        const std::byte* const at = bytes_.data() + step() * index;
        return {NameId{NarrowNumbers::load(at, widths_.name)},
                TextId{NarrowNumbers::load(at + widths_.name, widths_.terms)}};
    }

private:
    [[nodiscard]] std::size_t step() const noexcept {
        return std::size_t{widths_.name} + widths_.terms;
    }

    ByteView bytes_;
    RecordWidths widths_;
};

/// What a relation says beside the name; as in SegmentRelation. Borrows from the segment.
class RelationTerms {
public:
    RelationTerms() = default;
    RelationRole role = RelationRole::kDependency;
    version::Dialect dialect = version::Dialect::kCargo;
    DependencyKind kind = DependencyKind::kRequired;
    bool default_features = true;
    bool is_alternative = false;
    std::string_view constraint;
    std::string_view platform;
    std::string_view features;  ///< With a zero byte between two.
};

/// One package version. Three words; borrows from the segment, which must outlive it. Every part
/// lies within the segment's bytes, whatever they hold. Thread safety: as `int`.
class SegmentRecord {
public:
    /// For the module's own use: `bytes` is a record that was looked through.
    SegmentRecord(ByteView bytes, DocId doc, const RecordWidths& widths) noexcept
        : at_(bytes.data()),
          bytes_(static_cast<std::uint32_t>(bytes.size())),
          doc_(doc),
          widths_(widths) {}

    [[nodiscard]] DocId doc() const noexcept { return doc_; }
    [[nodiscard]] std::string_view name() const noexcept;
    [[nodiscard]] std::string_view version() const noexcept;  ///< Canonical text.
    [[nodiscard]] package::PackageType type() const noexcept;
    /// State and yanked flag as they were when the segment was built.
    [[nodiscard]] package::PackageState state() const noexcept;
    [[nodiscard]] bool is_yanked() const noexcept;
    [[nodiscard]] bool is_imported() const noexcept;
    [[nodiscard]] ContentHash digest() const noexcept;  ///< Of the manifest.
    /// Returns microseconds since the Unix epoch.
    [[nodiscard]] std::int64_t published_us() const noexcept;
    [[nodiscard]] std::uint64_t file_count() const noexcept;
    [[nodiscard]] std::uint64_t file_bytes() const noexcept;
    [[nodiscard]] std::uint64_t log_index() const noexcept;
    [[nodiscard]] TextId license() const noexcept;  ///< kNoText when there is none.
    [[nodiscard]] TextList authors() const noexcept;
    [[nodiscard]] TextList keywords() const noexcept;
    [[nodiscard]] TextList tags() const noexcept;
    [[nodiscard]] RelationList relations() const noexcept;
    [[nodiscard]] ByteView bytes() const noexcept { return {at_, bytes_}; }

private:
    [[nodiscard]] std::size_t byte(std::size_t at) const noexcept {
        return std::to_integer<std::size_t>(at_[at]);
    }
    [[nodiscard]] const std::byte* body() const noexcept;
    [[nodiscard]] std::uint64_t content_number(unsigned index) const noexcept;
    [[nodiscard]] const std::byte* lists() const noexcept;
    [[nodiscard]] TextList list(std::size_t before, std::size_t count) const noexcept;

    const std::byte* at_;
    std::uint32_t bytes_;
    DocId doc_;
    RecordWidths widths_;
};

}  // namespace catalog::index

template <>
struct std::hash<catalog::index::PackageKey> {
    std::size_t operator()(const catalog::index::PackageKey& key) const noexcept { return key.low; }
};
