// Sessions, readers, removals and verification side by side.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "support/content/content_bed.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::must;
using io::testing::SeededRandom;
using io::testing::SimulatedFileSystem;

constexpr std::uint64_t kObjects = 40;

// Objects of different lengths, of which many begin alike.
Bytes object_number(std::uint64_t number) {
    Bytes bytes = noise(2000 * (1 + number % 5), number % 7);
    const Bytes tail = prose(500 + number * 17, number);
    bytes.insert(bytes.end(), tail.begin(), tail.end());
    return bytes;
}

RealContentBed make_bed() {
    return RealContentBed(options_on(SimulatedFileSystem::make(), kSmallChunks, 30'000));
}

void run_threads(std::size_t count, const std::function<void(std::size_t)>& body) {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&, i] { body(i); });
    for (std::thread& thread : threads) thread.join();
}

void expect_healthy(RealContentBed& bed, std::uint64_t objects) {
    const VerifyReport report = must(bed.storage().verify(VerifyDepth::kFull, CallContext()));
    EXPECT_TRUE(report.damages.empty());
    EXPECT_EQ(report.objects, objects);
}

TEST(ContentConcurrency, SlicesAreRightWhileOthersWrite) {
    RealContentBed bed = make_bed();
    std::atomic<std::uint64_t> stored{0};
    run_threads(4, [&](std::size_t thread) {
        SeededRandom random(thread);
        for (std::uint64_t i = 0; i < kObjects; ++i) {
            if (thread == 0) {
                bed.put(object_number(i));
                stored.store(i + 1);
                continue;
            }
            while (stored.load() == 0) std::this_thread::yield();
            const Bytes expected = object_number(random.below(stored.load()));
            const auto content = must(bed.storage().open_zero_copy(id_of(expected)));
            const std::uint64_t from = random.below(expected.size());
            const ContentSlice slice = must(content->slice({from, 3'000}));
            Bytes bytes(slice.size());
            slice.copy_to(bytes);
            const auto at = expected.begin() + static_cast<std::ptrdiff_t>(from);
            EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), at));
        }
    });
}

TEST(ContentConcurrency, SessionsSideBySideStoreTheSameObjects) {
    RealContentBed bed = make_bed();
    run_threads(4, [&](std::size_t thread) {
        for (std::uint64_t i = 0; i < kObjects; ++i) {
            const Bytes bytes = object_number((i + thread * 3) % kObjects);
            EXPECT_EQ(bed.put(bytes, std::to_string(thread)).id, id_of(bytes));
        }
    });
    expect_healthy(bed, kObjects);
    bed.reopen();
    for (std::uint64_t i = 0; i < kObjects; ++i)
        EXPECT_EQ(must(bed.get(id_of(object_number(i)))), object_number(i));
    expect_healthy(bed, kObjects);
}

TEST(ContentConcurrency, ReadersSeeWholeObjectsOrNone) {
    RealContentBed bed = make_bed();
    std::atomic<bool> done = false;
    std::thread writer([&] {
        SeededRandom random(5);
        for (int i = 0; i < 150; ++i) {
            const Bytes bytes = object_number(random.below(kObjects));
            if (random.chance(70)) {
                bed.put(bytes);
            } else {
                (void)bed.remove(id_of(bytes));
            }
        }
        done = true;
    });
    run_threads(3, [&](std::size_t thread) {
        SeededRandom random(thread + 1);
        std::uint64_t rounds = 0;
        while (!done || rounds < 50) {
            ++rounds;
            const Bytes bytes = object_number(random.below(kObjects));
            const auto read = bed.get(id_of(bytes));
            if (read)
                EXPECT_EQ(*read, bytes);
            else
                EXPECT_EQ(read.error().code(), Errc::kContentNotFound);
        }
    });
    writer.join();
}

TEST(ContentConcurrency, OwnersComeAndGoIndependently) {
    RealContentBed bed = make_bed();
    std::mutex mutex;
    std::map<ContentHash, int> owners;
    run_threads(4, [&](std::size_t thread) {
        const std::string owner = std::to_string(thread);
        std::map<ContentHash, bool> mine;
        SeededRandom random(thread + 10);
        for (int i = 0; i < 60; ++i) {
            const Bytes bytes = object_number(random.below(8));
            const ContentHash id = id_of(bytes);
            if (mine[id]) {
                must(bed.remove(id, owner));
            } else {
                bed.put(bytes, owner);
                EXPECT_EQ(must(bed.get(id)), bytes);
            }
            mine[id] = !mine[id];
        }
        const std::lock_guard lock(mutex);
        for (const auto& [id, owned] : mine) owners[id] += owned ? 1 : 0;
    });
    (void)must(bed.storage().collect(CollectOptions(), CallContext()));
    std::uint64_t there = 0;
    for (const auto& [id, count] : owners) {
        EXPECT_EQ(must(bed.storage().exists(id)), count > 0);
        there += count > 0 ? 1 : 0;
    }
    expect_healthy(bed, there);
}

TEST(ContentConcurrency, VerificationAndCountsRunBesideWriters) {
    RealContentBed bed = make_bed();
    std::atomic<bool> done = false;
    std::thread writer([&] {
        for (std::uint64_t i = 0; i < kObjects; ++i) bed.put(object_number(i));
        done = true;
    });
    std::uint64_t rounds = 0;
    while (!done || rounds < 3) {
        ++rounds;
        const VerifyReport report = must(bed.storage().verify(VerifyDepth::kFull, CallContext()));
        for (const Damage& damage : report.damages)
            ADD_FAILURE() << damage.where << ": " << damage.what;
        const StorageStats stats = must(bed.storage().stats());
        EXPECT_LE(stats.objects, kObjects);
    }
    writer.join();
    expect_healthy(bed, kObjects);
}

}  // namespace
}  // namespace catalog::content::testing
