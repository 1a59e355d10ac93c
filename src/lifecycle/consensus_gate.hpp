#pragma once
// Where operations ask the host's consensus, and what an answer means.

#include <string_view>

#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"
#include "catalog/lifecycle/services.hpp"
#include "catalog/package/manifest.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::lifecycle {

/// Tells whether the library's policy wants the consensus to be asked.
[[nodiscard]] bool consensus_is_asked(const Services& services,
                                      const package::ConsensusRequirements& requirements);

/// Checks the proof that a caller brought, before anything is done: one that shows nothing at all
/// is rejected without asking. Errors: kConsensusRejected.
[[nodiscard]] Result<void> check_context_proof(const PackageId& id, const CallContext& context);

/// Asks the host whether `operation` on the package `id` may be done: the context's proof is
/// judged, or, when it has none, one is obtained and then judged. Returns only on a yes. To be
/// called outside of the commit queue. Errors: kConsensusRejected, kConsensusUnavailable (also when
/// nobody can be asked), kCancelled, kDeadlineExceeded.
[[nodiscard]] Result<void> ask_consensus(const Services& services, std::string_view operation,
                                         const PackageId& id, const package::PackageDigest& subject,
                                         const package::ConsensusRequirements& requirements,
                                         const CallContext& context);

}  // namespace catalog::lifecycle
