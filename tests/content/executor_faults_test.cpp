// Verification on executors that refuse, lose, delay and reorder its tasks.

#include <gtest/gtest.h>

#include <memory>

#include "support/content/content_bed.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/core/executors.hpp"
#include "support/io/results.hpp"

namespace catalog::content::testing {
namespace {

using fakes::ExecutorFault;
using fakes::FaultyExecutor;
using io::testing::must;

constexpr ExecutorFault kTaskFaults[] = {ExecutorFault::kRefuse, ExecutorFault::kNoMemory,
                                         ExecutorFault::kLose, ExecutorFault::kHold};

TEST(ContentOnABrokenExecutor, IsVerifiedWholeAllTheSame) {
    for (const ExecutorFault fault : kTaskFaults)
        for (const std::size_t faulty_of_two : {1u, 2u}) {
            const auto executor = std::make_shared<FaultyExecutor>(
                make_thread_pool(2), [fault, faulty_of_two](std::size_t n) {
                    return n % 2 < faulty_of_two ? fault : ExecutorFault::kNone;
                });
            ContentOptions options = RealContentBed::memory_options();
            options.executor = executor;
            RealContentBed bed(std::move(options));
            for (std::uint64_t i = 0; i < 20; ++i) bed.put(noise(5'000 + 300 * i, i));
            for (const VerifyDepth depth : {VerifyDepth::kStructure, VerifyDepth::kFull}) {
                const VerifyReport report = must(bed.storage().verify(depth, CallContext()));
                EXPECT_TRUE(report.damages.empty());
                EXPECT_EQ(report.objects, 20u);
            }
            EXPECT_GT(executor->posts(), 0u) << "nothing was asked of the executor";
            executor->release();
        }
}

}  // namespace
}  // namespace catalog::content::testing
