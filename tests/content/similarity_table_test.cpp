#include "catalog/content/similarity_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "catalog/internal/crc32c.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SeededRandom;

constexpr TrustDomain kHere{1};
constexpr std::size_t kSmallest = 64u << 10;
constexpr std::size_t kSmallestBases = 448;
constexpr std::size_t kFileBaseBytes = 80;

ChunkId numbered_id(std::uint64_t number) {
    ChunkId id;
    for (std::size_t i = 0; i < 8; ++i) id.digest.at(i) = static_cast<std::byte>(number >> (8 * i));
    return id;
}

// Features that nobody else has.
ChunkFeatures own_features(std::uint32_t number) {
    ChunkFeatures features;
    for (std::uint32_t i = 0; i < ChunkFeatures::kCount; ++i)
        features.values.at(i) = 1 + number * 8 + i;
    return features;
}

ChunkFeatures random_features(SeededRandom& random, std::uint64_t values) {
    ChunkFeatures features;
    for (std::uint32_t& value : features.values)
        value = 1 + static_cast<std::uint32_t>(random.below(values));
    return features;
}

std::string saved(const SimilarityTable& table) {
    std::string bytes;
    must(table.save([&](ByteView piece) -> Result<void> {
        bytes += as_text(piece);
        return {};
    }));
    return bytes;
}

void seal(std::string& bytes) {
    bytes.resize(bytes.size() - 4);
    append_le(bytes, internal::crc32c(as_bytes(bytes)));
}

SimilarityOptions smallest() {
    SimilarityOptions options;
    options.memory_bytes_max = kSmallest;
    return options;
}

ChunkId base_of(SimilarityTable& table, const ChunkFeatures& features) {
    const auto match = table.find(kHere, features);
    return match ? match->base : ChunkId();
}

// All that was added, looked through from end to end.
class Model {
public:
    struct Base {
        TrustDomain domain{};
        ChunkFeatures features;
        ChunkId id;
    };
    void add(TrustDomain domain, const ChunkFeatures& features, const ChunkId& id) {
        forget(domain, features, id);
        bases_.push_back({domain, features, id});
    }
    void forget(TrustDomain domain, const ChunkFeatures& features, const ChunkId& id) {
        std::erase_if(bases_, [&](const Base& base) {
            return base.domain == domain && base.id == id &&
                   base.features.shared_with(features) > 0;
        });
    }
    [[nodiscard]] std::optional<SimilarityTable::Match> find(TrustDomain domain,
                                                             const ChunkFeatures& features) const {
        std::optional<SimilarityTable::Match> best;
        for (const Base& base : bases_) {
            const int shared = base.features.shared_with(features);
            if (base.domain == domain && shared > 0 && (!best || shared >= best->shared))
                best = SimilarityTable::Match{base.id, shared};
        }
        return best;
    }
    [[nodiscard]] const std::vector<Base>& bases() const { return bases_; }

private:
    std::vector<Base> bases_;
};

TEST(SimilarityTable, FindsWhatLookingThroughAllFinds) {
    std::size_t found_any = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        SeededRandom random(seed);
        SimilarityTable table;
        // So many that features of different values rarely fall together.
        for (std::uint32_t i = 0; i < 2000; ++i)
            table.add(TrustDomain{9}, own_features(i), numbered_id(i));
        Model model;
        for (std::uint64_t step = 0; step < 400; ++step) {
            const TrustDomain domain{random.below(2)};
            ChunkFeatures features = random_features(random, 100);
            const auto& bases = model.bases();
            if (bases.size() < 60 && random.chance(40)) {
                table.add(domain, features, numbered_id(step));
                model.add(domain, features, numbered_id(step));
            } else if (!bases.empty() && random.chance(10)) {
                const Model::Base gone = bases[random.below(bases.size())];
                table.forget(gone.domain, gone.features, gone.id);
                model.forget(gone.domain, gone.features, gone.id);
            } else if (!bases.empty() && random.chance(50)) {
                // Some of what two bases have.
                features = bases[random.below(bases.size())].features;
                const ChunkFeatures other = bases[random.below(bases.size())].features;
                for (std::size_t i = 0; i < ChunkFeatures::kCount; ++i)
                    if (random.chance(50)) features.values.at(i) = other.values.at(i);
            }
            const auto found = table.find(domain, features);
            const auto expected = model.find(domain, features);
            ASSERT_EQ(found.has_value(), expected.has_value()) << seed << " " << step;
            if (!found || !expected) continue;
            ++found_any;
            ASSERT_EQ(found->shared, expected->shared) << seed << " " << step;
            ASSERT_EQ(found->base, expected->base) << seed << " " << step;
            ASSERT_EQ(table.size(), 2000 + model.bases().size());
        }
    }
    EXPECT_GT(found_any, 5000u);
}

