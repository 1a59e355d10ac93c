#pragma once
// Manifest: the one document that is signed. Canonical JSON (RFC 8785), at most 1 MiB. Format page:
// docs/formats/manifest.md.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "catalog/core/content_hash.hpp"
#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::package {

/// SHA-256 of a canonical manifest: the identity of what was published. A type of its own so that
/// it cannot be taken for the hash of some content.
struct PackageDigest {
    ContentHash hash;
    [[nodiscard]] std::string to_string() const { return hash.to_string(); }
    friend bool operator==(const PackageDigest&, const PackageDigest&) noexcept = default;
    friend auto operator<=>(const PackageDigest&, const PackageDigest&) noexcept = default;
};

/// Metadata plus what proves the files. A value type.
struct Manifest {
    explicit Manifest(PackageMetadata package_metadata) : metadata(std::move(package_metadata)) {}

    PackageMetadata metadata;
    std::uint64_t file_count = 0;  ///< Entries of the file table.
    std::uint64_t file_bytes = 0;  ///< Sum of the regular files' sizes, bytes.
    ContentHash files_root;        ///< FileTable::files_root().
    std::map<std::string, std::string> foreign_digests;  ///< Other ecosystems' digests, for example
                                                         ///< "npm-integrity" -> "sha512-...".

    friend bool operator==(const Manifest&, const Manifest&) = default;

    /// Returns the canonical bytes of the canonical metadata (see canonicalise): equal packages
    /// have equal bytes. Whether a package is worth publishing is `validate`'s matter. Errors:
    /// kManifestInvalid (something that would not read back: text that is not UTF-8, a number
    /// beyond 2^53, nesting beyond `limits.json_depth_max`, a root that is not SHA-256),
    /// kLimitExceeded (more than `limits.manifest_bytes_max`). Cost: linear.
    [[nodiscard]] Result<std::string> encode(const Limits& limits = {}) const;

    /// Reads canonical bytes; anything that `encode` would not write is refused, so one manifest
    /// has one byte string. Verify the digest or signature of the bytes before. Errors:
    /// kManifestInvalid, kLimitExceeded, those of json::read_canonical and of metadata_from_json.
    [[nodiscard]] static Result<Manifest> decode(std::string_view bytes, const Limits& limits = {});
};

/// Returns the digest of canonical manifest bytes.
[[nodiscard]] PackageDigest digest_of_manifest(std::string_view canonical_bytes);

}  // namespace catalog::package

template <>
struct std::hash<catalog::package::PackageDigest> {
    std::size_t operator()(const catalog::package::PackageDigest& digest) const noexcept {
        return std::hash<catalog::ContentHash>{}(digest.hash);
    }
};
