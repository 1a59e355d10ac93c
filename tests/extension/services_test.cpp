#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "services/executor.hpp"
#include "services/host_services.hpp"
#include "services/log.hpp"
#include "services/metrics.hpp"
#include "support/extension/fake_host.hpp"

namespace catalog::extension {
namespace {

using testing::FakeHost;

TEST(HostServices, TellsMissingFromDenied) {
    FakeHost host;
    host.offers[HMX_SVC_LOG] = HMX_OK;
    host.offers[HMX_SVC_CONSENSUS] = HMX_E_CAPABILITY_DENIED;
    const HostServices services(host.abi(), capability_bit(HMX_CAP_CONSENSUS_ACCESS));
    const hmx_svc_log* log = nullptr;
    EXPECT_EQ(services.find(HMX_SVC_LOG, 0, 0, log), HMX_OK);
    EXPECT_NE(log, nullptr);
    const hmx_svc_consensus* consensus = nullptr;
    EXPECT_EQ(services.find(HMX_SVC_CONSENSUS, 0, 0, consensus), HMX_E_CAPABILITY_DENIED);
    EXPECT_EQ(consensus, nullptr);
    const hmx_svc_metrics* metrics = nullptr;
    EXPECT_EQ(services.find(HMX_SVC_METRICS, 0, 0, metrics), HMX_E_NOT_FOUND);
}

TEST(HostServices, DoesNotAskForWhatIsNotGranted) {
    FakeHost host;
    host.offers[HMX_SVC_METRICS] = HMX_OK;
    const HostServices services(host.abi(), 0);
    const hmx_svc_metrics* metrics = nullptr;
    EXPECT_EQ(services.find(HMX_SVC_METRICS, 0, capability_bit(HMX_CAP_MONITORING_ACCESS), metrics),
              HMX_E_CAPABILITY_DENIED);
    EXPECT_EQ(host.lookups(), 0u);
}

TEST(HostServices, AHostMayHaveNone) {
    const hmx_svc_log* log = nullptr;
    EXPECT_EQ(HostServices(nullptr, 0).find(HMX_SVC_LOG, 0, 0, log), HMX_E_NOT_FOUND);
    FakeHost host;
    host.raw().get_service = nullptr;
    EXPECT_EQ(HostServices(host.abi(), 0).find(HMX_SVC_LOG, 0, 0, log), HMX_E_NOT_FOUND);
    host.raw().struct_size = offsetof(hmx_host, get_service);
    EXPECT_EQ(HostServices(host.abi(), 0).find(HMX_SVC_LOG, 0, 0, log), HMX_E_NOT_FOUND);
}

TEST(HostServices, AnOlderTableOrNoneAtAllIsNotFound) {
    FakeHost host;
    host.offers[HMX_SVC_LOG] = HMX_OK;
    const HostServices services(host.abi(), 0);
    const hmx_svc_log* log = nullptr;
    EXPECT_EQ(services.find(HMX_SVC_LOG, 1, 0, log), HMX_E_NOT_FOUND);
    host.gives_nothing = true;
    EXPECT_EQ(services.find(HMX_SVC_LOG, 0, 0, log), HMX_E_NOT_FOUND);
    EXPECT_EQ(log, nullptr);
}

TEST(HostLog, HandsOverWhatIsLoudEnough) {
    FakeHost host;
    host.offers[HMX_SVC_LOG] = HMX_OK;
    const hmx_svc_log* service = nullptr;
    ASSERT_EQ(HostServices(host.abi(), 0).find(HMX_SVC_LOG, 0, 0, service), HMX_OK);
    const std::shared_ptr<LogSink> sink = make_host_log(service, LogLevel::kWarning);
    EXPECT_FALSE(sink->enabled(LogLevel::kInfo));
    EXPECT_TRUE(sink->enabled(LogLevel::kError));
    const LogField field{"key", "value"};
    LogRecord record;
    record.module = "kv";
    record.message = "opened";
    record.fields = {&field, 1};
    sink->write(record);
    EXPECT_EQ(host.log(), std::vector<std::string>{"kv: opened"});
    EXPECT_FALSE(make_host_log(nullptr, LogLevel::kTrace)->enabled(LogLevel::kError));
}

TEST(RequestMetrics, CountsRequestsErrorsAndSeconds) {
    FakeHost host;
    host.offers[HMX_SVC_METRICS] = HMX_OK;
    const hmx_svc_metrics* service = nullptr;
    ASSERT_EQ(HostServices(host.abi(), 0).find(HMX_SVC_METRICS, 0, 0, service), HMX_OK);
    const std::vector<std::string_view> methods{"list", "search"};
    const RequestMetrics metrics(service, methods);
    metrics.record(1, true, 2'000'000'000);
    metrics.record(1, false, 1'000'000'000);
    metrics.record(9, false, 1);
    EXPECT_EQ(host.recorded("catalog_requests_total", "search"), 2.0);
    EXPECT_EQ(host.recorded("catalog_request_errors_total", "search"), 1.0);
    EXPECT_DOUBLE_EQ(host.recorded("catalog_request_seconds", "search"), 3.0);
    EXPECT_EQ(host.recorded("catalog_requests_total", "list"), 0.0);
    RequestMetrics().record(0, true, 1);
}

TEST(InstanceExecutor, RunsOnTheHostsThreads) {
    FakeHost host;
    host.offers[HMX_SVC_EXECUTOR] = HMX_OK;
    const hmx_svc_executor* service = nullptr;
    ASSERT_EQ(HostServices(host.abi(), 0).find(HMX_SVC_EXECUTOR, 0, 0, service), HMX_OK);
    InstanceExecutor executor;
    ASSERT_TRUE(executor.open(service, 4));
    EXPECT_EQ(executor.concurrency(), 2u);
    EXPECT_EQ(executor.own_threads(), 0u);
    std::atomic<int> runs{0};
    for (int i = 0; i < 100; ++i) executor.post([&] { ++runs; });
    executor.close();
    EXPECT_EQ(runs.load(), 100);
}

TEST(InstanceExecutor, KeepsGoingWhenTheHostRefuses) {
    FakeHost host;
    host.offers[HMX_SVC_EXECUTOR] = HMX_OK;
    host.refuses_tasks = true;
    const hmx_svc_executor* service = nullptr;
    ASSERT_EQ(HostServices(host.abi(), 0).find(HMX_SVC_EXECUTOR, 0, 0, service), HMX_OK);
    InstanceExecutor executor;
    ASSERT_TRUE(executor.open(service, 4));
    std::atomic<int> runs{0};
    std::function<void()> task = [&] { ++runs; };
    EXPECT_FALSE(executor.try_post(task));
    EXPECT_NE(task, nullptr) << "a refused task is unharmed";
    for (int i = 0; i < 10; ++i) executor.post([&] { ++runs; });
    executor.close();
    EXPECT_EQ(runs.load(), 10);
    EXPECT_EQ(host.tasks_run(), 0u);
}

TEST(InstanceExecutor, HasAPoolOfItsOwnAndEndsItsThreads) {
    InstanceExecutor executor;
    EXPECT_EQ(executor.own_threads(), 0u);
    ASSERT_TRUE(executor.open(nullptr, 3));
    EXPECT_EQ(executor.own_threads(), 3u);
    std::atomic<int> runs{0};
    std::function<void()> task = [&] { ++runs; };
    EXPECT_TRUE(executor.try_post(task));
    executor.close();
    EXPECT_EQ(runs.load(), 1);
    EXPECT_EQ(executor.own_threads(), 0u);
}

TEST(InstanceExecutor, ATasksCapturesAreGoneWhenItIsClosed) {
    const auto held = std::make_shared<int>(1);
    InstanceExecutor executor;
    ASSERT_TRUE(executor.open(nullptr, 1));
    executor.post([held] { static_cast<void>(*held); });
    executor.close();
    EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace catalog::extension
