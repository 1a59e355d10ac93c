#pragma once
// The services of a host, looked up with the capabilities that it granted.

#include <cstdint>
#include <string_view>

#include "boundary.hpp"
#include "catalog/abi/extension.h"
#include "catalog/abi/services.h"

namespace catalog::extension {

/// Thread safety: any thread. Lifetime: the host outlives it; a table that was found is valid until
/// destroy.
class HostServices {
public:
    /// `host` may be null: a host without services.
    HostServices(const hmx_host* host, std::uint64_t granted) noexcept
        : host_(host), granted_(granted) {}

    /// Finds the table `id` of at least `min_version`. A service that the host offers but denies is
    /// another thing than one that it lacks: HMX_E_CAPABILITY_DENIED, also when `capabilities`
    /// (bits) are not granted; HMX_E_NOT_FOUND. The host is called without any lock.
    template <class Table>
    [[nodiscard]] hmx_status find(std::string_view id, std::uint32_t min_version,
                                  std::uint64_t capabilities, const Table*& out) const noexcept {
        const hmx_iface* table = nullptr;
        const hmx_status status = find_table(id, min_version, capabilities, table);
        out = reinterpret_cast<const Table*>(table);
        return status;
    }

private:
    [[nodiscard]] hmx_status find_table(std::string_view id, std::uint32_t min_version,
                                        std::uint64_t capabilities,
                                        const hmx_iface*& out) const noexcept;

    const hmx_host* host_;
    std::uint64_t granted_;
};

/// Returns the bit of a capability.
[[nodiscard]] constexpr std::uint64_t capability_bit(std::uint32_t capability) noexcept {
    return std::uint64_t{1} << capability;
}

}  // namespace catalog::extension
