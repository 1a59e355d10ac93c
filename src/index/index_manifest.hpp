#pragma once
// Which segments count, as a record of the key-value store. Format page:
// docs/formats/index-manifest.md.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"
#include "catalog/index/segment_builder.hpp"

namespace catalog::index {

/// Key of the record in family `segments`.
inline constexpr std::string_view kManifestKey = "m";

inline constexpr std::size_t kSegmentsMax = 256;
/// Versions of one segment that do not count.
inline constexpr std::size_t kDeadVersionsMax = 1U << 20;

/// One segment of the index.
struct ManifestSegment {
    ContentHash name;
    std::uint64_t bytes = 0;
    std::uint32_t versions = 0;
    std::uint8_t level = 0;           ///< How often what is in it was merged.
    std::vector<std::uint32_t> dead;  ///< Versions that do not count, ascending.
    friend bool operator==(const ManifestSegment&, const ManifestSegment&) = default;
};

/// All segments of the index. No version that counts is in two of them.
struct IndexManifest {
    std::uint64_t epoch = 0;                ///< How many changes there were.
    SegmentSecret secret{};                 ///< Of all its segments.
    std::vector<ManifestSegment> segments;  ///< The oldest first.
    friend bool operator==(const IndexManifest&, const IndexManifest&) = default;
};

[[nodiscard]] std::string encode_manifest(const IndexManifest& manifest);
/// Errors: kIndexCorrupted.
[[nodiscard]] Result<IndexManifest> decode_manifest(std::string_view bytes);

}  // namespace catalog::index
