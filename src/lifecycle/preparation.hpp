#pragma once
// Preparation: a package that is stored and waits until the host's consensus has said yes or no.

#include <optional>
#include <string>
#include <string_view>

#include "catalog/core/call_context.hpp"
#include "catalog/core/ids.hpp"
#include "catalog/core/result.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "catalog/lifecycle/publishing_pipeline.hpp"
#include "catalog/lifecycle/services.hpp"
#include "preparing_record.hpp"

namespace catalog::lifecycle {

/// A preparation and the bytes under which it is stored: they tell it from a later one of the same
/// package.
struct Preparation {
    PreparingRecord record;
    std::string stored;
};

/// Returns the preparation of exactly that id, or nullopt. Errors: kDatabaseIo, kDatabaseCorrupt.
[[nodiscard]] Result<std::optional<Preparation>> find_preparation(const Services& services,
                                                                  const PackageId& id);

/// Stores a preparation together with `batch`, in one synced batch. When the same package is
/// prepared already, by another publisher, that preparation is returned. Errors: kPackageExists
/// (published or prepared with other content), kCommitFailed.
[[nodiscard]] Result<Preparation> commit_preparation(const Services& services,
                                                     Publication publication, kv::WriteBatch batch);

/// Asks the consensus and publishes on a yes, in one synced batch that also removes the
/// preparation. A no, and any failure that asking again cannot mend, drops it; after
/// kConsensusUnavailable, kCancelled, kDeadlineExceeded and failures of the machine it stays.
/// Errors: those of ask_consensus and commit_publication, kFailedPrecondition (dropped by somebody
/// else while the host was asked).
[[nodiscard]] Result<PublishReceipt> finish_preparation(const Services& services,
                                                        const Preparation& preparation,
                                                        const CallContext& context);

/// Drops a preparation with its references to content, in one synced batch. One that is not there
/// any more, or was replaced, is no error. Errors: kCommitFailed, kDatabaseIo.
[[nodiscard]] Result<void> drop_preparation(const Services& services,
                                            const Preparation& preparation);

/// Precondition of a publication that asks nobody: nothing of that id waits. Errors:
/// kPackageExists.
[[nodiscard]] Result<void> check_unprepared(const Services& services, const kv::CommitView& view,
                                            const PackageId& id);

/// Returns the error for an id that waits with other content.
[[nodiscard]] Error prepared_otherwise(const PackageId& id);

}  // namespace catalog::lifecycle
