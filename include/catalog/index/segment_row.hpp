#pragma once
// SegmentRow: one package version as a segment holds it, in borrowed texts. What an importer fills
// in without building metadata first.

#include <cstdint>
#include <span>
#include <string_view>

#include "catalog/core/content_hash.hpp"
#include "catalog/core/dependency_kind.hpp"
#include "catalog/package/metadata.hpp"
#include "catalog/package/state.hpp"
#include "catalog/version/version_req.hpp"

namespace catalog::index {

/// How one package names another. Values are stored and never change.
enum class RelationRole : std::uint8_t {
    kDependency = 0,
    kConflict = 1,  ///< Must not stand beside it.
    kProvide = 2,   ///< Also answers to this name.
};

/// One dependency, alternative, conflict or provided name of a version. Borrows its texts.
class SegmentRelation {
public:
    SegmentRelation() = default;

    RelationRole role = RelationRole::kDependency;
    std::string_view name;        ///< A PackageName.
    std::string_view constraint;  ///< As VersionConstraint writes it; of kProvide the version.
    version::Dialect dialect = version::Dialect::kCargo;
    DependencyKind kind = DependencyKind::kRequired;
    bool default_features = true;
    bool is_alternative = false;                 ///< To the dependency before it.
    std::string_view platform;                   ///< A PlatformPredicate; empty for everywhere.
    std::span<const std::string_view> features;  ///< None is empty or has a zero byte.
};

/// One version of one package. Borrows its texts and lists, which stay valid during the call that
/// the row is handed to.
class SegmentRow {
public:
    SegmentRow() = default;

    std::string_view name;     ///< A PackageName.
    std::string_view version;  ///< Canonical SemVer text.
    ContentHash digest;        ///< Of the manifest.
    package::PackageState state = package::PackageState::kPublished;
    bool yanked = false;
    bool imported = false;  ///< Metadata only: can be found and resolved, not installed.
    package::PackageType type = package::PackageType::kLibrary;
    std::uint64_t file_count = 0;
    std::uint64_t file_bytes = 0;
    std::int64_t published_us = 0;  ///< Microseconds since the Unix epoch.
    std::uint64_t log_index = 0;
    std::string_view license;                    ///< SPDX text as written; empty for none.
    std::span<const std::string_view> authors;   ///< At most 255.
    std::span<const std::string_view> keywords;  ///< At most 255, as written.
    std::span<const std::string_view> tags;      ///< At most 255.
    std::span<const SegmentRelation> relations;  ///< At most 65,535.
    std::string_view description;                ///< At most 1 MiB.
    std::string_view rest;  ///< What else the caller wants kept, uninterpreted; at most 1 MiB.
};

}  // namespace catalog::index
