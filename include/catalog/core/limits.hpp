#pragma once
// Limits: a bound on everything that can grow. Passing one is Errc::kLimitExceeded with LimitDetail
// naming the field.

#include <cstdint>

namespace catalog {

/// Bounds that a host may lower or raise. Every field says its unit.
class Limits {
public:
    Limits() = default;  // keeps this type a non-aggregate: docs/decisions/0001-no-coroutines.md

    std::uint64_t manifest_bytes_max = 1u << 20;   ///< Canonical manifest, bytes.
    std::uint64_t toml_bytes_max = 1u << 20;       ///< catalog.toml, bytes.
    std::uint64_t json_bytes_max = 64u << 20;      ///< One JSON document, bytes.
    std::uint64_t json_line_bytes_max = 1u << 20;  ///< One line of JSON Lines input, bytes.
    std::uint32_t json_depth_max = 64;             ///< Nesting of arrays and objects.
    std::uint32_t package_files_max = 1'000'000;   ///< Entries of one file table.
    std::uint64_t package_bytes_max = std::uint64_t{1}
                                      << 40;       ///< Sum of a package's file sizes, bytes.
    std::uint32_t path_bytes_max = 1024;           ///< One path in a package, bytes.
    std::uint32_t path_component_bytes_max = 255;  ///< One component of it, bytes.
    std::uint32_t path_depth_max = 64;             ///< Components of one path.
    std::uint32_t dependencies_max = 4096;         ///< Dependencies of one package version.
    std::uint32_t keywords_max = 64;               ///< Keywords of one package version.
    std::uint32_t text_bytes_max = 64u << 10;  ///< One text field (description, author ...), bytes.
    std::uint64_t resolve_conflicts_max =
        10'000'000;  ///< Conflicts of one resolution before it gives up.
};

}  // namespace catalog
