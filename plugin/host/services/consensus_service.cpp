#include <cstring>

#include "catalog/merkle/hash.hpp"
#include "host.hpp"
#include "service.hpp"
#include "service_operations.hpp"

namespace catalog::host {

namespace {

constexpr std::string_view kProofEncoding = "hypermesh-host/simulated";

/// What this host puts into a proof, and looks for when it judges one.
ContentHash simulated_proof(std::string_view operation, const std::uint8_t* subject) {
    merkle::Hasher hasher;
    hasher.update(as_bytes(kProofEncoding));
    hasher.update(as_bytes(operation));
    hasher.update(std::as_bytes(std::span(subject, 32)));
    return hasher.finish();
}

class ConsensusService final : public Service {
public:
    ConsensusService(Host& host, Violations& violations)
        : host_(host), violations_(violations), operations_(host.timer) {
        table_.iface = {sizeof table_, kServiceVersion};
        table_.ctx = this;
        table_.generate = [](void* ctx, const hmx_call* call, hmx_str operation,
                             const std::uint8_t* subject, const hmx_consensus_reqs* requirements,
                             const hmx_completion* completion, hmx_op* op) -> hmx_status {
            if (subject == nullptr || completion == nullptr || completion->done == nullptr ||
                op == nullptr)
                return HMX_E_INVALID_ARGUMENT;
            return self(ctx).generate(call, operation, subject, requirements, *completion, *op);
        };
        table_.validate = [](void* ctx, const hmx_call* call, hmx_str operation,
                             const std::uint8_t* subject, const hmx_proof* proof,
                             const hmx_consensus_reqs* requirements,
                             const hmx_completion* completion, hmx_op* op) -> hmx_status {
            if (subject == nullptr || proof == nullptr || completion == nullptr ||
                completion->done == nullptr || op == nullptr)
                return HMX_E_INVALID_ARGUMENT;
            return self(ctx).validate(call, operation, subject, *proof, requirements, *completion,
                                      *op);
        };
        table_.cancel = [](void* ctx, hmx_op op) -> hmx_status {
            return self(ctx).operations_.cancel(op);
        };
    }

    [[nodiscard]] std::string_view id() const noexcept override { return HMX_SVC_CONSENSUS; }
    [[nodiscard]] std::uint64_t capabilities() const noexcept override {
        return std::uint64_t{1} << HMX_CAP_CONSENSUS_ACCESS;
    }
    [[nodiscard]] const hmx_iface* table() const noexcept override { return &table_.iface; }
    [[nodiscard]] std::size_t close(int) override { return operations_.drop(); }

private:
    static ConsensusService& self(void* ctx) { return *static_cast<ConsensusService*>(ctx); }

    /// How long the behaviour takes; nullopt: for ever.
    [[nodiscard]] std::optional<std::int64_t> delay_ms() const {
        switch (host_.options.consensus) {
            case ConsensusBehaviour::kSlow:
                return host_.options.slow_ms;
            case ConsensusBehaviour::kPending:
                return std::nullopt;
            default:
                return 0;
        }
    }

    /// What the behaviour makes of every operation; HMX_OK: it depends on the operation.
    [[nodiscard]] ServiceOutcome verdict() const {
        if (host_.options.consensus == ConsensusBehaviour::kReject)
            return {HMX_E_CONSENSUS_REJECTED, nullptr, "the simulated consensus rejects", 0};
        if (host_.options.consensus == ConsensusBehaviour::kUnavailable)
            return {HMX_E_AGAIN, nullptr, "the simulated consensus is unavailable", 10'000'000};
        return {};
    }

    hmx_status generate(const hmx_call* call, hmx_str operation, const std::uint8_t* subject,
                        const hmx_consensus_reqs* requirements, const hmx_completion& completion,
                        hmx_op& op) {
        const ContentHash digest = simulated_proof(from_abi(operation, violations_), subject);
        const std::uint32_t present =
            requirements != nullptr && HMX_HAS(requirements, required) ? requirements->required : 0;
        op = operations_.begin(
            call, completion, delay_ms(),
            [outcome = verdict(), digest,
             present](const std::function<void(ServiceOutcome)>& end) mutable {
                hmx_proof proof{};
                proof.struct_size = sizeof proof;
                proof.present = present;
                const std::int64_t now = wall_ns();
                proof.stake = {to_abi("simulated"), to_abi("simulated-1"), 1'000'000, now};
                proof.time.at_us = now / 1000;
                proof.space = {to_abi("simulated"),    to_abi("/"), 0,
                               std::uint64_t{1} << 40, {},          now};
                proof.work.owner_id = to_abi("simulated");
                proof.work.at = now;
                proof.encoding = to_abi(kProofEncoding);
                proof.encoded = {reinterpret_cast<const std::uint8_t*>(digest.digest.data()),
                                 digest.digest.size()};
                if (outcome.status == HMX_OK) outcome.result = &proof;
                end(outcome);
            });
        return HMX_OK;
    }

    hmx_status validate(const hmx_call* call, hmx_str operation, const std::uint8_t* subject,
                        const hmx_proof& proof, const hmx_consensus_reqs* requirements,
                        const hmx_completion& completion, hmx_op& op) {
        ServiceOutcome outcome = verdict();
        const ContentHash wanted = simulated_proof(from_abi(operation, violations_), subject);
        const std::uint32_t required =
            requirements != nullptr && HMX_HAS(requirements, required) ? requirements->required : 0;
        const bool ours =
            HMX_HAS(&proof, encoded.size) && proof.encoded.size == wanted.digest.size() &&
            std::memcmp(proof.encoded.data, wanted.digest.data(), wanted.digest.size()) == 0;
        if (outcome.status == HMX_OK && !ours)
            outcome = {HMX_E_CONSENSUS_REJECTED, nullptr,
                       "the proof is not of this host, operation and subject", 0};
        else if (outcome.status == HMX_OK && (proof.present & required) != required)
            outcome = {HMX_E_CONSENSUS_REJECTED, nullptr, "a required part is missing", 0};
        op = operations_.begin(
            call, completion, delay_ms(),
            [outcome](const std::function<void(ServiceOutcome)>& end) { end(outcome); });
        return HMX_OK;
    }

    Host& host_;
    Violations& violations_;
    ServiceOperations operations_;
    hmx_svc_consensus table_{};
};

}  // namespace

std::unique_ptr<Service> make_consensus_service(Host& host, Violations& violations) {
    return std::make_unique<ConsensusService>(host, violations);
}

}  // namespace catalog::host
