#include "catalog/content/chunker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include "catalog/merkle/hash.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SeededRandom;
using testing::noise;
using testing::prose;

constexpr ChunkProfile kSmall{ChunkAlgorithm::kFastCdc2020, 128, 1024, 8192, 3};

// Cuts `bytes`, giving them to the chunker in slices whose lengths `next_slice` says.
template <class NextSlice>
std::vector<std::size_t> cuts_of(ContentChunker& chunker, ByteView bytes, NextSlice next_slice) {
    std::vector<std::size_t> cuts;
    chunker.reset();
    std::size_t at = 0;
    while (at < bytes.size()) {
        ByteView slice = bytes.subspan(at, std::min<std::size_t>(next_slice(), bytes.size() - at));
        while (!slice.empty()) {
            const auto scan = chunker.scan(slice);
            EXPECT_TRUE(scan.boundary || scan.bytes == slice.size());
            EXPECT_GE(scan.bytes, 1u);
            at += scan.bytes;
            slice = slice.subspan(scan.bytes);
            if (scan.boundary) cuts.push_back(at);
        }
    }
    return cuts;
}

std::vector<std::size_t> cuts_of(const ChunkProfile& profile, ByteView bytes) {
    const auto chunker = must(make_chunker(profile));
    return cuts_of(*chunker, bytes, [&] { return bytes.size(); });
}

// The page docs/formats/pack.md, read literally.
std::vector<std::size_t> cuts_by_the_book(const ChunkProfile& profile, ByteView bytes) {
    std::vector<std::uint64_t> gear;
    SeededRandom random(profile.seed);
    for (int i = 0; i < 256; ++i) gear.push_back(random.next());
    unsigned bits = 0;
    while ((1u << bits) < profile.bytes_avg) ++bits;
    std::vector<std::size_t> cuts;
    std::size_t begin = 0;
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::size_t length = i + 1 - begin;
        if (length > profile.bytes_min)
            hash = hash * 2 + gear[std::to_integer<std::size_t>(bytes[i])];
        const unsigned wanted = length <= profile.bytes_avg ? bits + 2 : bits - 2;
        const bool found = length > profile.bytes_min && (hash >> (64 - wanted)) == 0;
        if (found || length == profile.bytes_max) {
            cuts.push_back(i + 1);
            begin = i + 1;
            hash = 0;
        }
    }
    return cuts;
}

