#include "services/proof.hpp"

#include <cstddef>
#include <cstring>
#include <string>

#include "boundary.hpp"
#include "catalog/internal/try.hpp"

namespace catalog::extension {

namespace {

Error malformed(std::string_view what) {
    return Error(Errc::kInvalidArgument, "hmx_proof: " + std::string(what));
}

/// Copies texts and bytes, and counts them.
class ProofReader {
public:
    Result<std::string> text(hmx_str from) {
        if (!is_readable(from)) return fail(malformed("a text has a size and no bytes"));
        CATALOG_TRY_VOID(count(from.size));
        return std::string(view(from));
    }

    Result<Bytes> bytes(hmx_bytes from) {
        if (from.data == nullptr && from.size != 0)
            return fail(malformed("bytes have a size and are not there"));
        CATALOG_TRY_VOID(count(from.size));
        if (from.size == 0) return Bytes();
        return to_bytes(ByteView(reinterpret_cast<const std::byte*>(from.data), from.size));
    }

    Result<std::vector<std::string>> texts(hmx_list from) {
        if (from.count == 0) return std::vector<std::string>();
        if (from.items == nullptr || from.stride < sizeof(hmx_str))
            return fail(malformed("a list has no items of the size of a text"));
        if (from.count > kProofChallengesMax)
            return fail(Error(Errc::kLimitExceeded, "hmx_proof: too many challenges",
                              LimitDetail{"kProofChallengesMax", kProofChallengesMax, from.count}));
        std::vector<std::string> texts;
        for (std::uint32_t i = 0; i < from.count; ++i) {
            hmx_str item{};  // a stride need not keep items aligned
            std::memcpy(&item,
                        static_cast<const std::byte*>(from.items) + std::size_t{i} * from.stride,
                        sizeof(item));
            CATALOG_TRY(std::string copy, text(item));
            texts.push_back(std::move(copy));
        }
        return texts;
    }

private:
    Result<void> count(std::uint64_t bytes) {
        if (bytes > kProofBytesMax - bytes_)
            return fail(Error(Errc::kLimitExceeded, "hmx_proof: the proof is too large",
                              LimitDetail{"kProofBytesMax", kProofBytesMax, bytes}));
        bytes_ += bytes;
        return {};
    }

    std::uint64_t bytes_ = 0;
};

Result<StakeProof> read_stake(ProofReader& reader, const hmx_stake_proof& from) {
    StakeProof to;
    CATALOG_TRY(to.holder, reader.text(from.holder));
    CATALOG_TRY(to.holder_id, reader.text(from.holder_id));
    to.amount = from.amount;
    to.at_ns = from.at;
    return to;
}

Result<TimeProof> read_time(ProofReader& reader, const hmx_time_proof& from) {
    TimeProof to;
    to.offset_us = from.offset_us;
    to.at_us = from.at_us;
    to.nonce = from.nonce;
    CATALOG_TRY(to.hash, reader.bytes(from.hash));
    return to;
}

Result<SpaceProof> read_space(ProofReader& reader, const hmx_space_proof& from) {
    SpaceProof to;
    CATALOG_TRY(to.node_id, reader.text(from.node_id));
    CATALOG_TRY(to.path, reader.text(from.path));
    to.used_bytes = from.used_bytes;
    to.capacity_bytes = from.capacity_bytes;
    CATALOG_TRY(to.file_hash, reader.text(from.file_hash));
    to.at_ns = from.at;
    return to;
}

Result<WorkProof> read_work(ProofReader& reader, const hmx_work_proof& from) {
    WorkProof to;
    CATALOG_TRY(to.owner_id, reader.text(from.owner_id));
    CATALOG_TRY(to.workload_id, reader.text(from.workload_id));
    to.pid = from.pid;
    to.power = from.power;
    to.type = from.type;
    to.state = from.state;
    CATALOG_TRY(to.challenges, reader.texts(from.challenges));
    to.at_ns = from.at;
    return to;
}

hmx_bytes to_abi_bytes(const Bytes& bytes) noexcept {
    return hmx_bytes{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace

Result<ConsensusProof> read_proof(const hmx_proof* proof) {
    hmx_proof given{};
    if (proof == nullptr || !read_struct(proof, given))
        return fail(malformed("there is none, or its struct_size cannot be"));
    const auto part = [&](std::uint32_t bit, std::size_t end) -> Result<bool> {
        if ((given.present & bit) == 0) return false;
        if (given.struct_size < end) return fail(malformed("a part is announced and not there"));
        return true;
    };
    const auto end_of = [](std::size_t offset, std::size_t size) { return offset + size; };
    ProofReader reader;
    ConsensusProof result;
    CATALOG_TRY(const bool stake,
                part(HMX_PROOF_STAKE, end_of(offsetof(hmx_proof, stake), sizeof(given.stake))));
    CATALOG_TRY(const bool time,
                part(HMX_PROOF_TIME, end_of(offsetof(hmx_proof, time), sizeof(given.time))));
    CATALOG_TRY(const bool space,
                part(HMX_PROOF_SPACE, end_of(offsetof(hmx_proof, space), sizeof(given.space))));
    CATALOG_TRY(const bool work,
                part(HMX_PROOF_WORK, end_of(offsetof(hmx_proof, work), sizeof(given.work))));
    if (stake) {
        CATALOG_TRY(result.stake, read_stake(reader, given.stake));
    }
    if (time) {
        CATALOG_TRY(result.time, read_time(reader, given.time));
    }
    if (space) {
        CATALOG_TRY(result.space, read_space(reader, given.space));
    }
    if (work) {
        CATALOG_TRY(result.work, read_work(reader, given.work));
    }
    // A struct that ends inside a member has not filled it.
    if (given.struct_size >= offsetof(hmx_proof, encoding) + sizeof(given.encoding)) {
        CATALOG_TRY(result.encoding, reader.text(given.encoding));
    }
    if (given.struct_size >= offsetof(hmx_proof, encoded) + sizeof(given.encoded)) {
        CATALOG_TRY(result.encoded, reader.bytes(given.encoded));
    }
    return result;
}

AbiProof::AbiProof(const ConsensusProof& proof) {
    proof_.struct_size = sizeof(proof_);
    if (proof.stake) {
        proof_.present |= HMX_PROOF_STAKE;
        proof_.stake = {to_abi(proof.stake->holder), to_abi(proof.stake->holder_id),
                        proof.stake->amount, proof.stake->at_ns};
    }
    if (proof.time) {
        proof_.present |= HMX_PROOF_TIME;
        proof_.time = {proof.time->offset_us, proof.time->at_us, proof.time->nonce,
                       to_abi_bytes(proof.time->hash)};
    }
    if (proof.space) {
        proof_.present |= HMX_PROOF_SPACE;
        proof_.space = {to_abi(proof.space->node_id),   to_abi(proof.space->path),
                        proof.space->used_bytes,        proof.space->capacity_bytes,
                        to_abi(proof.space->file_hash), proof.space->at_ns};
    }
    if (proof.work) {
        const WorkProof& work = *proof.work;
        for (const std::string& challenge : work.challenges)
            challenges_.push_back(to_abi(challenge));
        proof_.present |= HMX_PROOF_WORK;
        proof_.work = {
            to_abi(work.owner_id),
            to_abi(work.workload_id),
            work.pid,
            work.power,
            work.type,
            work.state,
            {challenges_.data(), static_cast<std::uint32_t>(challenges_.size()), sizeof(hmx_str)},
            work.at_ns};
    }
    proof_.encoding = to_abi(proof.encoding);
    proof_.encoded = to_abi_bytes(proof.encoded);
}

}  // namespace catalog::extension
