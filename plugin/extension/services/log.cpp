#include "services/log.hpp"

#include <string>

#include "boundary.hpp"
#include "catalog/json/value.hpp"
#include "catalog/json/write.hpp"

namespace catalog::extension {

namespace {

class HostLog final : public LogSink {
public:
    HostLog(const hmx_svc_log* service, LogLevel least) noexcept
        : service_(service), least_(least) {}

    bool enabled(LogLevel level) const noexcept override {
        if (level < least_) return false;
        return !HMX_IFACE_HAS(service_, enabled) ||
               service_->enabled(service_->ctx, static_cast<std::uint32_t>(level)) != 0;
    }

    void write(const LogRecord& record) noexcept override {
        try {
            std::string fields;
            if (!record.fields.empty()) {
                json::Object object;
                for (const LogField& field : record.fields)
                    object.insert_or_assign(std::string(field.key), field.value);
                fields = json::write_canonical(std::move(object));
            }
            service_->write(service_->ctx, static_cast<std::uint32_t>(record.level),
                            to_abi(record.module), to_abi(record.message), to_abi(fields));
        } catch (...) {
            // No memory for the fields: the sentence alone is better than nothing.
            service_->write(service_->ctx, static_cast<std::uint32_t>(record.level),
                            to_abi(record.module), to_abi(record.message), hmx_str{});
        }
    }

private:
    const hmx_svc_log* const service_;
    const LogLevel least_;
};

static_assert(static_cast<int>(LogLevel::kTrace) == HMX_LOG_TRACE &&
              static_cast<int>(LogLevel::kError) == HMX_LOG_ERROR);

}  // namespace

std::shared_ptr<LogSink> make_host_log(const hmx_svc_log* service, LogLevel least) {
    if (service == nullptr || !HMX_IFACE_HAS(service, write)) return make_null_log_sink();
    return std::make_shared<HostLog>(service, least);
}

}  // namespace catalog::extension
