#include "catalog/content/chunker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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

constexpr ChunkProfile kSmallFastCdc{ChunkAlgorithm::kFastCdc2020, 128, 1024, 8192, 3};
constexpr ChunkProfile kSmallWindowed{ChunkAlgorithm::kWindowed, 128, 1024, 8192, 3};

ChunkProfile default_of(ChunkAlgorithm algorithm) {
    ChunkProfile profile;
    profile.algorithm = algorithm;
    return profile;
}

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

// The page docs/formats/pack.md, read literally: algorithm 1.
class FastCdcByTheBook {
public:
    explicit FastCdcByTheBook(const ChunkProfile& profile) : profile_(profile) {
        SeededRandom random(profile.seed);
        for (int i = 0; i < 256; ++i) gear_.push_back(random.next());
        while ((1u << bits_) < profile.bytes_avg) ++bits_;
    }
    // Tells whether the chunk bytes[begin..i] ends with its last byte.
    bool ends(ByteView bytes, std::size_t begin, std::size_t i) const {
        std::uint64_t hash = 0;
        // What is further back was shifted out.
        for (std::size_t at = std::max(begin + profile_.bytes_min, i < 63 ? 0 : i - 63); at <= i;
             ++at)
            hash = hash * 2 + gear_[std::to_integer<std::size_t>(bytes[at])];
        return (hash >> (64 - (i + 1 - begin <= profile_.bytes_avg ? bits_ + 2 : bits_ - 2))) == 0;
    }

private:
    ChunkProfile profile_;
    std::vector<std::uint64_t> gear_;
    unsigned bits_ = 0;
};

// Algorithm 2.
class WindowedByTheBook {
public:
    explicit WindowedByTheBook(const ChunkProfile& profile) : profile_(profile) {
        SeededRandom random(profile.seed);
        for (int i = 0; i < 6; ++i) numbers_.push_back(random.next());
        while ((1 << bits_) < static_cast<int>(profile.bytes_avg)) ++bits_;
    }
    bool ends(ByteView bytes, std::size_t begin, std::size_t i) const {
        unsigned test = 0;
        for (unsigned back = 0; back < 8; ++back) test ^= t(bytes[i - back]) << back;
        if (test % 256 != 0) return false;
        const auto word = [&](std::size_t n) {
            std::uint64_t value = 0;
            for (std::size_t k = 8; k-- > 0;)
                value = value * 256 + std::to_integer<unsigned>(bytes[i - 31 + 8 * n + k]);
            return value;
        };
        const std::uint64_t a = (word(0) ^ numbers_[4]) * 0x9e3779b97f4a7c15;
        const std::uint64_t b = (word(2) ^ numbers_[5]) * 0xbf58476d1ce4e5b9;
        const std::uint64_t x = (a ^ a >> 32) + word(1);
        const std::uint64_t y = (b ^ b >> 29) + word(3);
        const std::uint64_t hash = ((x ^ (y << 23 | y >> 41)) * 0x94d049bb133111eb) >> 32;
        const int rare = i + 1 - begin <= profile_.bytes_avg ? bits_ - 6 : bits_ - 10;
        return hash < (rare <= 0 ? 0xffffffff : std::uint64_t{1} << (32 - rare));
    }

private:
    unsigned t(std::byte byte) const {
        const auto value = std::to_integer<unsigned>(byte);
        const auto entry = [&](unsigned table, unsigned n) {
            return static_cast<unsigned>(numbers_[2 * table + n / 8] >> (n % 8 * 8)) % 256;
        };
        return entry(0, value % 16) ^ entry(1, value / 16);
    }

    ChunkProfile profile_;
    std::vector<std::uint64_t> numbers_;
    int bits_ = 0;
};

template <class Book>
std::vector<std::size_t> cuts_by(const ChunkProfile& profile, ByteView bytes) {
    const Book book(profile);
    std::vector<std::size_t> cuts;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::size_t length = i + 1 - begin;
        if (length <= profile.bytes_min) continue;
        if (length < profile.bytes_max && !book.ends(bytes, begin, i)) continue;
        cuts.push_back(i + 1);
        begin = i + 1;
    }
    return cuts;
}

std::vector<std::size_t> cuts_by_the_book(const ChunkProfile& profile, ByteView bytes) {
    return profile.algorithm == ChunkAlgorithm::kFastCdc2020
               ? cuts_by<FastCdcByTheBook>(profile, bytes)
               : cuts_by<WindowedByTheBook>(profile, bytes);
}

class EachAlgorithm : public ::testing::TestWithParam<ChunkProfile> {
protected:
    static ChunkProfile small() { return GetParam(); }
    static ChunkProfile usual() { return default_of(GetParam().algorithm); }
};

