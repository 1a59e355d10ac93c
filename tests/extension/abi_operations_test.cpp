#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "support/extension/fake_host.hpp"
#include "support/extension/loaded_extension.hpp"

namespace catalog::extension::testing {
namespace {

TEST(Completion, NeverRunsOnTheCallersStackUnasked) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), nullptr, make_config(folder.path()));
    ASSERT_EQ(instance.start(), HMX_OK);
    Waiter waiter;
    const hmx_completion completion = waiter.completion();
    hmx_op op = 0;
    ASSERT_EQ(extension.api().request_async(instance.get(), nullptr, text("no.such"), text("{}"),
                                            &completion, &op),
              HMX_OK);
    const Waiter::Done done = waiter.wait_one();
    EXPECT_NE(op, 0u);
    EXPECT_EQ(done.op, op);
    EXPECT_NE(done.thread, std::this_thread::get_id());
    EXPECT_EQ(done.status, HMX_E_UNSUPPORTED);
    EXPECT_NE(done.text.find(R"("success":false)"), std::string::npos) << done.text;
    EXPECT_NE(done.message, "");
}

TEST(Completion, RunsInlineWhereThatIsAllowedAndNobodyElseWould) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    FakeHost host;
    host.offers[HMX_SVC_EXECUTOR] = HMX_OK;
    TestInstance instance(extension.api(), host.abi(), make_config(folder.path()));
    ASSERT_EQ(instance.start(), HMX_OK);
    host.refuses_tasks = true;
    Waiter waiter;
    const hmx_completion completion = waiter.completion();
    hmx_call call{};
    call.struct_size = sizeof(call);
    call.flags = HMX_CALL_INLINE_OK;
    ASSERT_EQ(extension.api().request_async(instance.get(), &call, text("no.such"), text(""),
                                            &completion, nullptr),
              HMX_OK);
    ASSERT_EQ(waiter.count(), 1u);
    EXPECT_EQ(waiter.wait_one().thread, std::this_thread::get_id());
    // Not allowed: a thread of the instance steps in.
    ASSERT_EQ(extension.api().request_async(instance.get(), nullptr, text("no.such"), text(""),
                                            &completion, nullptr),
              HMX_OK);
    EXPECT_NE(waiter.wait_one().thread, std::this_thread::get_id());
}

TEST(Completion, MayMakeAnyCallItself) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), nullptr, make_config(folder.path()));
    ASSERT_EQ(instance.start(), HMX_OK);
    struct Reentrant {
        const hmx_extension_api* api;
        hmx_instance* instance;
        Waiter inner;
        Waiter outer;
        hmx_status cancel = HMX_E_UNKNOWN;
        hmx_status destroy = HMX_E_UNKNOWN;
        hmx_status request = HMX_E_UNKNOWN;
        hmx_status async = HMX_E_UNKNOWN;
    } state{&extension.api(), instance.get(), {}, {}, {}, {}, {}, {}};
    const hmx_completion completion{
        [](void* user, hmx_op op, hmx_status status, const void*, const hmx_error* error) {
            auto* self = static_cast<Reentrant*>(user);
            hmx_buf buffer{};
            self->request =
                self->api->request(self->instance, nullptr, text("x"), text(""), &buffer, nullptr);
            if (buffer.owner != nullptr) buffer.release(buffer.owner);
            const hmx_completion inner = self->inner.completion();
            self->async = self->api->request_async(self->instance, nullptr, text("x"), text(""),
                                                   &inner, nullptr);
            self->cancel = self->api->cancel(self->instance, op);
            self->destroy = self->api->destroy(self->instance, nullptr);
            const hmx_completion outer = self->outer.completion();
            outer.done(outer.user, op, status, nullptr, error);
        },
        nullptr, &state};
    ASSERT_EQ(extension.api().request_async(instance.get(), nullptr, text("x"), text(""),
                                            &completion, nullptr),
              HMX_OK);
    state.outer.wait_one();
    EXPECT_EQ(state.request, HMX_E_UNSUPPORTED);
    EXPECT_EQ(state.async, HMX_OK);
    EXPECT_EQ(state.inner.wait_one().status, HMX_E_UNSUPPORTED);
    EXPECT_EQ(state.cancel, HMX_OK);
    EXPECT_EQ(state.destroy, HMX_E_INVALID_STATE);
}