TEST(SimilarityTable, NeverCrossesABorderOfTrust) {
    SimilarityTable table;
    table.add(TrustDomain{1}, own_features(1), numbered_id(1));
    EXPECT_TRUE(table.find(TrustDomain{1}, own_features(1)));
    EXPECT_FALSE(table.find(TrustDomain{0}, own_features(1)));
    EXPECT_FALSE(table.find(TrustDomain{2}, own_features(1)));
    table.forget(TrustDomain{2}, own_features(1), numbered_id(1));
    EXPECT_TRUE(table.find(TrustDomain{1}, own_features(1)));
}

TEST(SimilarityTable, DomainsOfTheSameFeaturesStayApart) {
    SimilarityTable table(smallest());
    for (std::uint64_t domain = 0; domain < 300; ++domain)
        table.add(TrustDomain{domain}, own_features(1), numbered_id(domain));
    for (std::uint64_t domain = 0; domain < 600; ++domain) {
        const auto match = table.find(TrustDomain{domain}, own_features(1));
        if (match) {
            ASSERT_EQ(match->base, numbered_id(domain));
        }
    }
}

TEST(SimilarityTable, LeavesOutWhatHasNoFeatures) {
    SimilarityTable table;
    table.add(kHere, {}, numbered_id(1));
    EXPECT_EQ(table.size(), 0u);
    EXPECT_FALSE(table.find(kHere, {}));
}

TEST(SimilarityTable, AddingTwiceMakesItTheNewest) {
    SimilarityTable table;
    for (const std::uint64_t number : {1u, 2u, 1u})
        table.add(kHere, own_features(5), numbered_id(number));
    EXPECT_EQ(table.size(), 2u);
    EXPECT_EQ(base_of(table, own_features(5)), numbered_id(1));
}

TEST(SimilarityTable, FullItForgetsTheOldestThatNobodyFound) {
    SimilarityTable table(smallest());
    for (std::uint32_t i = 0; i < kSmallestBases; ++i)
        table.add(kHere, own_features(i), numbered_id(i));
    ASSERT_EQ(table.size(), kSmallestBases);
    ASSERT_TRUE(table.find(kHere, own_features(0)));
    table.add(kHere, own_features(1000), numbered_id(1000));
    EXPECT_EQ(table.size(), kSmallestBases);
    EXPECT_TRUE(table.find(kHere, own_features(0)));
    EXPECT_FALSE(table.find(kHere, own_features(1)));
    EXPECT_TRUE(table.find(kHere, own_features(2)));
    EXPECT_TRUE(table.find(kHere, own_features(1000)));
}

TEST(SimilarityTable, FullOfFoundOnesItStillTakesNewOnes) {
    SimilarityTable table(smallest());
    for (std::uint32_t i = 0; i < kSmallestBases; ++i) {
        table.add(kHere, own_features(i), numbered_id(i));
        ASSERT_TRUE(table.find(kHere, own_features(i)));
    }
    table.add(kHere, own_features(1000), numbered_id(1000));
    EXPECT_TRUE(table.find(kHere, own_features(1000)));
    EXPECT_FALSE(table.find(kHere, own_features(0)));
}

TEST(SimilarityTable, FullItStillFindsAlmostAllItHolds) {
    SimilarityTable table(smallest());
    for (std::uint32_t i = 0; i < 10 * kSmallestBases; ++i)
        table.add(kHere, own_features(i), numbered_id(i));
    std::size_t found = 0;
    for (std::uint32_t i = 9 * kSmallestBases; i < 10 * kSmallestBases; ++i) {
        const auto match = table.find(kHere, own_features(i));
        if (match && match->base == numbered_id(i)) ++found;
    }
    EXPECT_GE(found, kSmallestBases - 1);
}

TEST(SimilarityTable, ManyOfOneKindDoNotSlowItDownOrHideTheNewest) {
    SimilarityTable table;
    for (std::uint64_t i = 1; i < 5000; ++i) {
        table.add(kHere, own_features(1), numbered_id(i));
        ASSERT_EQ(base_of(table, own_features(1)), numbered_id(i));
    }
}

