// What is under older keys is sealed again under the newest, and then nothing needs the older ones.

#include <gtest/gtest.h>

#include <algorithm>

#include "catalog/content/key_use.hpp"
#include "catalog/content/pack_format.hpp"
#include "sealed_bed.hpp"
#include "support/core/stop_at_progress.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::CrashPolicy;
using io::testing::must;
using io::testing::SeededRandom;

std::vector<KeyUse> use_of(const SealedBed& sealed) {
    return must(find_key_use(*sealed.disk, "/library"));
}

RepackReport rekey(const SealedBed& sealed, std::uint64_t bytes_max = ~std::uint64_t{0}) {
    RepackOptions options;
    options.rekey = true;
    options.rewrite_bytes_max = bytes_max;
    return must(sealed.bed->storage().repack(options, CallContext()));
}

// Nothing but the newest generation is on the disk, and it opens everything.
void expect_only_newest(SealedBed& sealed) {
    const auto encryption = sealed.options().packs.encryption;
    const KeyGeneration newest = encryption->keys.newest();
    for (const KeyUse& use : use_of(sealed)) EXPECT_EQ(use.generation, newest);
    for (const std::string& path : sealed.files()) {
        const Bytes bytes = sealed.bytes_of(path);
        const auto header = decode_pack_header(bytes);
        if (!header) continue;  // An index run.
        const std::optional<PackCipherHeader>& cipher = header->cipher;
        EXPECT_TRUE(cipher && cipher->generation == newest) << path;
    }
    sealed.reopen(newest_alone(*encryption));
    sealed.expect_all_readable();
    EXPECT_TRUE(sealed.verify().damages.empty());
    sealed.reopen(encryption);
}

std::uint64_t payload_bytes(SealedBed& sealed) {
    const StorageStats stats = must(sealed.bed->storage().stats());
    return stats.payload_bytes;
}

TEST(ContentRekey, LeavesNothingUnderOlderKeys) {
    SealedBed sealed(24u << 10);
    for (std::uint64_t i = 0; i < 12; ++i) sealed.fill(10 * i);
    sealed.reopen(sample_encryption(2));
    sealed.fill(500);
    const auto before = use_of(sealed);
    ASSERT_EQ(before.size(), 2u);
    EXPECT_EQ(before[0].generation, KeyGeneration{1});
    EXPECT_GT(before[0].packs, 3u);
    EXPECT_GT(before[0].bytes, before[1].bytes);
    const std::uint64_t payload = payload_bytes(sealed);
    const RepackReport report = rekey(sealed);
    EXPECT_EQ(report.packs_rewritten, before[0].packs);
    EXPECT_EQ(report.packs_left, 0u);
    EXPECT_EQ(payload_bytes(sealed), payload) << "as they were compressed before";
    expect_only_newest(sealed);
    EXPECT_EQ(rekey(sealed).packs_rewritten, 0u);
    // Who did not have the newest keys reads nothing any more.
    EXPECT_EQ(sealed.open_error(sample_encryption(1)), Errc::kKeyNotFound);
}

