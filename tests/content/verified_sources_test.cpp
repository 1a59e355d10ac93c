#include "verified_sources.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <catalog/internal/crc32c.hpp>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "support/content/content_bed.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;

// Says all that is asked with one word, or nothing.
class OneWordRandom final : public Random {
public:
    explicit OneWordRandom(std::optional<std::uint64_t> word) : word_(word) {}
    Result<void> fill(std::span<std::byte> out) override {
        if (!word_) return fail(Errc::kRandomUnavailable, "there are no random bytes");
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = static_cast<std::byte>(*word_ >> (8 * (i % 8)));
        return {};
    }

private:
    const std::optional<std::uint64_t> word_;
};

RecordHeader header_of(Codec codec, const Bytes& payload) {
    RecordHeader header;
    header.codec = codec;
    header.plain_bytes = 5'000;
    header.stored_bytes = static_cast<std::uint32_t>(payload.size());
    header.id = id_of(as_bytes("chunk"));
    return header;
}

// The same polynomial, one number after the other, as the head and the payload are written down.
std::uint64_t by_hand(std::uint64_t word, const RecordHeader& header, const Bytes& payload,
                      std::uint64_t base) {
    __extension__ using Wide = unsigned __int128;
    constexpr std::uint64_t kPrime = (std::uint64_t{1} << 61) - 1;
    const auto padded = [](Bytes bytes) {
        bytes.resize(std::max<std::size_t>(1, (bytes.size() + 55) / 56) * 56);
        return bytes;
    };
    std::string head(as_text(header.id.digest));
    append_le<std::uint64_t>(head, base);
    append_le<std::uint32_t>(head, header.plain_bytes);
    append_le<std::uint32_t>(head, header.stored_bytes);
    append_le<std::uint8_t>(head, static_cast<std::uint8_t>(header.codec));
    append_le<std::uint8_t>(head, static_cast<std::uint8_t>(header.id_rule));
    Bytes all = padded(to_bytes(as_bytes(head)));
    const Bytes rest = padded(payload);
    all.insert(all.end(), rest.begin(), rest.end());
    Wide value = 0;
    for (std::size_t at = 0; at < all.size(); at += 7) {
        std::uint64_t number = 0;
        for (std::size_t i = 7; i-- > 0;)
            number = number << 8 | static_cast<std::uint64_t>(all[at + i]);
        value = (value * (word % kPrime) + number) % kPrime;
    }
    return static_cast<std::uint64_t>(value);
}

TEST(VerifiedSources, AMarkIsThePolynomialOfHeadAndPayload) {
    std::mt19937_64 random(1);
    for (std::size_t size = 0; size < 400; ++size) {
        const std::uint64_t word = size == 7 ? ~std::uint64_t{0} - 7 : random();
        OneWordRandom bytes(word);
        const VerifiedSources sources(bytes);
        const Bytes payload = noise(size, size);
        const RecordHeader header =
            header_of(size % 2 == 0 ? Codec::kZstd : Codec::kDelta, payload);
        const std::uint64_t base = size % 2 == 0 ? 0 : random() >> 3 | 1;
        EXPECT_EQ(static_cast<std::uint64_t>(
                      sources.mark_of(header, payload, static_cast<SourceMark>(base))),
                  by_hand(word, header, payload, base))
            << size << " bytes, place " << word;
    }
}

