// Collections beside sessions, removals, readers and verification.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "support/content/content_bed.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/content/sample_lists.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::must;
using io::testing::SeededRandom;
using io::testing::SimulatedFileSystem;

constexpr std::uint64_t kCollectedObjects = 24;
constexpr std::size_t kWriters = 3;

Bytes collected_object(std::uint64_t number) {
    Bytes bytes = noise(3000 * (1 + number % 4), number % 6);
    const Bytes tail = prose(300 + number * 31, number);
    bytes.insert(bytes.end(), tail.begin(), tail.end());
    return bytes;
}

RealContentBed collected_bed() {
    return RealContentBed(options_on(SimulatedFileSystem::make(), kSmallChunks, 24'000));
}

// Puts and removes references of an owner of its own, and reads what it owns, all with its own
// model: whatever others do, that is there.
// At least `steps`, and until `enough` says so.
template <class Enough>
void write_and_read(RealContentBed& bed, std::size_t thread, int steps,
                    std::array<bool, kCollectedObjects>& mine, const Enough& enough) {
    const std::string owner = "owner " + std::to_string(thread);
    SeededRandom random(thread + 77);
    for (int i = 0; i < steps || !enough(); ++i) {
        const std::uint64_t number = random.below(kCollectedObjects);
        const Bytes bytes = collected_object(number);
        const ContentHash id = id_of(bytes);
        if (!mine[number]) {
            const auto session = must(bed.storage().begin());
            must(session->put(bytes));
            if (random.chance(30)) must(session->put(collected_object(random.below(10))));
            if (random.chance(20)) must(bed.storage().checkpoint(*session));
            // Half of the objects stand in a list of their own.
            if (number % 2 == 0)
                must(session->put_list(owner, list_of({id})));
            else
                must(session->add_reference(owner, id));
            kv::WriteBatch batch;
            must(session->stage(batch));
            if (random.chance(20)) std::this_thread::yield();
            must(bed.commit(std::move(batch)));
            mine[number] = true;
        } else if (random.chance(60)) {
            must(bed.remove(number % 2 == 0 ? id_of(list_of({id})) : id, owner));
            mine[number] = false;
        }
        const std::uint64_t other = random.below(kCollectedObjects);
        const auto read = bed.get(id_of(collected_object(other)));
        if (mine[other] || read) {
            EXPECT_EQ(must(read), collected_object(other));
        } else {
            EXPECT_EQ(read.error().code(), Errc::kContentNotFound) << read.error().to_string();
        }
    }
}

TEST(ContentCollectConcurrency, WhatIsReferencedStaysWhileSpaceIsReclaimed) {
    RealContentBed bed = collected_bed();
    std::array<std::array<bool, kCollectedObjects>, kWriters> owned{};
    std::atomic<std::size_t> running = kWriters;
    std::atomic<std::uint64_t> collections = 0;
    std::atomic<std::uint64_t> freed = 0;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kWriters; ++i)
        threads.emplace_back([&, i] {
            write_and_read(bed, i, 120, owned[i], [&] { return collections > 2 && freed != 0; });
            --running;
        });
    while (running != 0) {
        CollectOptions options;
        options.live_share_min = collections % 2 == 0 ? 0.7 : 1.0;
        const CollectReport report = must(bed.storage().collect(options, CallContext()));
        EXPECT_EQ(report.packs_damaged, 0u);
        freed += report.packs_removed + report.packs_rewritten;
        ++collections;
    }
    for (std::thread& thread : threads) thread.join();
    must(bed.storage().collect(CollectOptions(), CallContext()));
    for (int opened = 0; opened < 2; ++opened) {
        std::uint64_t there = 0;
        for (std::uint64_t number = 0; number < kCollectedObjects; ++number) {
            bool referenced = false;
            for (const auto& mine : owned) referenced = referenced || mine[number];
            const Bytes bytes = collected_object(number);
            if (referenced) {
                EXPECT_EQ(must(bed.get(id_of(bytes))), bytes);
            }
            if (referenced) there += number % 2 == 0 ? 2 : 1;
        }
        const VerifyReport report = must(bed.storage().verify(VerifyDepth::kFull, CallContext()));
        for (const Damage& damage : report.damages)
            ADD_FAILURE() << damage.where << ": " << damage.what;
        EXPECT_EQ(report.objects, there);
        bed.reopen();
    }
}

TEST(ContentCollectConcurrency, VerificationBesideItFindsNoDamage) {
    RealContentBed bed = collected_bed();
    std::atomic<bool> done = false;
    std::thread writer([&] {
        std::array<bool, kCollectedObjects> mine{};
        write_and_read(bed, 1, 60, mine, [] { return true; });
        done = true;
    });
    std::thread collector([&] {
        while (!done) {
            CollectOptions all;
            all.live_share_min = 1;
            must(bed.storage().collect(all, CallContext()));
        }
    });
    while (!done) {
        const VerifyReport report = must(bed.storage().verify(VerifyDepth::kFull, CallContext()));
        for (const Damage& damage : report.damages)
            ADD_FAILURE() << damage.where << ": " << damage.what;
    }
    writer.join();
    collector.join();
}

}  // namespace
}  // namespace catalog::content::testing
