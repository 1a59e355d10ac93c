// Packs whose records are lost count again, as far as they are whole; nothing else does.

#include <gtest/gtest.h>

#include <map>

#include "catalog/content/content_records.hpp"
#include "catalog/content/pack_adoption.hpp"
#include "support/content/content_bed.hpp"
#include "support/content/encryption_samples.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::CrashPolicy;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using Records = std::map<std::string, std::string>;

constexpr kv::Family kPacks = kBedFamilies.packs;

ContentOptions options_of(std::shared_ptr<io::FileSystem> disk, bool is_encrypted) {
    ContentOptions options = options_on(std::move(disk), kTinyChunks, 4096 + 3000);
    options.executor = make_thread_pool(1);
    if (is_encrypted) options.packs = encrypted(options.packs);
    return options;
}

// A store that was closed: its folder, its records, and what was put into it.
struct Closed {
    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();
    std::unique_ptr<kv::KeyValueStore> store = kv::make_memory_store(kBedFamilyCount);
    std::map<ContentHash, Bytes> contents;
    bool is_encrypted = false;

    static Closed sample(bool is_encrypted = false) {
        Closed made;
        made.is_encrypted = is_encrypted;
        RealContentBed bed(options_of(made.disk, is_encrypted), nullptr);
        Bytes similar = prose(3000, 2);
        for (std::size_t i = 0; i < similar.size(); i += 700) similar[i] ^= std::byte{1};
        for (const Bytes& bytes :
             {noise(2500, 1), prose(3000, 2), similar, noise(9000, 3), noise(13, 4)})
            made.contents[bed.put(bytes).id] = bytes;
        made.store = copy_of(bed.store());
        return made;
    }
    [[nodiscard]] Closed copy() const {
        return {disk->recover(CrashPolicy::kKeepAll), copy_of(*store), contents, is_encrypted};
    }

    [[nodiscard]] Records records() const {
        Records all;
        const auto walk = store->iterate(kPacks);
        for (walk->seek({}); walk->valid(); walk->next()) all.emplace(walk->key(), walk->value());
        return all;
    }
    [[nodiscard]] std::vector<PackMark> marks() const {
        std::vector<PackMark> marks;
        for (const auto& [key, value] : records())
            if (const auto mark = decode_pack_mark(key, value)) marks.push_back(*mark);
        return marks;
    }
    void lose(const std::string& key) const {
        kv::WriteBatch batch;
        batch.remove(kPacks, key);
        must(store->write(batch, kv::Durability::kSync));
    }
    void write(const std::string& key, const std::string& value) const {
        kv::WriteBatch batch;
        batch.put(kPacks, key, value);
        must(store->write(batch, kv::Durability::kSync));
    }

    [[nodiscard]] Result<AdoptionReport> adopt() const {
        kv::CommitQueue queue(*store);
        ContentOptions options = options_of(disk, is_encrypted);
        options.store = store.get();
        options.queue = &queue;
        options.families = kBedFamilies;
        options.clock = make_system_clock();
        options.random = make_counting_random();
        auto report = adopt_packs(options);
        queue.close();
        return report;
    }

    // Opens it, and returns how many objects cannot be read; what can be read is right.
    std::size_t open_and_count_hurt(std::size_t damages = 0) {
        RealContentBed bed(options_of(disk, is_encrypted), std::move(store));
        EXPECT_EQ(must(bed.storage().verify(VerifyDepth::kFull, CallContext())).damages.size(),
                  damages);
        std::size_t hurt = 0;
        for (const auto& [id, bytes] : contents) {
            const auto read = bed.get(id);
            EXPECT_TRUE(!read || *read == bytes);
            if (!read) ++hurt;
        }
        return hurt;
    }
};

std::string path_of(PackId pack) { return "/library/packs/" + pack_file_name(pack); }

