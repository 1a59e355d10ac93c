#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "support/extension/fake_host.hpp"
#include "support/extension/loaded_extension.hpp"

namespace catalog::extension::testing {
namespace {

hmx_status create(const LoadedExtension& extension, const hmx_config* config,
                  const hmx_host* host = nullptr) {
    hmx_instance* instance = nullptr;
    const hmx_status status = extension.api().create(host, config, &instance, nullptr);
    EXPECT_EQ(instance != nullptr, status == HMX_OK);
    if (instance != nullptr) {
        EXPECT_EQ(extension.api().destroy(instance, nullptr), HMX_OK);
    }
    return status;
}

TEST(Create, ChecksItsPointers) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const hmx_config config = make_config("/data");
    EXPECT_EQ(extension.api().create(nullptr, &config, nullptr, nullptr), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(create(extension, nullptr), HMX_E_INVALID_ARGUMENT);
}

TEST(Create, NeedsAssetManagementAndNothingElse) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    hmx_config config = make_config("/data");
    config.granted_caps = ~(uint64_t{1} << HMX_CAP_ASSET_MANAGEMENT);
    EXPECT_EQ(create(extension, &config), HMX_E_CAPABILITY_DENIED);
    config.granted_caps = uint64_t{1} << HMX_CAP_ASSET_MANAGEMENT;
    EXPECT_EQ(create(extension, &config), HMX_OK);
}

TEST(Create, TouchesNothing) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    FakeHost host;
    host.offers[HMX_SVC_LOG] = HMX_OK;
    const TemporaryFolder folder;
    const std::string absent = folder.path() + "/absent";
    const hmx_config config = make_config(absent);
    EXPECT_EQ(create(extension, &config, host.abi()), HMX_OK);
    EXPECT_EQ(host.lookups(), 0u);
}

TEST(Create, RefusesBadTexts) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    for (const hmx_str bad : {hmx_str{nullptr, 0}, hmx_str{nullptr, 4}, text("relative"),
                              text(std::string_view("/a\0b", 4))}) {
        hmx_config config = make_config("/data");
        config.data_dir = bad;
        EXPECT_EQ(create(extension, &config), HMX_E_INVALID_ARGUMENT);
    }
    for (const hmx_str bad : {hmx_str{nullptr, 4}, text("{"), text("[]"), text(R"({"x":1})"),
                              text("\xFF"), text(std::string_view("{}\0", 3))}) {
        hmx_config config = make_config("/data");
        config.settings_json = bad;
        EXPECT_EQ(create(extension, &config), HMX_E_INVALID_ARGUMENT);
    }
    const std::string huge = R"({"library":")" + std::string(2u << 20, 'a') + R"("})";
    hmx_config config = make_config("/data", huge);
    EXPECT_EQ(create(extension, &config), HMX_E_TOO_LARGE);
}

TEST(Create, TakesConfigurationsOfEverySize) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const hmx_config full = make_config("/data");
    for (uint32_t size = 0; size <= sizeof(hmx_config); ++size) {
        // On the heap and no larger than it says, so that a sanitizer sees a read beyond.
        std::vector<unsigned char> bytes(std::max<std::size_t>(size, sizeof(uint32_t)));
        std::memcpy(bytes.data(), &full, bytes.size());
        std::memcpy(bytes.data(), &size, sizeof(size));
        const bool granted =
            size % 8 == 0 && size >= offsetof(hmx_config, granted_caps) + sizeof(uint64_t);
        const hmx_status status =
            create(extension, reinterpret_cast<const hmx_config*>(bytes.data()));
        EXPECT_EQ(status == HMX_OK, granted) << size;
    }
    struct Newer {
        hmx_config known;
        std::array<unsigned char, 64> poison;
    } newer{full, {}};
    newer.poison.fill(0xEE);
    newer.known.struct_size = sizeof(newer);
    EXPECT_EQ(create(extension, &newer.known), HMX_OK);
    newer.known.struct_size = UINT32_MAX - 7;
    EXPECT_EQ(create(extension, &newer.known), HMX_OK);
}

TEST(Create, ChecksTheHost) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const hmx_config config = make_config("/data");
    FakeHost host;
    host.raw().abi_major = HMX_ABI_MAJOR + 1;
    EXPECT_EQ(create(extension, &config, host.abi()), HMX_E_ABI_MISMATCH);
    host.raw().abi_major = HMX_ABI_MAJOR;
    host.raw().struct_size = 4;
    EXPECT_EQ(create(extension, &config, host.abi()), HMX_E_INVALID_ARGUMENT);
    host.raw().struct_size = UINT32_MAX;
    EXPECT_EQ(create(extension, &config, host.abi()), HMX_OK);
}

