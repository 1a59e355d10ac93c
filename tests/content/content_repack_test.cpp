// Packs are compressed anew, and nothing else changes.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "support/content/content_bed.hpp"
#include "support/content/faulty_storage_backend.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/core/stop_at_progress.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SeededRandom;
using io::testing::SimulatedFileSystem;

// A store whose backend can be looked into.
struct RepackBed {
    std::shared_ptr<io::FileSystem> fs = SimulatedFileSystem::make();
    std::shared_ptr<StorageBackend> backend;
    RealContentBed bed;
    std::map<ContentHash, Bytes> objects;

    explicit RepackBed(std::uint64_t pack_bytes_max = 20'000,
                       const ChunkProfile& profile = kSmallChunks)
        : backend(backend_of(fs, pack_bytes_max)), bed(options_of(backend, profile)) {}

    static std::shared_ptr<StorageBackend> backend_of(std::shared_ptr<io::FileSystem> fs,
                                                      std::uint64_t pack_bytes_max) {
        PackOptions packs;
        packs.pack_bytes_max = pack_bytes_max;
        return make_pack_backend(std::move(fs), "/packs", false, packs);
    }
    static ContentOptions options_of(std::shared_ptr<StorageBackend> backend,
                                     const ChunkProfile& profile = kSmallChunks) {
        ContentOptions options;
        options.backend = std::move(backend);
        options.profile = profile;
        return options;
    }
    void put(const Bytes& bytes) { objects[bed.put(bytes).id] = bytes; }
    // Versions of one text with what does not compress between them.
    void put_versions(int count, std::uint64_t seed) {
        Bytes text = prose(20'000, seed);
        for (int version = 0; version < count; ++version) {
            text = edited(std::move(text), 6, seed * 100 + static_cast<std::uint64_t>(version));
            put(text);
            put(noise(2000, seed * 100 + static_cast<std::uint64_t>(version)));
        }
    }
    RepackReport repack(const RepackOptions& options = {}) {
        return must(bed.storage().repack(options, CallContext()));
    }
    void expect_intact() {
        for (const auto& [id, bytes] : objects) EXPECT_EQ(must(bed.get(id)), bytes);
        const VerifyReport report = must(bed.storage().verify(VerifyDepth::kFull, CallContext()));
        for (const Damage& damage : report.damages)
            ADD_FAILURE() << damage.where << ": " << damage.what;
    }
    std::uint64_t payload_bytes() {
        std::uint64_t bytes = 0;
        must(backend->for_each_copy([&](const IndexEntry& entry) -> Result<void> {
            bytes += entry.location.stored_bytes;
            return {};
        }));
        return bytes;
    }
    // The longest row of deltas that a reader has to undo.
    std::size_t deepest() {
        std::map<ChunkId, IndexEntry> all;
        must(backend->for_each([&](const IndexEntry& entry) -> Result<void> {
            all[entry.id] = entry;
            return {};
        }));
        std::size_t longest = 0;
        for (const auto& [id, entry] : all) {
            std::size_t depth = 0;
            for (const IndexEntry* at = &entry; at->codec == Codec::kDelta; ++depth)
                at = &all.at(must(backend->base_of(at->location)));
            longest = std::max(longest, depth);
        }
        return longest;
    }
};

TEST(ContentRepack, AnEmptyStoreStaysEmpty) {
    RepackBed bed;
    EXPECT_EQ(bed.repack(), RepackReport());
}

TEST(ContentRepack, TakesLessSpaceAndLosesNothing) {
    RepackBed bed(100'000, ChunkProfile());
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        const Bytes text = prose(15'000, seed);
        bed.put(text);
        bed.put(edited(text, 5, seed));
    }
    const std::uint64_t before = bed.payload_bytes();
    const RepackReport report = bed.repack();
    EXPECT_GE(report.packs_rewritten, 1u);
    EXPECT_EQ(report.packs_left, 0u);
    EXPECT_LT(report.bytes_after, report.bytes_before);
    EXPECT_LT(bed.payload_bytes(), before);
    bed.expect_intact();
    bed.bed.reopen();
    bed.expect_intact();
}

TEST(ContentRepack, WhatWasRepackedStaysUntilAHigherLevelIsWanted) {
    RepackBed bed;
    bed.put_versions(8, 1);
    ASSERT_GT(bed.repack().packs_rewritten, 1u);
    EXPECT_EQ(bed.repack().packs_rewritten, 0u);
    bed.bed.reopen();
    EXPECT_EQ(bed.repack().packs_rewritten, 0u);
    RepackOptions lower;
    lower.level = 5;
    EXPECT_EQ(bed.repack(lower).packs_rewritten, 0u);
    // What comes later is repacked alone.
    bed.put_versions(3, 2);
    const std::uint64_t packs = must(bed.bed.storage().stats()).packs;
    const RepackReport later = bed.repack();
    EXPECT_GT(later.packs_rewritten, 0u);
    EXPECT_LT(later.packs_rewritten, packs);
    RepackOptions higher;
    higher.level = 12;
    EXPECT_GT(bed.repack(higher).packs_rewritten, later.packs_rewritten);
    bed.expect_intact();
}

TEST(ContentRepack, KeepsToItsBudgetAndGoesOnNextTime) {
    RepackBed bed;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) bed.put_versions(6, seed);
    const std::uint64_t packs = must(bed.bed.storage().stats()).packs;
    ASSERT_GT(packs, 4u);
    RepackOptions some;
    some.rewrite_bytes_max = 45'000;
    std::uint64_t done = 0;
    std::uint64_t left = packs;
    for (int round = 0; round < 20 && left != 0; ++round) {
        const RepackReport report = bed.repack(some);
        if (round == 0) {
            EXPECT_GT(report.packs_left, 1u);
        }
        EXPECT_LT(report.packs_left, left);
        done += report.packs_rewritten;
        left = report.packs_left;
    }
    EXPECT_EQ(left, 0u);
    EXPECT_GE(done, packs);
    bed.expect_intact();
}

TEST(ContentRepack, ACancelledOneKeepsWhatItDid) {
    RepackBed bed;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) bed.put_versions(6, seed);
    fakes::StopAtProgress stop("packs", 2);
    EXPECT_EQ(code_of(bed.bed.storage().repack(RepackOptions(), stop.context())), Errc::kCancelled);
    bed.expect_intact();
    const std::uint64_t packs = must(bed.bed.storage().stats()).packs;
    const RepackReport rest = bed.repack();
    EXPECT_GT(rest.packs_rewritten, 0u);
    EXPECT_LT(rest.packs_rewritten, packs);
    bed.expect_intact();
}