TEST(PackAdoption, WithoutALossNothingIsWritten) {
    for (const bool is_encrypted : {false, true}) {
        Closed closed = Closed::sample(is_encrypted);
        const Records before = closed.records();
        EXPECT_TRUE(must(closed.adopt()).empty());
        EXPECT_EQ(closed.records(), before);
        EXPECT_EQ(closed.open_and_count_hurt(), 0u);
    }
}

TEST(PackAdoption, APackWithoutItsRecordCountsAgain) {
    for (const bool is_encrypted : {false, true}) {
        const Closed good = Closed::sample(is_encrypted);
        ASSERT_GT(good.marks().size(), 3u);
        for (const PackMark& mark : good.marks()) {
            SCOPED_TRACE(pack_file_name(mark.pack));
            Closed lost = good.copy();
            lost.lose(pack_key(mark.pack));
            const AdoptionReport report = must(lost.adopt());
            EXPECT_EQ(report.packs, std::vector{pack_file_name(mark.pack)});
            EXPECT_GT(report.chunks, 0u);
            EXPECT_FALSE(report.format_restored);
            PackMark expected = mark;
            expected.sealed = true;
            // What fills up a sealed pack that still grows is no record of a chunk; it counts too.
            const auto value = must(lost.store->get(kPacks, pack_key(mark.pack)));
            EXPECT_EQ(must(decode_pack_mark(pack_key(mark.pack), *value)), expected);
            EXPECT_TRUE(must(lost.adopt()).empty());
            EXPECT_EQ(lost.open_and_count_hurt(), 0u);
        }
    }
}

std::vector<std::string> records_of(const std::string& pack) {
    std::vector<std::string> records;
    for (std::size_t at = kPackHeaderBytes; at < pack.size();) {
        const auto header = decode_record_header(as_bytes(pack).subspan(at));
        if (!header || !holds_chunk(header->codec)) break;
        records.push_back(pack.substr(at, record_bytes(header->stored_bytes)));
        at += records.back().size();
    }
    return records;
}

// A delta is whole as long as any copy of its base is, whichever the index names.
TEST(PackAdoption, ADamagedCopyOfAChunkCostsNothingThatStartsFromIt) {
    constexpr PackId kTwin{900};
    Closed good;
    {
        // One pack, which has no index yet.
        RealContentBed bed(options_on(good.disk, kTinyChunks));
        for (const Bytes& bytes : {prose(1500, 2), edited(prose(1500, 2), 2, 3), noise(700, 1)})
            good.contents[bed.put(bytes).id] = bytes;
        EXPECT_GT(must(bed.storage().stats()).delta_chunks, 0u);
        good.store = copy_of(bed.store());
    }
    const std::string pack = must(io::read_file(*good.disk, path_of(PackId{1}), 1u << 20));
    PackHeader header = must(decode_pack_header(as_bytes(pack)));
    header.pack = kTwin;
    const std::vector<std::string> records = records_of(pack);
    ASSERT_GT(records.size(), 3u);
    for (std::size_t i = 0; i < records.size(); ++i) {
        SCOPED_TRACE("record " + std::to_string(i));
        // Behind it one that is whole, or it would be cut off as an interrupted write.
        std::string damaged = records[i];
        damaged[kRecordHeaderBytes + 8] ^= 4;
        const std::string bytes =
            encode_pack_header(header) + damaged + (i == 0 ? records.back() : records.front());
        Closed doubled = good.copy();
        const auto file = must(doubled.disk->open_write(path_of(kTwin), io::OpenMode::kCreateNew));
        must(file->append(as_bytes(bytes)));
        must(file->close());
        EXPECT_EQ(must(doubled.adopt()).packs.size(), 1u);
        RealContentBed bed(options_of(doubled.disk, false), std::move(doubled.store));
        EXPECT_TRUE(must(bed.storage().repair(RepairOptions(), CallContext())).hurt.empty());
        EXPECT_TRUE(must(bed.storage().verify(VerifyDepth::kFull, CallContext())).damages.empty());
        for (const auto& [id, expected] : doubled.contents) {
            const auto read = bed.get(id);
            EXPECT_TRUE(read && *read == expected) << id.to_string();
        }
    }
}

