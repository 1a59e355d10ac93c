// A content store whose packs and indexes are sealed: what it keeps, what it hides, and what it
// refuses.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <optional>
#include <set>

#include "catalog/content/content_records.hpp"
#include "record_cipher.hpp"
#include "record_layout.hpp"
#include "sealed_bed.hpp"
#include "support/content/content_bed.hpp"
#include "support/content/encryption_samples.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/core/golden.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/kv/rocksdb_stores.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SeededRandom;
using io::testing::SimulatedFileSystem;
using kv::testing::number_from_environment;

bool holds(const Bytes& haystack, ByteView needle) {
    return std::search(haystack.begin(), haystack.end(), needle.begin(), needle.end()) !=
           haystack.end();
}

TEST(EncryptedStore, GivesBackWhatWasPutAlsoWhenItIsOpenedAgain) {
    SealedBed sealed(48u << 10);
    for (std::uint64_t i = 0; i < 4; ++i) sealed.fill(10 * i);
    sealed.expect_all_readable();
    sealed.bed->reopen();
    sealed.expect_all_readable();
    sealed.fill(100);
    sealed.expect_all_readable();
    const VerifyReport report = sealed.verify();
    EXPECT_TRUE(report.damages.empty());
    EXPECT_GT(sealed.files().size(), 2u);
}

TEST(EncryptedStore, NoFileHoldsContentsOrIds) {
    SealedBed sealed(48u << 10);
    for (std::uint64_t i = 0; i < 3; ++i) sealed.fill(10 * i);
    std::vector<Bytes> secrets;
    for (const auto& [id, bytes] : sealed.contents) {
        secrets.push_back(to_bytes(id.bytes().first(8)));
        for (std::size_t at = 0; at + 8 <= bytes.size(); at += 200)
            secrets.push_back(to_bytes(ByteView(bytes).subspan(at, 8)));
        const auto record = sealed.bed->store().get(kBedFamilies.objects, hash_key(id));
        for (const ChunkRef& chunk : must(decode_object(id, *must(record))).chunks)
            secrets.push_back(to_bytes(chunk.id.bytes().first(8)));
    }
    const auto files = sealed.files();
    ASSERT_GT(files.size(), 2u);
    for (const std::string& path : files) {
        const Bytes bytes = sealed.bytes_of(path);
        for (const Bytes& secret : secrets) ASSERT_FALSE(holds(bytes, secret)) << path;
        // Neither what tells records and frames of zstd apart.
        for (const std::string_view magic : {"CCHK", "CATINDX"})
            EXPECT_FALSE(holds(bytes, as_bytes(magic))) << path << " " << magic;
    }
    EXPECT_EQ(code_of(sealed.disk->info("/library/similarity")), Errc::kFileNotFound);
}

TEST(EncryptedStore, DoesNotOpenWithoutItsKeys) {
    SealedBed sealed;
    sealed.fill();
    EXPECT_EQ(sealed.open_error(nullptr), Errc::kKeyNotFound);
    StoreId other{};
    other[3] = std::byte{1};
    EXPECT_EQ(sealed.open_error(sample_encryption(1, 1, other)), Errc::kKeyInvalid);
    EXPECT_EQ(sealed.open_error(sample_encryption()), std::nullopt);
}

TEST(EncryptedStore, AnotherKeyReadsNothing) {
    SealedBed sealed(48u << 10);
    for (std::uint64_t i = 0; i < 3; ++i) sealed.fill(10 * i);
    sealed.reopen(sample_encryption(1, 77));
    for (const auto& [id, bytes] : sealed.contents)
        EXPECT_EQ(code_of(sealed.bed->get(id)), Errc::kContentCorrupted);
}

TEST(EncryptedStore, AStoreInTheClearStaysOneAndOneOfEarlierIsRead) {
    ContentOptions options;
    options.file_system = SimulatedFileSystem::make();
    options.directory = "/library";
    RealContentBed bed(options);
    const Bytes bytes = prose(5000, 1);
    const ContentHash id = bed.put(bytes).id;
    ContentOptions with_keys = bed.options();
    with_keys.packs.encryption = sample_encryption();
    with_keys.store = &bed.store();
    with_keys.families = kBedFamilies;
    with_keys.clock = make_system_clock();
    with_keys.executor = make_thread_pool(1);
    with_keys.read_only = true;
    EXPECT_EQ(code_of(ContentAddressedStorage::open(with_keys)), Errc::kFailedPrecondition);
    bed.reopen();
    EXPECT_EQ(must(bed.get(id)), bytes);
}

