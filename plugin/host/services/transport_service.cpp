#include "service.hpp"

namespace catalog::host {

namespace {

/// Declared, so that an extension can be seen to cope with a transport that carries nothing.
class TransportService final : public Service {
public:
    TransportService() {
        table_.iface = {sizeof table_, kServiceVersion};
        table_.ctx = this;
        table_.connect = [](void*, const hmx_call*, const hmx_endpoint*, hmx_str,
                            const hmx_completion*, hmx_op*) { return kUnsupported; };
        table_.listen = [](void*, hmx_str, void (*)(void*, hmx_handle, hmx_handle, hmx_str), void*,
                           hmx_handle*) { return kUnsupported; };
        table_.open_stream = [](void*, const hmx_call*, hmx_handle, const hmx_completion*,
                                hmx_op*) { return kUnsupported; };
        table_.read = [](void*, hmx_handle, size_t, const hmx_completion*, hmx_op*) {
            return kUnsupported;
        };
        table_.write = [](void*, hmx_handle, const hmx_bytes*, std::uint32_t, std::uint32_t,
                          const hmx_completion*, hmx_op*) { return kUnsupported; };
        table_.reset = [](void*, hmx_handle, std::uint64_t) { return kUnsupported; };
        table_.close = [](void*, hmx_handle) { return kUnsupported; };
        table_.cancel = [](void*, hmx_op) -> hmx_status { return HMX_E_NOT_FOUND; };
    }

    [[nodiscard]] std::string_view id() const noexcept override { return HMX_SVC_TRANSPORT; }
    [[nodiscard]] std::uint64_t capabilities() const noexcept override {
        return std::uint64_t{1} << HMX_CAP_TRANSPORT_ACCESS;
    }
    [[nodiscard]] const hmx_iface* table() const noexcept override { return &table_.iface; }

private:
    static constexpr hmx_status kUnsupported = HMX_E_UNSUPPORTED;
    hmx_svc_transport table_{};
};

}  // namespace

std::unique_ptr<Service> make_transport_service() { return std::make_unique<TransportService>(); }

const std::vector<std::string_view>& service_ids() {
    static const std::vector<std::string_view> ids{HMX_SVC_LOG,       HMX_SVC_METRICS,
                                                   HMX_SVC_EXECUTOR,  HMX_SVC_ASSETS,
                                                   HMX_SVC_CONSENSUS, HMX_SVC_TRANSPORT};
    return ids;
}

std::string_view find_service_id(std::string_view name) {
    for (const std::string_view id : service_ids())
        if (id == name || id.substr(std::string_view("hypermesh.").size()) == name) return id;
    return {};
}

}  // namespace catalog::host
