#include "services/consensus.hpp"

#include <optional>
#include <utility>

#include "catalog/internal/try.hpp"
#include "services/host_call.hpp"
#include "services/proof.hpp"

namespace catalog::extension {

namespace {

hmx_consensus_reqs to_abi_demands(const package::ConsensusRequirements& demands) {
    hmx_consensus_reqs reqs{};
    reqs.struct_size = sizeof(reqs);
    if (demands.stake) reqs.required |= HMX_PROOF_STAKE;
    if (demands.time) reqs.required |= HMX_PROOF_TIME;
    if (demands.space) reqs.required |= HMX_PROOF_SPACE;
    if (demands.work) reqs.required |= HMX_PROOF_WORK;
    reqs.min_stake = demands.stake_min;
    reqs.min_space_bytes = demands.space_bytes_min;
    reqs.min_difficulty = demands.work_difficulty_min;
    return reqs;
}

Error refusal(const HostAnswer& answer) {
    if (answer.status == HMX_E_CONSENSUS_REJECTED) {
        const std::string reason =
            answer.message.empty() ? std::string("the host gives no reason") : answer.message;
        return Error(Errc::kConsensusRejected, "the host's consensus said no: " + reason,
                     ConsensusDetail{"", reason});
    }
    Error error = host_error("the host's consensus", answer, Errc::kConsensusUnavailable);
    switch (error.code()) {
        case Errc::kCancelled:
        case Errc::kDeadlineExceeded:
        case Errc::kOutOfMemory:
            return error;
        default:
            return Error(Errc::kConsensusUnavailable, std::string(error.message()),
                         ConsensusDetail{"", answer.message});
    }
}

const std::uint8_t* subject_bytes(const package::PackageDigest& subject) noexcept {
    return reinterpret_cast<const std::uint8_t*>(subject.hash.digest.data());
}

class HostConsensus final : public lifecycle::ConsensusClient {
public:
    HostConsensus(const hmx_svc_consensus* table, std::shared_ptr<const Clock> clock)
        : table_(table), calls_(std::move(clock)) {}

    Result<ConsensusProof> generate(std::string_view operation,
                                    const package::PackageDigest& subject,
                                    const package::ConsensusRequirements& requirements,
                                    const CallContext& context) override {
        const hmx_consensus_reqs reqs = to_abi_demands(requirements);
        std::optional<Result<ConsensusProof>> proof;
        CATALOG_TRY(const HostAnswer answer,
                    calls_.run(
                        context,
                        [&](const hmx_call& call, const hmx_completion& completion, hmx_op* op) {
                            return table_->generate(table_->ctx, &call, to_abi(operation),
                                                    subject_bytes(subject), &reqs, &completion, op);
                        },
                        cancel(),
                        [&](const void* result) {
                            proof = read_proof(static_cast<const hmx_proof*>(result));
                            return HostAnswer{HMX_OK, {}};
                        }));
        if (answer.status != HMX_OK) return fail(refusal(answer));
        if (!proof) return fail(Errc::kConsensusUnavailable, "the host's consensus gave no proof");
        if (*proof) return *std::move(proof);
        if (proof->error().code() == Errc::kLimitExceeded) return fail(proof->error());
        return fail(Error(Errc::kConsensusUnavailable,
                          "the host's consensus gave a proof that cannot be read")
                        .with_cause(proof->error()));
    }

    Result<void> validate(std::string_view operation, const package::PackageDigest& subject,
                          const ConsensusProof& proof,
                          const package::ConsensusRequirements& requirements,
                          const CallContext& context) override {
        if (proof.empty())
            return fail(Errc::kConsensusRejected, "the proof is empty",
                        ConsensusDetail{"", "the proof is empty"});
        const hmx_consensus_reqs reqs = to_abi_demands(requirements);
        const AbiProof given(proof);
        CATALOG_TRY(const HostAnswer answer,
                    calls_.run(
                        context,
                        [&](const hmx_call& call, const hmx_completion& completion, hmx_op* op) {
                            return table_->validate(table_->ctx, &call, to_abi(operation),
                                                    subject_bytes(subject), given.get(), &reqs,
                                                    &completion, op);
                        },
                        cancel(), [](const void*) { return HostAnswer{HMX_OK, {}}; }));
        if (answer.status != HMX_OK) return fail(refusal(answer));
        return {};
    }

private:
    [[nodiscard]] HostCalls::Cancel cancel() const {
        return [this](hmx_op op) {
            if (HMX_IFACE_HAS(table_, cancel)) static_cast<void>(table_->cancel(table_->ctx, op));
        };
    }

    const hmx_svc_consensus* table_;
    HostCalls calls_;
};

}  // namespace

std::shared_ptr<lifecycle::ConsensusClient> make_host_consensus(
    const hmx_svc_consensus* table, std::shared_ptr<const Clock> clock) {
    if (table == nullptr || !HMX_IFACE_HAS(table, generate) || !HMX_IFACE_HAS(table, validate))
        return nullptr;
    return std::make_shared<HostConsensus>(table, std::move(clock));
}

}  // namespace catalog::extension
