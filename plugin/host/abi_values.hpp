#pragma once
// Values of the C interface as C++ values: texts, times, statuses and errors.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/abi/extension.h"
#include "catalog/core/error.hpp"
#include "violations.hpp"

namespace catalog::host {

[[nodiscard]] inline hmx_str to_abi(std::string_view text) noexcept {
    return {text.data(), text.size()};
}

/// Reads a text that an extension gave. One that cannot be a text (no bytes, or more than 1 GiB) is
/// a violation of R1 and counts as empty. The view is as short-lived as what it came from.
[[nodiscard]] std::string_view from_abi(hmx_str text, Violations& violations);

/// Nanoseconds of CLOCK_MONOTONIC.
[[nodiscard]] std::int64_t monotonic_ns() noexcept;
/// Nanoseconds since the Unix epoch.
[[nodiscard]] std::int64_t wall_ns() noexcept;

/// Returns "OK", "E_NOT_FOUND" and so on; "status N" for a number without a name.
[[nodiscard]] std::string status_name(hmx_status status);
/// Reads a name as people write it: with or without HMX_ and E_, in any case. "ok" is HMX_OK.
[[nodiscard]] std::optional<hmx_status> parse_status(std::string_view name);

/// What an extension answered to one call.
struct CallStatus {
    hmx_status status = HMX_OK;
    std::string message;            ///< Of the hmx_error, or empty.
    std::uint32_t flags = 0;        ///< HMX_ERR_*.
    std::uint32_t domain_code = 0;  ///< For Catalog a catalog::Errc.
    std::uint64_t retry_after_ns = 0;

    [[nodiscard]] bool ok() const noexcept { return status == HMX_OK; }
    /// Returns the failure as an Error: the code that domain_code names, else the nearest to the
    /// status.
    [[nodiscard]] Error to_error() const;
};

/// Joins a status and the error that came with it; what is malformed is a violation.
[[nodiscard]] CallStatus read_status(hmx_status status, const hmx_error* error,
                                     Violations& violations);

}  // namespace catalog::host
