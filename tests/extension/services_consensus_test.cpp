// The host's consensus through its table: whenever, however and however often it answers.

#include "services/consensus.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <stop_token>
#include <thread>
#include <vector>

#include "call.hpp"
#include "support/core/fake_clock.hpp"
#include "support/extension/fake_services.hpp"
#include "support/lifecycle/consensus_client_contract.hpp"

namespace catalog::extension::testing {
namespace {

using When = FakeServices::When;

template <When kWhen>
struct HostWorld {
    HostWorld() { host.when = kWhen; }
    ~HostWorld() { host.settle(); }  // a second completion may still be on its way
    FakeServices host;
    std::shared_ptr<Clock> time = make_system_clock();
    std::shared_ptr<lifecycle::ConsensusClient> made = make_host_consensus(&host.consensus(), time);
    lifecycle::ConsensusClient& client() { return *made; }
    const Clock& clock() { return *time; }
};
using Inline = HostWorld<When::kInline>;
using Late = HostWorld<When::kLate>;
using Twice = HostWorld<When::kTwice>;

/// A host and a client of it.
struct ConsensusPair {
    ConsensusPair() = default;
    ~ConsensusPair() { host.settle(); }
    FakeServices host;
    std::shared_ptr<Clock> clock = make_system_clock();
    std::shared_ptr<lifecycle::ConsensusClient> client =
        make_host_consensus(&host.consensus(), clock);

    [[nodiscard]] Result<ConsensusProof> generate(const CallContext& context = {}) const {
        return client->generate("publish", {}, {}, context);
    }
    [[nodiscard]] Result<void> validate(const CallContext& context = {}) const {
        return client->validate("publish", {},
                                lifecycle::testing::FakeConsensus::proof_for("publish", {}, {}), {},
                                context);
    }
};

constexpr std::chrono::milliseconds kSoon(5);

/// A clock that a test moves, and a client that goes by it.
struct TimedPair {
    TimedPair() = default;
    FakeServices host;
    std::shared_ptr<fakes::FakeClock> clock = std::make_shared<fakes::FakeClock>();
    CallContext context;

    /// Lets the deadline of `context` pass once the host has been asked.
    void pass_the_deadline() {
        host.wait_for_calls(1);
        clock->advance(kSoon);
    }
    [[nodiscard]] std::shared_ptr<lifecycle::ConsensusClient> client_of(hmx_svc_consensus& table) {
        context.deadline = clock->now_monotonic() + kSoon;
        return make_host_consensus(&table, clock);
    }
};

template <class T>
Errc error_code(const Result<T>& result) {
    return result ? Errc::kInternal : result.error().code();
}

TEST(HostConsensus, NeedsATableWithBothQuestions) {
    ConsensusPair pair;
    EXPECT_EQ(make_host_consensus(nullptr, pair.clock), nullptr);
    hmx_svc_consensus table = pair.host.consensus();
    table.validate = nullptr;
    EXPECT_EQ(make_host_consensus(&table, pair.clock), nullptr);
    table = pair.host.consensus();
    table.iface.struct_size = offsetof(hmx_svc_consensus, validate);
    EXPECT_EQ(make_host_consensus(&table, pair.clock), nullptr);
    table.iface.struct_size = offsetof(hmx_svc_consensus, cancel);
    EXPECT_NE(make_host_consensus(&table, pair.clock), nullptr) << "it cannot be cancelled, only";
}

TEST(HostConsensus, OnlyOkIsEverAYes) {
    for (hmx_status status = -3; status <= HMX_STATUS_COUNT + 3; ++status) {
        if (status == HMX_OK) continue;
        for (const bool completes : {false, true}) {
            ConsensusPair pair;
            (completes ? pair.host.completes : pair.host.refuses) = status;
            pair.host.message = "the words of the host";
            const auto verdict = pair.validate();
            ASSERT_FALSE(verdict) << status;
            const Errc code = verdict.error().code();
            if (status == HMX_E_CONSENSUS_REJECTED) {
                EXPECT_EQ(code, Errc::kConsensusRejected);
            } else if (status == HMX_E_CANCELLED) {
                EXPECT_EQ(code, Errc::kCancelled);
            } else if (status == HMX_E_DEADLINE_EXCEEDED) {
                EXPECT_EQ(code, Errc::kDeadlineExceeded);
            } else if (status == HMX_E_OUT_OF_MEMORY) {
                EXPECT_EQ(code, Errc::kOutOfMemory);
            } else {
                EXPECT_EQ(code, Errc::kConsensusUnavailable) << status;
            }
            EXPECT_FALSE(pair.generate()) << status;
            pair.host.settle();
        }
    }
}

TEST(HostConsensus, IsNotAskedAboutAProofThatIsEmpty) {
    ConsensusPair pair;
    pair.host.refuses = HMX_E_STORAGE;
    const auto verdict = pair.client->validate("publish", {}, ConsensusProof(), {}, {});
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().code(), Errc::kConsensusRejected)
        << "had the host been asked, it would be unavailable";
}

TEST(HostConsensus, TheHostsReasonIsKept) {
    ConsensusPair pair;
    pair.host.completes = HMX_E_CONSENSUS_REJECTED;
    pair.host.message = "not enough stake";
    const auto verdict = pair.validate();
    ASSERT_FALSE(verdict);
    ASSERT_NE(verdict.error().detail_as<ConsensusDetail>(), nullptr);
    EXPECT_EQ(verdict.error().detail_as<ConsensusDetail>()->reason, "not enough stake");
}

TEST(HostConsensus, AMessageWithoutAnEndIsReadAsFarAsItIs) {
    ConsensusPair pair;
    pair.host.completes = HMX_E_CONSENSUS_REJECTED;
    pair.host.message = std::string(4000, 'x');
    const auto verdict = pair.validate();
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().detail_as<ConsensusDetail>()->reason,
              std::string(sizeof(hmx_error::message), 'x'));
}