TEST(EncryptedStore, NewPacksAreOfTheNewestGeneration) {
    SealedBed sealed;
    sealed.fill();
    const auto generation_of = [&](const std::string& path) {
        return must(decode_pack_header(sealed.bytes_of(path))).cipher->generation;
    };
    EXPECT_EQ(generation_of(kFirstPack), KeyGeneration{1});
    sealed.reopen(sample_encryption(2));
    sealed.expect_all_readable();
    sealed.fill(50);
    EXPECT_EQ(generation_of(kFirstPack), KeyGeneration{1});
    EXPECT_EQ(generation_of(kPacks + "/00000002.pack"), KeyGeneration{2});
    sealed.expect_all_readable();
    // The same chunk is not stored twice: ids are under the first generation still.
    const std::uint64_t before = must(sealed.bed->storage().stats()).stored_bytes;
    const Bytes known = sealed.contents.begin()->second;
    sealed.bed->put(known, "another owner");
    EXPECT_EQ(must(sealed.bed->storage().stats()).stored_bytes, before);
    EXPECT_TRUE(sealed.verify().damages.empty());
    // Who has the first generation alone is told that a key is missing.
    EXPECT_EQ(sealed.open_error(sample_encryption(1)), Errc::kKeyNotFound);
}

TEST(EncryptedStore, ACollectionSealsAgainWhatItCopies) {
    SealedBed sealed(32u << 10);
    for (std::uint64_t i = 0; i < 6; ++i) sealed.fill(10 * i);
    std::size_t number = 0;
    for (auto it = sealed.contents.begin(); it != sealed.contents.end(); ++number) {
        if (number % 3 == 0) {
            ++it;
            continue;
        }
        must(sealed.bed->remove(it->first));
        it = sealed.contents.erase(it);
    }
    const CollectReport report =
        must(sealed.bed->storage().collect(CollectOptions(), CallContext()));
    EXPECT_GT(report.bytes_rewritten, 0u);
    EXPECT_GT(report.packs_removed, 0u);
    sealed.expect_all_readable();
    sealed.bed->reopen();
    sealed.expect_all_readable();
    EXPECT_TRUE(sealed.verify().damages.empty());
    EXPECT_EQ(must(sealed.bed->storage().collect(CollectOptions(), CallContext())).packs_removed,
              0u);
}

