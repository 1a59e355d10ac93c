// Repair: what is good stays, what is lost comes from a source, nothing else is believed.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "catalog/content/content_records.hpp"
#include "catalog/content/content_repair.hpp"
#include "support/content/content_bed.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/crash_test.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::CrashPolicy;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using Contents = std::map<ContentHash, Bytes>;

// A store on a simulated disk, and what is in it.
struct RepairBed {
    std::shared_ptr<SimulatedFileSystem> disk;
    std::unique_ptr<RealContentBed> bed;
    Contents contents;

    RepairBed(std::shared_ptr<SimulatedFileSystem> fs, std::unique_ptr<kv::KeyValueStore> store,
              Contents known = {})
        : disk(std::move(fs)), contents(std::move(known)) {
        ContentOptions options = options_on(disk, kTinyChunks, 4096 + 3000);
        options.executor = make_thread_pool(1);
        bed = std::make_unique<RealContentBed>(std::move(options), std::move(store));
    }

    // Some objects: of one chunk and of many, compressed and not, with deltas and shared chunks.
    static RepairBed sample() {
        RepairBed made(SimulatedFileSystem::make(), nullptr);
        Bytes longer = noise(2500, 1);
        made.add(longer);
        const Bytes tail = prose(3000, 2);
        longer.insert(longer.end(), tail.begin(), tail.end());
        made.add(longer);
        Bytes similar = prose(3000, 2);
        for (std::size_t i = 0; i < similar.size(); i += 700) similar[i] ^= std::byte{1};
        made.add(similar);
        made.add(noise(13, 4));
        made.add(noise(60, 5));
        made.add(Bytes());
        return made;
    }
    // The same once more, for a test to damage.
    [[nodiscard]] RepairBed copy() const {
        return {disk->recover(CrashPolicy::kKeepAll), copy_of(bed->store()), contents};
    }

    void add(const Bytes& bytes) { contents[bed->put(bytes).id] = bytes; }
    [[nodiscard]] ContentAddressedStorage& storage() const { return bed->storage(); }
    [[nodiscard]] std::vector<std::string> packs() const {
        std::vector<std::string> paths;
        for (const io::DirectoryEntry& entry : must(disk->list("/library/packs")))
            if (parse_pack_file_name(entry.name)) paths.push_back("/library/packs/" + entry.name);
        return paths;
    }
    [[nodiscard]] RepairReport repair(std::vector<ContentSource*> sources = {},
                                      bool dry_run = false) const {
        RepairOptions options;
        options.sources = std::move(sources);
        options.dry_run = dry_run;
        return must(storage().repair(options, CallContext()));
    }
    // Objects that cannot be read. Whatever can be read is right.
    [[nodiscard]] std::vector<ContentHash> hurt() const {
        std::vector<ContentHash> failed;
        for (const auto& [id, bytes] : contents) {
            const auto read = bed->get(id);
            EXPECT_TRUE(!read || *read == bytes);
            if (!read) failed.push_back(id);
        }
        return failed;
    }
    [[nodiscard]] std::vector<ContentHash> ids() const {
        std::vector<ContentHash> all;
        must(storage().for_each([&](const ObjectInfo& info) -> Result<void> {
            all.push_back(info.id);
            return {};
        }));
        return all;
    }
    void expect_healthy() const {
        for (const Damage& damage :
             must(storage().verify(VerifyDepth::kFull, CallContext())).damages)
            ADD_FAILURE() << damage.where << ": " << damage.what;
        EXPECT_TRUE(hurt().empty());
    }
};

// Places in packs, all of them that decide and some of those that are all alike.
std::vector<std::uint64_t> places_of(std::uint64_t size, std::uint64_t stride) {
    std::vector<std::uint64_t> places;
    for (std::uint64_t at = 0; at < size; at += at < kPackHeaderBytes ? 509 : stride)
        places.push_back(at);
    return places;
}

TEST(ContentRepair, EveryFlipIsMendedFromAGoodSource) {
    const RepairBed good = RepairBed::sample();
    const auto source = make_storage_source(good.storage(), "good");
    std::size_t rewritten = 0;
    for (const std::string& pack : good.packs())
        for (const std::uint64_t place : places_of(must(good.disk->info(pack)).size, 83)) {
            SCOPED_TRACE(pack + " at " + std::to_string(place));
            const RepairBed bed = good.copy();
            must(bed.disk->corrupt(pack, place, static_cast<std::uint8_t>(1u << (place % 8))));
            bed.bed->reopen();
            const RepairReport report = bed.repair({source.get()});
            ASSERT_TRUE(report.hurt.empty());
            ASSERT_TRUE(report.refused.empty());
            ASSERT_FALSE(report.damages.empty());
            rewritten += report.packs_rewritten.size();
            bed.expect_healthy();
            bed.bed->reopen();
            bed.expect_healthy();
        }
    EXPECT_GT(rewritten, 20u);
}