TEST(VerifiedSources, WhateverDiffersHasAnotherMark) {
    OneWordRandom random(0x123456789abcdef1);
    const VerifiedSources sources(random);
    const Bytes payload = prose(300, 2);
    const RecordHeader header = header_of(Codec::kDelta, payload);
    constexpr SourceMark kBase{7};
    std::set<SourceMark> marks = {sources.mark_of(header, payload, kBase)};
    std::size_t count = 1;
    const auto add = [&](const RecordHeader& other, const Bytes& bytes, SourceMark base) {
        EXPECT_TRUE(marks.insert(sources.mark_of(other, bytes, base)).second) << count;
        ++count;
    };
    for (std::size_t bit = 0; bit < payload.size() * 8; ++bit) {
        Bytes other = payload;
        other[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
        add(header, other, kBase);
    }
    for (std::size_t zeros = 1; zeros < 60; ++zeros) {
        Bytes longer = payload;
        longer.resize(payload.size() + zeros);
        add(header, longer, kBase);
    }
    add(header, payload, SourceMark{8});
    RecordHeader other = header;
    other.codec = Codec::kZstd;
    add(other, payload, kBase);
    other = header;
    other.id_rule = IdRule::kBytes;
    add(other, payload, kBase);
    other = header;
    ++other.plain_bytes;
    add(other, payload, kBase);
    other = header;
    other.id.digest[31] ^= std::byte{1};
    add(other, payload, kBase);
}

TEST(VerifiedSources, ThereIsNoMarkWithoutRandomBytesOrOfWhatIsNotKnownWhole) {
    const Bytes payload = prose(100, 3);
    OneWordRandom none(std::nullopt);
    EXPECT_EQ(
        VerifiedSources(none).mark_of(header_of(Codec::kZstd, payload), payload, SourceMark{7}),
        SourceMark::kNone);
    OneWordRandom random(99);
    VerifiedSources sources(random);
    EXPECT_EQ(sources.mark_of(header_of(Codec::kDelta, payload), payload, SourceMark::kNone),
              SourceMark::kNone);
    EXPECT_EQ(sources.mark_of(header_of(Codec::kZstdDictionary, payload), payload, SourceMark{7}),
              SourceMark::kNone);
    sources.note(SourceMark::kNone);
    EXPECT_FALSE(sources.has(SourceMark::kNone));
}

TEST(VerifiedSources, WhatWasUsedLatelyIsRememberedAndTheRestIsForgotten) {
    OneWordRandom random(5);
    VerifiedSources sources(random);
    EXPECT_FALSE(sources.has(SourceMark{1}));
    constexpr std::uint64_t kSets = 16 * 1024;
    for (std::uint64_t i = 0; i < 4; ++i) sources.note(static_cast<SourceMark>(1 + i * kSets));
    EXPECT_TRUE(sources.has(SourceMark{1})) << "is now the last that was used";
    sources.note(static_cast<SourceMark>(1 + 4 * kSets));
    EXPECT_TRUE(sources.has(SourceMark{1}));
    EXPECT_FALSE(sources.has(static_cast<SourceMark>(1 + kSets)));
    EXPECT_TRUE(sources.has(static_cast<SourceMark>(1 + 4 * kSets)));
    EXPECT_FALSE(sources.has(SourceMark{2}));
}

const std::string kPack = "/library/packs/00000001.pack";

Bytes bytes_of_pack(SimulatedFileSystem& disk) {
    Bytes bytes(must(disk.info(kPack)).size);
    EXPECT_EQ(must(must(disk.open_read(kPack))->read_at(0, bytes)), bytes.size());
    return bytes;
}

// Where the pack has the record of a chunk.
std::size_t record_of(const Bytes& pack, const ContentHash& id) {
    for (std::size_t at = kPackHeaderBytes; at < pack.size();) {
        const auto header = must(decode_record_header(ByteView(pack).subspan(at)));
        if (header.id == id) return at;
        at += record_bytes(header.stored_bytes);
    }
    ADD_FAILURE() << "there is no such record";
    return 0;
}

// Changes the payload of a compressed chunk so that it decodes to as many other bytes, and makes
// the checksums right again.
void replace_payload(SimulatedFileSystem& disk, const ContentHash& id) {
    const Bytes before = bytes_of_pack(disk);
    const std::size_t at = record_of(before, id);
    const auto header = must(decode_record_header(ByteView(before).subspan(at)));
    ASSERT_EQ(header.codec, Codec::kZstd);
    Bytes after = before;
    const std::span payload =
        std::span(after).subspan(at + kRecordHeaderBytes, header.stored_bytes);
    Bytes plain(header.plain_bytes);
    const auto decodes = [&] {
        return ZSTD_decompress(plain.data(), plain.size(), payload.data(), payload.size()) ==
               plain.size();
    };
    ASSERT_TRUE(decodes());
    const Bytes right = plain;
    for (std::size_t i = payload.size(); i-- > 0;) {
        payload[i] ^= std::byte{1};
        if (decodes() && plain != right) break;
        payload[i] ^= std::byte{1};
    }
    const auto put = [&](std::size_t place, std::uint32_t checksum) {
        for (std::size_t i = 0; i < 4; ++i)
            after[at + place + i] = static_cast<std::byte>(checksum >> (8 * i));
    };
    put(48, internal::crc32c(payload));
    put(52, internal::crc32c(ByteView(after).subspan(at, 52)));
    ASSERT_NE(after, before);
    for (std::size_t i = 0; i < after.size(); ++i)
        if (after[i] != before[i])
            must(disk.corrupt(kPack, i, static_cast<std::uint8_t>(after[i] ^ before[i])));
}

// Reads so many other chunks that the last ones of before are not kept any more.
void read_others(RealContentBed& bed) {
    for (std::uint64_t i = 0; i < 20; ++i)
        (void)must(must(bed.storage().open_zero_copy(id_of(prose(5'000, 100 + i))))->region_at(0));
}

TEST(ReadingAgain, APayloadThatWasReplacedIsHashedAndRefused) {
    const auto disk = SimulatedFileSystem::make();
    RealContentBed bed(options_on(disk, ChunkProfile()));
    const Bytes bytes = prose(5'000, 1);
    const ContentHash id = bed.put(bytes).id;
    for (std::uint64_t i = 0; i < 20; ++i) bed.put(prose(5'000, 100 + i));
    const auto content = must(bed.storage().open_zero_copy(id));
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(to_bytes(must(content->region_at(0)).bytes()), bytes);
        read_others(bed);
    }
    replace_payload(*disk, id);
    EXPECT_EQ(code_of(content->region_at(0)), Errc::kContentCorrupted);
    const SliceRequest request{content.get(), {}};
    EXPECT_EQ(code_of(ZeroCopyContent::read_slices(std::span(&request, 1))),
              Errc::kContentCorrupted);
}

TEST(ReadingAgain, AReplacedBaseIsFoundByWhatStartsFromIt) {
    const auto disk = SimulatedFileSystem::make();
    ContentOptions options = options_on(disk, ChunkProfile());
    options.read_bases_bytes_max = 0;
    RealContentBed bed(std::move(options));
    const Bytes base = prose(12'000, 1);
    const Bytes next = edited(base, 3, 2);
    const ContentHash base_id = bed.put(base).id;
    const ContentHash id = bed.put(next).id;
    for (std::uint64_t i = 0; i < 20; ++i) bed.put(prose(5'000, 100 + i));
    ASSERT_EQ(must(bed.storage().stats()).delta_chunks, 1u);
    const auto content = must(bed.storage().open_zero_copy(id));
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(to_bytes(must(content->region_at(0)).bytes()), next);
        read_others(bed);
    }
    replace_payload(*disk, base_id);
    EXPECT_EQ(code_of(content->region_at(0)), Errc::kContentCorrupted);
}

TEST(ReadingAgain, GivesTheSameBytesHoweverManyBasesAreKept) {
    constexpr std::uint64_t kSeed = 5;
    std::vector<Bytes> objects;
    for (std::uint64_t i = 0; i < 24; ++i)
        objects.push_back(i % 6 == 0 ? prose(12'000, i) : edited(objects.back(), 2, i));
    for (const std::uint64_t kept : {0u, 40'000u, 32u << 20}) {
        ContentOptions options = options_on(SimulatedFileSystem::make(), ChunkProfile());
        options.read_bases_bytes_max = kept;
        RealContentBed bed(std::move(options));
        std::vector<std::unique_ptr<ZeroCopyContent>> opened;
        for (const Bytes& bytes : objects)
            opened.push_back(must(bed.storage().open_zero_copy(bed.put(bytes).id)));
        ASSERT_GT(must(bed.storage().stats()).delta_chunks, 10u);
        std::mt19937_64 random(kSeed);
        for (int round = 0; round < 200; ++round) {
            const std::size_t i = random() % objects.size();
            const std::size_t other = random() % objects.size();
            ASSERT_EQ(to_bytes(must(opened[i]->region_at(0)).bytes()), objects[i])
                << "seed " << kSeed << ", round " << round << ", " << kept << " bytes kept";
            const SliceRequest requests[] = {{opened[other].get(), {}}, {opened[i].get(), {}}};
            const auto slices = must(ZeroCopyContent::read_slices(requests));
            ASSERT_EQ(to_bytes(slices[0].region(0)), objects[other]) << "round " << round;
            ASSERT_EQ(to_bytes(slices[1].region(0)), objects[i]) << "round " << round;
        }
    }
}

}  // namespace
}  // namespace catalog::content::testing