TEST(Completion, OfAFailedStartCannotDestroyTheInstanceUnderItself) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), nullptr,
                          make_config(folder.path(), R"({"create":false})"));
    struct Reentrant {
        const hmx_extension_api* api;
        hmx_instance* instance;
        Waiter outer;
        std::atomic<hmx_status> destroy{HMX_E_UNKNOWN};
    } state{&extension.api(), instance.get(), {}, {}};
    const hmx_completion completion{
        [](void* user, hmx_op op, hmx_status status, const void*, const hmx_error* error) {
            auto* self = static_cast<Reentrant*>(user);
            self->destroy = self->api->destroy(self->instance, nullptr);
            const hmx_completion outer = self->outer.completion();
            outer.done(outer.user, op, status, nullptr, error);
        },
        nullptr, &state};
    ASSERT_EQ(extension.api().start(instance.get(), nullptr, &completion, nullptr), HMX_OK);
    EXPECT_EQ(state.outer.wait_one().status, HMX_E_NOT_FOUND);
    EXPECT_EQ(state.destroy.load(), HMX_E_BUSY);
    EXPECT_EQ(instance.destroy(), HMX_OK);
}

TEST(Completion, MayTakeTheBufferWithIt) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), nullptr, make_config(folder.path()));
    ASSERT_EQ(instance.start(), HMX_OK);
    struct Taker {
        hmx_buf taken{};
        Waiter waiter;
    } taker;
    const hmx_completion completion{
        [](void* user, hmx_op op, hmx_status status, const void* result, const hmx_error* error) {
            auto* self = static_cast<Taker*>(user);
            // R9: the struct is copied and the original's owner set to null.
            auto* buffer = const_cast<hmx_buf*>(static_cast<const hmx_buf*>(result));
            self->taken = *buffer;
            buffer->owner = nullptr;
            const hmx_completion outer = self->waiter.completion();
            outer.done(outer.user, op, status, nullptr, error);
        },
        nullptr, &taker};
    ASSERT_EQ(extension.api().request_async(instance.get(), nullptr, text("x"), text(""),
                                            &completion, nullptr),
              HMX_OK);
    taker.waiter.wait_one();
    ASSERT_EQ(instance.shutdown(), HMX_OK);
    EXPECT_EQ(instance.destroy(), HMX_E_BUSY);
    EXPECT_EQ(taker.taken.data[0], '{');
    taker.taken.release(taker.taken.owner);
    EXPECT_EQ(instance.destroy(), HMX_OK);
}

TEST(Cancel, AQueuedOperationCompletesAsCancelled) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), nullptr, make_config(folder.path(), R"({"threads":1})"));
    ASSERT_EQ(instance.start(), HMX_OK);
    // The only thread is kept in a completion, so that the next request waits in the queue.
    struct Blocker {
        std::atomic<bool> entered{false};
        std::atomic<bool> go{false};
    } blocker;
    const hmx_completion blocking{
        [](void* user, hmx_op, hmx_status, const void*, const hmx_error*) {
            auto* self = static_cast<Blocker*>(user);
            self->entered = true;
            self->entered.notify_all();
            self->go.wait(false);
        },
        nullptr, &blocker};
    ASSERT_EQ(extension.api().request_async(instance.get(), nullptr, text("x"), text(""), &blocking,
                                            nullptr),
              HMX_OK);
    blocker.entered.wait(false);
    Waiter waiter;
    const hmx_completion completion = waiter.completion();
    hmx_op op = 0;
    ASSERT_EQ(extension.api().request_async(instance.get(), nullptr, text("info"), text("{}"),
                                            &completion, &op),
              HMX_OK);
    EXPECT_EQ(extension.api().cancel(instance.get(), op), HMX_OK);
    EXPECT_EQ(extension.api().cancel(instance.get(), op), HMX_OK);
    EXPECT_EQ(instance.status().active_ops, 1u) << "one waits, the other has completed";
    blocker.go = true;
    blocker.go.notify_all();
    EXPECT_EQ(waiter.wait_one().status, HMX_E_CANCELLED);
    EXPECT_EQ(extension.api().cancel(instance.get(), op), HMX_OK) << "an ended one is no error";
}

