#include "catalog/content/range_proof.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "support/content/content_bed.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/core/golden.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;

constexpr std::uint64_t kBlock = merkle::BlockTree::kBlockBytes;

ByteView covered(const Bytes& bytes, const RangeProof& proof) {
    const ByteRange range = proof.covered();
    return ByteView(bytes).subspan(range.offset, range.size);
}

// An object of five blocks, of which the last is short, with a proof of two of them.
struct Proved {
    RealContentBed bed;
    Bytes bytes = noise(4 * kBlock + 1'234, 1);
    ContentHash id = bed.put(bytes).id;
    ByteRange range{kBlock + 5, kBlock};
    RangeProof proof = must(bed.storage().prove_range(id, range));

    [[nodiscard]] Result<ByteView> verify(const RangeProof& with) const {
        return verify_range(id, bytes.size(), range, covered(bytes, proof), with);
    }
};

TEST(RangeProof, HoldsForEveryRangeOfAnObject) {
    Proved proved;
    const std::uint64_t size = proved.bytes.size();
    auto& storage = proved.bed.storage();
    for (const ByteRange range :
         {ByteRange{0, 1}, ByteRange{0, size}, ByteRange{size - 1, 100}, ByteRange{kBlock, kBlock},
          ByteRange{kBlock - 1, 2}, ByteRange{3 * kBlock, ~std::uint64_t{0}},
          ByteRange{7, 3 * kBlock}}) {
        const RangeProof proof = must(storage.prove_range(proved.id, range));
        const RangeProof decoded = must(decode_range_proof(as_bytes(encode_range_proof(proof))));
        EXPECT_EQ(decoded, proof);
        const auto part =
            must(verify_range(proved.id, size, range, covered(proved.bytes, decoded), decoded));
        const std::uint64_t count = std::min(range.size, size - range.offset);
        EXPECT_EQ(to_bytes(part), to_bytes(ByteView(proved.bytes).subspan(range.offset, count)));
    }
}

TEST(RangeProof, OfOneBlockIsAnObjectOfOneBlock) {
    RealContentBed bed;
    const Bytes bytes = prose(10, 1);
    const ContentHash id = bed.put(bytes).id;
    const RangeProof proof = must(bed.storage().prove_range(id, {2, 3}));
    EXPECT_TRUE(proof.hashes.empty());
    EXPECT_EQ(to_bytes(must(verify_range(id, 10, {2, 3}, bytes, proof))),
              to_bytes(ByteView(bytes).subspan(2, 3)));
}

TEST(RangeProof, IsTheGoldenOne) {
    const Proved proved;
    golden::expect("content/range_proof_v1.bin", encode_range_proof(proved.proof));
}

TEST(RangeProof, OfNoBytesIsRefused) {
    Proved proved;
    auto& storage = proved.bed.storage();
    const std::uint64_t size = proved.bytes.size();
    EXPECT_EQ(code_of(storage.prove_range(proved.id, {size, 1})), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(storage.prove_range(proved.id, {5, 0})), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(storage.prove_range(proved.bed.put(Bytes()).id, {})), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(storage.prove_range(id_of(noise(3, 3)), {})), Errc::kContentNotFound);
    EXPECT_EQ(code_of(verify_range(proved.id, size, {size, 1}, {}, proved.proof)),
              Errc::kInvalidArgument);
}

TEST(RangeProof, RefusesEveryFlippedBit) {
    Proved proved;
    const std::string encoded = encode_range_proof(proved.proof);
    for (std::size_t bit = 0; bit < encoded.size() * 8; ++bit) {
        std::string other = encoded;
        other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
        const auto decoded = decode_range_proof(as_bytes(other));
        if (decoded)
            EXPECT_EQ(code_of(proved.verify(*decoded)), Errc::kProofInvalid) << bit;
        else
            EXPECT_EQ(code_of(decoded), Errc::kProofInvalid) << bit;
    }
    const Bytes blocks = to_bytes(covered(proved.bytes, proved.proof));
    for (std::size_t at = 0; at < blocks.size(); at += 4'001) {
        Bytes other = blocks;
        other[at] ^= std::byte{1};
        EXPECT_EQ(code_of(verify_range(proved.id, proved.bytes.size(), proved.range, other,
                                       proved.proof)),
                  Errc::kProofInvalid);
    }
}

TEST(RangeProof, RefusesEveryOtherLength) {
    const Proved proved;
    const std::string encoded = encode_range_proof(proved.proof);
    for (std::size_t length = 0; length < encoded.size(); ++length)
        EXPECT_EQ(code_of(decode_range_proof(as_bytes(encoded.substr(0, length)))),
                  Errc::kProofInvalid);
    EXPECT_EQ(code_of(decode_range_proof(as_bytes(encoded + "x"))), Errc::kProofInvalid);
}

TEST(RangeProof, RefusesAnotherObjectSizeOrRange) {
    const Proved proved;
    const std::uint64_t size = proved.bytes.size();
    const ByteView blocks = covered(proved.bytes, proved.proof);
    const auto verify = [&](const ContentHash& id, std::uint64_t object_size, ByteRange range,
                            ByteView bytes) {
        return code_of(verify_range(id, object_size, range, bytes, proved.proof));
    };
    EXPECT_EQ(verify(id_of(noise(3, 3)), size, proved.range, blocks), Errc::kProofInvalid);
    EXPECT_EQ(verify(proved.id, size + 1, proved.range, blocks), Errc::kProofInvalid);
    EXPECT_EQ(verify(proved.id, size, {0, 1}, blocks), Errc::kProofInvalid);
    EXPECT_EQ(verify(proved.id, size, {2 * kBlock, 2 * kBlock}, blocks), Errc::kProofInvalid);
    EXPECT_EQ(verify(proved.id, size, proved.range, blocks.first(kBlock)), Errc::kProofInvalid);
}

TEST(RangeProof, OfOneBlockOfAGigabyteTakes480Bytes) {
    RangeProof proof{std::uint64_t{1} << 30, {4'711, 1}, {}};
    proof.hashes.resize(merkle::range_proof_hashes(proof.blocks, 16'384));
    EXPECT_EQ(encode_range_proof(proof).size(), 480u);
}

TEST(RangeProof, ReadsTheObjectOnlyOnce) {
    const auto disk = SimulatedFileSystem::make();
    ContentOptions options;
    options.file_system = disk;
    options.directory = "/library";
    RealContentBed bed(std::move(options));
    const Bytes bytes = noise(6 * kBlock, 1);
    const ContentHash id = bed.put(bytes).id;
    const RangeProof first = must(bed.storage().prove_range(id, {0, 1}));
    must(disk->corrupt("/library/packs/00000001.pack", 100'000, 1));
    EXPECT_EQ(must(bed.storage().prove_range(id, {0, 1})), first);
    const RangeProof last = must(bed.storage().prove_range(id, {5 * kBlock, 9}));
    EXPECT_TRUE(verify_range(id, bytes.size(), {5 * kBlock, 9}, covered(bytes, last), last));
    bed.reopen();
    EXPECT_EQ(code_of(bed.storage().prove_range(id, {0, 1})), Errc::kContentCorrupted);
}

TEST(RangeProof, KeepsNoMoreHashesThanAllowed) {
    const auto disk = SimulatedFileSystem::make();
    ContentOptions options;
    options.file_system = disk;
    options.directory = "/library";
    options.proof_bytes_max = 100;
    RealContentBed bed(std::move(options));
    const ContentHash id = bed.put(noise(6 * kBlock, 1)).id;
    must(bed.storage().prove_range(id, {0, 1}));
    must(disk->corrupt("/library/packs/00000001.pack", 100'000, 1));
    EXPECT_EQ(code_of(bed.storage().prove_range(id, {0, 1})), Errc::kContentCorrupted);
}

}  // namespace
}  // namespace catalog::content::testing
