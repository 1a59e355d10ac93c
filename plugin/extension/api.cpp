// The extension's table: every entry checks its pointers, contains what its body throws, and hands
// over to the instance.

#include <memory>
#include <utility>

#include "identity.hpp"
#include "instance.hpp"

namespace catalog::extension {

namespace {

constexpr const char* kNullArgument = "a mandatory pointer is null";

hmx_status api_create(const hmx_host* host, const hmx_config* config, hmx_instance** out,
                      hmx_error* error) noexcept {
    if (out == nullptr) return report(error, HMX_E_INVALID_ARGUMENT, kNullArgument);
    *out = nullptr;
    return guarded(error, [&]() -> Outcome {
        auto made = Instance::create(host, config);
        if (!made) return tl::unexpected(std::move(made).error());
        *out = to_abi(made->release());
        return {};
    });
}

hmx_status api_start(hmx_instance* instance, const hmx_call* call, const hmx_completion* completion,
                     hmx_op* op) noexcept {
    if (instance == nullptr) return HMX_E_INVALID_ARGUMENT;
    return guarded(nullptr, [&] { return from_abi(instance)->start(call, completion, op); });
}

hmx_status api_pause(hmx_instance* instance, hmx_error* error) noexcept {
    if (instance == nullptr) return report(error, HMX_E_INVALID_ARGUMENT, kNullArgument);
    return guarded(error, [&] { return from_abi(instance)->pause(); });
}

hmx_status api_resume(hmx_instance* instance, hmx_error* error) noexcept {
    if (instance == nullptr) return report(error, HMX_E_INVALID_ARGUMENT, kNullArgument);
    return guarded(error, [&] { return from_abi(instance)->resume(); });
}

hmx_status api_shutdown(hmx_instance* instance, hmx_time_ns, const hmx_completion* completion,
                        hmx_op* op) noexcept {
    if (instance == nullptr) return HMX_E_INVALID_ARGUMENT;
    return guarded(nullptr, [&] { return from_abi(instance)->shutdown(completion, op); });
}

hmx_status api_destroy(hmx_instance* instance, hmx_error* error) noexcept {
    if (instance == nullptr) return report(error, HMX_E_INVALID_ARGUMENT, kNullArgument);
    return guarded(error, [&]() -> Outcome {
        Outcome ready = from_abi(instance)->prepare_destroy();
        if (ready) std::unique_ptr<Instance>(from_abi(instance)).reset();
        return ready;
    });
}

hmx_status api_status(hmx_instance* instance, hmx_status_report* out) noexcept {
    if (instance == nullptr || out == nullptr) return HMX_E_INVALID_ARGUMENT;
    if (Gate::forked()) return HMX_E_FORKED;
    return guarded(nullptr, [&]() -> hmx_status {
        const hmx_status_report report = from_abi(instance)->status();
        return write_struct(report, out) ? HMX_OK : HMX_E_INVALID_ARGUMENT;
    });
}

hmx_status api_validate(hmx_instance* instance, const hmx_call* call, hmx_buf* report_json,
                        hmx_error* error) noexcept {
    if (instance == nullptr || report_json == nullptr)
        return report(error, HMX_E_INVALID_ARGUMENT, kNullArgument);
    *report_json = hmx_buf{};
    return guarded(error, [&]() -> Outcome {
        auto text = from_abi(instance)->validate(call);
        if (!text) return tl::unexpected(std::move(text).error());
        *report_json = make_buffer(*std::move(text), from_abi(instance)->outstanding());
        return {};
    });
}

hmx_status api_get_interface(hmx_instance* instance, hmx_str id, std::uint32_t min_version,
                             const hmx_iface** out) noexcept {
    if (instance == nullptr || out == nullptr || !is_readable(id)) return HMX_E_INVALID_ARGUMENT;
    return from_abi(instance)->find_interface(view(id), min_version, out);
}

hmx_status api_request(hmx_instance* instance, const hmx_call* call, hmx_str method,
                       hmx_str params_json, hmx_buf* response_json, hmx_error* error) noexcept {
    if (instance == nullptr || response_json == nullptr)
        return report(error, HMX_E_INVALID_ARGUMENT, kNullArgument);
    *response_json = hmx_buf{};
    return guarded(error, [&] {
        return from_abi(instance)->request(call, method, params_json, *response_json);
    });
}

hmx_status api_request_async(hmx_instance* instance, const hmx_call* call, hmx_str method,
                             hmx_str params_json, const hmx_completion* completion,
                             hmx_op* op) noexcept {
    if (instance == nullptr) return HMX_E_INVALID_ARGUMENT;
    return guarded(nullptr, [&] {
        return from_abi(instance)->request_async(call, method, params_json, completion, op);
    });
}

hmx_status api_cancel(hmx_instance* instance, hmx_op op) noexcept {
    if (instance == nullptr) return HMX_E_INVALID_ARGUMENT;
    if (Gate::forked()) return HMX_E_FORKED;
    return guarded(nullptr, [&] { return from_abi(instance)->cancel(op); });
}

hmx_extension_api make_api() noexcept {
    return hmx_extension_api{
        .struct_size = sizeof(hmx_extension_api),
        .abi_major = HMX_ABI_MAJOR,
        .abi_minor = HMX_ABI_MINOR,
        .flags = HMX_EXT_UNLOAD_SAFE | HMX_EXT_MULTI_INSTANCE,
        .metadata = &own_metadata(),
        .create = &api_create,
        .start = &api_start,
        .pause = &api_pause,
        .resume = &api_resume,
        .shutdown = &api_shutdown,
        .destroy = &api_destroy,
        .status = &api_status,
        .validate = &api_validate,
        .get_interface = &api_get_interface,
        .request = &api_request,
        .request_async = &api_request_async,
        .cancel = &api_cancel,
    };
}

}  // namespace

const hmx_extension_api& extension_api() noexcept {
    static const hmx_extension_api api = make_api();
    return api;
}

}  // namespace catalog::extension
