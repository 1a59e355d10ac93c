#include "support/extension/loaded_extension.hpp"

#include <dlfcn.h>

#include <cstdint>
#include <filesystem>
#include <system_error>

#include <stdlib.h>

namespace catalog::extension::testing {

TemporaryFolder::TemporaryFolder() {
    path_ = (std::filesystem::temp_directory_path() / "catalog_extension_XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) path_.clear();
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

LoadedExtension::LoadedExtension(const std::string& file) {
    handle_ = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle_ == nullptr) {
        problem_ = dlerror();
        return;
    }
    query_ = reinterpret_cast<hmx_query_fn>(dlsym(handle_, HMX_ENTRY_SYMBOL));
    if (query_ == nullptr)
        problem_ = "no entry symbol";
    else if (query_(HMX_ABI_MAJOR, HMX_ABI_MINOR, &api_) != HMX_OK)
        problem_ = "the query refuses";
}

LoadedExtension::~LoadedExtension() {
    if (handle_ != nullptr) dlclose(handle_);
}

hmx_config make_config(std::string_view data_dir, std::string_view settings) {
    hmx_config config{};
    config.struct_size = sizeof(config);
    config.data_dir = text(data_dir);
    config.settings_json = text(settings);
    config.granted_caps = ~std::uint64_t{0};
    config.limits.struct_size = sizeof(config.limits);
    config.limits.max_ops_per_s = UINT32_MAX;
    return config;
}

TestInstance::TestInstance(const hmx_extension_api& api, const hmx_host* host,
                           const hmx_config& config)
    : api_(api) {
    hmx_error error{};
    error.struct_size = sizeof(error);
    created_ = api_.create(host, &config, &instance_, &error);
    message_ = error.message;
}

TestInstance::~TestInstance() {
    if (instance_ == nullptr) return;
    shutdown();
    destroy();
}

hmx_status TestInstance::start() {
    const hmx_completion completion = waiter_.completion();
    const hmx_status status = api_.start(instance_, nullptr, &completion, nullptr);
    if (status != HMX_OK) return status;
    const Waiter::Done done = waiter_.wait_one();
    message_ = done.message;
    return done.status;
}

hmx_status TestInstance::shutdown() {
    const hmx_completion completion = waiter_.completion();
    const hmx_status status = api_.shutdown(instance_, 0, &completion, nullptr);
    return status != HMX_OK ? status : waiter_.wait_one().status;
}

hmx_status TestInstance::destroy() {
    hmx_error error{};
    error.struct_size = sizeof(error);
    const hmx_status status = api_.destroy(instance_, &error);
    message_ = error.message;
    if (status == HMX_OK) instance_ = nullptr;
    return status;
}

hmx_status_report TestInstance::status() const {
    hmx_status_report report{};
    report.struct_size = sizeof(report);
    api_.status(instance_, &report);
    return report;
}

TestInstance::Answer TestInstance::request(std::string_view method, std::string_view params,
                                           const hmx_call* call) {
    hmx_buf buffer{};
    hmx_error error{};
    error.struct_size = sizeof(error);
    Answer answer;
    answer.status = api_.request(instance_, call, text(method), text(params), &buffer, &error);
    if (buffer.data != nullptr)
        answer.text.assign(reinterpret_cast<const char*>(buffer.data), buffer.size);
    answer.message = error.message;
    answer.flags = error.flags;
    answer.retry_after_ns = error.retry_after_ns;
    if (buffer.owner != nullptr) buffer.release(buffer.owner);
    return answer;
}

}  // namespace catalog::extension::testing