TEST(HostConsensus, AProofThatIsMissingOrCannotBeReadIsUnavailable) {
    ConsensusPair pair;
    pair.host.gives_nothing = true;
    EXPECT_EQ(error_code(pair.generate()), Errc::kConsensusUnavailable);
    pair.host.gives_nothing = false;
    pair.host.change_proof = [](hmx_proof& proof) { proof.struct_size = 2; };
    EXPECT_EQ(error_code(pair.generate()), Errc::kConsensusUnavailable);
    pair.host.change_proof = [](hmx_proof& proof) { proof.encoding = {nullptr, 9}; };
    EXPECT_EQ(error_code(pair.generate()), Errc::kConsensusUnavailable);
    pair.host.change_proof = [](hmx_proof& proof) { proof.encoded.size = kProofBytesMax + 1; };
    EXPECT_EQ(error_code(pair.generate()), Errc::kLimitExceeded);
}

TEST(HostConsensus, AStopCancelsAndTheCompletionIsWaitedFor) {
    for (const When when : {When::kCancelled, When::kAnyway}) {
        ConsensusPair pair;
        pair.host.when = when;
        std::stop_source stop;
        CallContext context;
        context.stop = stop.get_token();
        std::jthread stopper([&] {
            pair.host.wait_for_calls(1);
            stop.request_stop();
        });
        const auto verdict = pair.validate(context);
        if (when == When::kCancelled) {
            EXPECT_EQ(error_code(verdict), Errc::kCancelled);
        } else {
            EXPECT_TRUE(verdict) << "the real outcome came first, and it counts";
        }
        EXPECT_EQ(pair.host.cancelled().size(), 1u);
    }
}

TEST(HostConsensus, ADeadlineCancelsAndTheCompletionIsWaitedFor) {
    TimedPair pair;
    pair.host.when = When::kCancelled;
    hmx_svc_consensus table = pair.host.consensus();
    const auto client = pair.client_of(table);
    std::jthread time([&] { pair.pass_the_deadline(); });
    EXPECT_EQ(error_code(client->generate("publish", {}, {}, pair.context)),
              Errc::kDeadlineExceeded);
    EXPECT_EQ(pair.host.cancelled().size(), 1u);
    pair.host.settle();
}