TEST(ContentRepack, RefusesLevelsThatZstdDoesNotHaveForIt) {
    RepackBed bed;
    for (const int level : {-1, 0, 20, 1000}) {
        RepackOptions options;
        options.level = level;
        EXPECT_EQ(code_of(bed.bed.storage().repack(options, CallContext())),
                  Errc::kInvalidArgument);
    }
}

TEST(ContentRepack, APackWithADamagedChunkStays) {
    ContentOptions options = RepackBed::options_of(nullptr);
    options.file_system = SimulatedFileSystem::make();
    options.directory = "/library";
    options.packs.pack_bytes_max = 20'000;
    const auto fs = options.file_system;
    RealContentBed bed(std::move(options));
    for (std::uint64_t i = 0; i < 8; ++i) bed.put(noise(9000, i));
    const std::string path = "/library/packs/00000002.pack";
    {
        const auto file = must(fs->open_write(path, io::OpenMode::kReadWrite));
        must(file->write_at(kPackHeaderBytes + 1000, Bytes(1, std::byte{0x55})));
        must(file->close());
    }
    const RepackReport report = must(bed.storage().repack(RepackOptions(), CallContext()));
    EXPECT_EQ(report.packs_damaged, 1u);
    EXPECT_EQ(report.packs_left, 1u);
    EXPECT_GT(report.packs_rewritten, 2u);
    EXPECT_EQ(must(fs->info(path)).kind, io::FileKind::kRegular);
    EXPECT_EQ(must(bed.get(id_of(noise(9000, 0)))), noise(9000, 0));
    EXPECT_EQ(must(bed.get(id_of(noise(9000, 7)))), noise(9000, 7));
}