TEST(SimilarityTable, KeepsToItsMemory) {
    for (const std::size_t most : {std::size_t{0}, kSmallest, std::size_t{300'000}}) {
        SimilarityOptions options;
        options.memory_bytes_max = most;
        SimilarityTable table(options);
        EXPECT_EQ(table.memory_bytes(), 0u);
        for (std::uint32_t i = 0; i < 5000; ++i) {
            table.add(kHere, own_features(i), numbered_id(i));
            ASSERT_LE(table.memory_bytes(), std::max(most, kSmallest));
        }
        EXPECT_GT(table.size() * 200, std::max(most, kSmallest));
    }
}

TEST(SimilarityTable, ComesBackAsItWas) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SeededRandom random(seed);
        SimilarityTable table(smallest());
        const std::uint64_t count = random.below(600);
        for (std::uint64_t i = 0; i < count; ++i) {
            table.add(TrustDomain{random.below(2)}, random_features(random, 4000), numbered_id(i));
            (void)table.find(kHere, random_features(random, 4000));
        }
        SimilarityTable again(smallest());
        again.add(kHere, own_features(999'999), numbered_id(1));
        const std::string bytes = saved(table);
        must(again.load(as_bytes(bytes)));
        ASSERT_EQ(again.size(), table.size());
        ASSERT_EQ(saved(again), bytes) << seed;
        // The same ones go from now on.
        for (std::uint32_t i = 0; i < 100; ++i) {
            table.add(kHere, own_features(100'000 + i), numbered_id(5000 + i));
            again.add(kHere, own_features(100'000 + i), numbered_id(5000 + i));
        }
        ASSERT_EQ(saved(again), saved(table)) << seed;
        int alike = 0;
        for (int i = 0; i < 500; ++i) {
            const ChunkFeatures features = random_features(random, 4000);
            const auto here = table.find(kHere, features);
            const auto there = again.find(kHere, features);
            if (here.has_value() == there.has_value() && (!here || here->base == there->base))
                ++alike;
        }
        ASSERT_GE(alike, 480) << seed;
    }
}

TEST(SimilarityTable, OfALargerOneTheLastAreKept) {
    SimilarityTable large;
    for (std::uint32_t i = 0; i < 2 * kSmallestBases; ++i)
        large.add(kHere, own_features(i), numbered_id(i));
    SimilarityTable table(smallest());
    must(table.load(as_bytes(saved(large))));
    EXPECT_EQ(table.size(), kSmallestBases);
    EXPECT_FALSE(table.find(kHere, own_features(0)));
    EXPECT_TRUE(table.find(kHere, own_features(2 * kSmallestBases - 1)));
}

TEST(SimilarityTable, EveryDamageLeavesItEmptyAndUsable) {
    SimilarityTable table;
    for (std::uint32_t i = 0; i < 3; ++i) table.add(kHere, own_features(i), numbered_id(i));
    const std::string good = saved(table);
    ASSERT_EQ(good.size(), 16 + 3 * kFileBaseBytes + 4);
    const auto expect_refused = [&](const std::string& bytes) {
        ASSERT_EQ(code_of(table.load(as_bytes(bytes))), Errc::kContentCorrupted);
        ASSERT_EQ(table.size(), 0u);
        table.add(kHere, own_features(7), numbered_id(7));
        ASSERT_TRUE(table.find(kHere, own_features(7)));
    };
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::string flipped = good;
        flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
        expect_refused(flipped);
        expect_refused(good.substr(0, at));
    }
    expect_refused(good + std::string(1, '\0'));
    expect_refused(good + std::string(kFileBaseBytes, '\0'));
    // With the right checksum: another version, a feature of zero, another count.
    for (const std::size_t at : {std::size_t{8}, std::size_t{12}}) {
        std::string other = good;
        other[at] = static_cast<char>(other[at] + 1);
        seal(other);
        expect_refused(other);
    }
    std::string zero = good;
    zero.replace(16 + kFileBaseBytes, 4, std::string(4, '\0'));
    seal(zero);
    expect_refused(zero);
    must(table.load(as_bytes(good)));
    EXPECT_EQ(table.size(), 3u);
}

TEST(SimilarityTable, GivesOnWhatTheSinkReturns) {
    const SimilarityTable table;
    const auto saved = table.save([](ByteView) -> Result<void> { return fail(Errc::kIo, "no"); });
    EXPECT_EQ(code_of(saved), Errc::kIo);
}

}  // namespace
}  // namespace catalog::content
