#pragma once
// Random package data: valid, with every member used, and small enough that names often meet.

#include <random>
#include <string>

#include "catalog/package/file_table.hpp"
#include "catalog/package/manifest.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::package::testing {

/// Source of all randomness of one test; print its seed.
using RandomEngine = std::mt19937_64;

/// A number in [0, bound).
[[nodiscard]] std::size_t below(RandomEngine& random, std::size_t bound);

[[nodiscard]] PackageName random_name(RandomEngine& random);
[[nodiscard]] version::SemVer random_version(RandomEngine& random);

/// Exact, range of both dialects, Git and Latest; Local only when `local_allowed`.
[[nodiscard]] version::VersionConstraint random_constraint(RandomEngine& random,
                                                           bool local_allowed = false);

/// Metadata that passes `validate(.., for_publish)`, in no particular order. `extra` holds whole
/// numbers and doubles that survive a round trip.
[[nodiscard]] PackageMetadata random_metadata(RandomEngine& random);

/// A path of one to four short components that a package may hold.
[[nodiscard]] std::string random_path(RandomEngine& random);

/// A table of up to `entries_max` files, links and empty folders. Trees are random bytes.
[[nodiscard]] FileTable random_file_table(RandomEngine& random, std::size_t entries_max = 20);

/// A manifest of random metadata over a random table.
[[nodiscard]] Manifest random_manifest(RandomEngine& random);

}  // namespace catalog::package::testing
