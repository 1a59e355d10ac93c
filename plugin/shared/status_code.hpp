#pragma once
// The library's error code that says the same as a status of the C interface. Both sides of the
// interface read the other's statuses with it.

#include "catalog/abi/extension.h"
#include "catalog/core/errc.hpp"

namespace catalog {

/// Returns the code nearest to `status`; `fallback` for a status that has none, or is unknown.
[[nodiscard]] constexpr Errc nearest_code(hmx_status status, Errc fallback) noexcept {
    switch (status) {
        case HMX_E_INVALID_ARGUMENT:
            return Errc::kInvalidArgument;
        case HMX_E_NOT_FOUND:
            return Errc::kNotFound;
        case HMX_E_ALREADY_EXISTS:
            return Errc::kAlreadyExists;
        case HMX_E_INVALID_STATE:
            return Errc::kFailedPrecondition;
        case HMX_E_UNSUPPORTED:
        case HMX_E_ABI_MISMATCH:
            return Errc::kUnsupported;
        case HMX_E_CAPABILITY_DENIED:
        case HMX_E_UNAUTHENTICATED:
            return Errc::kPermissionDenied;
        case HMX_E_QUOTA_EXCEEDED:
        case HMX_E_TOO_LARGE:
            return Errc::kLimitExceeded;
        case HMX_E_AGAIN:
        case HMX_E_BUSY:
            return Errc::kBusy;
        case HMX_E_CANCELLED:
            return Errc::kCancelled;
        case HMX_E_DEADLINE_EXCEEDED:
            return Errc::kDeadlineExceeded;
        case HMX_E_OUT_OF_MEMORY:
            return Errc::kOutOfMemory;
        case HMX_E_IO:
            return Errc::kIo;
        case HMX_E_STORAGE:
            return Errc::kDatabaseIo;
        case HMX_E_CORRUPT:
            return Errc::kContentCorrupted;
        case HMX_E_CONSENSUS_REJECTED:
            return Errc::kConsensusRejected;
        case HMX_E_CERTIFICATE_INVALID:
            return Errc::kUntrustedKey;
        case HMX_E_SIGNATURE_INVALID:
            return Errc::kSignatureInvalid;
        case HMX_E_DEPENDENCY_FAILED:
        case HMX_E_RESOLUTION_FAILED:
            return Errc::kUnsatisfiable;
        case HMX_E_VERSION_CONFLICT:
            return Errc::kVersionConflict;
        case HMX_E_SECURITY_REJECTED:
            return Errc::kSecurityRejected;
        case HMX_E_NETWORK:
            return Errc::kNetwork;
        case HMX_E_END:
            return Errc::kEndOfFile;
        default:
            return fallback;
    }
}

}  // namespace catalog
