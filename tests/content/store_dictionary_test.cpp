// A store trains a dictionary from what it is given, and packs carry it wherever their chunks go.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "catalog/content/compressor.hpp"
#include "catalog/content/content_repair.hpp"
#include "catalog/content/pack_adoption.hpp"
#include "dictionary_bed.hpp"
#include "support/core/golden.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;

void flip(SimulatedFileSystem& disk, const std::string& path, std::uint64_t place) {
    must(disk.corrupt(path, place, 0x10));
}

constexpr std::uint64_t kInDictionary = kPackHeaderBytes + kRecordHeaderBytes + 100;

TEST(StoreDictionary, ServesSmallChunksOnceEnoughWasSeen) {
    DictionaryBed with;
    with.fill();
    const StorageStats stats = with.stats();
    EXPECT_GT(stats.dictionary_chunks, 100u);
    EXPECT_LT(stats.dictionary_stored_bytes * 2, stats.dictionary_bytes);
    EXPECT_GE(with.dictionaries().size(), 2u);
    with.expect_readable();
    with.expect_clean();

    DictionaryBed without;
    without.bed->options().dictionaries.enabled = false;
    without.bed->reopen();
    without.fill();
    EXPECT_EQ(without.stats().dictionary_chunks, 0u);
    EXPECT_LT(stats.stored_bytes, without.stats().stored_bytes);
}

TEST(StoreDictionary, SmallStoresDoWithout) {
    DictionaryBed bed;
    bed.add_relatives(20);
    EXPECT_TRUE(bed.dictionaries().empty());
    EXPECT_EQ(bed.stats().dictionary_chunks, 0u);
}

TEST(StoreDictionary, LongChunksDoWithout) {
    DictionaryBed bed;
    bed.bed->options().dictionaries.chunk_bytes_max = 100;
    bed.bed->reopen();
    bed.fill();
    EXPECT_TRUE(bed.dictionaries().empty());
}

TEST(StoreDictionary, TheSameInputGivesTheSamePacksWhateverTheThreads) {
    DictionaryBed one;
    one.fill();
    DictionaryBed other;
    other.bed->options().executor = make_thread_pool(3);
    other.bed->reopen();
    other.fill();
    ASSERT_EQ(one.packs(), other.packs());
    for (const std::string& path : one.packs())
        EXPECT_EQ(must(io::read_file(*one.disk, path, 1u << 30)),
                  must(io::read_file(*other.disk, path, 1u << 30)))
            << path;
}

TEST(StoreDictionary, IsFoundAgainAndNotTrainedTwice) {
    DictionaryBed first;
    first.fill();
    DictionaryBed bed = first.reopened();
    const std::uint64_t before = bed.stats().dictionary_chunks;
    bed.fill();
    EXPECT_GE(bed.stats().dictionary_chunks, before + 200);
    std::set<ContentHash> ids;
    for (const auto& [path, header] : bed.dictionaries()) ids.insert(header.id);
    EXPECT_EQ(ids.size(), 1u);
    bed.expect_readable();
    bed.expect_clean();
}

TEST(StoreDictionary, FollowersRead) {
    DictionaryBed bed;
    bed.fill();
    ContentOptions options = bed.bed->options();
    options.store = &bed.bed->store();
    options.families = kBedFamilies;
    options.clock = make_system_clock();
    options.read_only = true;
    const auto follower = must(ContentAddressedStorage::open(std::move(options)));
    for (const auto& [id, bytes] : bed.contents)
        EXPECT_EQ(must(follower->retrieve_all(id, 1u << 20, CallContext())), bytes);
}

TEST(StoreDictionary, ADamagedOneIsTakenFromAnotherPackAndMended) {
    DictionaryBed first;
    first.fill();
    ASSERT_GE(first.dictionaries().size(), 2u);
    DictionaryBed bed = first.reopened();
    const std::string path = bed.dictionaries().begin()->first;
    flip(*bed.disk, path, kInDictionary);
    bed.expect_readable();
    const VerifyReport report = bed.verify();
    ASSERT_EQ(report.damages.size(), 1u);
    EXPECT_EQ(report.damages[0].where, path.substr(path.rfind('/') + 1) + " at 4096");
    EXPECT_TRUE(report.damages[0].objects.empty());
    const RepairReport repaired = must(bed.storage().repair({}, CallContext()));
    EXPECT_TRUE(repaired.hurt.empty());
    bed.expect_clean();
    bed.expect_readable();
}

