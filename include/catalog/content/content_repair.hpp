#pragma once
// Repair of a content store: what is good is kept, what is damaged is put aside, what is lost is
// taken from whoever has it.

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/content/content_source.hpp"
#include "catalog/content/content_storage.hpp"
#include "catalog/core/content_hash.hpp"

namespace catalog::content {

class RepairOptions {
public:
    RepairOptions() = default;
    /// Asked in this order for what is lost. Borrowed.
    std::vector<ContentSource*> sources;
    bool dry_run = false;  ///< Only says what it would do; sources are asked, nothing is written.
};

/// An object that was made whole again.
struct RestoredObject {
    ContentHash id;
    std::string source;  ///< ContentSource::name; empty: from what the store itself has.
    friend bool operator==(const RestoredObject&, const RestoredObject&) = default;
};

/// A source that could not be used for an object.
struct RefusedSource {
    ContentHash id;
    std::string source;
    std::string why;  ///< One sentence.
};

struct RepairReport {
    std::vector<Damage> damages;  ///< What was found before; at most kDamagesMax.
    /// Files of packs that were written anew without what is damaged; the old ones are in
    /// `quarantine`.
    std::vector<std::string> packs_rewritten;
    std::uint64_t chunks_kept = 0;         ///< Copied from these packs.
    std::uint64_t indexes_dropped = 0;     ///< Index files; the packs' own are used instead.
    std::uint64_t references_mended = 0;   ///< Of which one half was missing.
    std::vector<RestoredObject> restored;  ///< Ascending by id.
    std::vector<RefusedSource> refused;    ///< At most kDamagesMax.
    std::vector<ContentHash> hurt;         ///< Objects that still cannot be returned, ascending.
};

}  // namespace catalog::content