TEST(Errors, FillNoMoreThanTheCallersStruct) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    for (const uint32_t size : {0u, 3u, 4u, 8u, 24u, 25u, 40u, 511u, 512u, 600u}) {
        std::array<unsigned char, 700> room{};
        room.fill(0xEE);
        auto* error = reinterpret_cast<hmx_error*>(room.data());
        error->struct_size = size;
        EXPECT_EQ(extension.api().create(nullptr, nullptr, nullptr, error), HMX_E_INVALID_ARGUMENT);
        for (std::size_t i = std::max<std::size_t>(4, std::min<std::size_t>(size, 512));
             i < room.size(); ++i)
            ASSERT_EQ(room[i], 0xEE) << size << " " << i;
        if (size > 24) {
            EXPECT_LT(strnlen(error->message, size - 24), size - 24);
        }
    }
}

TEST(Status, FillsNoMoreThanTheCallersStruct) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    TestInstance instance(extension.api(), nullptr, make_config("/data"));
    std::array<unsigned char, sizeof(hmx_status_report) + 32> room{};
    for (const uint32_t size : {8u, 16u, 24u, static_cast<uint32_t>(room.size())}) {
        room.fill(0xEE);
        auto* report = reinterpret_cast<hmx_status_report*>(room.data());
        report->struct_size = size;
        EXPECT_EQ(extension.api().status(instance.get(), report), HMX_OK);
        EXPECT_EQ(report->state, static_cast<uint32_t>(HMX_STATE_CREATED));
        for (std::size_t i = std::min<std::size_t>(size, sizeof(hmx_status_report));
             i < room.size(); ++i)
            ASSERT_EQ(room[i], 0xEE) << size;
    }
    reinterpret_cast<hmx_status_report*>(room.data())->struct_size = 0;
    EXPECT_EQ(
        extension.api().status(instance.get(), reinterpret_cast<hmx_status_report*>(room.data())),
        HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(extension.api().status(instance.get(), nullptr), HMX_E_INVALID_ARGUMENT);
}

