#pragma once
// Where operations ask the host's consensus, and what an answer means.

#include <string_view>

#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"
#include "catalog/lifecycle/services.hpp"
#include "catalog/package/manifest.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::lifecycle {

/// Asks the host, if the library's policy says so, whether `operation` on the package `id` may be
/// done: the context's proof is judged, or, when it has none, one is obtained and then judged.
/// Returns only on a yes. To be called before the first change and outside of the commit queue.
/// Errors: kConsensusRejected, kConsensusUnavailable (also when nobody can be asked), kCancelled,
/// kDeadlineExceeded.
[[nodiscard]] Result<void> ask_consensus(const Services& services, std::string_view operation,
                                         const PackageId& id, const package::PackageDigest& subject,
                                         const package::ConsensusRequirements& requirements,
                                         const CallContext& context);

}  // namespace catalog::lifecycle
