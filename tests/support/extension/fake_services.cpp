#include "support/extension/fake_services.hpp"

#include <cstring>
#include <utility>

#include "boundary.hpp"
#include "catalog/json/read.hpp"
#include "services/proof.hpp"

namespace catalog::extension::testing {

namespace {

FakeServices* self_of(void* ctx) { return static_cast<FakeServices*>(ctx); }

package::PackageDigest digest_of(const uint8_t subject[32]) {
    package::PackageDigest digest;
    std::memcpy(digest.hash.digest.data(), subject, 32);
    return digest;
}

package::ConsensusRequirements demands_of(const hmx_consensus_reqs& reqs) {
    package::ConsensusRequirements demands;
    demands.stake = (reqs.required & HMX_PROOF_STAKE) != 0;
    demands.time = (reqs.required & HMX_PROOF_TIME) != 0;
    demands.space = (reqs.required & HMX_PROOF_SPACE) != 0;
    demands.work = (reqs.required & HMX_PROOF_WORK) != 0;
    demands.stake_min = reqs.min_stake;
    demands.space_bytes_min = reqs.min_space_bytes;
    demands.work_difficulty_min = reqs.min_difficulty;
    return demands;
}

library::AssetRecord record_of(const hmx_asset_id& id, const std::string& kind) {
    library::AssetRecord record;
    record.type = id.type;
    record.type_name = kind;
    std::memcpy(record.uuid.data(), id.uuid, 16);
    std::memcpy(record.chain_hash.data(), id.chain_hash, 32);
    record.created = WallTime(std::chrono::microseconds(id.created_us));
    return record;
}

void nothing(const std::function<void(const void*)>& give) { give(nullptr); }

}  // namespace

FakeServices::FakeServices()
    : clock_(make_system_clock()),
      judge_(std::make_shared<lifecycle::testing::FakeConsensus>(clock_)),
      registry_(std::make_shared<library::testing::FakeAssetRegistry>(clock_)),
      thread_([this] { run(); }) {
    consensus_ = {{sizeof(hmx_svc_consensus), 0}, this, &generate, &validate, &cancel_call};
    assets_ = {
        {sizeof(hmx_svc_assets), 0}, this, &type_id, &create, &update, &remove, &cancel_call};
}

FakeServices::~FakeServices() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void FakeServices::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return closing_ || !tasks_.empty(); });
        if (tasks_.empty()) return;
        const std::function<void()> task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        task();
        lock.lock();
        --busy_;
        changed_.notify_all();
    }
}

void FakeServices::complete(const Started& started, bool as_cancelled) {
    hmx_error error{};
    error.struct_size = sizeof(error);
    const auto end = [&](hmx_status status, const std::string& text, const void* result) {
        error.code = status;
        text.copy(error.message, sizeof(error.message));  // without a terminator where it is full
        started.completion.done(started.completion.user, started.op, status, result,
                                status == HMX_OK ? nullptr : &error);
    };
    if (as_cancelled) return end(HMX_E_CANCELLED, "cancelled", nullptr);
    if (completes != HMX_OK) return end(completes, message, nullptr);
    const Outcome outcome = started.work();
    if (outcome.status != HMX_OK) return end(outcome.status, outcome.message, nullptr);
    outcome.with_result(
        [&](const void* result) { end(HMX_OK, "", gives_nothing ? nullptr : result); });
}

void FakeServices::later(Started started, bool as_cancelled) {
    {
        const std::lock_guard lock(mutex_);
        ++busy_;
        tasks_.emplace_back([this, started = std::move(started), as_cancelled] {
            complete(started, as_cancelled);
            if (when != When::kTwice) return;
            hmx_error error{};
            error.struct_size = sizeof(error);
            started.completion.done(started.completion.user, started.op, HMX_E_INTERNAL, nullptr,
                                    &error);
        });
    }
    changed_.notify_all();
}

hmx_status FakeServices::start(const hmx_call* call, const hmx_completion* completion, hmx_op* op,
                               std::function<Outcome()> work) {
    Started started{0, *completion, std::move(work)};
    const bool waits = when == When::kCancelled || when == When::kAnyway || when == When::kTold;
    {
        const std::lock_guard lock(mutex_);
        started.op = next_op_++;
        *op = started.op;
        last_call_ = *call;
        // Who waits for the call may complete it at once.
        if (waits && refuses == HMX_OK) waiting_.emplace(started.op, started);
        ++calls_;
        changed_.notify_all();
    }
    if (refuses != HMX_OK) return refuses;
    if (when == When::kInline) complete(started, false);
    if (when == When::kLate || when == When::kTwice) later(std::move(started), false);
    return HMX_OK;
}

std::size_t FakeServices::complete_all() {
    std::map<hmx_op, Started> told;
    {
        const std::lock_guard lock(mutex_);
        told.swap(waiting_);
    }
    for (const auto& [op, started] : told) complete(started, false);
    return told.size();
}

void FakeServices::wait_for_calls(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return calls_ >= count; });
}

void FakeServices::settle() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return busy_ == 0; });
}

std::vector<hmx_op> FakeServices::cancelled() {
    const std::lock_guard lock(mutex_);
    return cancelled_;
}

hmx_call FakeServices::last_call() {
    const std::lock_guard lock(mutex_);
    return last_call_;
}

std::string FakeServices::last_spec() {
    const std::lock_guard lock(mutex_);
    return last_spec_;
}