TEST(StoreDictionary, WhatLosesItEverywhereIsNamedAndTakenFromASource) {
    DictionaryBed first;
    first.fill();
    for (const std::uint64_t place : {kInDictionary, kPackHeaderBytes + 20}) {
        SCOPED_TRACE(place);
        DictionaryBed bed = first.reopened();
        for (const auto& [path, header] : bed.dictionaries()) flip(*bed.disk, path, place);
        const std::set<ContentHash> unreadable = bed.unreadable();
        EXPECT_GT(unreadable.size(), 50u);
        const auto error = bed.bed->get(*unreadable.begin()).error();
        EXPECT_EQ(error.code(), Errc::kContentCorrupted);
        EXPECT_NE(error.input().find(".pack at "), std::string::npos) << error.input();
        EXPECT_NE(error.to_string().find("dictionary "), std::string::npos);
        // By its header alone nobody sees that there was one.
        if (place == kInDictionary) {
            EXPECT_EQ(bed.hurt(bed.verify(VerifyDepth::kQuick)), unreadable);
        }
        EXPECT_EQ(bed.hurt(bed.verify(VerifyDepth::kStructure)), unreadable);
        EXPECT_EQ(bed.hurt(bed.verify(VerifyDepth::kFull)), unreadable);
        const auto source = make_storage_source(first.storage(), "first");
        RepairOptions options;
        options.sources = {source.get()};
        const RepairReport repaired = must(bed.storage().repair(options, CallContext()));
        EXPECT_TRUE(repaired.hurt.empty());
        bed.expect_clean();
        bed.expect_readable();
    }
}

TEST(StoreDictionary, IsNotUsedForNewChunksOfAPackWhereItIsDamaged) {
    DictionaryBed first;
    first.fill();
    DictionaryBed bed = first.reopened();
    const std::string newest = bed.dictionaries().rbegin()->first;
    flip(*bed.disk, newest, kInDictionary);
    bed.bed->reopen();
    bed.add_relatives(10);
    EXPECT_NE(bed.dictionaries().rbegin()->first, newest);
    bed.expect_readable();
}

TEST(StoreDictionary, CollectionsTakeItAlong) {
    DictionaryBed bed;
    bed.fill();
    std::size_t number = 0;
    for (auto it = bed.contents.begin(); it != bed.contents.end(); ++number) {
        if (number % 3 == 0) {
            ++it;
            continue;
        }
        must(bed.bed->remove(it->first));
        it = bed.contents.erase(it);
    }
    const std::uint64_t before = bed.stats().stored_bytes;
    CollectOptions all;
    all.live_share_min = 1;
    must(bed.storage().collect(all, CallContext()));
    EXPECT_LT(bed.stats().stored_bytes, before);
    EXPECT_GT(bed.stats().dictionary_chunks, 20u);
    bed.expect_clean();
    bed.expect_readable();
    for (const auto& [id, bytes] : bed.contents) must(bed.bed->remove(id));
    bed.contents.clear();
    for (int round = 0; round < 4; ++round) must(bed.storage().collect(all, CallContext()));
    EXPECT_EQ(bed.stats().unreferenced_bytes, 0u);
}

TEST(StoreDictionary, PacksThatAreAllNeededAreNotCopiedForIt) {
    DictionaryBed bed;
    // Half of a pack.
    bed.bed->options().dictionaries.dictionary_bytes_max = kDictionaryPackBytes / 2;
    bed.bed->reopen();
    bed.fill();
    // The pack that ended when the dictionary came is mostly padding.
    must(bed.storage().collect({}, CallContext()));
    const CollectReport report = must(bed.storage().collect({}, CallContext()));
    EXPECT_EQ(report.packs_rewritten, 0u);
    EXPECT_GE(bed.dictionaries().size(), 2u);
}

TEST(StoreDictionary, ARepackTrainsOneAnew) {
    DictionaryBed bed;
    bed.fill();
    const ContentHash old = bed.dictionaries().begin()->second.id;
    const std::uint64_t before = bed.stats().payload_bytes;
    EXPECT_EQ(must(bed.storage().repack({}, CallContext())).packs_left, 0u);
    EXPECT_LT(bed.stats().payload_bytes, before);
    ASSERT_FALSE(bed.dictionaries().empty());
    for (const auto& [path, header] : bed.dictionaries()) EXPECT_NE(header.id, old);
    bed.expect_clean();
    bed.expect_readable();
    // Whoever ingests goes on with it.
    const std::uint64_t chunks = bed.stats().dictionary_chunks;
    bed.add_relatives(60);
    EXPECT_GE(bed.stats().dictionary_chunks, chunks + 50);
    bed.expect_readable();
}