// What the next writer does without it.
TEST(PackAdoption, OpeningWithoutItDropsThePack) {
    Closed lost = Closed::sample();
    const PackId pack = lost.marks().front().pack;
    lost.lose(pack_key(pack));
    RealContentBed bed(options_of(lost.disk, false), std::move(lost.store));
    EXPECT_EQ(code_of(lost.disk->info(path_of(pack))), Errc::kFileNotFound);
}

TEST(PackAdoption, AllRecordsComeBackFromThePacks) {
    for (const bool is_encrypted : {false, true}) {
        Closed lost = Closed::sample(is_encrypted);
        const std::string format = lost.records().at(format_key());
        const std::size_t packs = lost.marks().size();
        for (const auto& [key, value] : lost.records()) lost.lose(key);
        const AdoptionReport report = must(lost.adopt());
        EXPECT_TRUE(report.format_restored);
        EXPECT_EQ(report.packs.size(), packs);
        EXPECT_EQ(lost.records().at(format_key()), format);
        EXPECT_EQ(lost.open_and_count_hurt(), 0u);
    }
}

TEST(PackAdoption, AFormatThatIsLostAloneIsThatOfThePacks) {
    Closed lost = Closed::sample();
    const Records before = lost.records();
    lost.lose(format_key());
    const AdoptionReport report = must(lost.adopt());
    EXPECT_TRUE(report.format_restored);
    EXPECT_TRUE(report.packs.empty());
    EXPECT_EQ(lost.records().at(format_key()), before.at(format_key()));
    EXPECT_EQ(lost.open_and_count_hurt(), 0u);
}

TEST(PackAdoption, RecordsThatCannotBeReadAreReplaced) {
    const Closed good = Closed::sample();
    for (const auto& [key, value] : good.records()) {
        Closed lost = good.copy();
        std::string broken = value;
        broken[broken.size() / 2] = static_cast<char>(broken[broken.size() / 2] ^ 0x10);
        lost.write(key, broken);
        const auto report = lost.adopt();
        // One that claims to be of a later version is left alone.
        if (!report && report.error().code() == Errc::kLibraryFormat) continue;
        ASSERT_TRUE(report) << report.error().to_string();
        EXPECT_EQ(lost.open_and_count_hurt(), 0u) << key;
    }
}

TEST(PackAdoption, WhatLiesBehindARecordsEndCountsAsFarAsItIsWhole) {
    const Closed good = Closed::sample();
    for (const PackMark& mark : good.marks()) {
        SCOPED_TRACE(pack_file_name(mark.pack));
        Closed lost = good.copy();
        lost.write(pack_key(mark.pack), encode_pack_mark({mark.pack, kPackHeaderBytes, false, 0}));
        EXPECT_EQ(must(lost.adopt()).packs, std::vector{pack_file_name(mark.pack)});
        EXPECT_EQ(lost.open_and_count_hurt(), 0u);
    }
    // A torn record at the end is cut off.
    const PackMark last = good.marks().back();
    Closed torn = good.copy();
    const auto file = must(torn.disk->open_write(path_of(last.pack), io::OpenMode::kReadWrite));
    must(file->append(as_bytes("CCHK and not much more")));
    must(file->close());
    torn.lose(pack_key(last.pack));
    EXPECT_EQ(must(torn.adopt()).packs, std::vector{pack_file_name(last.pack)});
    EXPECT_EQ(torn.open_and_count_hurt(), 0u);
    EXPECT_EQ(must(torn.disk->info(path_of(last.pack))).size, last.bytes);
}

