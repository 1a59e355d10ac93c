#include "operations.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "support/extension/waiter.hpp"

namespace catalog::extension {
namespace {

using testing::Waiter;

TEST(Operations, IdsCountFromOneAndAreNeverUsedAgain) {
    Operations operations(10);
    const auto first = operations.begin(std::nullopt);
    operations.end(*first);
    const auto second = operations.begin(std::nullopt);
    EXPECT_EQ(first->id(), 1u);
    EXPECT_EQ(second->id(), 2u);
    operations.end(*second);
}

TEST(Operations, RefusesMoreThanAllowedAndRecovers) {
    Operations operations(2);
    const auto first = operations.begin(std::nullopt);
    const auto second = operations.begin(std::nullopt);
    EXPECT_EQ(operations.begin(std::nullopt), nullptr);
    const auto control = operations.begin_control(std::nullopt);
    EXPECT_NE(control, nullptr);
    operations.end(*first);
    const auto third = operations.begin(std::nullopt);
    EXPECT_EQ(operations.begin(std::nullopt), nullptr);
    operations.end(*control);
    EXPECT_EQ(operations.begin(std::nullopt), nullptr) << "a control operation was never counted";
    EXPECT_NE(third, nullptr);
    operations.end(*second);
    operations.end(*third);
    EXPECT_EQ(operations.active(), 0u);
}

TEST(Operations, CancelReachesOneAndIsRepeatable) {
    Operations operations(10);
    const auto first = operations.begin(std::nullopt);
    const auto second = operations.begin(std::nullopt);
    EXPECT_EQ(operations.cancel(second->id()), HMX_OK);
    EXPECT_EQ(operations.cancel(second->id()), HMX_OK);
    EXPECT_FALSE(first->stop_token().stop_requested());
    EXPECT_TRUE(second->stop_token().stop_requested());
    operations.end(*second);
    EXPECT_EQ(operations.cancel(second->id()), HMX_OK) << "an ended one is no error";
    EXPECT_EQ(operations.cancel(0), HMX_E_NOT_FOUND);
    EXPECT_EQ(operations.cancel(99), HMX_E_NOT_FOUND);
    operations.cancel_all();
    EXPECT_TRUE(first->stop_token().stop_requested());
    operations.end(*first);
}

TEST(Operations, AStopCallbackMayCallBack) {
    Operations operations(10);
    const auto operation = operations.begin(std::nullopt);
    std::size_t seen = 0;
    const std::stop_callback callback(operation->stop_token(), [&] { seen = operations.active(); });
    EXPECT_EQ(operations.cancel(operation->id()), HMX_OK);
    EXPECT_EQ(seen, 1u) << "the table's lock is not held";
    operations.end(*operation);
}

TEST(Operation, CompletesExactlyOnce) {
    Waiter waiter;
    Operation operation(7, waiter.completion());
    operation.complete(HMX_OK, nullptr, nullptr);
    operation.complete(HMX_E_IO, nullptr, nullptr);
    operation.complete(Outcome(), nullptr);
    ASSERT_EQ(waiter.count(), 1u);
    EXPECT_EQ(waiter.wait_one().op, 7u);
}

TEST(Operation, TellsAFailureWithItsMessage) {
    Waiter waiter;
    Operation operation(1, waiter.completion());
    operation.complete(Outcome(refuse(HMX_E_BUSY, "somebody else has it")), nullptr);
    const Waiter::Done done = waiter.wait_one();
    EXPECT_EQ(done.status, HMX_E_BUSY);
    EXPECT_EQ(done.message, "somebody else has it");
}

TEST(Operation, TellsNoProgressAfterItsEnd) {
    Waiter waiter;
    Operation operation(1, waiter.completion());
    ProgressUpdate update;
    update.done = 1;
    operation.update(update);
    operation.complete(HMX_OK, nullptr, nullptr);
    operation.update(update);
    EXPECT_EQ(waiter.progress_count(), 1u);
}

TEST(Operation, KnowsThatItsCompletionRunsHere) {
    struct Probe {
        Operation* operation = nullptr;
        bool inside = false;
    } probe;
    Operation operation(
        1, hmx_completion{[](void* user, hmx_op, hmx_status, const void*, const hmx_error*) {
                              auto* self = static_cast<Probe*>(user);
                              self->inside = self->operation->completes_here();
                          },
                          nullptr, &probe});
    probe.operation = &operation;
    EXPECT_FALSE(operation.completes_here());
    operation.complete(HMX_OK, nullptr, nullptr);
    EXPECT_TRUE(probe.inside);
    EXPECT_FALSE(operation.completes_here());
}

}  // namespace
}  // namespace catalog::extension
