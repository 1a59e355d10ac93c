// Any method with any parameters against a live instance: every answer is an envelope that fits the
// status, and nothing stays out.
//
// Input: one byte of flags, the method up to a line feed, the parameters.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "catalog/abi/extension.h"
#include "catalog/json/read.hpp"
#include "catalog/json/value.hpp"
#include "instance.hpp"
#include "support/extension/loaded_extension.hpp"

namespace {

using catalog::extension::extension_api;
using catalog::extension::testing::make_config;
using catalog::extension::testing::TemporaryFolder;
using catalog::extension::testing::TestInstance;
using catalog::extension::testing::text;
using catalog::extension::testing::Waiter;

void require(bool condition) {
    if (!condition) std::abort();
}

/// A library that lives as long as the process. Nothing outside its folder may be touched.
struct Bed {
    Bed() : config(make_config(folder.path(), R"({"threads":1})")) {
        config.granted_caps &= ~(std::uint64_t{1} << HMX_CAP_FILESYSTEM_ACCESS);
        instance = std::make_unique<TestInstance>(extension_api(), nullptr, config);
        require(instance->start() == HMX_OK);
    }

    TemporaryFolder folder;
    hmx_config config;
    std::unique_ptr<TestInstance> instance;
};

void check_envelope(std::string_view json, hmx_status status) {
    const auto value = catalog::json::read(json);
    require(value.has_value() && value->as_object() != nullptr);
    for (const char* name : {"request_id", "success", "data", "error", "code", "retryable"})
        require(value->find(name) != nullptr);
    require(*value->find("success")->as_bool() == (status == HMX_OK));
    require(value->find("error")->is_null() == (status == HMX_OK));
    require(value->find("code")->is_null() == (status == HMX_OK));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Bed bed;
    if (size == 0) return 0;
    const std::uint8_t flags = data[0];
    const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view method = rest.substr(0, end);
    const std::string_view params = rest.substr(std::min(end + 1, rest.size()));

    hmx_call call{};
    call.struct_size = sizeof(call);
    call.flags = flags & 0x07u;
    call.request_id = text(method.substr(0, 8));
    const hmx_call* given = (flags & 0x08u) != 0 ? &call : nullptr;
    if ((flags & 0x10u) == 0) {
        const TestInstance::Answer answer = bed.instance->request(method, params, given);
        require(answer.status >= HMX_OK && answer.status < HMX_STATUS_COUNT);
        require(answer.status != HMX_E_INTERNAL && answer.status != HMX_E_UNKNOWN);
        check_envelope(answer.text, answer.status);
    } else {
        Waiter waiter;
        const hmx_completion completion = waiter.completion();
        if (extension_api().request_async(bed.instance->get(), given, text(method), text(params),
                                          &completion, nullptr) == HMX_OK) {
            const Waiter::Done done = waiter.wait_one();
            check_envelope(done.text, done.status);
        }
    }
    // An answer that its completion did not take is freed after the completion has returned.
    while (bed.instance->status().outstanding_objects != 0) std::this_thread::yield();
    require(bed.instance->status().state == HMX_STATE_RUNNING);
    return 0;
}
