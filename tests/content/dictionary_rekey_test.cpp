// An encrypted store with dictionaries is sealed again under new keys: all of it stays readable,
// and who has the older keys alone opens nothing of it.

#include <gtest/gtest.h>

#include "catalog/content/key_use.hpp"
#include "catalog/content/pack_format.hpp"
#include "dictionary_bed.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;

DictionaryBed encrypted_bed(bool at_ingest) {
    DictionaryBed bed(SimulatedFileSystem::make(), nullptr, true);
    bed.bed->options().dictionaries.at_ingest = at_ingest;
    bed.bed->reopen();
    bed.fill();
    return bed;
}

void reopen(DictionaryBed& bed, std::shared_ptr<const StoreEncryption> encryption) {
    bed.bed->options().packs.encryption = std::move(encryption);
    bed.bed->reopen();
}

RepackReport rekey(const DictionaryBed& bed, std::uint64_t bytes_max = ~std::uint64_t{0}) {
    RepackOptions options;
    options.rekey = true;
    options.rewrite_bytes_max = bytes_max;
    return must(bed.storage().repack(options, CallContext()));
}

RepackReport repack(const DictionaryBed& bed, std::uint64_t bytes_max = ~std::uint64_t{0}) {
    RepackOptions options;
    options.rewrite_bytes_max = bytes_max;
    return must(bed.storage().repack(options, CallContext()));
}

std::optional<Errc> open_error(DictionaryBed& bed,
                               std::shared_ptr<const StoreEncryption> encryption) {
    ContentOptions options = bed.bed->options();
    options.packs.encryption = std::move(encryption);
    options.store = &bed.bed->store();
    options.families = kBedFamilies;
    options.clock = make_system_clock();
    options.read_only = true;
    return code_of(ContentAddressedStorage::open(std::move(options)));
}

void expect_under_newest_alone(DictionaryBed& bed, std::uint32_t generations) {
    for (const KeyUse& use : must(find_key_use(*bed.disk, "/library")))
        EXPECT_EQ(use.generation, KeyGeneration{generations});
    const auto all = sample_encryption(generations);
    reopen(bed, newest_alone(*all));
    bed.expect_readable();
    bed.expect_clean();
    for (std::uint32_t older = 1; older < generations; ++older)
        EXPECT_EQ(open_error(bed, sample_encryption(older)), Errc::kKeyNotFound);
    EXPECT_EQ(open_error(bed, nullptr), Errc::kKeyNotFound);
    reopen(bed, all);
}

TEST(DictionaryRekey, EverythingStaysReadableAndOlderKeysOpenNothing) {
    DictionaryBed bed = encrypted_bed(true);
    const std::uint64_t chunks = bed.stats().dictionary_chunks;
    const std::uint64_t payload = bed.stats().payload_bytes;
    ASSERT_GT(chunks, 100u);
    reopen(bed, sample_encryption(2));
    EXPECT_GT(rekey(bed).packs_rewritten, 2u);
    EXPECT_EQ(bed.stats().dictionary_chunks, chunks) << "they are copied as they are";
    EXPECT_EQ(bed.stats().payload_bytes, payload);
    expect_under_newest_alone(bed, 2);
    // Whoever ingests goes on with the dictionary.
    bed.add_relatives(40);
    EXPECT_GE(bed.stats().dictionary_chunks, chunks + 30);
    bed.expect_readable();
    bed.expect_clean();
}

TEST(DictionaryRekey, WhatARepackCompressedWithOneStaysSo) {
    DictionaryBed bed = encrypted_bed(false);
    ASSERT_EQ(bed.stats().dictionary_chunks, 0u);
    repack(bed);
    const std::uint64_t chunks = bed.stats().dictionary_chunks;
    ASSERT_GT(chunks, 100u);
    reopen(bed, sample_encryption(2));
    rekey(bed);
    EXPECT_EQ(bed.stats().dictionary_chunks, chunks);
    EXPECT_EQ(repack(bed, 0).packs_left, 0u) << "no pack needs to be compressed once more";
    expect_under_newest_alone(bed, 2);
}

TEST(DictionaryRekey, ThoseOfTwoDictionariesStayReadable) {
    DictionaryBed bed = encrypted_bed(true);
    // Some packs go over to a second dictionary.
    ASSERT_NE(repack(bed, 12'000).packs_left, 0u);
    bed.expect_readable();
    reopen(bed, sample_encryption(2));
    rekey(bed);
    expect_under_newest_alone(bed, 2);
    repack(bed);
    EXPECT_GT(bed.stats().dictionary_chunks, 100u);
    expect_under_newest_alone(bed, 2);
}

TEST(DictionaryRekey, AStoreUnderTwoGenerationsIsReadableAtEveryStep) {
    DictionaryBed bed = encrypted_bed(true);
    const std::uint64_t chunks = bed.stats().dictionary_chunks;
    reopen(bed, sample_encryption(2));
    bed.add_relatives(60);
    EXPECT_GT(bed.stats().dictionary_chunks, chunks);
    std::uint64_t left = bed.packs().size();
    for (int round = 0; left != 0; ++round) {
        ASSERT_LT(round, 40);
        left = rekey(bed, 30'000).packs_left;
        reopen(bed, sample_encryption(2));
        bed.expect_readable();
        bed.expect_clean();
    }
    expect_under_newest_alone(bed, 2);
}

}  // namespace
}  // namespace catalog::content::testing
