#include "catalog/content/object_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "support/content/content_bed.hpp"
#include "support/content/flipped_bits.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;

TEST(ObjectReader, AgreesWithTheBytesAtEveryPlaceAndLength) {
    RealContentBed bed(options_on(SimulatedFileSystem::make(), kTinyChunks));
    const Bytes bytes = mixed_bytes();
    const auto reader = must(bed.storage().open_object(bed.put(bytes).id));
    EXPECT_EQ(reader->info(), must(bed.storage().info(reader->info().id)));
    EXPECT_GT(reader->info().chunks, 8u);
    constexpr std::uint64_t kSeed = 7;
    std::mt19937_64 random(kSeed);
    for (int round = 0; round < 2'000; ++round) {
        const std::uint64_t offset = random() % (bytes.size() + 20);
        Bytes out(random() % 3 == 0 ? random() % 6'000 : random() % 40);
        const std::size_t got = must(reader->read_at(offset, out));
        const std::size_t expected =
            offset >= bytes.size() ? 0 : std::min(out.size(), bytes.size() - offset);
        ASSERT_EQ(got, expected) << "seed " << kSeed << ", round " << round;
        ASSERT_TRUE(got == 0 || std::memcmp(out.data(), bytes.data() + offset, got) == 0)
            << "seed " << kSeed << ", round " << round;
    }
}

TEST(ObjectReader, PiecesCoverTheObjectAndOutliveReaderAndStore) {
    const Bytes bytes = mixed_bytes();
    std::vector<ObjectPiece> pieces;
    {
        RealContentBed bed(options_on(SimulatedFileSystem::make(), kTinyChunks));
        const auto reader = must(bed.storage().open_object(bed.put(bytes).id));
        for (std::uint64_t at = 0; at < bytes.size();) {
            pieces.push_back(must(reader->piece_at(at)));
            at = pieces.back().offset() + pieces.back().bytes().size();
        }
        EXPECT_EQ(pieces.size(), reader->info().chunks);
    }
    Bytes joined;
    for (const ObjectPiece& piece : pieces) {
        EXPECT_EQ(piece.offset(), joined.size());
        joined.insert(joined.end(), piece.bytes().begin(), piece.bytes().end());
    }
    EXPECT_EQ(joined, bytes);
}

TEST(ObjectReader, ReadsTheSameChunkOnceInARow) {
    RealContentBed bed(options_on(SimulatedFileSystem::make(), kTinyChunks));
    const auto reader = must(bed.storage().open_object(bed.put(mixed_bytes()).id));
    const ObjectPiece first = must(reader->piece_at(0));
    EXPECT_EQ(must(reader->piece_at(first.bytes().size() - 1)).bytes().data(),
              first.bytes().data());
    const ObjectPiece second = must(reader->piece_at(first.bytes().size()));
    EXPECT_NE(second.bytes().data(), first.bytes().data());
}

TEST(ObjectReader, StaysReadableWhenTheLastReferenceIsDropped) {
    RealContentBed bed(options_on(SimulatedFileSystem::make(), kTinyChunks));
    const Bytes bytes = mixed_bytes();
    const auto reader = must(bed.storage().open_object(bed.put(bytes).id));
    must(bed.remove(reader->info().id));
    EXPECT_EQ(must(bed.storage().open_object(reader->info().id))->info(), reader->info());
    Bytes out(bytes.size());
    EXPECT_EQ(must(reader->read_at(0, out)), bytes.size());
    EXPECT_EQ(out, bytes);
}

TEST(ObjectReader, AnObjectWithoutBytesEndsAtOnce) {
    RealContentBed bed(options_on(SimulatedFileSystem::make(), kTinyChunks));
    const auto reader = must(bed.storage().open_object(bed.put(Bytes()).id));
    Bytes out(10);
    EXPECT_EQ(must(reader->read_at(0, out)), 0u);
    EXPECT_EQ(code_of(reader->piece_at(0)), Errc::kEndOfFile);
}

TEST(ObjectReader, NeverGivesABitThatWasFlipped) {
    const auto disk = SimulatedFileSystem::make();
    RealContentBed bed(options_on(disk, kTinyChunks));
    const Bytes bytes = mixed_bytes();
    const ContentHash id = bed.put(bytes).id;
    expect_flips_are_refused(*disk, 37, [&]() -> Result<void> {
        const auto reader = must(bed.storage().open_object(id));
        Bytes out(bytes.size(), std::byte{0xee});
        const auto got = reader->read_at(0, out);
        if (got) {
            EXPECT_EQ(out, bytes);
            return {};
        }
        // What was written before the damage was met is taken back.
        EXPECT_TRUE(std::ranges::all_of(
            out, [](std::byte byte) { return byte == std::byte{0} || byte == std::byte{0xee}; }));
        return fail(got.error());
    });
}

TEST(ObjectReader, EndsWhenTheCallerCancels) {
    RealContentBed bed(options_on(SimulatedFileSystem::make(), kTinyChunks));
    const auto reader = must(bed.storage().open_object(bed.put(mixed_bytes()).id));
    std::stop_source stop;
    CallContext context;
    context.stop = stop.get_token();
    stop.request_stop();
    Bytes out(100);
    EXPECT_EQ(code_of(reader->read_at(0, out, context)), Errc::kCancelled);
}

}  // namespace
}  // namespace catalog::content::testing
