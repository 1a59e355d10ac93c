#pragma once
// What all services of the host have in common.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "catalog/abi/services.h"

namespace catalog::host {

class Host;
class Violations;

/// Version of every table that this host offers.
inline constexpr std::uint32_t kServiceVersion = 1;

/// A service as one extension sees it: made when the extension is opened, asked whether it is quiet
/// when the extension is closed. Thread safety: what the table points to may be called from any
/// thread.
class Service {
public:
    Service() = default;
    virtual ~Service() = default;
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    [[nodiscard]] virtual std::string_view id() const noexcept = 0;
    /// Capabilities without which the extension does not get it, as bits.
    [[nodiscard]] virtual std::uint64_t capabilities() const noexcept { return 0; }
    [[nodiscard]] virtual const hmx_iface* table() const noexcept = 0;
    /// Returns how many calls of the extension's code are still to come from this service, and
    /// drops those that can be dropped. Waits at most `wait_ms` for those that run.
    [[nodiscard]] virtual std::size_t close(int wait_ms) {
        static_cast<void>(wait_ms);
        return 0;
    }
};

[[nodiscard]] std::unique_ptr<Service> make_log_service(Host& host);
[[nodiscard]] std::unique_ptr<Service> make_metrics_service(Host& host);
[[nodiscard]] std::unique_ptr<Service> make_executor_service(Host& host);
[[nodiscard]] std::unique_ptr<Service> make_assets_service(Host& host, Violations& violations);
[[nodiscard]] std::unique_ptr<Service> make_consensus_service(Host& host, Violations& violations);
[[nodiscard]] std::unique_ptr<Service> make_transport_service();

/// Ids of all services, in the order of catalog/abi/services.h.
[[nodiscard]] const std::vector<std::string_view>& service_ids();

/// Returns the id of a service that is named in full or without "hypermesh."; empty when there is
/// none.
[[nodiscard]] std::string_view find_service_id(std::string_view name);

}  // namespace catalog::host