hmx_status FakeServices::cancel(hmx_op op) {
    std::unique_lock lock(mutex_);
    cancelled_.push_back(op);
    changed_.notify_all();
    const auto found = waiting_.find(op);
    if (found == waiting_.end() || when == When::kTold) return HMX_OK;
    Started started = found->second;
    waiting_.erase(found);
    lock.unlock();
    later(std::move(started), when == When::kCancelled);
    return HMX_OK;
}

hmx_status FakeServices::cancel_call(void* ctx, hmx_op op) { return self_of(ctx)->cancel(op); }

hmx_status FakeServices::generate(void* ctx, const hmx_call* call, hmx_str operation,
                                  const uint8_t subject[32], const hmx_consensus_reqs* requirements,
                                  const hmx_completion* completion, hmx_op* op) {
    FakeServices* self = self_of(ctx);
    return self->start(
        call, completion, op,
        [self, name = std::string(view(operation)), digest = digest_of(subject),
         demands = demands_of(*requirements)] {
            Outcome outcome;
            outcome.with_result = [self, name, digest,
                                   demands](const std::function<void(const void*)>& give) {
                const ConsensusProof proof =
                    lifecycle::testing::FakeConsensus::proof_for(name, digest, demands);
                const AbiProof abi(proof);
                hmx_proof given = *abi.get();
                if (self->change_proof) self->change_proof(given);
                give(&given);
                std::memset(&given, 0x5a, sizeof(given));  // nothing of it may be used afterwards
            };
            return outcome;
        });
}

hmx_status FakeServices::validate(void* ctx, const hmx_call* call, hmx_str operation,
                                  const uint8_t subject[32], const hmx_proof* proof,
                                  const hmx_consensus_reqs* requirements,
                                  const hmx_completion* completion, hmx_op* op) {
    FakeServices* self = self_of(ctx);
    const Result<ConsensusProof> given = read_proof(proof);
    if (!given) return HMX_E_INVALID_ARGUMENT;
    return self->start(call, completion, op,
                       [self, name = std::string(view(operation)), digest = digest_of(subject),
                        demands = demands_of(*requirements), proof_copy = *given] {
                           const Result<void> verdict = self->judge_->validate(
                               name, digest, proof_copy, demands, CallContext());
                           Outcome outcome;
                           outcome.with_result = nothing;
                           if (!verdict) {
                               outcome.status = HMX_E_CONSENSUS_REJECTED;
                               outcome.message = std::string(verdict.error().message());
                           }
                           return outcome;
                       });
}

hmx_status FakeServices::type_id(void* ctx, hmx_str name, uint32_t* name_id) {
    FakeServices* self = self_of(ctx);
    const std::lock_guard lock(self->mutex_);
    self->kinds_.emplace_back(view(name));
    *name_id = static_cast<uint32_t>(self->kinds_.size());
    return HMX_OK;
}

hmx_status FakeServices::create(void* ctx, const hmx_call* call, uint32_t name_id,
                                hmx_str spec_json, const hmx_completion* completion, hmx_op* op) {
    FakeServices* self = self_of(ctx);
    library::AssetSpec spec;
    {
        const std::lock_guard lock(self->mutex_);
        self->last_spec_ = std::string(view(spec_json));
        if (name_id == 0 || name_id > self->kinds_.size()) return HMX_E_INVALID_ARGUMENT;
        spec.kind = self->kinds_[name_id - 1];
    }
    const auto document = json::read(view(spec_json));
    if (!document || document->find("key") == nullptr) return HMX_E_INVALID_ARGUMENT;
    spec.key = *document->find("key")->as_string();
    return self->start(call, completion, op, [self, spec, name_id] {
        Outcome outcome;
        const auto record = self->registry_->register_asset(spec, CallContext());
        hmx_asset_id id{};
        id.type = HMX_ASSET_NAMED;
        id.name_id = name_id;
        std::memcpy(id.uuid, record->uuid.data(), 16);
        std::memcpy(id.chain_hash, record->chain_hash.data(), 32);
        id.created_us = record->created.time_since_epoch().count();
        outcome.with_result = [id](const std::function<void(const void*)>& give) { give(&id); };
        return outcome;
    });
}

hmx_status FakeServices::update(void* ctx, const hmx_call* call, const hmx_asset_id* id,
                                hmx_str update_json, const hmx_completion* completion, hmx_op* op) {
    FakeServices* self = self_of(ctx);
    const auto document = json::read(view(update_json));
    if (!document) return HMX_E_INVALID_ARGUMENT;
    library::AssetSpec spec;
    spec.key = *document->find("key")->as_string();
    const library::AssetRecord record = record_of(*id, self->kinds_.at(id->name_id - 1));
    return self->start(call, completion, op, [self, spec, record] {
        Outcome outcome;
        outcome.with_result = nothing;
        if (!self->registry_->update_asset(record, spec, CallContext()))
            outcome.status = HMX_E_NOT_FOUND;
        return outcome;
    });
}

hmx_status FakeServices::remove(void* ctx, const hmx_call* call, const hmx_asset_id* id,
                                const hmx_completion* completion, hmx_op* op) {
    FakeServices* self = self_of(ctx);
    const library::AssetRecord record = record_of(*id, self->kinds_.at(id->name_id - 1));
    return self->start(call, completion, op, [self, record] {
        Outcome outcome;
        outcome.with_result = nothing;
        if (!self->registry_->remove_asset("", record, CallContext()))
            outcome.status = HMX_E_NOT_FOUND;
        return outcome;
    });
}

}  // namespace catalog::extension::testing