// Where the records of a pack end.
std::uint64_t index_of(const RepairBed& bed, const std::string& path) {
    const PackId pack = must(parse_pack_file_name(path.substr(path.rfind('/') + 1)));
    const auto value = must(bed.bed->store().get(kBedFamilies.packs, pack_key(pack)));
    const PackMark mark = must(decode_pack_mark(pack_key(pack), *value));
    return mark.index_offset == 0 ? mark.bytes : mark.index_offset - kRecordHeaderBytes;
}

TEST(ContentRepair, WithoutASourceExactlyWhatIsLostIsNamed) {
    const RepairBed good = RepairBed::sample();
    std::size_t hurt_ones = 0;
    for (const std::string& pack : good.packs())
        for (const std::uint64_t place : places_of(must(good.disk->info(pack)).size, 97)) {
            SCOPED_TRACE(pack + " at " + std::to_string(place));
            const RepairBed bed = good.copy();
            must(bed.disk->corrupt(pack, place, 0x20));
            bed.bed->reopen();
            const std::vector<ContentHash> before = bed.hurt();
            const std::uint64_t records_end = index_of(good, pack);
            const RepairReport report = bed.repair();
            const std::vector<ContentHash> hurt = bed.hurt();
            ASSERT_EQ(report.hurt, hurt);
            // Whose index alone was damaged is whole again.
            ASSERT_TRUE(std::includes(before.begin(), before.end(), hurt.begin(), hurt.end()));
            ASSERT_TRUE(place >= records_end || hurt == before);
            hurt_ones += hurt.size();
            // Again: nothing is left to do, and the same is hurt.
            const RepairReport again = bed.repair();
            ASSERT_TRUE(again.packs_rewritten.empty());
            ASSERT_EQ(again.hurt, hurt);
            ASSERT_EQ(again.chunks_kept, 0u);
            // A source that comes later mends it.
            const auto source = make_storage_source(good.storage(), "good");
            ASSERT_TRUE(bed.repair({source.get()}).hurt.empty());
            bed.expect_healthy();
        }
    EXPECT_GT(hurt_ones, 10u);
}

TEST(ContentRepair, MissingAndShortPacksAreMended) {
    const RepairBed good = RepairBed::sample();
    const auto source = make_storage_source(good.storage(), "good");
    for (const std::string& pack : good.packs())
        for (const bool missing : {true, false}) {
            SCOPED_TRACE(pack + (missing ? " missing" : " short"));
            const RepairBed bed = good.copy();
            if (missing)
                must(bed.disk->remove_file(pack));
            else
                must(must(bed.disk->open_write(pack, io::OpenMode::kReadWrite))->truncate(4500));
            bed.bed->reopen();
            EXPECT_TRUE(bed.repair({source.get()}).hurt.empty());
            bed.expect_healthy();
            bed.bed->reopen();
            bed.expect_healthy();
            EXPECT_TRUE(bed.repair().packs_rewritten.empty());
        }
}

TEST(ContentRepair, TheDamagedPackIsKeptAside) {
    const RepairBed bed = RepairBed::sample();
    const std::string pack = bed.packs().front();
    must(bed.disk->corrupt(pack, kPackHeaderBytes + 90, 1));
    const std::string before = must(io::read_file(*bed.disk, pack, 1u << 20));
    const RepairReport report = bed.repair();
    EXPECT_EQ(report.packs_rewritten, std::vector<std::string>{"00000001.pack"});
    EXPECT_EQ(must(io::read_file(*bed.disk, "/library/quarantine/00000001.pack", 1u << 20)),
              before);
    EXPECT_EQ(code_of(bed.disk->info(pack)), Errc::kFileNotFound);
}

TEST(ContentRepair, ADryRunChangesNothing) {
    const RepairBed good = RepairBed::sample();
    const auto source = make_storage_source(good.storage(), "good");
    const RepairBed bed = good.copy();
    must(bed.disk->corrupt(bed.packs().front(), kPackHeaderBytes + 90, 1));
    const std::vector<ContentHash> hurt = bed.hurt();
    ASSERT_FALSE(hurt.empty());
    const std::uint64_t before = bed.disk->mutations();
    EXPECT_EQ(bed.repair({}, true).hurt, hurt);
    const RepairReport report = bed.repair({source.get()}, true);
    EXPECT_TRUE(report.hurt.empty());
    EXPECT_EQ(report.restored.size(), hurt.size());
    EXPECT_EQ(report.packs_rewritten.size(), 1u);
    EXPECT_EQ(bed.disk->mutations(), before);
    EXPECT_EQ(bed.hurt(), hurt);
}

