#include "consensus_gate.hpp"

#include <string>

#include "catalog/internal/try.hpp"

namespace catalog::lifecycle {

namespace {

Error empty_proof(const PackageId& id) {
    return Error(Errc::kConsensusRejected, "the proof is empty",
                 ConsensusDetail{"", "the proof is empty"})
        .with_input(id.to_string());
}

}  // namespace

bool consensus_is_asked(const Services& services,
                        const package::ConsensusRequirements& requirements) {
    switch (services.consensus_policy) {
        case ConsensusPolicy::kNone:
            return false;
        case ConsensusPolicy::kDeclared:
            // A bare minimum is a demand too, even where its proof is not named.
            return requirements != package::ConsensusRequirements();
        case ConsensusPolicy::kEvery:
            return true;
    }
    return true;  // a policy that this program does not know must not open the gate
}

Result<void> check_context_proof(const PackageId& id, const CallContext& context) {
    if (context.proof && context.proof->empty()) return fail(empty_proof(id));
    return {};
}

Result<void> ask_consensus(const Services& services, std::string_view operation,
                           const PackageId& id, const package::PackageDigest& subject,
                           const package::ConsensusRequirements& requirements,
                           const CallContext& context) {
    const std::string input = id.to_string();
    if (!services.consensus)
        return fail(Error(Errc::kConsensusUnavailable,
                          "the consensus must be asked and there is nobody to ask")
                        .with_input(input)
                        .with_hint("use a host that offers consensus, or open the library with "
                                   "the consensus policy none"));
    CATALOG_TRY_VOID(context.check(*services.clock));
    context.report({operation, "consensus", "steps", 0, 1});
    ConsensusProof made;
    const ConsensusProof* proof = context.proof.get();
    if (proof == nullptr) {
        Result<ConsensusProof> generated =
            services.consensus->generate(operation, subject, requirements, context);
        if (!generated) return fail(generated.error().with_input(input));
        made = *std::move(generated);
        proof = &made;
    }
    if (proof->empty()) return fail(empty_proof(id));
    const Result<void> verdict =
        services.consensus->validate(operation, subject, *proof, requirements, context);
    if (!verdict) return fail(verdict.error().with_input(input));
    context.report({operation, "consensus", "steps", 1, 1});
    return context.check(*services.clock);
}

}  // namespace catalog::lifecycle