// A record that is durable names bytes that are.
TEST(PackAdoption, WhatNoDiskHasYetIsSyncedFirst) {
    Closed lost = Closed::sample();
    const PackId pack = lost.marks().front().pack;
    const std::string bytes = must(io::read_file(*lost.disk, path_of(pack), 1 << 20));
    must(lost.disk->remove_file(path_of(pack)));
    must(lost.disk->sync_directory("/library/packs"));
    const auto file = must(lost.disk->open_write(path_of(pack), io::OpenMode::kCreateNew));
    must(file->append(as_bytes(bytes)));
    must(file->close());
    lost.lose(pack_key(pack));
    EXPECT_EQ(must(lost.adopt()).packs.size(), 1u);
    lost.disk = lost.disk->recover(CrashPolicy::kDropUnsynced);
    EXPECT_EQ(lost.open_and_count_hurt(), 0u);
}

TEST(PackAdoption, WhatIsDamagedInAPackIsLeftToTheCheck) {
    const Closed good = Closed::sample();
    const PackMark mark = good.marks().front();
    Closed lost = good.copy();
    lost.lose(pack_key(mark.pack));
    must(lost.disk->corrupt(path_of(mark.pack), kPackHeaderBytes + kRecordHeaderBytes + 5, 1));
    EXPECT_EQ(must(lost.adopt()).packs.size(), 1u);
    EXPECT_GE(lost.open_and_count_hurt(1), 1u);
}

TEST(PackAdoption, PacksOfOthersAreKeptAside) {
    for (const bool is_encrypted : {false, true}) {
        Closed lost = Closed::sample(is_encrypted);
        const PackMark mark = lost.marks().front();
        lost.lose(pack_key(mark.pack));
        // Of the store's name, then of the header's checksum.
        for (const std::uint64_t place : {24u, 4092u}) {
            must(lost.disk->corrupt(path_of(mark.pack), place, 1));
            const AdoptionReport report = must(lost.adopt());
            EXPECT_TRUE(report.packs.empty());
            ASSERT_EQ(report.refused.size(), 1u);
            EXPECT_EQ(report.refused[0].file, pack_file_name(mark.pack));
            EXPECT_TRUE(lost.disk->info("/library/quarantine/" + pack_file_name(mark.pack)));
            must(lost.disk->corrupt(path_of(mark.pack), place, 1));
        }
        EXPECT_EQ(must(lost.adopt()).packs.size(), 1u);
    }
    // A whole pack of another store.
    Closed one = Closed::sample();
    Closed other = Closed::sample();
    const PackMark last = other.marks().back();
    auto header = must(decode_pack_header(
        as_bytes(must(io::read_file(*other.disk, path_of(last.pack), 1 << 20)).substr(0, 4096))));
    header.store[0] ^= std::byte{1};
    header.pack = PackId{static_cast<std::uint32_t>(last.pack) + 5};
    std::string foreign = must(io::read_file(*other.disk, path_of(last.pack), 1 << 20));
    foreign.replace(0, 4096, encode_pack_header(header));
    const auto file = must(one.disk->open_write(path_of(header.pack), io::OpenMode::kCreateNew));
    must(file->append(as_bytes(foreign)));
    must(file->close());
    const AdoptionReport report = must(one.adopt());
    EXPECT_TRUE(report.packs.empty());
    ASSERT_EQ(report.refused.size(), 1u);
    EXPECT_EQ(one.open_and_count_hurt(), 0u);
}

TEST(PackAdoption, AReaderAndABackendOfTheHostsOwnAdoptNothing) {
    Closed lost = Closed::sample();
    ContentOptions options = options_of(lost.disk, false);
    options.store = lost.store.get();
    options.families = kBedFamilies;
    options.clock = make_system_clock();
    options.read_only = true;
    EXPECT_EQ(code_of(adopt_packs(options)), Errc::kLibraryReadOnly);
    options.read_only = false;
    options.backend = make_memory_backend();
    EXPECT_TRUE(must(adopt_packs(options)).empty());
}

}  // namespace
}  // namespace catalog::content::testing