TEST(ContentRekey, TakesIndexRunsAlong) {
    SealedBed sealed(9u << 10);
    for (std::uint64_t i = 0; i < 24; ++i) sealed.add(noise(7'000, i));
    const auto is_run = [](const std::string& path) {
        return parse_run_file_name(path.substr(path.rfind('/') + 1)).has_value();
    };
    auto files = sealed.files();
    ASSERT_TRUE(std::ranges::any_of(files, is_run));
    sealed.reopen(sample_encryption(2));
    rekey(sealed);
    expect_only_newest(sealed);
}

TEST(ContentRekey, KeepsToItsBudgetAndGoesOnNextTime) {
    SealedBed sealed(16u << 10);
    for (std::uint64_t i = 0; i < 8; ++i) sealed.fill(10 * i);
    sealed.reopen(sample_encryption(3));
    std::uint64_t left = must(sealed.bed->storage().stats()).packs;
    ASSERT_GT(left, 4u);
    for (int round = 0; left != 0; ++round) {
        ASSERT_LT(round, 20);
        const RepackReport report = rekey(sealed, 40'000);
        EXPECT_LE(report.bytes_after, 40'000u);
        EXPECT_LT(report.packs_left, left);
        left = report.packs_left;
        sealed.expect_all_readable();
        const bool all =
            unused_generations({KeyGeneration{1}, KeyGeneration{3}}, use_of(sealed)).size() == 1;
        EXPECT_EQ(all, left == 0);
    }
    expect_only_newest(sealed);
}

TEST(ContentRekey, ACancelledOneKeepsWhatItDid) {
    SealedBed sealed(16u << 10);
    for (std::uint64_t i = 0; i < 8; ++i) sealed.fill(10 * i);
    sealed.reopen(sample_encryption(2));
    fakes::StopAtProgress stop("packs", 2);
    RepackOptions options;
    options.rekey = true;
    EXPECT_EQ(code_of(sealed.bed->storage().repack(options, stop.context())), Errc::kCancelled);
    sealed.expect_all_readable();
    const std::uint64_t left = use_of(sealed).front().packs;
    EXPECT_EQ(rekey(sealed).packs_rewritten, left);
    expect_only_newest(sealed);
}

TEST(ContentRekey, WhatWasRepackedNeedsNoOtherRepack) {
    SealedBed sealed(50u << 10);
    for (std::uint64_t i = 0; i < 12; ++i) sealed.add(noise(20'000, i));
    must(sealed.bed->storage().repack(RepackOptions(), CallContext()));
    const auto packs_to_repack = [&] {
        RepackOptions nothing;
        nothing.rewrite_bytes_max = 0;
        return must(sealed.bed->storage().repack(nothing, CallContext())).packs_left;
    };
    EXPECT_EQ(packs_to_repack(), 0u);
    sealed.add(noise(20'000, 100));
    sealed.reopen(sample_encryption(2));
    const std::uint64_t packs = use_of(sealed).front().packs;
    EXPECT_EQ(rekey(sealed).packs_rewritten, packs);
    EXPECT_EQ(packs_to_repack(), 1u) << "what came after the first repack";
    expect_only_newest(sealed);
}

TEST(ContentRekey, AStoreInTheClearHasNoKeys) {
    RealContentBed bed;
    RepackOptions options;
    options.rekey = true;
    EXPECT_EQ(code_of(bed.storage().repack(options, CallContext())), Errc::kFailedPrecondition);
}

TEST(ContentRekey, ADamagedPackKeepsItsKeys) {
    SealedBed sealed(16u << 10);
    for (std::uint64_t i = 0; i < 8; ++i) sealed.add(noise(9'000, i));
    sealed.reopen(sample_encryption(2));
    const std::string path = kPacks + "/00000002.pack";
    must(sealed.disk->corrupt(path, kPackHeaderBytes + 1000, 4));
    const RepackReport report = rekey(sealed);
    EXPECT_EQ(report.packs_damaged, 1u);
    EXPECT_EQ(report.packs_left, 1u);
    auto use = use_of(sealed);
    EXPECT_EQ(use.front().packs, 1u);
    EXPECT_TRUE(unused_generations({KeyGeneration{1}, KeyGeneration{2}}, use).empty());
    // A repair puts it aside, where it still needs them.
    must(sealed.bed->storage().repair(RepairOptions(), CallContext()));
    for (std::uint64_t i = 0; i < 8; ++i) sealed.add(noise(9'000, i));
    EXPECT_EQ(rekey(sealed).packs_left, 0u);
    use = use_of(sealed);
    EXPECT_EQ(use.front().generation, KeyGeneration{1});
    EXPECT_EQ(use.front().bytes, 0u);
    EXPECT_GT(use.front().bytes_put_aside, 0u);
    EXPECT_TRUE(unused_generations({KeyGeneration{1}, KeyGeneration{2}}, use).empty());
    must(sealed.disk->remove_tree("/library/quarantine"));
    use = use_of(sealed);
    EXPECT_EQ(unused_generations({KeyGeneration{1}, KeyGeneration{2}}, use),
              std::vector{KeyGeneration{1}});
}

TEST(ContentRekey, AFileThatDoesNotTellKeepsAllKeys) {
    SealedBed sealed;
    sealed.fill();
    const std::vector<KeyGeneration> two{KeyGeneration{1}, KeyGeneration{2}};
    sealed.reopen(sample_encryption(2));
    rekey(sealed);
    EXPECT_EQ(unused_generations(two, use_of(sealed)), std::vector{KeyGeneration{1}});
    const auto file =
        must(sealed.disk->open_write(kPacks + "/00000077.pack", io::OpenMode::kCreateNew));
    must(file->append(Bytes(100)));
    must(file->close());
    EXPECT_TRUE(unused_generations(two, use_of(sealed)).empty());
}

// Histories of puts, removals, collections, repacks, openings, new keys, and rekeys with and
// without a budget.
TEST(ContentRekey, RandomHistoriesEndUnderTheNewestKeys) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SeededRandom random(seed);
        SealedBed sealed(8'000 + 4'000 * (seed % 4));
        std::uint32_t generations = 1;
        Bytes text = prose(9'000, seed);
        for (int step = 0; step < 40; ++step) {
            const std::uint64_t choice = random.below(12);
            if (choice < 5) {
                text = edited(std::move(text), 1 + random.below(6), random.next());
                sealed.add(random.chance(30) ? noise(1 + random.below(6'000), random.next())
                                             : text);
            } else if (choice == 5 && !sealed.contents.empty()) {
                const auto gone =
                    std::next(sealed.contents.begin(),
                              static_cast<std::ptrdiff_t>(random.below(sealed.contents.size())));
                must(sealed.bed->remove(gone->first));
                sealed.contents.erase(gone);
            } else if (choice == 6) {
                must(sealed.bed->storage().collect(CollectOptions(), CallContext()));
            } else if (choice == 7) {
                RepackOptions options;
                options.level = 1 + static_cast<int>(random.below(9));
                options.rewrite_bytes_max = random.chance(50) ? random.below(30'000) : ~0ull;
                must(sealed.bed->storage().repack(options, CallContext()));
            } else if (choice == 8) {
                sealed.reopen(sample_encryption(++generations));
            } else if (choice == 9) {
                sealed.bed->reopen();
            } else {
                rekey(sealed, random.chance(60) ? random.below(20'000) : ~0ull);
            }
        }
        sealed.expect_all_readable();
        sealed.reopen(sample_encryption(++generations));
        EXPECT_EQ(rekey(sealed).packs_left, 0u);
        expect_only_newest(sealed);
    }
}

// Power is lost at calls of a rekey, one after the other; what is left is whole under both keys,
// and the next rekey ends it.
TEST(ContentRekey, ACrashAtAnyCallLosesNothing) {
    const auto encryption = sample_encryption(2);
    std::uint64_t crashes = 0;
    SeededRandom random(7);
    for (std::uint64_t number = 1;; number += 7) {
        SealedBed sealed(12u << 10);
        for (std::uint64_t i = 0; i < 3; ++i) sealed.fill(10 * i);
        sealed.options().packs.encryption = encryption;
        sealed.recover(CrashPolicy::kKeepAll, 0);
        sealed.disk->crash_at(number);
        RepackOptions options;
        options.rekey = true;
        const auto done = sealed.bed->storage().repack(options, CallContext());
        const bool lost = sealed.disk->crashed();
        if (!lost) {
            must(done);
            break;
        }
        ++crashes;
        sealed.disk->crash_now();
        sealed.recover(number % 2 == 0 ? CrashPolicy::kDropUnsynced : CrashPolicy::kRandomSubset,
                       random.next());
        sealed.expect_all_readable();
        EXPECT_TRUE(sealed.verify().damages.empty());
        EXPECT_EQ(rekey(sealed).packs_left, 0u);
        expect_only_newest(sealed);
    }
    EXPECT_GT(crashes, 6u);
}

}  // namespace
}  // namespace catalog::content::testing
