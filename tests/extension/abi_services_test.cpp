#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "support/extension/fake_host.hpp"
#include "support/extension/loaded_extension.hpp"

namespace catalog::extension::testing {
namespace {

const char* const kServices[] = {HMX_SVC_LOG,    HMX_SVC_METRICS,   HMX_SVC_EXECUTOR,
                                 HMX_SVC_ASSETS, HMX_SVC_CONSENSUS, HMX_SVC_TRANSPORT};

/// Starts, makes a request and shuts down with a host that offers what `offers` says.
void expect_works(const std::map<std::string, hmx_status>& offers, bool gives_nothing = false) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    FakeHost host;
    host.offers = offers;
    host.gives_nothing = gives_nothing;
    TestInstance instance(extension.api(), host.abi(), make_config(folder.path()));
    EXPECT_EQ(instance.start(), HMX_OK) << instance.message();
    EXPECT_EQ(instance.request("no.such").status, HMX_E_UNSUPPORTED);
    EXPECT_EQ(instance.shutdown(), HMX_OK);
    EXPECT_EQ(instance.destroy(), HMX_OK);
}

TEST(Services, AHostWithoutAnyIsEnough) { expect_works({}); }

TEST(Services, EachMayBeAbsentDeniedOrFailing) {
    for (const hmx_status answer :
         std::vector<hmx_status>{HMX_E_NOT_FOUND, HMX_E_CAPABILITY_DENIED, HMX_E_INTERNAL, 4711}) {
        std::map<std::string, hmx_status> all;
        for (const char* id : kServices) all[id] = answer;
        expect_works(all);
    }
}

TEST(Services, AHostMaySayYesAndGiveNothing) {
    std::map<std::string, hmx_status> all;
    for (const char* id : kServices) all[id] = HMX_OK;
    expect_works(all, true);
}

TEST(Services, WorkRunsOnTheHostsExecutor) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    FakeHost host;
    host.offers = {{HMX_SVC_EXECUTOR, HMX_OK}, {HMX_SVC_LOG, HMX_OK}, {HMX_SVC_METRICS, HMX_OK}};
    TestInstance instance(extension.api(), host.abi(), make_config(folder.path()));
    ASSERT_EQ(instance.start(), HMX_OK);
    EXPECT_EQ(instance.status().threads, 3u) << "the database's, no pool";
    Waiter waiter;
    const hmx_completion completion = waiter.completion();
    ASSERT_EQ(extension.api().request_async(instance.get(), nullptr, text("x"), text(""),
                                            &completion, nullptr),
              HMX_OK);
    waiter.wait_one();
    ASSERT_EQ(instance.shutdown(), HMX_OK);
    EXPECT_GE(host.tasks_run(), 2u);
}

TEST(Services, RequestsAreMeasuredByMethod) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    FakeHost host;
    host.offers = {{HMX_SVC_METRICS, HMX_OK}};
    TestInstance instance(extension.api(), host.abi(), make_config(folder.path()));
    ASSERT_EQ(instance.start(), HMX_OK);
    const TestInstance::Answer answer = instance.request("catalog.list", "{}");
    EXPECT_EQ(answer.status, HMX_OK) << answer.text;
    EXPECT_EQ(instance.request("list_packages", R"({"limit":"many"})").status,
              HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(host.recorded("catalog_requests_total", "list_packages"), 2.0);
    EXPECT_EQ(host.recorded("catalog_request_errors_total", "list_packages"), 1.0);
    EXPECT_GT(host.recorded("catalog_request_seconds", "list_packages"), 0.0);
}

TEST(Services, NothingIsMeasuredWithoutTheCapability) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    FakeHost host;
    host.offers = {{HMX_SVC_METRICS, HMX_OK}};
    hmx_config config = make_config(folder.path());
    config.granted_caps = uint64_t{1} << HMX_CAP_ASSET_MANAGEMENT;
    TestInstance instance(extension.api(), host.abi(), config);
    ASSERT_EQ(instance.start(), HMX_OK);
    EXPECT_EQ(instance.request("list", "{}").status, HMX_OK);
    EXPECT_EQ(host.recorded("catalog_requests_total", "list_packages"), 0.0);
}

TEST(Services, ATableOfANewerHostMayBeLarger) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    FakeHost host;
    host.offers = {{HMX_SVC_LOG, HMX_OK}, {HMX_SVC_EXECUTOR, HMX_OK}};
    host.raw().struct_size += 64;
    host.raw().abi_minor += 1;
    TestInstance instance(extension.api(), host.abi(), make_config(folder.path()));
    EXPECT_EQ(instance.start(), HMX_OK);
}

}  // namespace
}  // namespace catalog::extension::testing