// Gives something else than it was asked for.
class LyingSource final : public ContentSource {
public:
    explicit LyingSource(ByteSource lie) : lie_(std::move(lie)) {}
    std::string name() const override { return "liar"; }
    Result<ByteSource> open(const ContentHash&, std::optional<std::uint64_t>,
                            const CallContext&) override {
        return lie_;
    }

private:
    ByteSource lie_;
};

TEST(ContentRepair, SourcesThatLieAreRefused) {
    const RepairBed good = RepairBed::sample();
    const auto honest = make_storage_source(good.storage(), "good");
    const ByteSource endless = [](std::span<std::byte> out) -> Result<std::size_t> {
        std::ranges::fill(out, std::byte{7});
        return out.size();
    };
    const ByteSource broken = [](std::span<std::byte>) -> Result<std::size_t> {
        return fail(Errc::kNetwork, "the peer went away");
    };
    const ByteSource nothing = [](std::span<std::byte>) -> Result<std::size_t> { return 0; };
    for (const ByteSource& lie : {endless, broken, nothing}) {
        const RepairBed bed = good.copy();
        must(bed.disk->corrupt(bed.packs().front(), kPackHeaderBytes + 90, 1));
        const std::vector<ContentHash> hurt = bed.hurt();
        LyingSource liar(lie);
        const RepairReport alone = bed.repair({&liar});
        EXPECT_EQ(alone.hurt, hurt);
        EXPECT_TRUE(alone.restored.empty());
        ASSERT_EQ(alone.refused.size(), hurt.size());
        EXPECT_EQ(alone.refused[0].source, "liar");
        EXPECT_FALSE(alone.refused[0].why.empty());
        const RepairReport both = bed.repair({&liar, honest.get()});
        EXPECT_TRUE(both.hurt.empty());
        EXPECT_EQ(both.restored.size(), hurt.size());
        EXPECT_TRUE(std::ranges::any_of(
            both.restored, [](const RestoredObject& object) { return object.source == "good"; }));
        bed.expect_healthy();
        EXPECT_EQ(bed.ids(), good.ids());
    }
}

TEST(ContentRepair, AFolderOfFilesIsASource) {
    const RepairBed bed = RepairBed::sample();
    const auto files = SimulatedFileSystem::make();
    must(files->make_directories("/files/deep/er"));
    int number = 0;
    for (const auto& [id, bytes] : bed.contents)
        must(io::write_file_durably(*files, "/files/deep/er/" + std::to_string(number++), bytes));
    must(io::write_file_durably(*files, "/files/other", noise(77, 77)));
    for (const std::string& pack : bed.packs()) must(bed.disk->remove_file(pack));
    bed.bed->reopen();
    EXPECT_GT(bed.hurt().size(), 4u);
    const auto source = make_directory_source(files, "/files");
    const RepairReport report = bed.repair({source.get()});
    EXPECT_TRUE(report.hurt.empty());
    EXPECT_EQ(report.restored[0].source, "/files");
    bed.expect_healthy();
}

void write_record(const RepairBed& bed, const ContentHash& id, const std::string& value) {
    kv::WriteBatch batch;
    batch.put(kBedFamilies.objects, hash_key(id), value);
    must(bed.bed->store().write(batch, kv::Durability::kSync));
}

TEST(ContentRepair, RecordsThatAreDamagedOrLostAreMadeAgain) {
    const RepairBed good = RepairBed::sample();
    const auto source = make_storage_source(good.storage(), "good");
    for (const auto& [id, bytes] : good.contents)
        for (const bool lost : {true, false}) {
            const RepairBed bed = good.copy();
            if (lost) {
                kv::WriteBatch batch;
                batch.remove(kBedFamilies.objects, hash_key(id));
                must(bed.bed->store().write(batch, kv::Durability::kSync));
            } else {
                write_record(bed, id, "nonsense and more of it");
            }
            EXPECT_EQ(bed.hurt(), std::vector<ContentHash>{id});
            // What has one chunk needs nobody else.
            const bool is_single = must(good.storage().info(id)).chunks == 1;
            const RepairReport alone = bed.repair();
            EXPECT_EQ(alone.hurt.empty(), is_single) << bytes.size();
            EXPECT_TRUE(bed.repair({source.get()}).hurt.empty());
            bed.expect_healthy();
        }
}

TEST(ContentRepair, HalvesOfReferencesAreCompleted) {
    const RepairBed good = RepairBed::sample();
    const ContentHash id = good.contents.begin()->first;
    for (const std::string& key : {owner_key("owner", id), referrer_key(id, "owner")}) {
        const RepairBed bed = good.copy();
        kv::WriteBatch batch;
        batch.remove(kBedFamilies.references, key);
        must(bed.bed->store().write(batch, kv::Durability::kSync));
        const RepairReport report = bed.repair();
        EXPECT_EQ(report.references_mended, 1u);
        EXPECT_TRUE(report.hurt.empty());
        bed.expect_healthy();
    }
}