TEST(HostConsensus, AHostThatCannotCancelIsWaitedFor) {
    TimedPair pair;
    pair.host.when = When::kTold;
    hmx_svc_consensus table = pair.host.consensus();
    table.cancel = nullptr;
    const auto client = pair.client_of(table);
    std::atomic<bool> over = false;
    std::jthread caller([&] {
        EXPECT_TRUE(client->generate("publish", {}, {}, pair.context))
            << "the outcome is a real one";
        over = true;
    });
    pair.pass_the_deadline();
    EXPECT_FALSE(over);
    EXPECT_EQ(pair.host.complete_all(), 1u);
}

TEST(HostConsensus, ASecondCompletionIsIgnoredAlsoByTheCallsThatFollow) {
    ConsensusPair pair;
    pair.host.when = When::kTwice;
    for (int i = 0; i < 500; ++i) {
        const auto proof = pair.generate();
        ASSERT_TRUE(proof) << i << ": " << proof.error().to_string();
    }
    pair.host.settle();
}

TEST(HostConsensus, TellsTheHostWhoAsksAndUntilWhen) {
    ConsensusPair pair;
    CallContext context;
    context.deadline = pair.clock->now_monotonic() + std::chrono::hours(1);
    EXPECT_TRUE(pair.generate(context));
    const hmx_call call = pair.host.last_call();
    EXPECT_EQ(call.struct_size, sizeof(hmx_call));
    EXPECT_EQ(call.flags, static_cast<std::uint32_t>(HMX_CALL_INLINE_OK));
    const std::int64_t left = call.deadline - monotonic_now_ns();
    EXPECT_GT(left, std::int64_t{3'500} * 1'000'000'000);
    EXPECT_LE(left, std::int64_t{3'600} * 1'000'000'000);
    EXPECT_TRUE(pair.generate());
    EXPECT_EQ(pair.host.last_call().deadline, 0);
}

TEST(HostConsensus, ManyThreadsAskAtOnce) {
    for (const When when : {When::kInline, When::kLate, When::kTwice}) {
        ConsensusPair pair;
        pair.host.when = when;
        std::atomic<int> wrong = 0;
        {
            std::vector<std::jthread> threads;
            for (int t = 0; t < 8; ++t)
                threads.emplace_back([&] {
                    for (int i = 0; i < 50; ++i)
                        if (!pair.generate() || !pair.validate()) ++wrong;
                });
        }
        EXPECT_EQ(wrong, 0);
        pair.host.settle();
    }
}

TEST(HostConsensus, StopsOfManyThreadsLeaveNothingBehind) {
    ConsensusPair pair;
    pair.host.when = When::kCancelled;
    std::stop_source stop;
    std::atomic<int> cancelled = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 8; ++t)
            threads.emplace_back([&] {
                CallContext context;
                context.stop = stop.get_token();
                if (error_code(pair.generate(context)) == Errc::kCancelled) ++cancelled;
            });
        pair.host.wait_for_calls(8);
        stop.request_stop();
    }
    EXPECT_EQ(cancelled, 8);
    std::vector<hmx_op> ops = pair.host.cancelled();
    std::ranges::sort(ops);
    EXPECT_EQ(std::ranges::unique(ops).size(), 0u) << "each once";
}

}  // namespace
}  // namespace catalog::extension::testing

namespace catalog::lifecycle::testing {
namespace {

// The suite lives in this namespace, and so do its instances.
INSTANTIATE_TYPED_TEST_SUITE_P(InlineHost, ConsensusClientContract, extension::testing::Inline);
INSTANTIATE_TYPED_TEST_SUITE_P(LateHost, ConsensusClientContract, extension::testing::Late);
INSTANTIATE_TYPED_TEST_SUITE_P(HostThatCompletesTwice, ConsensusClientContract,
                               extension::testing::Twice);

}  // namespace
}  // namespace catalog::lifecycle::testing