// Histories of puts, removals, collections, openings, and repacks of many levels, some of them with
// a budget: everything stays readable, and rows of deltas short.
TEST(ContentRepack, RandomHistoriesKeepRowsOfDeltasShort) {
    std::size_t longest = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SeededRandom random(seed);
        RepackBed bed(6000 + 4000 * (seed % 5));
        std::vector<Bytes> texts;
        for (std::uint64_t i = 0; i < 3; ++i) texts.push_back(prose(9000, seed * 10 + i));
        for (int step = 0; step < 50; ++step) {
            const std::uint64_t choice = random.below(10);
            if (choice < 6) {
                Bytes& text = texts[random.below(texts.size())];
                text = edited(std::move(text), 1 + random.below(6), random.next());
                bed.put(text);
            } else if (choice == 6 && !bed.objects.empty()) {
                const auto gone =
                    std::next(bed.objects.begin(),
                              static_cast<std::ptrdiff_t>(random.below(bed.objects.size())));
                must(bed.bed.remove(gone->first));
                bed.objects.erase(gone);
            } else if (choice == 7) {
                must(bed.bed.storage().collect(CollectOptions(), CallContext()));
            } else {
                RepackOptions options;
                options.level = 1 + static_cast<int>(random.below(12));
                options.rewrite_bytes_max = random.chance(60) ? random.below(30'000) : ~0ull;
                bed.repack(options);
            }
            const std::size_t deepest = bed.deepest();
            ASSERT_LE(deepest, 8u) << step;
            longest = std::max(longest, deepest);
        }
        bed.expect_intact();
    }
    EXPECT_GE(longest, 3u);
}

// Each call of the backend fails once, in a run of its own; see content_crash_soak_test.cpp for
// syncs.
TEST(ContentRepack, AFailureOfTheBackendLosesNothing) {
    for (const BackendCall call :
         {BackendCall::kFind, BackendCall::kAppend, BackendCall::kScan, BackendCall::kRead,
          BackendCall::kSeal, BackendCall::kRemovePack})
        for (std::uint64_t nth = 1; nth <= 60; nth += 1 + nth / 6) {
            SCOPED_TRACE(std::to_string(static_cast<int>(call)) + " call " + std::to_string(nth));
            const auto faulty = std::make_shared<FaultyStorageBackend>(
                RepackBed::backend_of(SimulatedFileSystem::make(), 20'000));
            RealContentBed bed(RepackBed::options_of(faulty));
            std::map<ContentHash, Bytes> objects;
            Bytes text = prose(20'000, 1);
            for (std::uint64_t version = 0; version < 6; ++version) {
                text = edited(std::move(text), 6, version);
                objects[bed.put(text).id] = text;
            }
            faulty->fail_nth(call, nth, Errc::kIo);
            const auto report = bed.storage().repack(RepackOptions(), CallContext());
            if (!report) {
                EXPECT_EQ(report.error().code(), Errc::kIo);
            }
            faulty->fail_nth(call, ~0ull, Errc::kIo);
            for (const auto& [id, bytes] : objects) ASSERT_EQ(bed.get(id), bytes);
            must(bed.storage().repack(RepackOptions(), CallContext()));
            for (const auto& [id, bytes] : objects) ASSERT_EQ(bed.get(id), bytes);
        }
}

}  // namespace
}  // namespace catalog::content::testing