TEST(ContentRepair, DamagedIndexFilesAreDropped) {
    RepairBed bed = RepairBed::sample();
    for (std::uint64_t i = 0; i < 40; ++i) bed.add(noise(4000, 100 + i));
    std::string run;
    for (const io::DirectoryEntry& entry : must(bed.disk->list("/library/packs")))
        if (parse_run_file_name(entry.name)) run = "/library/packs/" + entry.name;
    ASSERT_FALSE(run.empty());
    for (std::uint64_t place = 40; place < must(bed.disk->info(run)).size; place += 4096) {
        SCOPED_TRACE(place);
        const RepairBed damaged = bed.copy();
        must(damaged.disk->corrupt(run, place, 1));
        damaged.bed->reopen();
        EXPECT_TRUE(damaged.repair().hurt.empty());
        damaged.bed->reopen();
        damaged.expect_healthy();
        EXPECT_TRUE(damaged.repair().damages.empty());
    }
}

TEST(ContentRepair, ACrashLosesNothing) {
    const RepairBed good = RepairBed::sample();
    const auto source = make_storage_source(good.storage(), "good");
    std::unique_ptr<kv::KeyValueStore> store;
    const std::string pack = good.packs().front();
    const auto prepare = [&] {
        auto fs = good.disk->recover(CrashPolicy::kKeepAll);
        must(fs->corrupt(pack, kPackHeaderBytes + 90, 1));
        store = copy_of(good.bed->store());
        return fs;
    };
    // With the damage alone; a crash may take nothing more.
    std::vector<ContentHash> lost;
    {
        auto fs = prepare();
        lost = RepairBed(fs, std::move(store), good.contents).hurt();
    }
    const auto work = [&](const std::shared_ptr<SimulatedFileSystem>& fs) {
        RepairBed bed(fs, std::move(store), good.contents);
        RepairOptions options;
        options.sources = {source.get()};
        (void)bed.storage().repair(options, CallContext());
        store = copy_of(bed.bed->store());
    };
    const auto check = [&](const std::shared_ptr<SimulatedFileSystem>& fs,
                           const io::testing::CrashPoint&) {
        const RepairBed bed(fs, copy_of(*store), good.contents);
        const std::vector<ContentHash> hurt = bed.hurt();
        ASSERT_TRUE(std::includes(lost.begin(), lost.end(), hurt.begin(), hurt.end()));
        ASSERT_TRUE(bed.repair({source.get()}).hurt.empty());
        bed.expect_healthy();
    };
    io::testing::CrashTestOptions options;
    options.random_seeds = 3;
    const auto count = io::testing::for_each_crash(prepare, work, check, options);
    EXPECT_GT(count.points, 10u);
}

TEST(ContentRepair, AnErrorOfTheDiskLosesNothing) {
    const RepairBed good = RepairBed::sample();
    const auto source = make_storage_source(good.storage(), "good");
    for (const Errc error : {Errc::kIo, Errc::kStorageFull}) {
        bool met = true;
        for (std::uint64_t nth = 1; met; ++nth) {
            SCOPED_TRACE("call " + std::to_string(nth) + " of the repair");
            const RepairBed bed = good.copy();
            must(bed.disk->corrupt(bed.packs().front(), kPackHeaderBytes + 90, 1));
            const std::vector<ContentHash> lost = bed.hurt();
            const std::uint64_t begin = bed.disk->mutations();
            bed.disk->fail_nth(begin + nth, error);
            RepairOptions options;
            options.sources = {source.get()};
            const auto repaired = bed.storage().repair(options, CallContext());
            met = bed.disk->mutations() >= begin + nth;
            bed.disk->clear_faults();
            const std::vector<ContentHash> hurt = bed.hurt();
            ASSERT_TRUE(std::includes(lost.begin(), lost.end(), hurt.begin(), hurt.end()));
            bed.bed->reopen();
            ASSERT_TRUE(bed.repair({source.get()}).hurt.empty());
            bed.expect_healthy();
        }
    }
}

TEST(ContentRepair, StopsWhenAskedToAndIsNotForReaders) {
    const RepairBed bed = RepairBed::sample();
    std::stop_source stop;
    stop.request_stop();
    CallContext context;
    context.stop = stop.get_token();
    EXPECT_EQ(code_of(bed.storage().repair({}, context)), Errc::kCancelled);
    EXPECT_TRUE(bed.repair().damages.empty()) << "the one before has ended";
}

}  // namespace
}  // namespace catalog::content::testing
