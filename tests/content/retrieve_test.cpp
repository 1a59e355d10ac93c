// Reading whole objects, of all lengths, one by one and many together.
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <random>
#include <string>

#include "support/content/content_bed.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;

Bytes mixed(std::size_t size, std::uint64_t seed) {
    Bytes bytes = noise(size / 2, seed);
    const Bytes more = prose(size - size / 2, seed);
    bytes.insert(bytes.end(), more.begin(), more.end());
    return bytes;
}

// What the sinks of a reading got.
struct Given {
    std::vector<Bytes> objects;
    Result<void> result;
};

Given retrieve_each(ContentStorage& storage, const std::vector<ContentHash>& ids) {
    Given given{std::vector<Bytes>(ids.size()), {}};
    given.result = storage.retrieve_each(
        ids,
        [&](std::size_t index, ByteView bytes) -> Result<void> {
            given.objects[index].insert(given.objects[index].end(), bytes.begin(), bytes.end());
            return {};
        },
        {});
    return given;
}

Given retrieve_one_by_one(ContentStorage& storage, const std::vector<ContentHash>& ids) {
    Given given{std::vector<Bytes>(ids.size()), {}};
    for (std::size_t i = 0; i < ids.size(); ++i) {
        auto read = storage.retrieve(ids[i],
                                     [&](ByteView bytes) -> Result<void> {
                                         given.objects[i].insert(given.objects[i].end(),
                                                                 bytes.begin(), bytes.end());
                                         return {};
                                     },
                                     {});
        if (!read) given.result = std::move(read);
    }
    return given;
}

TEST(Retrieve, GivesObjectsOfEveryLength) {
    RealContentBed bed;
    constexpr std::size_t kBlock = 65'536;
    constexpr std::size_t kTogether = 4u << 20;
    std::vector<Bytes> objects;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, kBlock - 1, kBlock, kBlock + 1, 5 * kBlock, kTogether - 1,
          kTogether, kTogether + 1, kTogether + 20 * kBlock + 7})
        objects.push_back(mixed(size, size));
    std::vector<ContentHash> ids;
    for (const Bytes& bytes : objects) ids.push_back(bed.put(bytes).id);
    for (const auto& way : {retrieve_each, retrieve_one_by_one}) {
        const Given given = way(bed.storage(), ids);
        must(given.result);
        for (std::size_t i = 0; i < ids.size(); ++i)
            EXPECT_TRUE(given.objects[i] == objects[i]) << objects[i].size();
    }
}

TEST(Retrieve, GivesShortObjectsTogetherAsOftenAsTheyAreAskedFor) {
    constexpr std::uint64_t kSeed = 5;
    std::mt19937_64 random(kSeed);
    RealContentBed bed(options_on(SimulatedFileSystem::make(), kTinyChunks));
    std::vector<Bytes> objects;
    for (std::size_t i = 0; i < 400; ++i) objects.push_back(mixed(random() % 3'000, i));
    std::vector<ContentHash> ids;
    for (const Bytes& bytes : objects) ids.push_back(bed.put(bytes).id);
    std::vector<std::size_t> wanted;
    std::vector<ContentHash> asked;
    for (std::size_t i = 0; i < 2'000; ++i) {
        wanted.push_back(random() % objects.size());
        asked.push_back(ids[wanted.back()]);
    }
    const Given given = retrieve_each(bed.storage(), asked);
    must(given.result);
    for (std::size_t i = 0; i < wanted.size(); ++i)
        ASSERT_EQ(given.objects[i], objects[wanted[i]]) << i;
}

// Flips a bit at many places, each time with a store that was opened since.
void expect_no_flip_given(std::size_t object_bytes, std::size_t objects_count,
                          const ChunkProfile& profile, std::uint64_t step) {
    const auto disk = SimulatedFileSystem::make();
    RealContentBed bed(options_on(disk, profile));
    std::vector<Bytes> objects;
    std::vector<ContentHash> ids;
    for (std::size_t i = 0; i < objects_count; ++i) {
        objects.push_back(mixed(object_bytes + i, i));
        ids.push_back(bed.put(objects.back()).id);
    }
    const std::string pack = "/library/packs/00000001.pack";
    const std::uint64_t size = must(disk->info(pack)).size;
    std::size_t refused = 0;
    for (std::uint64_t at = kPackHeaderBytes + 100; at < size; at += step) {
        must(disk->corrupt(pack, at, 0x04));
        bed.reopen();
        for (const auto& way : {retrieve_each, retrieve_one_by_one}) {
            const Given given = way(bed.storage(), ids);
            if (!given.result) {
                EXPECT_EQ(given.result.error().code(), Errc::kContentCorrupted) << at;
                ++refused;
            }
            for (std::size_t i = 0; i < ids.size(); ++i) {
                ASSERT_LE(given.objects[i].size(), objects[i].size());
                ASSERT_TRUE(std::equal(given.objects[i].begin(), given.objects[i].end(),
                                       objects[i].begin()))
                    << at;
                ASSERT_TRUE(!given.result || given.objects[i] == objects[i]) << at;
            }
        }
        must(disk->corrupt(pack, at, 0x04));
    }
    EXPECT_GT(refused, 20u);
}

TEST(Retrieve, NeverGivesAFlippedBitOfShortObjects) {
    expect_no_flip_given(900, 12, kTinyChunks, 61);
}

TEST(Retrieve, NeverGivesAFlippedBitOfALongObject) {
    expect_no_flip_given(5u << 20, 1,
                         {ChunkAlgorithm::kWindowed, 16u << 10, 64u << 10, 256u << 10, 0}, 150'001);
}

TEST(Retrieve, StopsWhenASinkFails) {
    RealContentBed bed;
    std::vector<ContentHash> ids;
    for (std::uint64_t i = 0; i < 50; ++i) ids.push_back(bed.put(noise(2'000, i)).id);
    std::mutex mutex;
    std::size_t calls = 0;
    const auto refuse = [&](std::size_t, ByteView) -> Result<void> {
        const std::lock_guard lock(mutex);
        ++calls;
        return fail(Errc::kStorageFull, "no room");
    };
    EXPECT_EQ(code_of(bed.storage().retrieve_each(ids, refuse, {})), Errc::kStorageFull);
    EXPECT_EQ(calls, 1u) << "they are one stretch";
}

}  // namespace
}  // namespace catalog::content::testing
