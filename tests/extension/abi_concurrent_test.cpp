// Many threads on one instance. The code is linked here, so that the thread sanitizer sees it
// whole.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "instance.hpp"
#include "support/extension/fake_host.hpp"
#include "support/extension/loaded_extension.hpp"

namespace catalog::extension {
namespace {

using testing::FakeHost;
using testing::make_config;
using testing::TemporaryFolder;
using testing::TestInstance;
using testing::text;
using testing::Waiter;

// Calls of every kind from several threads while another pauses, resumes and shuts down: each
// accepted operation completes exactly once, and nothing is left.
void expect_exactly_once(const hmx_host* host) {
    const TemporaryFolder folder;
    hmx_config config = make_config(folder.path(), R"({"threads":2})");
    config.limits.max_concurrent_ops = 50;
    TestInstance instance(extension_api(), host, config);
    ASSERT_EQ(instance.start(), HMX_OK) << instance.message();
    Waiter waiter;
    std::atomic<std::size_t> accepted{0};
    std::atomic<bool> stop{false};
    std::atomic<std::size_t> unexpected{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            const hmx_completion completion = waiter.completion();
            for (int i = 0; !stop.load(); ++i) {
                hmx_op op = 0;
                const hmx_status status = extension_api().request_async(
                    instance.get(), nullptr, text("no.such"), text("{}"), &completion, &op);
                if (status == HMX_OK) {
                    ++accepted;
                    if (i % 3 == t % 3)
                        static_cast<void>(extension_api().cancel(instance.get(), op));
                } else if (status != HMX_E_AGAIN && status != HMX_E_INVALID_STATE) {
                    ++unexpected;
                }
                const TestInstance::Answer answer = [&] {
                    hmx_buf buffer{};
                    TestInstance::Answer got;
                    got.status = extension_api().request(instance.get(), nullptr, text("x"),
                                                         text(""), &buffer, nullptr);
                    if (buffer.owner != nullptr) buffer.release(buffer.owner);
                    return got;
                }();
                if (answer.status == HMX_OK) ++unexpected;
                static_cast<void>(instance.status());
            }
        });
    }
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(extension_api().pause(instance.get(), nullptr), HMX_OK);
        std::this_thread::yield();
        EXPECT_EQ(extension_api().resume(instance.get(), nullptr), HMX_OK);
        while (accepted.load() < static_cast<std::size_t>(i) * 5) std::this_thread::yield();
    }
    EXPECT_EQ(instance.shutdown(), HMX_OK);
    stop = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(waiter.count(), accepted.load());
    EXPECT_EQ(unexpected.load(), 0u);
    EXPECT_EQ(instance.status().outstanding_objects, 0u);
    EXPECT_EQ(instance.destroy(), HMX_OK);
}

TEST(UnderThreads, EveryOperationCompletesOnceOnAnOwnPool) { expect_exactly_once(nullptr); }

TEST(UnderThreads, EveryOperationCompletesOnceOnTheHostsExecutor) {
    FakeHost host;
    host.offers = {{HMX_SVC_EXECUTOR, HMX_OK}, {HMX_SVC_METRICS, HMX_OK}, {HMX_SVC_LOG, HMX_OK}};
    expect_exactly_once(host.abi());
}

}  // namespace
}  // namespace catalog::extension