TEST(EncryptedStore, WhatAnOpenSessionFoundSurvivesACollection) {
    SealedBed sealed(16u << 10);
    const Bytes bytes = noise(12'000, 1);
    const ContentHash id = sealed.bed->put(bytes).id;
    for (std::uint64_t i = 0; i < 4; ++i) sealed.fill(10 * i);
    const auto session = must(sealed.bed->storage().begin());
    must(session->put(slices_of(bytes, 5'000)));
    must(session->add_reference("later", id));
    must(sealed.bed->remove(id));
    must(sealed.bed->storage().collect(CollectOptions(), CallContext()));
    must(sealed.bed->storage().commit(*session));
    EXPECT_EQ(must(sealed.bed->get(id)), bytes);
    sealed.expect_all_readable();
    EXPECT_TRUE(sealed.verify().damages.empty());
}

TEST(EncryptedStore, AReaderBesideTheWriterFollows) {
    SealedBed sealed(32u << 10);
    ContentOptions options = sealed.options();
    options.packs.encryption = sample_encryption();
    options.store = &sealed.bed->store();
    options.families = kBedFamilies;
    options.clock = make_system_clock();
    options.executor = make_thread_pool(1);
    options.read_only = true;
    const auto reader = must(ContentAddressedStorage::open(std::move(options)));
    for (std::uint64_t i = 0; i < 4; ++i) {
        sealed.fill(10 * i);
        for (const auto& [id, bytes] : sealed.contents) {
            Bytes read;
            must(reader->retrieve(
                id,
                [&](ByteView part) -> Result<void> {
                    read.insert(read.end(), part.begin(), part.end());
                    return {};
                },
                CallContext()));
            EXPECT_EQ(read, bytes);
        }
    }
}

TEST(EncryptedStore, IsReadWithoutCopiesAsIfItWereCompressed) {
    SealedBed sealed;
    const Bytes bytes = noise(3000, 1);
    const ContentHash id = sealed.add(bytes);
    const auto content = must(sealed.bed->storage().open_zero_copy(id));
    EXPECT_EQ(content->info().size, bytes.size());
    EXPECT_EQ(must(sealed.bed->get(id)), bytes);
}

TEST(EncryptedStore, CommitsEndOnMultiplesOfAGrain) {
    SealedBed sealed;
    std::set<std::uint64_t> lengths;
    for (std::uint64_t i = 0; i < 12; ++i) {
        sealed.add(noise(1 + i * 97, i));
        const std::uint64_t length = must(sealed.disk->info(kFirstPack)).size;
        EXPECT_EQ(length % 4096, 0u);
        lengths.insert(length);
    }
    sealed.expect_all_readable();
    EXPECT_EQ(lengths.size(), 12u);
}

// What lengths of finished packs can be told apart: few, and no more than a ninth is padding.
TEST(EncryptedStore, FinishedPacksHaveFewLengths) {
    SealedBed sealed(300u << 10);
    std::uint64_t bytes = 0;
    for (std::uint64_t i = 0; bytes < 4'000'000; ++i) {
        sealed.add(noise(1 + (i * 7919) % 90'000, i));
        bytes += 1 + (i * 7919) % 90'000;
    }
    std::vector<std::uint64_t> all;  // In order of packs: the last one still grows.
    for (const std::string& path : sealed.files())
        if (path.ends_with(".pack")) all.push_back(must(sealed.disk->info(path)).size);
    all.pop_back();
    for (const std::uint64_t length : all) EXPECT_EQ(length, padded_pack_bytes(length));
    EXPECT_GT(all.size(), 8u);
    EXPECT_LT(std::set(all.begin(), all.end()).size(), all.size());
    sealed.expect_all_readable();
    EXPECT_TRUE(sealed.verify().damages.empty());
}

TEST(EncryptedStore, PaddedLengthsAreThoseOfPadmeWithinBounds) {
    // Padme of L, by its definition in floating-point terms: E = floor(log2 L), S = floor(log2
    // E)+1.
    SeededRandom random(3);
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t bytes = 1 + random.below(std::uint64_t{1} << (1 + random.below(33)));
        const std::uint64_t padded = padded_pack_bytes(bytes);
        ASSERT_GE(padded, bytes);
        ASSERT_EQ(padded, padded_pack_bytes(padded)) << bytes;
        ASSERT_EQ(padded % 4096, 0u);
        ASSERT_LT(padded - bytes, kSealedStepBytesMax);
        ASSERT_LE(padded - bytes, std::max<std::uint64_t>(4095, bytes * 12 / 100)) << bytes;
        const auto e = static_cast<unsigned>(std::floor(std::log2(static_cast<double>(bytes))));
        const unsigned s =
            e == 0 ? 0 : 1 + static_cast<unsigned>(std::floor(std::log2(static_cast<double>(e))));
        const std::uint64_t step =
            std::min<std::uint64_t>(std::max<std::uint64_t>(1ull << (e - s), 4096), 1u << 20);
        ASSERT_EQ(padded, (bytes + step - 1) / step * step) << bytes;
    }
    EXPECT_EQ(padded_pack_bytes(67'500'000), 65u << 20);
    EXPECT_EQ(padded_pack_bytes(1), 4096u);
}

// Bytes of every file of a small store, one bit of each flipped: what is read is right, or an
// error; and whatever a full verification does not report harms nothing.
TEST(EncryptedStore, AFlippedBitIsFoundOrHarmless) {
    SealedBed sealed(9'000);
    sealed.add(prose(3'000, 1));
    sealed.add(noise(2'500, 2));
    sealed.add(noise(5'000, 3));
    SeededRandom random(5);
    // CATALOG_FLIP_STEP=1: every byte; every bit of every file is ContentFlip's.
    const std::uint64_t step = number_from_environment("CATALOG_FLIP_STEP", 64);
    std::size_t flips = 0;
    std::size_t harmless = 0;
    for (const std::string& path : sealed.files()) {
        if (path.ends_with("/reserve")) continue;  // It holds nothing.
        const Bytes whole = sealed.bytes_of(path);
        for (std::size_t at = 0; at < whole.size(); at += 1 + random.below(2 * step - 1)) {
            const auto mask = static_cast<std::uint8_t>(1u << random.below(8));
            must(sealed.disk->corrupt(path, at, mask));
            ++flips;
            sealed.bed->reopen();
            bool failed = false;
            for (const auto& [id, bytes] : sealed.contents) {
                const auto read = sealed.bed->get(id);
                failed = failed || !read;
                if (read)
                    EXPECT_EQ(*read, bytes) << path << " " << at;
                else
                    EXPECT_EQ(code_of(read), Errc::kContentCorrupted) << path << " " << at;
            }
            const auto report = sealed.bed->storage().verify(VerifyDepth::kFull, CallContext());
            ASSERT_TRUE(report) << path << " " << at << " " << report.error().to_string();
            if (report->damages.empty()) {
                EXPECT_FALSE(failed) << path << " " << at;
                ++harmless;
            }
            must(sealed.disk->corrupt(path, at, mask));
        }
    }
    std::cout << flips << " flips, harmless " << harmless << "\n";
}

// Copies `count` bytes within or between files.
void transplant(SimulatedFileSystem& disk, const std::string& from, std::uint64_t from_offset,
                const std::string& to, std::uint64_t to_offset, std::uint64_t count) {
    const std::string source = must(io::read_file(disk, from, 1u << 30));
    const auto file = must(disk.open_write(to, io::OpenMode::kReadWrite));
    must(file->write_at(to_offset, as_bytes(source).subspan(from_offset, count)));
    must(file->close());
}

TEST(EncryptedStore, RecordsThatWereSwappedOrMovedAreRefused) {
    SealedBed sealed(4'500);
    const ContentHash first = sealed.add(noise(1'000, 1));
    const ContentHash second = sealed.add(noise(1'000, 2));
    const std::string second_pack = kPacks + "/00000002.pack";
    ASSERT_TRUE(sealed.disk->info(second_pack));
    const std::uint64_t length = sealed_record_bytes(1'000);
    // Of another pack at the same place.
    transplant(*sealed.disk, second_pack, kPackHeaderBytes, kFirstPack, kPackHeaderBytes, length);
    sealed.bed->reopen();
    EXPECT_EQ(code_of(sealed.bed->get(first)), Errc::kContentCorrupted);
    EXPECT_EQ(must(sealed.bed->get(second)), noise(1'000, 2));
    EXPECT_FALSE(sealed.verify().damages.empty());
    // A whole pack in the place of another.
    const Bytes other = sealed.bytes_of(second_pack);
    transplant(*sealed.disk, second_pack, 0, kFirstPack, 0, other.size());
    sealed.bed->reopen();
    EXPECT_EQ(code_of(sealed.bed->get(first)), Errc::kContentCorrupted);
}

TEST(EncryptedStore, APackInTheClearIsRefused) {
    SealedBed sealed;
    const Bytes bytes = noise(1'000, 1);
    const ContentHash id = sealed.add(bytes);
    PackHeader header = must(decode_pack_header(sealed.bytes_of(kFirstPack)));
    header.cipher.reset();
    std::string forged = encode_pack_header(header);
    append_record(forged, {Codec::kRaw, 1'000, 1'000, chunk_id_of(bytes), 0}, bytes);
    forged.resize(must(sealed.disk->info(kFirstPack)).size);
    const auto file = must(sealed.disk->open_write(kFirstPack, io::OpenMode::kReadWrite));
    must(file->write_at(0, as_bytes(forged)));
    must(file->close());
    sealed.bed->reopen();
    EXPECT_EQ(code_of(sealed.bed->get(id)), Errc::kContentCorrupted);
    EXPECT_FALSE(sealed.verify().damages.empty());
}

// The first place of the cipher's fields in the header is lost; the second says the same.
TEST(EncryptedStore, ADamagedHeaderCostsNoContent) {
    SealedBed sealed;
    sealed.fill();
    must(sealed.disk->corrupt(kFirstPack, 80, 0xff));
    sealed.bed->reopen();
    sealed.expect_all_readable();
    EXPECT_FALSE(sealed.verify().damages.empty());
}

TEST(SealedPackHeader, IsTheGoldenOne) {
    PackHeader header;
    header.pack = PackId{0x1a2b};
    for (std::size_t i = 0; i < header.store.size(); ++i)
        header.store[i] = static_cast<std::byte>(i + 1);
    header.profile.seed = 0x1122334455667788;
    PackCipherHeader& cipher = header.cipher.emplace();
    cipher.algorithm = CipherAlgorithm::kChaCha20Poly1305;
    cipher.generation = KeyGeneration{0x01020304};
    for (std::size_t i = 0; i < cipher.salt.size(); ++i) {
        cipher.salt[i] = static_cast<std::byte>(0x40 + i);
        cipher.commitment[i] = static_cast<std::byte>(0x80 + i);
    }
    const std::string encoded = encode_pack_header(header);
    golden::expect("content/pack_header_v3.bin", encoded);
    EXPECT_EQ(must(decode_pack_header(as_bytes(encoded))), header);
    EXPECT_EQ(cipher_headers_of(as_bytes(encoded)), std::vector<PackCipherHeader>{cipher});
}

TEST(SealedPackHeader, RefusesCiphersThatItDoesNotKnow) {
    PackHeader header;
    header.pack = PackId{1};
    header.cipher.emplace().algorithm = CipherAlgorithm{3};
    EXPECT_EQ(code_of(decode_pack_header(as_bytes(encode_pack_header(header)))),
              Errc::kPackInvalid);
}

}  // namespace
}  // namespace catalog::content::testing