TEST(StoreDictionary, RepacksAloneUseOneByDefault) {
    DictionaryBed bed;
    bed.bed->options().dictionaries.at_ingest = DictionaryOptions().at_ingest;
    bed.bed->reopen();
    bed.fill();
    EXPECT_EQ(bed.stats().dictionary_chunks, 0u);
    must(bed.storage().repack({}, CallContext()));
    EXPECT_GT(bed.stats().dictionary_chunks, 100u);
    const std::uint64_t chunks = bed.stats().dictionary_chunks;
    bed.add_relatives(30);
    EXPECT_EQ(bed.stats().dictionary_chunks, chunks);
    bed.expect_clean();
    bed.expect_readable();
}

TEST(StoreDictionary, RecordsOfAnotherDictionaryAreCopiedWithoutIt) {
    DictionaryBed bed;
    bed.fill();
    RepackOptions some;
    some.rewrite_bytes_max = 12'000;
    EXPECT_NE(must(bed.storage().repack(some, CallContext())).packs_left, 0u);
    std::set<ContentHash> ids;
    for (const auto& [path, header] : bed.dictionaries()) ids.insert(header.id);
    EXPECT_EQ(ids.size(), 2u);
    bed.expect_clean();
    std::size_t number = 0;
    for (auto it = bed.contents.begin(); it != bed.contents.end(); ++number) {
        if (number % 2 == 0) {
            ++it;
            continue;
        }
        must(bed.bed->remove(it->first));
        it = bed.contents.erase(it);
    }
    CollectOptions all;
    all.live_share_min = 1;
    must(bed.storage().collect(all, CallContext()));
    ids.clear();
    for (const auto& [path, header] : bed.dictionaries()) ids.insert(header.id);
    EXPECT_EQ(ids.size(), 1u);
    bed.expect_clean();
    bed.expect_readable();
}

TEST(StoreDictionary, PacksAreTakenInWithTheirs) {
    DictionaryBed bed;
    bed.fill();
    const std::uint64_t chunks = bed.stats().dictionary_chunks;
    bed.bed.reset();
    auto store = kv::make_memory_store(kBedFamilyCount);
    kv::CommitQueue queue(*store);
    ContentOptions options = DictionaryBed::options_on(bed.disk, false);
    options.store = store.get();
    options.queue = &queue;
    options.families = kBedFamilies;
    options.clock = make_system_clock();
    options.random = make_counting_random();
    EXPECT_TRUE(must(adopt_packs(options, CallContext())).refused.empty());
    queue.close();
    DictionaryBed again(bed.disk, std::move(store));
    for (const auto& [id, bytes] : bed.contents) again.add(bytes);
    EXPECT_EQ(again.stats().dictionary_chunks, chunks);
    again.expect_readable();
    again.expect_clean();
}

TEST(StoreDictionary, OfAnEncryptedStoreIsSealed) {
    DictionaryBed bed(SimulatedFileSystem::make(), nullptr, true);
    bed.fill();
    EXPECT_GT(bed.stats().dictionary_chunks, 100u);
    EXPECT_TRUE(bed.dictionaries().empty());
    // What all samples share stands in a dictionary as it is.
    const Bytes family = noise(3000, 77);
    for (const std::string& path : bed.packs()) {
        const std::string bytes = must(io::read_file(*bed.disk, path, 1u << 30));
        for (std::size_t at = 0; at + 16 <= family.size(); at += 8)
            ASSERT_EQ(bytes.find(as_text(ByteView(family).subspan(at, 16))), std::string::npos);
    }
    bed.expect_readable();
    bed.expect_clean();
    bed.bed->reopen();
    const std::uint64_t before = bed.stats().dictionary_chunks;
    bed.add_relatives(30);
    EXPECT_GE(bed.stats().dictionary_chunks, before + 30);
    bed.expect_readable();
}

// A backend by itself.
struct PackBed {
    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();
    std::unique_ptr<StorageBackend> backend = make_pack_backend(disk, "/packs", false);
    PackBed() { must(backend->recover(StoreId{}, ChunkProfile(), BackendMarks())); }
};

Bytes trained(std::uint64_t first) {
    std::vector<Bytes> samples;
    for (std::uint64_t i = 0; i < 60; ++i) samples.push_back(relative(first + i));
    return must(train_dictionary(std::vector<ByteView>(samples.begin(), samples.end()), 4096));
}

Result<ChunkLocation> append_with(StorageBackend& backend, const Bytes& dictionary,
                                  const Bytes& chunk) {
    const auto loaded = must(Dictionary::load(dictionary, 3));
    Compressor compressor;
    const auto encoded = compressor.compress_with(*loaded, chunk);
    NewRecord record;
    record.id = chunk_id_of(chunk);
    record.codec = encoded.codec;
    record.plain_bytes = static_cast<std::uint32_t>(chunk.size());
    record.payload = encoded.payload;
    return backend.append(record);
}

