#pragma once
// Packages that wait for the host's consensus: stored, signed and seen by nobody else.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "catalog/core/clock.hpp"
#include "catalog/core/ids.hpp"
#include "catalog/package/manifest.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::lifecycle {

/// A package in the state Preparing. See docs/consensus.md.
struct PreparingPackage {
    explicit PreparingPackage(PackageId package_id) : id(std::move(package_id)) {}
    PackageId id;
    package::PackageDigest digest;
    package::ConsensusRequirements requirements;  ///< What proofs it demands.
    std::string principal;                        ///< Who publishes it.
    WallTime since;                               ///< When it was stored.
    std::uint64_t file_count = 0;
    std::uint64_t file_bytes = 0;
};

/// Part of the list of packages that wait.
struct PreparingPage {
    std::vector<PreparingPackage> packages;  ///< In byte order of `name@version`.
    std::string next;                        ///< Cursor of the next page; empty: the last.
};

}  // namespace catalog::lifecycle
