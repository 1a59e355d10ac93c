#pragma once
// Packs that the key-value store does not name any more, and a format record that is lost: both are
// made again from what the packs say of themselves.

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/content/content_addressed_storage.hpp"
#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// A pack that was not taken in; a copy is in `quarantine`.
struct RefusedPack {
    std::string file;
    std::string why;  ///< One sentence.
    friend bool operator==(const RefusedPack&, const RefusedPack&) = default;
};

struct AdoptionReport {
    /// Files of packs that count again, or count further than they did, ascending.
    std::vector<std::string> packs;
    std::uint64_t chunks = 0;            ///< Whole records in what was taken in.
    bool format_restored = false;        ///< The format record was written again.
    std::uint64_t records_replaced = 0;  ///< Records of packs that could not be read.
    std::vector<RefusedPack> refused;

    [[nodiscard]] bool empty() const noexcept {
        return packs.empty() && !format_restored && records_replaced == 0 && refused.empty();
    }
};

/// Writes the records of packs that lie in the store's folder and are named by none, and of the
/// part of a pack behind its record's end, as far as there are whole records of chunks; and the
/// format record, when it is missing or cannot be read, as most packs have it. It is for the moment
/// before ContentAddressedStorage::open, with the same options, after records were lost: opening
/// for writing drops what no record names, so afterwards there is nothing left to take in.
///
/// Chunks alone come back: objects and references are not in packs. Chunks that were not lost but
/// never committed, or collected and not yet deleted, come back as well, and go with the next
/// collection. A pack of another store, or whose header cannot be read, is not taken in. With a
/// backend of the host's own nothing is done.
///
/// Nothing else uses the store meanwhile. Blocking. Durable when it returns: one synced commit.
/// Cost: reads what it takes in. Errors: kLibraryReadOnly, kLibraryFormat (a newer version),
/// kKeyNotFound (a pack is of a key generation that is not among the keys), kIo, kSyncFailed,
/// kDatabaseIo, kCommitFailed, kCancelled, kDeadlineExceeded.
[[nodiscard]] Result<AdoptionReport> adopt_packs(const ContentOptions& options,
                                                 const CallContext& context = {});

}  // namespace catalog::content
