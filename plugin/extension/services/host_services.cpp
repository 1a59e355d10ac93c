#include "services/host_services.hpp"

namespace catalog::extension {

hmx_status HostServices::find_table(std::string_view id, std::uint32_t min_version,
                                    std::uint64_t capabilities,
                                    const hmx_iface*& out) const noexcept {
    out = nullptr;
    if ((capabilities & ~granted_) != 0) return HMX_E_CAPABILITY_DENIED;
    if (host_ == nullptr || !HMX_HAS(host_, get_service)) return HMX_E_NOT_FOUND;
    const hmx_iface* table = nullptr;
    const hmx_status status = host_->get_service(host_, to_abi(id), min_version, &table);
    if (status != HMX_OK) return status;
    // A host that says yes and gives nothing, or something older, has no such service.
    if (table == nullptr || table->struct_size < sizeof(hmx_iface) || table->version < min_version)
        return HMX_E_NOT_FOUND;
    out = table;
    return HMX_OK;
}

}  // namespace catalog::extension
