#include "support/lifecycle/consensus_clients.hpp"

#include <gtest/gtest.h>

#include "support/core/fake_clock.hpp"
#include "support/lifecycle/consensus_client_contract.hpp"

namespace catalog::lifecycle::testing {
namespace {

/// A fake host that is as fast as one can be.
struct PlainFake {
    std::shared_ptr<fakes::FakeClock> time = std::make_shared<fakes::FakeClock>();
    FakeConsensus fake{time};
    ConsensusClient& client() { return fake; }
    const Clock& clock() { return *time; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Fake, ConsensusClientContract, PlainFake);

/// A wrapper whose fault never comes.
struct FaultlessWrapper {
    std::shared_ptr<fakes::FakeClock> time = std::make_shared<fakes::FakeClock>();
    FaultyConsensus faulty{std::make_shared<FakeConsensus>(time), 1'000'000,
                           Error(Errc::kInternal, "never")};
    ConsensusClient& client() { return faulty; }
    const Clock& clock() { return *time; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(FaultlessWrapper, ConsensusClientContract, FaultlessWrapper);

TEST(FakeConsensus, ASlowAnswerRunsIntoTheDeadline) {
    const auto clock = std::make_shared<fakes::FakeClock>();
    FakeConsensus fake(clock);
    fake.be_slow(std::chrono::seconds(2));
    CallContext context;
    context.deadline = clock->now_monotonic() + std::chrono::seconds(1);
    const auto late = fake.generate("publish", {}, {}, context);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), Errc::kDeadlineExceeded);
    EXPECT_TRUE(fake.generate("publish", {}, {}, {}));
}

TEST(FakeConsensus, APendingVerdictIsGivenWhenItIsSettled) {
    const auto clock = std::make_shared<fakes::FakeClock>();
    FakeConsensus fake(clock);
    const ConsensusProof proof = FakeConsensus::proof_for("publish", {}, {});
    fake.keep_pending();
    CallContext context;
    context.deadline = clock->now_monotonic() + std::chrono::seconds(1);
    const auto pending = fake.validate("publish", {}, proof, {}, context);
    ASSERT_FALSE(pending);
    EXPECT_EQ(pending.error().code(), Errc::kDeadlineExceeded);
    fake.settle();
    EXPECT_TRUE(fake.validate("publish", {}, proof, {}, {}));
}

TEST(FaultyConsensus, FailsTheChosenCallAndNoOther) {
    const auto base = std::make_shared<FakeConsensus>(std::make_shared<fakes::FakeClock>());
    FaultyConsensus faulty(base, 1, Error(Errc::kConsensusUnavailable, "gone"));
    const auto proof = faulty.generate("publish", {}, {}, {});
    ASSERT_TRUE(proof);
    const auto failed = faulty.validate("publish", {}, *proof, {}, {});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code(), Errc::kConsensusUnavailable);
    EXPECT_TRUE(faulty.validate("publish", {}, *proof, {}, {}));
    EXPECT_EQ(base->asked().size(), 2u);  // what failed did not reach the base
}

}  // namespace
}  // namespace catalog::lifecycle::testing