TEST(ContentChunker, CutsAsTheFormatPageSays) {
    for (const ChunkProfile& profile : {kSmall, ChunkProfile()}) {
        EXPECT_EQ(cuts_of(profile, noise(600'000, 1)),
                  cuts_by_the_book(profile, noise(600'000, 1)));
        EXPECT_EQ(cuts_of(profile, prose(600'000, 2)),
                  cuts_by_the_book(profile, prose(600'000, 2)));
        EXPECT_EQ(cuts_of(profile, Bytes(600'000)), cuts_by_the_book(profile, Bytes(600'000)));
    }
}

// Pinned: a store cuts alike for ever. The digest is over the cuts as text.
TEST(ContentChunker, DefaultProfileNeverChanges) {
    std::string text;
    for (const std::size_t cut : cuts_of(ChunkProfile(), noise(4'000'000, 1)))
        text += std::to_string(cut) + " ";
    EXPECT_EQ(text.substr(0, 21), "86380 161986 252187 3");
    EXPECT_EQ(merkle::hash_of(as_bytes(text)).to_string(),
              "sha256:39565af495991ca714a50d1eabdff8cc69a500a78fb38fee8abf0fd77be1d975");
}

TEST(ContentChunker, CutsDoNotDependOnSlices) {
    const Bytes bytes = prose(300'000, 5);
    const std::vector<std::size_t> whole = cuts_of(kSmall, bytes);
    ASSERT_GT(whole.size(), 100u);
    const auto chunker = must(make_chunker(kSmall));
    for (const std::size_t slice :
         {1u, 2u, 7u, 127u, 128u, 129u, 1023u, 1024u, 4096u, 8192u, 8193u})
        EXPECT_EQ(cuts_of(*chunker, bytes, [&] { return slice; }), whole) << slice;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SeededRandom random(seed);
        EXPECT_EQ(cuts_of(*chunker, bytes, [&] { return 1 + random.below(3000); }), whole) << seed;
    }
}

TEST(ContentChunker, KeepsToItsBounds) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        std::size_t before = 0;
        for (const std::size_t cut : cuts_of(kSmall, noise(500'000, seed))) {
            EXPECT_GT(cut - before, kSmall.bytes_min);
            EXPECT_LE(cut - before, kSmall.bytes_max);
            before = cut;
        }
    }
}

TEST(ContentChunker, CutsAtMaxWhenNoBoundaryIsFound) {
    const std::vector<std::size_t> cuts = cuts_of(kSmall, Bytes(3 * 8192 + 5));
    EXPECT_EQ(cuts, (std::vector<std::size_t>{8192, 16'384, 24'576}));
}

TEST(ContentChunker, LeavesWhatIsShorterThanMinWhole) {
    EXPECT_TRUE(cuts_of(kSmall, noise(128, 1)).empty());
    EXPECT_TRUE(cuts_of(ChunkProfile(), noise(16 * 1024, 1)).empty());
}

TEST(ContentChunker, CutsNearTheAverage) {
    const Bytes bytes = noise(20'000'000, 9);
    const double mean = static_cast<double>(bytes.size()) /
                        static_cast<double>(cuts_of(ChunkProfile(), bytes).size());
    EXPECT_GT(mean, 0.8 * 65'536);
    EXPECT_LT(mean, 1.5 * 65'536);
}

TEST(ContentChunker, AnInsertionMovesFewBoundaries) {
    const Bytes bytes = noise(1'000'000, 4);
    Bytes shifted = noise(777, 5);
    shifted.insert(shifted.end(), bytes.begin(), bytes.end());
    const auto pieces = [](ByteView whole) {
        std::set<std::string> found;
        std::size_t before = 0;
        for (const std::size_t cut : cuts_of(kSmall, whole)) {
            found.emplace(as_text(whole.subspan(before, cut - before)));
            before = cut;
        }
        return found;
    };
    const auto first = pieces(bytes);
    const auto second = pieces(shifted);
    const auto shared = static_cast<std::size_t>(std::count_if(
        first.begin(), first.end(), [&](const auto& piece) { return second.contains(piece); }));
    EXPECT_GT(shared * 100, first.size() * 95);
}

TEST(ContentChunker, SeedsCutDifferently) {
    ChunkProfile other = kSmall;
    other.seed = kSmall.seed + 1;
    const Bytes bytes = noise(100'000, 1);
    EXPECT_NE(cuts_of(kSmall, bytes), cuts_of(other, bytes));
}

TEST(ChunkProfile, RefusesWhatDoesNotHoldTogether) {
    const auto refused = [](auto change) {
        ChunkProfile profile;
        change(profile);
        const bool both = code_of(check_profile(profile)) == Errc::kInvalidArgument &&
                          code_of(make_chunker(profile)) == Errc::kInvalidArgument;
        return both;
    };
    EXPECT_TRUE(refused([](auto& p) { p.bytes_min = 63; }));
    EXPECT_TRUE(refused([](auto& p) { p.bytes_min = p.bytes_avg; }));
    EXPECT_TRUE(refused([](auto& p) { p.bytes_avg = p.bytes_avg + 1; }));
    EXPECT_TRUE(refused([](auto& p) { p.bytes_max = p.bytes_avg; }));
    EXPECT_TRUE(refused([](auto& p) { p.bytes_max = kChunkBytesMax + 1; }));
    EXPECT_TRUE(refused([](auto& p) { p.algorithm = ChunkAlgorithm{2}; }));
    EXPECT_FALSE(refused([](auto& p) { p.bytes_max = kChunkBytesMax; }));
}

TEST(ChunkProfile, SurvivesEncoding) {
    const ChunkProfile profile{ChunkAlgorithm::kFastCdc2020, 100, 4096, 99'999, 0x0123456789abcdef};
    std::string bytes;
    append_profile(bytes, profile);
    EXPECT_EQ(bytes.size(), kChunkProfileBytes);
    EXPECT_EQ(must(decode_profile(as_bytes(bytes))), profile);
    EXPECT_EQ(code_of(decode_profile(as_bytes(bytes).first(23))), Errc::kInvalidArgument);
    bytes[0] = 9;
    EXPECT_EQ(code_of(decode_profile(as_bytes(bytes))), Errc::kInvalidArgument);
}

}  // namespace
}  // namespace catalog::content