TEST(EveryCall, RefusesANullInstance) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const hmx_extension_api& api = extension.api();
    Waiter waiter;
    const hmx_completion completion = waiter.completion();
    hmx_status_report report{};
    report.struct_size = sizeof(report);
    hmx_buf buffer{};
    const hmx_iface* iface = nullptr;
    EXPECT_EQ(api.start(nullptr, nullptr, &completion, nullptr), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(api.pause(nullptr, nullptr), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(api.resume(nullptr, nullptr), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(api.shutdown(nullptr, 0, &completion, nullptr), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(api.destroy(nullptr, nullptr), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(api.status(nullptr, &report), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(api.validate(nullptr, nullptr, &buffer, nullptr), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(api.get_interface(nullptr, text("x"), 0, &iface), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(api.request(nullptr, nullptr, text("x"), text(""), &buffer, nullptr),
              HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(api.request_async(nullptr, nullptr, text("x"), text(""), &completion, nullptr),
              HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(api.cancel(nullptr, 1), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(waiter.count(), 0u);
}

TEST(EveryCall, RefusesANullCompletion) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const hmx_extension_api& api = extension.api();
    const TemporaryFolder folder;
    TestInstance instance(api, nullptr, make_config(folder.path()));
    const hmx_completion empty{};
    EXPECT_EQ(api.start(instance.get(), nullptr, nullptr, nullptr), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(api.start(instance.get(), nullptr, &empty, nullptr), HMX_E_INVALID_ARGUMENT);
    ASSERT_EQ(instance.start(), HMX_OK);
    EXPECT_EQ(api.request_async(instance.get(), nullptr, text("x"), text(""), &empty, nullptr),
              HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(api.shutdown(instance.get(), 0, &empty, nullptr), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(instance.status().state, static_cast<uint32_t>(HMX_STATE_RUNNING));
}

TEST(Request, AnswersBadCallsInTheEnvelope) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), nullptr, make_config(folder.path()));
    ASSERT_EQ(instance.start(), HMX_OK);
    hmx_call call{};
    call.struct_size = sizeof(call);
    call.request_id = text("r-\"7");
    TestInstance::Answer answer = instance.request("no.such", "{}", &call);
    EXPECT_EQ(answer.status, HMX_E_UNSUPPORTED);
    EXPECT_EQ(answer.text.find(R"({"request_id":"r-\"7","success":false,"data":null,"error":)"), 0u)
        << answer.text;
    call.struct_size = 1;
    answer = instance.request("no.such", "{}", &call);
    EXPECT_EQ(answer.status, HMX_E_INVALID_ARGUMENT);
    EXPECT_NE(answer.text.find(R"("code":"invalid_argument")"), std::string::npos) << answer.text;
    EXPECT_EQ(instance.status().total_requests, 2u);
    EXPECT_EQ(instance.status().error_count, 2u);
}

TEST(Request, RefusesADeadlineInThePast) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), nullptr, make_config(folder.path()));
    ASSERT_EQ(instance.start(), HMX_OK);
    hmx_call call{};
    call.struct_size = sizeof(call);
    call.deadline = 1;
    EXPECT_EQ(instance.request("info", "{}", &call).status, HMX_E_DEADLINE_EXCEEDED);
    Waiter waiter;
    const hmx_completion completion = waiter.completion();
    EXPECT_EQ(extension.api().request_async(instance.get(), &call, text("info"), text("{}"),
                                            &completion, nullptr),
              HMX_E_DEADLINE_EXCEEDED);
    ASSERT_EQ(instance.shutdown(), HMX_OK);
    EXPECT_EQ(waiter.count(), 0u) << "what was refused never completes";
}

TEST(Request, KeepsTheHostsLimitOfRequestsASecond) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    hmx_config config = make_config(folder.path());
    config.limits.max_ops_per_s = 1;
    TestInstance instance(extension.api(), nullptr, config);
    ASSERT_EQ(instance.start(), HMX_OK);
    EXPECT_EQ(instance.request("no.such").status, HMX_E_UNSUPPORTED);
    const TestInstance::Answer answer = instance.request("no.such");
    EXPECT_EQ(answer.status, HMX_E_AGAIN);
    EXPECT_NE(answer.flags & HMX_ERR_RETRYABLE, 0u);
    EXPECT_GT(answer.retry_after_ns, 0u);
    EXPECT_LE(answer.retry_after_ns, 1'000'000'000u);
    EXPECT_NE(answer.text.find(R"("retryable":true)"), std::string::npos);
}

constexpr const char* kPublish =
    R"({"metadata":{"name":"acme/kit","version":"1.0.0","license":"MIT"},)"
    R"("files":[{"path":"bin/kit","text":"hello"}]})";

TEST(Request, KeepsTheHostsBoundOnStorage) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    hmx_config config = make_config(folder.path());
    config.limits.max_storage_bytes = 1;
    TestInstance instance(extension.api(), nullptr, config);
    ASSERT_EQ(instance.start(), HMX_OK);
    const TestInstance::Answer answer = instance.request("publish_package", kPublish);
    EXPECT_EQ(answer.status, HMX_E_QUOTA_EXCEEDED) << answer.text;
    EXPECT_EQ(instance.request("list_packages").status, HMX_OK) << "reading goes on";
    EXPECT_GT(instance.status().storage_bytes, 1u);
}

TEST(Request, ADryRunChangesNothing) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), nullptr, make_config(folder.path()));
    ASSERT_EQ(instance.start(), HMX_OK);
    hmx_call call{};
    call.struct_size = sizeof(call);
    call.flags = HMX_CALL_DRY_RUN;
    static_cast<void>(instance.request("publish_package", kPublish, &call));
    EXPECT_EQ(instance.request("get_package", R"({"id":"acme/kit"})").status, HMX_E_NOT_FOUND);
    const TestInstance::Answer published = instance.request("publish_package", kPublish);
    EXPECT_EQ(published.status, HMX_OK) << published.text;
    EXPECT_EQ(instance.request("get_package", R"({"id":"acme/kit"})").status, HMX_OK);
}

TEST(Request, TellsAFailureOfTheLibraryInDetail) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), nullptr, make_config(folder.path()));
    ASSERT_EQ(instance.start(), HMX_OK);
    const TestInstance::Answer answer = instance.request("get_package", R"({"id":"acme/none"})");
    EXPECT_EQ(answer.status, HMX_E_NOT_FOUND);
    EXPECT_NE(answer.text.find(R"("details":{)"), std::string::npos) << answer.text;
    EXPECT_NE(answer.text.find(R"("code":"package_not_found")"), std::string::npos) << answer.text;
}

TEST(Validate, ReportsARunningInstance) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), nullptr, make_config(folder.path()));
    ASSERT_EQ(instance.start(), HMX_OK);
    hmx_buf report{};
    ASSERT_EQ(extension.api().validate(instance.get(), nullptr, &report, nullptr), HMX_OK);
    const std::string json(reinterpret_cast<const char*>(report.data), report.size);
    report.release(report.owner);
    EXPECT_NE(json.find(R"("valid":true)"), std::string::npos) << json;
    EXPECT_NE(json.find(R"("errors":[])"), std::string::npos) << json;
}

}  // namespace
}  // namespace catalog::extension::testing
