#pragma once
// hmx_call as this side reads it.

#include <cstdint>
#include <memory>
#include <string>

#include "boundary.hpp"
#include "catalog/abi/extension.h"
#include "catalog/core/call_context.hpp"

namespace catalog::extension {

/// Circumstances of a call, with texts of its own.
struct Call {
    std::uint32_t flags = 0;    ///< HMX_CALL_*.
    std::int64_t deadline = 0;  ///< Nanoseconds of CLOCK_MONOTONIC; 0: none.
    std::uint32_t priority = 0;
    std::uint32_t privacy = 0;
    std::string request_id;
    std::string principal;                        ///< Empty: the owner of the process.
    std::shared_ptr<const ConsensusProof> proof;  ///< Null: none was given.
};

/// Longest request id and principal that are taken, bytes.
inline constexpr std::size_t kCallTextBytesMax = 1024;

/// Reads `call`; null gives the defaults. HMX_E_INVALID_ARGUMENT: a struct_size that cannot be, a
/// text that is not UTF-8 or not there, a negative deadline, a proof that cannot be read;
/// HMX_E_TOO_LARGE: a text or a proof that is too long.
[[nodiscard]] tl::expected<Call, Failure> read_call(const hmx_call* call);

/// Returns the present on the clock of deadlines, nanoseconds.
[[nodiscard]] std::int64_t monotonic_now_ns() noexcept;

/// Makes the library's view of a call that may take `execution_ns_max` from now on.
[[nodiscard]] CallContext make_context(const Call& call, std::int64_t now_ns,
                                       std::uint64_t execution_ns_max);

}  // namespace catalog::extension