TEST(Limits, AsManyOperationsAsTheHostAllows) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    hmx_config config = make_config(folder.path(), R"({"threads":1})");
    config.limits.max_concurrent_ops = 3;
    TestInstance instance(extension.api(), nullptr, config);
    ASSERT_EQ(instance.start(), HMX_OK);
    struct Blocker {
        std::atomic<int> done{0};
        std::atomic<bool> go{false};
    } blocker;
    const hmx_completion blocking{
        [](void* user, hmx_op, hmx_status, const void*, const hmx_error*) {
            auto* self = static_cast<Blocker*>(user);
            self->go.wait(false);
            ++self->done;
        },
        nullptr, &blocker};
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(extension.api().request_async(instance.get(), nullptr, text("x"), text(""),
                                                &blocking, nullptr),
                  HMX_OK);
    }
    EXPECT_EQ(extension.api().request_async(instance.get(), nullptr, text("x"), text(""), &blocking,
                                            nullptr),
              HMX_E_AGAIN);
    const TestInstance::Answer answer = instance.request("x");
    EXPECT_EQ(answer.status, HMX_E_AGAIN);
    EXPECT_GT(answer.retry_after_ns, 0u);
    blocker.go = true;
    blocker.go.notify_all();
    ASSERT_EQ(instance.shutdown(), HMX_OK);
    EXPECT_EQ(blocker.done.load(), 3);
}

TEST(Shutdown, CancelsAndCompletesEverythingFirst) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    hmx_config config = make_config(folder.path());
    config.limits.max_concurrent_ops = 10'000;
    TestInstance instance(extension.api(), nullptr, config);
    ASSERT_EQ(instance.start(), HMX_OK);
    Waiter waiter;
    const hmx_completion completion = waiter.completion();
    std::size_t accepted = 0;
    for (int i = 0; i < 5000; ++i) {
        if (extension.api().request_async(instance.get(), nullptr, text("info"), text("{}"),
                                          &completion, nullptr) == HMX_OK)
            ++accepted;
    }
    ASSERT_EQ(instance.shutdown(), HMX_OK);
    EXPECT_EQ(waiter.count(), accepted);
    EXPECT_EQ(accepted, 5000u);
    EXPECT_EQ(instance.status().active_ops, 0u);
    EXPECT_EQ(instance.status().threads, 0u);
}

TEST(Start, ThatIsCancelledFailsAndCanBeDestroyed) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    FakeHost host;
    host.offers[HMX_SVC_EXECUTOR] = HMX_OK;
    TestInstance instance(extension.api(), host.abi(), make_config(folder.path()));
    hmx_call call{};
    call.struct_size = sizeof(call);
    call.deadline = 1;
    Waiter waiter;
    const hmx_completion completion = waiter.completion();
    EXPECT_EQ(extension.api().start(instance.get(), &call, &completion, nullptr),
              HMX_E_DEADLINE_EXCEEDED);
    EXPECT_EQ(instance.status().state, static_cast<uint32_t>(HMX_STATE_CREATED));
    hmx_op op = 0;
    ASSERT_EQ(extension.api().start(instance.get(), nullptr, &completion, &op), HMX_OK);
    EXPECT_EQ(extension.api().cancel(instance.get(), op), HMX_OK);
    const hmx_status status = waiter.wait_one().status;
    EXPECT_TRUE(status == HMX_OK || status == HMX_E_CANCELLED) << status;
    EXPECT_EQ(instance.status().state,
              static_cast<uint32_t>(status == HMX_OK ? HMX_STATE_RUNNING : HMX_STATE_FAILED));
}

}  // namespace
}  // namespace catalog::extension::testing
