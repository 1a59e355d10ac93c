#pragma once
// hmx_proof and ConsensusProof, one from the other.

#include <vector>

#include "catalog/abi/extension.h"
#include "catalog/core/consensus_proof.hpp"
#include "catalog/core/result.hpp"

namespace catalog::extension {

/// Copies a proof, as much of it as its struct_size says is there. Errors: kInvalidArgument (null,
/// a struct_size that cannot be, a part that is announced and not there, a text or list with a size
/// and no bytes), kLimitExceeded (kProofBytesMax, kProofChallengesMax).
[[nodiscard]] Result<ConsensusProof> read_proof(const hmx_proof* proof);

/// A proof as the host reads it. Borrows from the proof that it was made of.
class AbiProof {
public:
    explicit AbiProof(const ConsensusProof& proof);
    AbiProof(const AbiProof&) = delete;
    AbiProof& operator=(const AbiProof&) = delete;

    [[nodiscard]] const hmx_proof* get() const noexcept { return &proof_; }

private:
    std::vector<hmx_str> challenges_;
    hmx_proof proof_{};
};

}  // namespace catalog::extension
