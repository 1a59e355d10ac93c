#pragma once
// The host's consensus service as the library asks it.

#include <memory>

#include "catalog/abi/services.h"
#include "catalog/core/clock.hpp"
#include "catalog/lifecycle/consensus_client.hpp"

namespace catalog::extension {

/// Makes a client of a host's service; null when there is no table, or one without both of its
/// questions. The table must outlive the client. HMX_E_CONSENSUS_REJECTED becomes
/// kConsensusRejected; what is neither that nor HMX_OK, a cancellation or a deadline is
/// kConsensusUnavailable: no other answer of a host is ever a yes.
[[nodiscard]] std::shared_ptr<lifecycle::ConsensusClient> make_host_consensus(
    const hmx_svc_consensus* table, std::shared_ptr<const Clock> clock);

}  // namespace catalog::extension
