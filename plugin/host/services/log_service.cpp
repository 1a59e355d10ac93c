#include "host.hpp"
#include "service.hpp"

namespace catalog::host {

namespace {

std::string_view log_text(hmx_str text) {
    return text.data == nullptr ? std::string_view{} : std::string_view(text.data, text.size);
}

class LogService final : public Service {
public:
    explicit LogService(Host& host) : host_(host) {
        table_.iface = {sizeof table_, kServiceVersion};
        table_.ctx = this;
        table_.enabled = [](void* ctx, std::uint32_t level) -> std::int32_t {
            return level >= static_cast<LogService*>(ctx)->host_.options.log_level ? 1 : 0;
        };
        table_.write = [](void* ctx, std::uint32_t level, hmx_str target, hmx_str message,
                          hmx_str fields) {
            Host& to = static_cast<LogService*>(ctx)->host_;
            if (level >= to.options.log_level)
                to.log(level, log_text(target), log_text(message), log_text(fields));
        };
    }

    [[nodiscard]] std::string_view id() const noexcept override { return HMX_SVC_LOG; }
    [[nodiscard]] const hmx_iface* table() const noexcept override { return &table_.iface; }

private:
    Host& host_;
    hmx_svc_log table_{};
};

}  // namespace

std::unique_ptr<Service> make_log_service(Host& host) { return std::make_unique<LogService>(host); }

}  // namespace catalog::host
