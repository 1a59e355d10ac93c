#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "catalog/content/similarity_table.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content {
namespace {

using io::testing::SeededRandom;

// Every base says in its id which domain and features it was added with.
ChunkFeatures features_of_kind(std::uint8_t kind) {
    ChunkFeatures features;
    features.values.fill(std::uint32_t{kind} + 1);
    return features;
}

TEST(SimilarityTableConcurrent, ThreadsFindOnlyWhatWasAdded) {
    SimilarityOptions options;
    options.memory_bytes_max = 64u << 10;
    SimilarityTable table(options);
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (std::uint8_t thread = 0; thread < 4; ++thread)
        threads.emplace_back([&table, thread] {
            SeededRandom random(thread + 1u);
            for (int i = 0; i < 3000; ++i) {
                const auto kind = static_cast<std::uint8_t>(random.below(100));
                const TrustDomain domain{random.below(3)};
                ChunkId id;
                id.digest[0] = static_cast<std::byte>(kind);
                id.digest[1] = static_cast<std::byte>(domain);
                id.digest[2] = static_cast<std::byte>(random.below(20));
                table.add(domain, features_of_kind(kind), id);
                const auto match = table.find(domain, features_of_kind(kind));
                if (match) {
                    EXPECT_EQ(match->base.digest[0], static_cast<std::byte>(kind));
                    EXPECT_EQ(match->base.digest[1], static_cast<std::byte>(domain));
                }
                if (random.chance(5)) table.forget(domain, features_of_kind(kind), id);
                if (random.chance(1)) {
                    EXPECT_TRUE(table.save([](ByteView) { return Result<void>(); }));
                }
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_GT(table.size(), 0u);
    EXPECT_LE(table.memory_bytes(), options.memory_bytes_max);
}

}  // namespace
}  // namespace catalog::content
