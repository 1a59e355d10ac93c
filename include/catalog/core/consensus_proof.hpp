#pragma once
// ConsensusProof: what a host's consensus gave for one operation on one subject. Catalog carries
// proofs and never judges them: the verdict is the host's (docs/consensus.md).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/core/bytes.hpp"

namespace catalog {

/// Sum of the lengths of all texts and bytes of one proof, bytes. A larger one is kLimitExceeded.
inline constexpr std::uint64_t kProofBytesMax = std::uint64_t{4} << 20;

/// Most challenges of one work proof. More are kLimitExceeded.
inline constexpr std::uint32_t kProofChallengesMax = 4096;

/// Who vouches, with what is at stake.
struct StakeProof {
    std::string holder;
    std::string holder_id;
    std::uint64_t amount = 0;  ///< In the host's unit of stake.
    std::int64_t at_ns = 0;    ///< Nanoseconds since the Unix epoch.
    friend bool operator==(const StakeProof&, const StakeProof&) = default;
};

/// When it was seen.
struct TimeProof {
    std::uint64_t offset_us = 0;
    std::int64_t at_us = 0;  ///< Microseconds since the Unix epoch.
    std::uint64_t nonce = 0;
    Bytes hash;
    friend bool operator==(const TimeProof&, const TimeProof&) = default;
};

/// Where it is kept.
struct SpaceProof {
    std::string node_id;
    std::string path;
    std::uint64_t used_bytes = 0;
    std::uint64_t capacity_bytes = 0;
    std::string file_hash;
    std::int64_t at_ns = 0;  ///< Nanoseconds since the Unix epoch.
    friend bool operator==(const SpaceProof&, const SpaceProof&) = default;
};

/// What was computed for it.
struct WorkProof {
    std::string owner_id;
    std::string workload_id;
    std::uint64_t pid = 0;
    std::uint64_t power = 0;  ///< In the host's unit of computation.
    std::uint32_t type = 0;   ///< The host's number of the kind of work.
    std::uint32_t state = 0;  ///< The host's number of its state.
    std::vector<std::string> challenges;
    std::int64_t at_ns = 0;  ///< Nanoseconds since the Unix epoch.
    friend bool operator==(const WorkProof&, const WorkProof&) = default;
};

/// Up to four parts, and the host's own form of them. A value type.
struct ConsensusProof {
    std::optional<StakeProof> stake;
    std::optional<TimeProof> time;
    std::optional<SpaceProof> space;
    std::optional<WorkProof> work;
    std::string encoding;  ///< Name of the form of `encoded`, as the host calls it.
    Bytes encoded;         ///< Opaque; goes back to the host unchanged.

    /// Tells whether it shows nothing at all. Such a proof is never accepted.
    [[nodiscard]] bool empty() const noexcept {
        return !stake && !time && !space && !work && encoded.empty();
    }

    friend bool operator==(const ConsensusProof&, const ConsensusProof&) = default;
};

}  // namespace catalog