TEST_P(EachAlgorithm, CutsAsTheFormatPageSays) {
    for (const ChunkProfile& profile : {small(), usual()}) {
        EXPECT_EQ(cuts_of(profile, noise(600'000, 1)),
                  cuts_by_the_book(profile, noise(600'000, 1)));
        EXPECT_EQ(cuts_of(profile, prose(600'000, 2)),
                  cuts_by_the_book(profile, prose(600'000, 2)));
        EXPECT_EQ(cuts_of(profile, Bytes(600'000)), cuts_by_the_book(profile, Bytes(600'000)));
    }
}

TEST_P(EachAlgorithm, CutsDoNotDependOnSlices) {
    const Bytes bytes = prose(300'000, 5);
    const std::vector<std::size_t> whole = cuts_of(small(), bytes);
    ASSERT_GT(whole.size(), 80u);
    const auto chunker = must(make_chunker(small()));
    for (const std::size_t slice :
         {1u, 2u, 7u, 31u, 32u, 33u, 127u, 128u, 129u, 1023u, 1024u, 4096u, 8192u, 8193u})
        EXPECT_EQ(cuts_of(*chunker, bytes, [&] { return slice; }), whole) << slice;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SeededRandom random(seed);
        EXPECT_EQ(cuts_of(*chunker, bytes, [&] { return 1 + random.below(3000); }), whole) << seed;
        EXPECT_EQ(cuts_of(*chunker, bytes, [&] { return 1 + random.below(80); }), whole) << seed;
    }
}

TEST_P(EachAlgorithm, KeepsToItsBounds) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        std::size_t before = 0;
        for (const std::size_t cut : cuts_of(small(), noise(500'000, seed))) {
            EXPECT_GT(cut - before, small().bytes_min);
            EXPECT_LE(cut - before, small().bytes_max);
            before = cut;
        }
    }
}

TEST_P(EachAlgorithm, CutsAtMaxWhenNoBoundaryIsFound) {
    const std::vector<std::size_t> cuts = cuts_of(small(), Bytes(3 * 8192 + 5));
    EXPECT_EQ(cuts, (std::vector<std::size_t>{8192, 16'384, 24'576}));
}

TEST_P(EachAlgorithm, LeavesWhatIsShorterThanMinWhole) {
    EXPECT_TRUE(cuts_of(small(), noise(128, 1)).empty());
    EXPECT_TRUE(cuts_of(usual(), noise(16 * 1024, 1)).empty());
}

TEST_P(EachAlgorithm, CutsNearTheAverage) {
    const Bytes bytes = noise(20'000'000, 9);
    const double mean =
        static_cast<double>(bytes.size()) / static_cast<double>(cuts_of(usual(), bytes).size());
    EXPECT_GT(mean, 0.8 * 65'536);
    EXPECT_LT(mean, 1.5 * 65'536);
}

TEST_P(EachAlgorithm, AnInsertionMovesFewBoundaries) {
    const Bytes bytes = noise(1'000'000, 4);
    Bytes shifted = noise(777, 5);
    shifted.insert(shifted.end(), bytes.begin(), bytes.end());
    const auto pieces = [](ByteView whole) {
        std::set<std::string> found;
        std::size_t before = 0;
        for (const std::size_t cut : cuts_of(small(), whole)) {
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

TEST_P(EachAlgorithm, SeedsCutDifferently) {
    ChunkProfile other = small();
    other.seed = small().seed + 1;
    const Bytes bytes = noise(100'000, 1);
    EXPECT_NE(cuts_of(small(), bytes), cuts_of(other, bytes));
}

INSTANTIATE_TEST_SUITE_P(ContentChunker, EachAlgorithm,
                         ::testing::Values(kSmallFastCdc, kSmallWindowed), [](const auto& profile) {
                             return profile.param.algorithm == ChunkAlgorithm::kFastCdc2020
                                        ? "FastCdc"
                                        : "Windowed";
                         });

// The digest is over the cuts as text.
std::string pinned(const ChunkProfile& profile) {
    std::string text;
    for (const std::size_t cut : cuts_of(profile, noise(4'000'000, 1)))
        text += std::to_string(cut) + " ";
    return text.substr(0, 21) + merkle::hash_of(as_bytes(text)).to_string();
}

// A store cuts alike for ever.
TEST(ContentChunker, DefaultProfilesNeverChange) {
    EXPECT_EQ(pinned(default_of(ChunkAlgorithm::kFastCdc2020)),
              "86380 161986 252187 3"
              "sha256:39565af495991ca714a50d1eabdff8cc69a500a78fb38fee8abf0fd77be1d975");
    EXPECT_EQ(pinned(ChunkProfile()),
              "78731 155837 223220 3"
              "sha256:6b7f4a0d354d8253afd3ea1cf8fc7146b8c449529095d19d34dc46fef6f6c199");
}

TEST(ContentChunker, TheDefaultIsWindowed) {
    EXPECT_EQ(ChunkProfile().algorithm, ChunkAlgorithm::kWindowed);
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
    EXPECT_TRUE(refused([](auto& p) { p.algorithm = ChunkAlgorithm{3}; }));
    EXPECT_FALSE(refused([](auto& p) { p.bytes_max = kChunkBytesMax; }));
}

TEST(ChunkProfile, SurvivesEncoding) {
    const ChunkProfile profile{ChunkAlgorithm::kWindowed, 100, 4096, 99'999, 0x0123456789abcdef};
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
