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

/// Numbers of texts of one record; borrows from the segment.
class TextList {
public:
    TextList() = default;
    explicit TextList(ByteView bytes) noexcept : bytes_(bytes) {}
    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() / 4; }
    /// REQUIRES: index < size().
    [[nodiscard]] TextId operator[](std::size_t index) const noexcept {
        return TextId{load_le<std::uint32_t>(bytes_.data() + 4 * index)};
    }

private:
    ByteView bytes_;
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
    explicit RelationList(ByteView bytes) noexcept : bytes_(bytes) {}
    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() / 8; }
    /// REQUIRES: index < size().
    [[nodiscard]] StoredRelation operator[](std::size_t index) const noexcept {
        return {NameId{load_le<std::uint32_t>(bytes_.data() + 8 * index)},
                TextId{load_le<std::uint32_t>(bytes_.data() + 8 * index + 4)}};
    }

private:
    ByteView bytes_;
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

/// One package version. Two pointers; borrows from the segment, which must outlive it. Every part
/// lies within the segment's bytes, whatever they hold. Thread safety: as `int`.
class SegmentRecord {
public:
    /// For the module's own use: `bytes` is a record that was looked through.
    explicit SegmentRecord(ByteView bytes) noexcept : bytes_(bytes) {}

    [[nodiscard]] DocId doc() const noexcept;
    [[nodiscard]] PackageKey key() const noexcept;
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
    [[nodiscard]] ByteView bytes() const noexcept { return bytes_; }

private:
    [[nodiscard]] const std::byte* body() const noexcept;
    [[nodiscard]] std::uint64_t content_word(std::size_t at) const noexcept;
    [[nodiscard]] ByteView list(std::size_t before, std::size_t count) const noexcept;

    ByteView bytes_;
};

}  // namespace catalog::index

template <>
struct std::hash<catalog::index::PackageKey> {
    std::size_t operator()(const catalog::index::PackageKey& key) const noexcept { return key.low; }
};
