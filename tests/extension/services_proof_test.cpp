// hmx_proof to ConsensusProof and back, of any struct_size.

#include "services/proof.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <vector>

#include "boundary.hpp"
#include "call.hpp"

namespace catalog::extension {
namespace {

hmx_bytes bytes_of(const char* text) {
    return {reinterpret_cast<const std::uint8_t*>(text), std::strlen(text)};
}

/// A proof with all parts, written by hand.
hmx_proof whole_proof(const hmx_str (&challenges)[2]) {
    hmx_proof proof{};
    proof.struct_size = sizeof(proof);
    proof.present = HMX_PROOF_STAKE | HMX_PROOF_TIME | HMX_PROOF_SPACE | HMX_PROOF_WORK;
    proof.stake = {to_abi("Ada"), to_abi("id-1"), 5000, 111};
    proof.time = {7, -222, 99, bytes_of("time hash")};
    proof.space = {to_abi("node"), to_abi("/space"), 10, 20, to_abi("file hash"), 333};
    proof.work = {
        to_abi("owner"), to_abi("load"), 4711, 12, 3, 2, {challenges, 2, sizeof(hmx_str)}, 444};
    proof.encoding = to_abi("bincode");
    proof.encoded = bytes_of("opaque");
    return proof;
}

ConsensusProof expected_proof() {
    ConsensusProof proof;
    proof.stake = StakeProof{"Ada", "id-1", 5000, 111};
    proof.time = TimeProof{7, -222, 99, to_bytes(as_bytes("time hash"))};
    proof.space = SpaceProof{"node", "/space", 10, 20, "file hash", 333};
    proof.work = WorkProof{"owner", "load", 4711, 12, 3, 2, {"one", "two"}, 444};
    proof.encoding = "bincode";
    proof.encoded = to_bytes(as_bytes("opaque"));
    return proof;
}

Errc code_of_read(const hmx_proof& proof) {
    const auto read = read_proof(&proof);
    return read ? Errc::kInternal : read.error().code();
}

TEST(Proof, HasNoMoreChallengesThanAllowed) {
    const std::vector<hmx_str> challenges(kProofChallengesMax + 1, to_abi("x"));
    const hmx_str two[2] = {to_abi("one"), to_abi("two")};
    hmx_proof proof = whole_proof(two);
    proof.work.challenges = {challenges.data(), static_cast<std::uint32_t>(kProofChallengesMax),
                             sizeof(hmx_str)};
    EXPECT_TRUE(read_proof(&proof));
    ++proof.work.challenges.count;
    EXPECT_EQ(code_of_read(proof), Errc::kLimitExceeded);
}

TEST(Proof, IsCopiedWhole) {
    const hmx_str challenges[2] = {to_abi("one"), to_abi("two")};
    const hmx_proof proof = whole_proof(challenges);
    const auto read = read_proof(&proof);
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(*read, expected_proof());
}

TEST(Proof, GoesToTheHostAndComesBackTheSame) {
    for (unsigned parts = 0; parts < 32; ++parts) {
        ConsensusProof proof = expected_proof();
        if ((parts & 1u) == 0) proof.stake.reset();
        if ((parts & 2u) == 0) proof.time.reset();
        if ((parts & 4u) == 0) proof.space.reset();
        if ((parts & 8u) == 0) proof.work.reset();
        if ((parts & 16u) == 0) proof.encoded.clear();
        const AbiProof abi(proof);
        const auto read = read_proof(abi.get());
        ASSERT_TRUE(read) << read.error().to_string();
        EXPECT_EQ(*read, proof) << parts;
        EXPECT_EQ(read->empty(), parts == 0);
    }
}

TEST(Proof, NoByteBehindItsStructSizeIsLookedAt) {
    const hmx_str challenges[2] = {to_abi("one"), to_abi("two")};
    const hmx_proof whole = whole_proof(challenges);
    for (std::uint32_t size = 0; size <= sizeof(hmx_proof); ++size) {
        // What is not there is poison: a pointer into nowhere and a size without end.
        hmx_proof proof;
        std::memset(&proof, 0x5a, sizeof(proof));
        std::memcpy(&proof, &whole, size);
        proof.struct_size = size;
        const auto read = read_proof(&proof);
        if (size % alignof(hmx_proof) != 0) {
            EXPECT_FALSE(read) << size << " is no size that such a struct has";
        } else if (size >= offsetof(hmx_proof, encoding)) {
            ASSERT_TRUE(read) << size << ": " << read.error().to_string();
            EXPECT_EQ(read->work, expected_proof().work);
        } else {
            EXPECT_FALSE(read) << size << " announces parts that are not there";
        }
    }
}

TEST(Proof, PartsThatAreNotAnnouncedAreNotRead) {
    hmx_proof proof;
    std::memset(&proof, 0x5a, sizeof(proof));
    proof.struct_size = sizeof(proof);
    proof.present = 0x100;  // a part of a later version
    proof.encoding = {};
    proof.encoded = {};
    const auto read = read_proof(&proof);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->empty());
}

TEST(Proof, AStructOfALaterVersionIsReadAsFarAsItIsKnown) {
    const hmx_str challenges[2] = {to_abi("one"), to_abi("two")};
    struct Later {
        hmx_proof proof;
        std::uint64_t more;
    } later{whole_proof(challenges), 1};
    later.proof.struct_size = sizeof(later);
    const auto read = read_proof(&later.proof);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, expected_proof());
}

