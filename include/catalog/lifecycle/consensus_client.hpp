#pragma once
// ConsensusClient: the host's consensus, as publishing and installing ask it. Catalog judges no
// proof itself and has no validators of its own: without a client there is nobody to ask, and
// whatever must be asked is refused (docs/consensus.md).

#include <cstdint>
#include <string_view>

#include "catalog/core/call_context.hpp"
#include "catalog/core/consensus_proof.hpp"
#include "catalog/core/result.hpp"
#include "catalog/package/manifest.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::lifecycle {

/// Whose operations the host's consensus is asked about.
enum class ConsensusPolicy : std::uint8_t {
    kNone,      ///< Nobody's: what packages demand is recorded in their manifests, no more.
    kDeclared,  ///< Those of packages whose metadata demands a proof.
    kEvery,     ///< Every publication and every installation.
};

/// Obtains proofs and has them judged.
///
/// `operation` is "publish" or "install", `subject` the digest of the package's manifest. A proof
/// is for one operation on one subject. Thread safety: any thread. Blocking: until the host has
/// answered; a verdict that is pending is waited for within the context's deadline and stop token.
/// Calls are made outside of the commit queue and with no lock held.
class ConsensusClient {
public:
    virtual ~ConsensusClient() = default;

    /// Obtains proofs. Errors: kConsensusRejected (ConsensusDetail), kConsensusUnavailable (the
    /// host cannot say), kCancelled, kDeadlineExceeded, kLimitExceeded (kProofBytesMax).
    [[nodiscard]] virtual Result<ConsensusProof> generate(
        std::string_view operation, const package::PackageDigest& subject,
        const package::ConsensusRequirements& requirements, const CallContext& context) = 0;

    /// Has proofs judged; success is the host's yes and nothing else is. An empty proof is
    /// rejected. Errors: kConsensusRejected (ConsensusDetail), kConsensusUnavailable, kCancelled,
    /// kDeadlineExceeded.
    [[nodiscard]] virtual Result<void> validate(std::string_view operation,
                                                const package::PackageDigest& subject,
                                                const ConsensusProof& proof,
                                                const package::ConsensusRequirements& requirements,
                                                const CallContext& context) = 0;
};

}  // namespace catalog::lifecycle