TEST(StoreDictionary, APayloadOfOneThatIsNotInUseIsRefused) {
    PackBed bed;
    const Bytes dictionary = trained(0);
    EXPECT_EQ(code_of(append_with(*bed.backend, dictionary, relative(500))),
              Errc::kFailedPrecondition);
    must(bed.backend->use_dictionary(dictionary));
    const ChunkLocation at = must(append_with(*bed.backend, dictionary, relative(500)));
    EXPECT_EQ(must(bed.backend->dictionary_in_use()), dictionary);
    EXPECT_EQ(code_of(append_with(*bed.backend, trained(1000), relative(501))),
              Errc::kFailedPrecondition);
    const PackDictionary own = must(bed.backend->dictionary_of(at.pack)).value();
    EXPECT_EQ(must(bed.backend->dictionary(at.pack, own.number))->number(), own.number);
    const auto unknown = bed.backend->dictionary(at.pack, own.number + 1);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code(), Errc::kContentCorrupted);
    EXPECT_NE(unknown.error().to_string().find(std::to_string(own.number + 1)), std::string::npos);
    EXPECT_NE(unknown.error().to_string().find("00000001.pack"), std::string::npos);
}

TEST(StoreDictionary, BytesThatDoNotGiveItsNumberAreNoDictionary) {
    PackBed bed;
    Bytes dictionary = trained(0);
    dictionary[5] ^= std::byte{1};
    EXPECT_EQ(code_of(bed.backend->use_dictionary(dictionary)), Errc::kDecompression);
    EXPECT_EQ(code_of(bed.backend->use_dictionary(noise(4096, 1))), Errc::kDecompression);
    EXPECT_EQ(must(bed.backend->dictionary_in_use()), std::nullopt);
}

TEST(StoreDictionary, AnotherOneBeginsAnotherPack) {
    PackBed bed;
    const Bytes first = trained(0);
    const Bytes second = trained(1000);
    must(bed.backend->use_dictionary(first));
    EXPECT_EQ(must(append_with(*bed.backend, first, relative(500))).pack, PackId{1});
    must(bed.backend->use_dictionary(second));
    EXPECT_EQ(must(append_with(*bed.backend, first, relative(501))).pack, PackId{1});
    EXPECT_EQ(must(append_with(*bed.backend, second, relative(502))).pack, PackId{2});
    EXPECT_EQ(code_of(append_with(*bed.backend, first, relative(503))), Errc::kFailedPrecondition);
}

constexpr const char* kGolden = "content/pack_v2_dictionary.bin";

// A pack with one chunk that was made with its dictionary. That one was trained once: another
// libzstd may train another.
std::string pack_with(const Bytes& dictionary) {
    PackBed bed;
    must(bed.backend->use_dictionary(dictionary));
    must(append_with(*bed.backend, dictionary, relative(500)));
    must(bed.backend->sync());
    return must(io::read_file(*bed.disk, "/packs/00000001.pack", 1u << 20));
}

// Opens a pack that was written elsewhere.
std::unique_ptr<StorageBackend> backend_with(const std::string& pack) {
    const auto disk = SimulatedFileSystem::make();
    must(disk->make_directories("/packs"));
    const auto file = must(disk->open_write("/packs/00000001.pack", io::OpenMode::kCreateNew));
    must(file->append(as_bytes(pack)));
    must(file->close());
    auto backend = make_pack_backend(disk, "/packs", true);
    BackendMarks marks;
    marks.packs.push_back({PackId{1}, pack.size(), false, 0});
    must(backend->refresh(StoreId{}, marks));
    return backend;
}

TEST(StoreDictionary, WritesAndReadsTheGoldenPack) {
    const std::string golden = golden::read(kGolden);
    const auto backend = backend_with(golden);
    const Bytes dictionary = must(backend->dictionary_in_use()).value();
    golden::expect(kGolden, pack_with(dictionary));

    const Bytes chunk = relative(500);
    const IndexEntry entry = must(backend->find(chunk_id_of(chunk))).value();
    EXPECT_EQ(entry.codec, Codec::kZstdDictionary);
    Bytes buffer;
    const StoredRecord record = must(backend->read(entry.location, buffer));
    const auto loaded =
        must(backend->dictionary(PackId{1}, must(dictionary_number(record.payload))));
    Bytes plain;
    Compressor compressor;
    must(compressor.decompress_with(*loaded, record.payload, record.header.plain_bytes, plain));
    EXPECT_EQ(plain, chunk);
}

}  // namespace
}  // namespace catalog::content::testing