TEST(Proof, WhatCannotBeReadIsAnError) {
    const hmx_str challenges[2] = {to_abi("one"), to_abi("two")};
    EXPECT_EQ(read_proof(nullptr).error().code(), Errc::kInvalidArgument);
    hmx_proof proof = whole_proof(challenges);
    proof.stake.holder = {nullptr, 5};
    EXPECT_EQ(code_of_read(proof), Errc::kInvalidArgument);
    proof = whole_proof(challenges);
    proof.time.hash = {nullptr, 1};
    EXPECT_EQ(code_of_read(proof), Errc::kInvalidArgument);
    proof = whole_proof(challenges);
    proof.work.challenges.items = nullptr;
    EXPECT_EQ(code_of_read(proof), Errc::kInvalidArgument);
    proof = whole_proof(challenges);
    proof.work.challenges.stride = 8;
    EXPECT_EQ(code_of_read(proof), Errc::kInvalidArgument);
}

TEST(Proof, IsBounded) {
    const hmx_str challenges[2] = {to_abi("one"), to_abi("two")};
    hmx_proof proof = whole_proof(challenges);
    proof.encoded.size = kProofBytesMax + 1;  // never touched: the length alone refuses it
    EXPECT_EQ(code_of_read(proof), Errc::kLimitExceeded);
    proof.encoded.size = ~std::size_t{0};
    EXPECT_EQ(code_of_read(proof), Errc::kLimitExceeded);
    proof = whole_proof(challenges);
    proof.work.challenges.count = kProofChallengesMax + 1;
    EXPECT_EQ(code_of_read(proof), Errc::kLimitExceeded);
}

TEST(Proof, AWiderStrideIsFollowed) {
    struct Wide {
        hmx_str text;
        std::uint64_t more;
    } const wide[2] = {{to_abi("one"), ~0ull}, {to_abi("two"), ~0ull}};
    const hmx_str challenges[2] = {};
    hmx_proof proof = whole_proof(challenges);
    proof.work.challenges = {wide, 2, sizeof(Wide)};
    const auto read = read_proof(&proof);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, expected_proof());
}

TEST(Proof, TravelsWithACallIntoTheLibrary) {
    const hmx_str challenges[2] = {to_abi("one"), to_abi("two")};
    const hmx_proof proof = whole_proof(challenges);
    hmx_call call{};
    call.struct_size = sizeof(call);
    call.proof = &proof;
    const auto read = read_call(&call);
    ASSERT_TRUE(read);
    const CallContext context = make_context(*read, 0, 1'000);
    ASSERT_NE(context.proof, nullptr);
    EXPECT_EQ(*context.proof, expected_proof());
    call.struct_size = offsetof(hmx_call, proof);
    EXPECT_EQ(read_call(&call)->proof, nullptr);
    hmx_proof broken = proof;
    broken.struct_size = 0;
    call = {};
    call.struct_size = sizeof(call);
    call.proof = &broken;
    const auto refused = read_call(&call);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status(), HMX_E_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace catalog::extension
