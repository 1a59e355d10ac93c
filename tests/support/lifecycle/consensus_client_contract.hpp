#pragma once
// What every ConsensusClient must do. An implementation runs it with a default-constructible type:
//
//   struct Mine { ConsensusClient& client(); const Clock& clock(); };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, ConsensusClientContract, Mine);

#include <gtest/gtest.h>

#include <optional>
#include <stop_token>
#include <vector>

#include "catalog/lifecycle/consensus_client.hpp"
#include "catalog/merkle/hash.hpp"

namespace catalog::lifecycle::testing {

template <class World>
class ConsensusClientContract : public ::testing::Test {
protected:
    static package::PackageDigest subject(std::string_view text = "subject") {
        return package::PackageDigest{merkle::hash_of(as_bytes(text))};
    }
    static package::ConsensusRequirements demands(unsigned proofs) {
        package::ConsensusRequirements demands;
        demands.stake = (proofs & 1u) != 0;
        demands.time = (proofs & 2u) != 0;
        demands.space = (proofs & 4u) != 0;
        demands.work = (proofs & 8u) != 0;
        demands.stake_min = demands.stake ? 100 : 0;
        return demands;
    }
    template <class T>
    static std::optional<Errc> code(const Result<T>& result) {
        return result ? std::nullopt : std::optional(result.error().code());
    }

    World world_;
};

TYPED_TEST_SUITE_P(ConsensusClientContract);

TYPED_TEST_P(ConsensusClientContract, AcceptsWhatItGave) {
    for (unsigned proofs = 0; proofs < 16; ++proofs) {
        const auto demands = this->demands(proofs);
        const auto proof =
            this->world_.client().generate("publish", this->subject(), demands, CallContext());
        ASSERT_TRUE(proof) << proof.error().to_string();
        EXPECT_FALSE(proof->empty());
        const auto verdict = this->world_.client().validate("publish", this->subject(), *proof,
                                                            demands, CallContext());
        EXPECT_TRUE(verdict) << proofs << ": " << verdict.error().to_string();
    }
}

TYPED_TEST_P(ConsensusClientContract, RejectsAProofForAnotherSubjectOrOperation) {
    const auto demands = this->demands(15);
    const auto proof =
        this->world_.client().generate("publish", this->subject(), demands, CallContext());
    ASSERT_TRUE(proof) << proof.error().to_string();
    const auto other = this->world_.client().validate("publish", this->subject("other"), *proof,
                                                      demands, CallContext());
    ASSERT_EQ(this->code(other), Errc::kConsensusRejected);
    const auto* detail = other.error().template detail_as<ConsensusDetail>();
    ASSERT_NE(detail, nullptr);
    EXPECT_FALSE(detail->reason.empty());
    EXPECT_EQ(this->code(this->world_.client().validate("install", this->subject(), *proof, demands,
                                                        CallContext())),
              Errc::kConsensusRejected);
}

TYPED_TEST_P(ConsensusClientContract, RejectsAnEmptyProof) {
    EXPECT_EQ(this->code(this->world_.client().validate(
                  "publish", this->subject(), ConsensusProof(), this->demands(0), CallContext())),
              Errc::kConsensusRejected);
}

TYPED_TEST_P(ConsensusClientContract, RejectsAProofThatLacksADemandedPart) {
    auto proof = this->world_.client().generate("publish", this->subject(), this->demands(15),
                                                CallContext());
    ASSERT_TRUE(proof) << proof.error().to_string();
    proof->space.reset();
    EXPECT_EQ(this->code(this->world_.client().validate("publish", this->subject(), *proof,
                                                        this->demands(15), CallContext())),
              Errc::kConsensusRejected);
}

TYPED_TEST_P(ConsensusClientContract, AStoppedCallIsCancelled) {
    std::stop_source stop;
    stop.request_stop();
    CallContext context;
    context.stop = stop.get_token();
    EXPECT_EQ(this->code(this->world_.client().generate("publish", this->subject(),
                                                        this->demands(1), context)),
              Errc::kCancelled);
    const auto proof =
        this->world_.client().generate("publish", this->subject(), this->demands(1), CallContext());
    ASSERT_TRUE(proof);
    EXPECT_EQ(this->code(this->world_.client().validate("publish", this->subject(), *proof,
                                                        this->demands(1), context)),
              Errc::kCancelled);
}

TYPED_TEST_P(ConsensusClientContract, ADeadlineThatHasPassedIsKept) {
    CallContext context;
    context.deadline = this->world_.clock().now_monotonic() - std::chrono::nanoseconds(1);
    EXPECT_EQ(this->code(this->world_.client().generate("publish", this->subject(),
                                                        this->demands(1), context)),
              Errc::kDeadlineExceeded);
}

REGISTER_TYPED_TEST_SUITE_P(ConsensusClientContract, AcceptsWhatItGave,
                            RejectsAProofForAnotherSubjectOrOperation, RejectsAnEmptyProof,
                            RejectsAProofThatLacksADemandedPart, AStoppedCallIsCancelled,
                            ADeadlineThatHasPassedIsKept);

}  // namespace catalog::lifecycle::testing
