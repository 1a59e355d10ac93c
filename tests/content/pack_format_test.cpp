#include "catalog/content/pack_format.hpp"

#include <gtest/gtest.h>

#include "catalog/content/compressor.hpp"
#include "catalog/internal/crc32c.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/core/golden.hpp"
#include "support/io/results.hpp"

namespace catalog::content {
namespace {

using io::testing::code_of;
using io::testing::must;
using testing::noise;

PackHeader sample_header() {
    PackHeader header;
    header.pack = PackId{0x1a2b};
    for (std::size_t i = 0; i < header.store.size(); ++i)
        header.store[i] = static_cast<std::byte>(i + 1);
    header.profile.algorithm = ChunkAlgorithm::kFastCdc2020;
    header.profile.seed = 0x1122334455667788;
    return header;
}

// Sixty-four times "catalog ", as zstd 1.5.4 packs it at level 3.
const std::string kPlain = [] {
    std::string text;
    for (int i = 0; i < 64; ++i) text += "catalog ";
    return text;
}();
constexpr std::string_view kFrame = "28b52ffd6000017d000040636174616c6f67200100f5530b17";

std::string sample_records() {
    std::string out;
    const Bytes raw = noise(13, 1);
    append_record(out, {Codec::kRaw, 13, 13, chunk_id_of(raw), 0}, raw);
    const Bytes frame = must(from_hex(kFrame));
    append_record(out,
                  {Codec::kZstd, 512, static_cast<std::uint32_t>(frame.size()),
                   chunk_id_of(as_bytes(kPlain)), 0},
                  frame);
    return out;
}

std::string sample_pack() {
    std::string out = encode_pack_header(sample_header()) + sample_records();
    append_padding(out, padding_bytes(out.size()));
    append_record_header(out, {Codec::kIndex, 0, 8192, ChunkId(), 0});
    return out;
}

TEST(PackFormat, WritesTheGoldenPack) { golden::expect("content/pack_v2.bin", sample_pack()); }

void expect_sample_records(std::string_view bytes) {
    const ByteView view = as_bytes(bytes);
    EXPECT_EQ(must(decode_pack_header(view)), sample_header());
    const RecordHeader raw = must(decode_record_header(view.subspan(kPackHeaderBytes)));
    EXPECT_EQ(raw.id, chunk_id_of(noise(13, 1), raw.id_rule));
    const ByteView rest = view.subspan(kPackHeaderBytes + record_bytes(raw.stored_bytes));
    const RecordHeader packed = must(decode_record_header(rest));
    Compressor compressor;
    Bytes plain;
    must(compressor.decompress(packed.codec, rest.subspan(kRecordHeaderBytes, packed.stored_bytes),
                               packed.plain_bytes, plain));
    EXPECT_EQ(as_text(plain), kPlain);
}

TEST(PackFormat, ReadsTheGoldenPacksOfEveryVersion) {
    for (const char* name : {"content/pack_v1.bin", "content/pack_v2.bin"}) {
        SCOPED_TRACE(name);
        expect_sample_records(golden::read(name));
    }
}

TEST(PackFormat, PaddingPutsTheNextPayloadOnAPage) {
    for (std::uint64_t offset = kPackHeaderBytes; offset < 4 * kPageBytes; offset += 8) {
        const std::uint64_t bytes = padding_bytes(offset);
        ASSERT_EQ((offset + bytes + kRecordHeaderBytes) % kPageBytes, 0u) << offset;
        if (bytes == 0) continue;
        ASSERT_GE(bytes, kRecordHeaderBytes);
        std::string out;
        append_padding(out, bytes);
        ASSERT_EQ(out.size(), bytes);
        const RecordHeader header = must(decode_record_header(as_bytes(out)));
        ASSERT_EQ(header.codec, Codec::kPadding);
        ASSERT_EQ(record_bytes(header.stored_bytes), bytes);
    }
}

TEST(PackFormat, RecordsStandOnMultiplesOfEight) {
    for (std::uint32_t stored = 1; stored < 40; ++stored) {
        EXPECT_EQ(record_bytes(stored) % 8, 0u);
        EXPECT_GE(record_bytes(stored), kRecordHeaderBytes + stored);
        EXPECT_LT(record_bytes(stored), kRecordHeaderBytes + stored + 8);
        const Bytes payload = noise(stored, stored);
        std::string out = "12345678";
        append_record(out, {Codec::kRaw, stored, stored, chunk_id_of(payload), 0}, payload);
        EXPECT_EQ(out.size(), 8 + record_bytes(stored));
        const RecordHeader header = must(decode_record_header(as_bytes(out).subspan(8)));
        EXPECT_EQ(header.payload_crc, internal::crc32c(payload));
        EXPECT_EQ(header.id, chunk_id_of(payload));
    }
}

TEST(PackFormat, EveryFlippedBitOfAHeaderIsFound) {
    std::string pack = encode_pack_header(sample_header());
    for (std::size_t bit = 0; bit < pack.size() * 8; bit += bit < 1024 ? 1 : 37) {
        pack[bit / 8] = static_cast<char>(pack[bit / 8] ^ (1 << (bit % 8)));
        ASSERT_EQ(code_of(decode_pack_header(as_bytes(pack))), Errc::kPackInvalid) << bit;
        pack[bit / 8] = static_cast<char>(pack[bit / 8] ^ (1 << (bit % 8)));
    }
    std::string record = sample_records();
    for (std::size_t bit = 0; bit < kRecordHeaderBytes * 8; ++bit) {
        record[bit / 8] = static_cast<char>(record[bit / 8] ^ (1 << (bit % 8)));
        ASSERT_EQ(code_of(decode_record_header(as_bytes(record))), Errc::kPackInvalid) << bit;
        record[bit / 8] = static_cast<char>(record[bit / 8] ^ (1 << (bit % 8)));
    }
}

TEST(PackFormat, RefusesWhatIsCutShort) {
    const std::string pack = encode_pack_header(sample_header());
    for (const std::size_t size : {0u, 1u, 4095u})
        EXPECT_EQ(code_of(decode_pack_header(as_bytes(pack).first(size))), Errc::kPackInvalid);
    const std::string record = sample_records();
    for (std::size_t size = 0; size < kRecordHeaderBytes; ++size)
        EXPECT_EQ(code_of(decode_record_header(as_bytes(record).first(size))), Errc::kPackInvalid);
}

// A writer with a defect, or somebody who can make checksums, may claim anything.
TEST(PackFormat, RefusesImpossibleLengthsUnderARightChecksum) {
    const Bytes payload = noise(8, 1);
    const auto decoded = [&](Codec codec, std::uint32_t plain, std::uint32_t stored) {
        std::string out;
        append_record(out, {codec, plain, stored, ChunkId(), 0}, payload);
        return code_of(decode_record_header(as_bytes(out)));
    };
    EXPECT_EQ(decoded(Codec::kZstd, 9, 8), std::nullopt);
    EXPECT_EQ(decoded(Codec::kRaw, 9, 8), Errc::kPackInvalid);
    EXPECT_EQ(decoded(Codec::kZstd, 7, 8), Errc::kPackInvalid);
    EXPECT_EQ(decoded(Codec::kZstd, 0, 8), Errc::kPackInvalid);
    EXPECT_EQ(decoded(Codec::kZstd, 9, 0), Errc::kPackInvalid);
    EXPECT_EQ(decoded(Codec::kZstd, kChunkBytesMax, 8), std::nullopt);
    EXPECT_EQ(decoded(Codec::kZstd, kChunkBytesMax + 1, 8), Errc::kPackInvalid);
    EXPECT_EQ(decoded(Codec::kDelta, 9, 8), std::nullopt);
    EXPECT_EQ(decoded(Codec{4}, 9, 8), Errc::kPackInvalid);
    EXPECT_EQ(decoded(Codec::kPadding, 0, 8), std::nullopt);
    EXPECT_EQ(decoded(Codec::kPadding, 1, 8), Errc::kPackInvalid);
    EXPECT_EQ(decoded(Codec::kPadding, 0, 8192), Errc::kPackInvalid);
    EXPECT_EQ(decoded(Codec::kIndex, 0, 4096), std::nullopt);
    EXPECT_EQ(decoded(Codec::kIndex, 0, 4097), Errc::kPackInvalid);
    EXPECT_EQ(decoded(Codec::kIndex, 0, 0), Errc::kPackInvalid);
    EXPECT_EQ(decoded(Codec::kIndex, 8, 4096), Errc::kPackInvalid);
}

TEST(PackFormat, NamesOfFilesAreOneToOne) {
    EXPECT_EQ(pack_file_name(PackId{1}), "00000001.pack");
    EXPECT_EQ(pack_file_name(PackId{0xdeadbeef}), "deadbeef.pack");
    EXPECT_EQ(must(parse_pack_file_name("deadbeef.pack")), PackId{0xdeadbeef});
    EXPECT_EQ(run_file_name(RunId{10}), "0000000a.run");
    EXPECT_EQ(must(parse_run_file_name("0000000a.run")), RunId{10});
    EXPECT_EQ(code_of(parse_run_file_name("0000000a.pack")), Errc::kPackInvalid);
    for (const char* name : {"", "00000000.pack", "DEADBEEF.pack", "0000001.pack", "000000001.pack",
                             "00000001.pac", "00000001.pack~", "0000000g.pack", "x00000001.pack"})
        EXPECT_EQ(code_of(parse_pack_file_name(name)), Errc::kPackInvalid) << name;
}

}  // namespace
}  // namespace catalog::content
