#include "support/lifecycle/consensus_clients.hpp"

#include "catalog/internal/try.hpp"
#include "catalog/merkle/hash.hpp"

namespace catalog::lifecycle::testing {

namespace {

constexpr std::chrono::milliseconds kPoll{1};

Error rejection(std::string proof, const std::string& reason) {
    return Error(Errc::kConsensusRejected, "the consensus said no: " + reason,
                 ConsensusDetail{std::move(proof), reason});
}

}  // namespace

void FakeConsensus::answer_generate(Answer answer, std::string reason) {
    const internal::MutexLock lock(mutex_);
    generate_ = {answer, std::move(reason)};
}

void FakeConsensus::answer_validate(Answer answer, std::string reason) {
    const internal::MutexLock lock(mutex_);
    validate_ = {answer, std::move(reason)};
}

void FakeConsensus::be_slow(std::chrono::nanoseconds duration) {
    const internal::MutexLock lock(mutex_);
    duration_ = duration;
}

void FakeConsensus::keep_pending() {
    const internal::MutexLock lock(mutex_);
    pending_ = true;
}

void FakeConsensus::settle() {
    const internal::MutexLock lock(mutex_);
    pending_ = false;
}

std::vector<FakeConsensus::Asked> FakeConsensus::asked() const {
    const internal::MutexLock lock(mutex_);
    return asked_;
}

ConsensusProof FakeConsensus::proof_for(std::string_view operation,
                                        const package::PackageDigest& subject,
                                        const package::ConsensusRequirements& requirements) {
    const std::string bound = std::string(operation) + "\n" + subject.to_string();
    const ContentHash seal = merkle::hash_of(as_bytes(bound));
    ConsensusProof proof;
    if (requirements.stake)
        proof.stake = StakeProof{"holder", "holder-1", requirements.stake_min, 1'700'000'000};
    if (requirements.time) proof.time = TimeProof{5, 1'700'000, 99, to_bytes(seal.bytes())};
    if (requirements.space)
        proof.space = SpaceProof{"node",
                                 "/space",
                                 requirements.space_bytes_min,
                                 requirements.space_bytes_min,
                                 seal.to_string(),
                                 1'700'000'000};
    if (requirements.work)
        proof.work = WorkProof{"owner", "load", 4711, 12, 3, 2, {"a", "b"}, 1'700'000'000};
    proof.encoding = "fake.v1";
    proof.encoded = to_bytes(seal.bytes());
    return proof;
}

Result<void> FakeConsensus::wait(const CallContext& context) const {
    std::chrono::nanoseconds left{0};
    {
        const internal::MutexLock lock(mutex_);
        left = duration_;
    }
    for (;;) {
        CATALOG_TRY_VOID(context.check(*clock_));
        bool pending = false;
        {
            const internal::MutexLock lock(mutex_);
            pending = pending_;
        }
        if (left <= std::chrono::nanoseconds(0) && !pending) return {};
        clock_->sleep_for(kPoll, context.stop);
        left -= kPoll;
    }
}

Result<void> FakeConsensus::carry_out(const Script& script) {
    switch (script.answer) {
        case Answer::kAccept:
            return {};
        case Answer::kReject:
            return fail(rejection("stake", script.reason));
        case Answer::kUnavailable:
            return fail(Error(Errc::kConsensusUnavailable, "the consensus cannot be asked",
                              ConsensusDetail{"", script.reason}));
    }
    return fail(Errc::kInternal, "an answer that the fake does not know");
}

Result<ConsensusProof> FakeConsensus::generate(std::string_view operation,
                                               const package::PackageDigest& subject,
                                               const package::ConsensusRequirements& requirements,
                                               const CallContext& context) {
    Script script;
    {
        const internal::MutexLock lock(mutex_);
        asked_.push_back({"generate", std::string(operation), subject, requirements,
                          context.principal.id, std::nullopt});
        script = generate_;
    }
    CATALOG_TRY_VOID(wait(context));
    CATALOG_TRY_VOID(carry_out(script));
    return proof_for(operation, subject, requirements);
}

Result<void> FakeConsensus::validate(std::string_view operation,
                                     const package::PackageDigest& subject,
                                     const ConsensusProof& proof,
                                     const package::ConsensusRequirements& requirements,
                                     const CallContext& context) {
    Script script;
    {
        const internal::MutexLock lock(mutex_);
        asked_.push_back({"validate", std::string(operation), subject, requirements,
                          context.principal.id, proof});
        script = validate_;
    }
    CATALOG_TRY_VOID(wait(context));
    CATALOG_TRY_VOID(carry_out(script));
    const ConsensusProof wanted = proof_for(operation, subject, requirements);
    if (proof.encoded != wanted.encoded || proof.encoding != wanted.encoding)
        return fail(rejection("", "the proof is for something else"));
    if (requirements.stake && !proof.stake) return fail(rejection("stake", "it is missing"));
    if (requirements.time && !proof.time) return fail(rejection("time", "it is missing"));
    if (requirements.space && !proof.space) return fail(rejection("space", "it is missing"));
    if (requirements.work && !proof.work) return fail(rejection("work", "it is missing"));
    return {};
}

bool FaultyConsensus::fails() noexcept {
    const std::size_t call = calls_++;
    return call == failing_call_ || (for_ever_ && call > failing_call_);
}

Result<ConsensusProof> FaultyConsensus::generate(std::string_view operation,
                                                 const package::PackageDigest& subject,
                                                 const package::ConsensusRequirements& requirements,
                                                 const CallContext& context) {
    if (fails()) return fail(error_);
    return base_->generate(operation, subject, requirements, context);
}

Result<void> FaultyConsensus::validate(std::string_view operation,
                                       const package::PackageDigest& subject,
                                       const ConsensusProof& proof,
                                       const package::ConsensusRequirements& requirements,
                                       const CallContext& context) {
    if (fails()) return fail(error_);
    return base_->validate(operation, subject, proof, requirements, context);
}

}  // namespace catalog::lifecycle::testing
