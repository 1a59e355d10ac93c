#pragma once
// Record of a package in the state Preparing. Format page: docs/formats/preparing.md.

#include <string>
#include <string_view>
#include <utility>

#include "catalog/core/clock.hpp"
#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"
#include "publication.hpp"

namespace catalog::lifecycle {

struct PreparingRecord {
    explicit PreparingRecord(Publication what) : publication(std::move(what)) {}
    Publication publication;
    WallTime since;
};

/// Returns the key of a package's record.
[[nodiscard]] std::string preparing_key(const PackageId& id);

[[nodiscard]] std::string encode_preparing(const PreparingRecord& record);

/// Reads what `encode_preparing` writes, nothing else; digest and id are those of the manifest.
/// Errors: kDatabaseCorrupt (the input is the key).
[[nodiscard]] Result<PreparingRecord> decode_preparing(std::string_view key, std::string_view value,
                                                       const Limits& limits = {});

}  // namespace catalog::lifecycle
