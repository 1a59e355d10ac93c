#pragma once
// What the ways of writing packs again share: the note of which packs a repack wrote.

#include <vector>

#include "content_core.hpp"

namespace catalog::content {

/// Returns which packs repacks wrote. Errors: kDatabaseIo, kDatabaseCorrupt.
[[nodiscard]] Result<std::vector<RepackedPacks>> find_repacked(const ContentCore& core);

/// Commits it, without packs that `marks` do not have any more. Errors: as CommitQueue::submit.
[[nodiscard]] Result<void> note_repacked(const ContentCore& core, const BackendMarks& marks,
                                         std::vector<RepackedPacks>& repacked);

/// Says in a repack's words what a collection did for it.
[[nodiscard]] RepackReport to_repack_report(const CollectReport& collected,
                                            std::uint64_t packs_left);

/// Seals again what is under older keys; RepackOptions::rekey. Errors: as ContentStorage::repack.
[[nodiscard]] Result<RepackReport> rekey_content(const ContentCore& core,
                                                 const RepackOptions& options,
                                                 const CallContext& context);

}  // namespace catalog::content
