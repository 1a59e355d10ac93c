// Damaged packs and records: found, named, never returned as content.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "catalog/content/content_records.hpp"
#include "support/content/content_bed.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::Fault;
using io::testing::FileOperation;
using io::testing::must;
using io::testing::SimulatedFileSystem;

const std::string kPack = "/library/packs/00000001.pack";

// A store with a few objects, some of them compressed, some sharing chunks.
struct DamageBed {
    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();
    std::map<ContentHash, Bytes> contents;
    std::unique_ptr<RealContentBed> bed;

    explicit DamageBed(std::uint64_t pack_bytes_max = 64u << 20, std::size_t scale = 1) {
        ContentOptions options = options_on(disk, kTinyChunks, pack_bytes_max);
        bed = std::make_unique<RealContentBed>(std::move(options));
        Bytes longer = noise(600 * scale, 1);
        add(longer);
        const Bytes tail = prose(700 * scale, 2);
        longer.insert(longer.end(), tail.begin(), tail.end());
        add(longer);
        add(prose(1500 * scale, 3));
        add(noise(13, 4));
    }
    void add(const Bytes& bytes) { contents[bed->put(bytes).id] = bytes; }

    [[nodiscard]] ContentStorage& storage() const { return bed->storage(); }
    [[nodiscard]] VerifyReport verify(VerifyDepth depth) const {
        return must(storage().verify(depth, CallContext()));
    }
    [[nodiscard]] std::uint64_t pack_bytes(const std::string& path = kPack) const {
        return must(disk->info(path)).size;
    }
    // Reads every object in pieces and returns those that could not be read. Whatever is given to a
    // sink is right.
    [[nodiscard]] std::set<ContentHash> unreadable() const {
        std::set<ContentHash> failed;
        for (const auto& [id, bytes] : contents) {
            std::size_t at = 0;
            const auto read = storage().retrieve(
                id,
                [&, &expected = bytes](ByteView piece) -> Result<void> {
                    EXPECT_TRUE(std::equal(piece.begin(), piece.end(),
                                           expected.begin() + static_cast<std::ptrdiff_t>(at)));
                    at += piece.size();
                    return {};
                },
                CallContext());
            EXPECT_TRUE(!read || at == bytes.size());
            if (read) continue;
            EXPECT_EQ(read.error().code(), Errc::kContentCorrupted);
            const auto* detail = read.error().detail_as<CorruptionDetail>();
            EXPECT_TRUE(detail != nullptr &&
                        detail->affected == std::vector<std::string>{id.to_string()});
            EXPECT_FALSE(read.error().input().empty());
            failed.insert(id);
        }
        return failed;
    }
};

std::set<ContentHash> objects_of(const VerifyReport& report) {
    std::set<ContentHash> objects;
    for (const Damage& damage : report.damages)
        objects.insert(damage.objects.begin(), damage.objects.end());
    return objects;
}

TEST(ContentDamage, EveryFlippedByteOfAPackIsFound) {
    const DamageBed bed;
    const std::uint64_t size = bed.pack_bytes();
    std::uint64_t harmless = 0;
    for (std::uint64_t offset = 0; offset < size;
         offset += offset < 64 || offset >= 4080 ? 1 : 61) {
        must(bed.disk->corrupt(kPack, offset, 0x10));
        const std::set<ContentHash> unreadable = bed.unreadable();
        const VerifyReport report = bed.verify(VerifyDepth::kFull);
        ASSERT_EQ(report.damages.size(), 1u) << offset;
        ASSERT_EQ(objects_of(report), unreadable) << offset << ": " << report.damages[0].what;
        ASSERT_TRUE(report.damages[0].where.starts_with("00000001.pack at "));
        harmless += unreadable.empty() ? 1 : 0;
        must(bed.disk->corrupt(kPack, offset, 0x10));
    }
    EXPECT_TRUE(bed.verify(VerifyDepth::kFull).damages.empty());
    // The header of the pack, and padding: nothing else may be without consequence.
    EXPECT_LT(harmless, 64 + 4096 / 61 + 20 + 7 * 20);
}

TEST(ContentDamage, EveryFlippedByteOfAPackIsFoundWithoutDecoding) {
    const DamageBed bed;
    const std::uint64_t size = bed.pack_bytes();
    for (std::uint64_t offset = 0; offset < size; offset += offset < 4080 ? 37 : 61) {
        must(bed.disk->corrupt(kPack, offset, 0x10));
        const VerifyReport report = bed.verify(VerifyDepth::kStructure);
        ASSERT_EQ(report.damages.size(), 1u) << offset;
        ASSERT_EQ(objects_of(report), bed.unreadable()) << offset << report.damages[0].what;
        must(bed.disk->corrupt(kPack, offset, 0x10));
    }
}

// What is not in any pack says nothing of packs.
TEST(ContentDamage, AQuickCheckReadsNoChunks) {
    const DamageBed bed;
    must(bed.disk->corrupt(kPack, kPackHeaderBytes + 100, 1));
    EXPECT_TRUE(bed.verify(VerifyDepth::kQuick).damages.empty());
    EXPECT_EQ(bed.verify(VerifyDepth::kQuick).bytes, 0u);
    EXPECT_EQ(bed.verify(VerifyDepth::kQuick).objects, bed.contents.size());
}

// A check that ends after a pack goes on there, and finds what the rest of it would have.
TEST(ContentDamage, AnInterruptedCheckGoesOnWhereItWas) {
    const DamageBed bed(6000, 20);
    const std::uint64_t packs = must(bed.storage().stats()).packs;
    ASSERT_GT(packs, 4u);
    must(bed.disk->corrupt("/library/packs/00000002.pack", kPackHeaderBytes + 100, 1));
    must(bed.disk->corrupt("/library/packs/00000004.pack", kPackHeaderBytes + 100, 1));
    const VerifyReport whole = bed.verify(VerifyDepth::kFull);
    ASSERT_EQ(whole.damages.size(), 2u);
    EXPECT_EQ(whole.last_pack, packs);
    VerifyOptions options;
    std::vector<std::uint32_t> reached;
    options.reached = [&](const VerifyReport& report) -> Result<void> {
        reached.push_back(report.last_pack);
        if (report.last_pack == 3) return fail(Errc::kCancelled, "enough");
        return {};
    };
    EXPECT_EQ(code_of(bed.storage().verify(options, CallContext())), Errc::kCancelled);
    EXPECT_EQ(reached, (std::vector<std::uint32_t>{1, 2, 3}));
    options.resume_after = 3;
    reached.clear();
    const VerifyReport rest = must(bed.storage().verify(options, CallContext()));
    EXPECT_EQ(reached.size(), packs - 3);
    EXPECT_EQ(rest.last_pack, packs);
    ASSERT_EQ(rest.damages.size(), 1u);
    EXPECT_TRUE(rest.damages[0].where.starts_with("00000004.pack"));
    EXPECT_EQ(rest.objects, whole.objects);
    EXPECT_LT(rest.bytes, whole.bytes);
}

TEST(ContentDamage, StructureCheckFindsDamagedHeaders) {
    const DamageBed bed;
    must(bed.disk->corrupt(kPack, kPackHeaderBytes + 10, 1));
    const VerifyReport report = bed.verify(VerifyDepth::kStructure);
    ASSERT_EQ(report.damages.size(), 1u);
    EXPECT_EQ(objects_of(report), bed.unreadable());
    EXPECT_FALSE(bed.unreadable().empty());
}

TEST(ContentDamage, EveryTruncationOfAPackIsFound) {
    const std::uint64_t size = DamageBed().pack_bytes();
    for (std::uint64_t kept = 0; kept < size; kept += kept < 4000 ? 777 : 33) {
        const DamageBed bed;
        must(must(bed.disk->open_write(kPack, io::OpenMode::kReadWrite))->truncate(kept));
        const std::set<ContentHash> unreadable = bed.unreadable();
        for (const VerifyDepth depth : {VerifyDepth::kStructure, VerifyDepth::kFull}) {
            const VerifyReport report = bed.verify(depth);
            ASSERT_FALSE(report.damages.empty()) << kept;
            ASSERT_TRUE(depth == VerifyDepth::kStructure || objects_of(report) == unreadable)
                << kept;
        }
        bed.bed->reopen();
        ASSERT_EQ(bed.unreadable(), unreadable) << kept;
        const Bytes later = noise(2000, 77);
        bed.bed->put(later);
        ASSERT_EQ(must(bed.bed->get(id_of(later))), later) << kept;
    }
}

TEST(ContentDamage, AMissingPackHurtsOnlyItsOwnObjects) {
    const DamageBed bed(6000, 20);
    const std::string path = "/library/packs/00000002.pack";
    ASSERT_GT(must(bed.storage().stats()).packs, 5u);
    must(bed.disk->remove_file(path));
    bed.bed->reopen();
    const std::set<ContentHash> unreadable = bed.unreadable();
    EXPECT_FALSE(unreadable.empty());
    EXPECT_LT(unreadable.size(), bed.contents.size());
    for (const VerifyDepth depth :
         {VerifyDepth::kQuick, VerifyDepth::kStructure, VerifyDepth::kFull}) {
        const VerifyReport report = bed.verify(depth);
        EXPECT_EQ(objects_of(report), unreadable);
        EXPECT_EQ(report.damages.size(), depth == VerifyDepth::kQuick ? 2u : 1u);
        EXPECT_EQ(report.objects, bed.contents.size());
    }
}

TEST(ContentDamage, AllDamagesAreReportedAtOnce) {
    const DamageBed bed(6000, 20);
    const std::uint64_t packs = must(bed.storage().stats()).packs;
    for (const std::string name : {"00000001.pack", "00000003.pack", "00000004.pack"})
        must(bed.disk->corrupt("/library/packs/" + name, kPackHeaderBytes + 100, 1));
    const VerifyReport report = bed.verify(VerifyDepth::kFull);
    EXPECT_EQ(report.damages.size(), 3u);
    EXPECT_EQ(objects_of(report), bed.unreadable());
    EXPECT_GT(report.bytes, packs * kPackHeaderBytes);
}

TEST(ContentDamage, APackOfAnotherStoreIsNamed) {
    const DamageBed bed;
    std::string bytes = must(io::read_file(*bed.disk, kPack, 1u << 20));
    PackHeader header = must(decode_pack_header(as_bytes(bytes)));
    header.store[0] ^= std::byte{1};
    must(io::write_file_durably(
        *bed.disk, kPack, as_bytes(encode_pack_header(header) + bytes.substr(kPackHeaderBytes))));
    bed.bed->reopen();
    const VerifyReport report = bed.verify(VerifyDepth::kStructure);
    ASSERT_EQ(report.damages.size(), 1u);
    EXPECT_EQ(report.damages[0].what, "pack belongs to another store");
    EXPECT_TRUE(bed.unreadable().empty());
}

// The index of a sealed pack is a copy of what its records say.
TEST(ContentDamage, EveryFlippedByteOfAnIndexIsFoundAndNothingIsLost) {
    const DamageBed bed(4096 + 500);
    const auto key = pack_key(PackId{1});
    const auto value = must(bed.bed->store().get(kBedFamilies.packs, key));
    const PackMark mark = must(decode_pack_mark(key, *value));
    ASSERT_NE(mark.index_offset, 0u);
    for (std::uint64_t offset = mark.index_offset; offset < mark.bytes;
         offset += offset % kPageBytes < 96 || offset % kPageBytes > 4000 ? 1 : 41) {
        must(bed.disk->corrupt(kPack, offset, 0x20));
        bed.bed->reopen();
        const VerifyReport report = bed.verify(VerifyDepth::kFull);
        ASSERT_FALSE(report.damages.empty()) << offset;
        const std::set<ContentHash> unreadable = bed.unreadable();
        const std::set<ContentHash> named = objects_of(report);
        ASSERT_TRUE(std::includes(named.begin(), named.end(), unreadable.begin(), unreadable.end()))
            << offset;
        must(bed.disk->corrupt(kPack, offset, 0x20));
    }
    bed.bed->reopen();
    EXPECT_TRUE(bed.verify(VerifyDepth::kFull).damages.empty());
}

// The records are read before the index that is damaged goes.
TEST(ContentDamage, ADamagedIndexStaysInUseWhereTheRecordsCannotBeRead) {
    const DamageBed bed(4096 + 500);
    const auto key = pack_key(PackId{1});
    const PackMark mark =
        must(decode_pack_mark(key, *must(bed.bed->store().get(kBedFamilies.packs, key))));
    must(bed.disk->corrupt(kPack, mark.index_offset + kPageBytes + 4080, 0x20));
    bed.bed->reopen();
    const std::set<ContentHash> before = bed.unreadable();
    unsigned failed = 0;
    for (std::uint64_t spared = 0;; ++spared) {
        Fault fault(Errc::kIo);
        fault.calls_spared = spared;
        bed.disk->fail_next(FileOperation::kRead, kPack, fault);
        const auto verified = bed.storage().verify(VerifyDepth::kFull, CallContext());
        bed.disk->clear_faults();
        ASSERT_EQ(bed.unreadable(), verified ? std::set<ContentHash>{} : before) << spared;
        if (verified) break;
        EXPECT_EQ(verified.error().code(), Errc::kIo);
        ++failed;
    }
    EXPECT_GE(failed, 3u);
}

// Somebody who can make checksums replaces a chunk's bytes: its digest still tells.
TEST(ContentDamage, AForgedRecordIsFound) {
    const DamageBed bed;
    std::string bytes = must(io::read_file(*bed.disk, kPack, 1u << 20));
    const ByteView at = as_bytes(bytes).subspan(kPackHeaderBytes);
    RecordHeader header = must(decode_record_header(at));
    header.codec = Codec::kRaw;
    header.plain_bytes = header.stored_bytes;
    std::string forged;
    append_record(forged, header, noise(header.stored_bytes, 666));
    bytes.replace(kPackHeaderBytes, forged.size(), forged);
    must(io::write_file_durably(*bed.disk, kPack, as_bytes(bytes)));
    bed.bed->reopen();
    const std::set<ContentHash> unreadable = bed.unreadable();
    EXPECT_FALSE(unreadable.empty());
    const VerifyReport report = bed.verify(VerifyDepth::kFull);
    EXPECT_EQ(objects_of(report), unreadable);
}

TEST(ContentDamage, EveryFlippedByteOfARecordIsFound) {
    const DamageBed bed;
    {
        const kv::Family family = kBedFamilies.objects;
        const auto walk = bed.bed->store().iterate(family);
        walk->seek({});
        const std::string key(walk->key());
        const std::string value(walk->value());
        for (std::size_t i = 0; i < value.size(); ++i) {
            std::string damaged = value;
            damaged[i] = static_cast<char>(damaged[i] ^ 4);
            kv::WriteBatch batch;
            batch.put(family, key, damaged);
            must(bed.bed->store().write(batch, kv::Durability::kSync));
            const VerifyReport report = bed.verify(VerifyDepth::kStructure);
            ASSERT_FALSE(report.damages.empty()) << i;
            ASSERT_FALSE(objects_of(report).empty()) << i;
        }
        kv::WriteBatch batch;
        batch.put(family, key, value);
        must(bed.bed->store().write(batch, kv::Durability::kSync));
    }
    EXPECT_TRUE(bed.verify(VerifyDepth::kFull).damages.empty());
}

TEST(ContentDamage, ARecordThatIsNotRecognisedAtOpeningNamesTheObjects) {
    const DamageBed bed;
    must(bed.disk->corrupt(kPack, kPackHeaderBytes + 20, 1));
    bed.bed->reopen();
    const std::set<ContentHash> unreadable = bed.unreadable();
    EXPECT_FALSE(unreadable.empty());
    for (const VerifyDepth depth : {VerifyDepth::kStructure, VerifyDepth::kFull})
        EXPECT_EQ(objects_of(bed.verify(depth)), unreadable);
}

// A chunk list that leads to other bytes than the id promises, under a right checksum.
TEST(ContentDamage, AnObjectWithAWrongChunkListIsFound) {
    const DamageBed bed;
    const ContentHash id = bed.contents.begin()->first;
    const auto value = must(bed.bed->store().get(kBedFamilies.objects, hash_key(id)));
    ObjectRecord record = must(decode_object(id, *value));
    const ContentHash other = std::next(bed.contents.begin())->first;
    const auto other_value = must(bed.bed->store().get(kBedFamilies.objects, hash_key(other)));
    record = must(decode_object(other, *other_value));
    kv::WriteBatch batch;
    batch.put(kBedFamilies.objects, hash_key(id), encode_object(id, record));
    must(bed.bed->store().write(batch, kv::Durability::kSync));
    const auto read = bed.bed->get(id);
    ASSERT_EQ(code_of(read), Errc::kContentCorrupted);
    EXPECT_EQ(objects_of(bed.verify(VerifyDepth::kFull)), std::set<ContentHash>{id});
}

TEST(ContentDamage, HalfAReferenceIsFound) {
    const DamageBed bed;
    const ContentHash id = bed.contents.begin()->first;
    kv::WriteBatch batch;
    batch.remove(kBedFamilies.references, owner_key("owner", id));
    must(bed.bed->store().write(batch, kv::Durability::kSync));
    EXPECT_EQ(objects_of(bed.verify(VerifyDepth::kStructure)), std::set<ContentHash>{id});
}

TEST(ContentDamage, AReferenceToNothingIsFound) {
    const DamageBed bed;
    const ContentHash id = bed.contents.begin()->first;
    kv::WriteBatch batch;
    batch.remove(kBedFamilies.objects, hash_key(id));
    batch.put(kBedFamilies.references, "xyz", "");
    must(bed.bed->store().write(batch, kv::Durability::kSync));
    const VerifyReport report = bed.verify(VerifyDepth::kStructure);
    EXPECT_EQ(report.damages.size(), 2u);
    EXPECT_EQ(objects_of(report), std::set<ContentHash>{id});
}

TEST(ContentDamage, DamageToWhatNobodyNeedsIsReportedWithoutObjects) {
    const DamageBed bed;
    kv::WriteBatch batch;
    for (const auto& [id, bytes] : bed.contents) {
        must(bed.bed->remove(id));
        batch.remove(kBedFamilies.objects, hash_key(id));
    }
    must(bed.bed->commit(std::move(batch)));
    must(bed.disk->corrupt(kPack, kPackHeaderBytes + 100, 1));
    const VerifyReport report = bed.verify(VerifyDepth::kFull);
    ASSERT_EQ(report.damages.size(), 1u);
    EXPECT_TRUE(report.damages[0].objects.empty());
    EXPECT_EQ(report.objects, 0u);
}

TEST(ContentDamage, ProgressRisesToItsTotal) {
    class Watching final : public ProgressSink {
    public:
        std::map<std::string, std::pair<std::uint64_t, std::uint64_t>, std::less<>> phases;
        void update(const ProgressUpdate& update) noexcept override {
            auto& phase = phases[std::string(update.phase)];
            EXPECT_EQ(update.operation, "verify");
            EXPECT_GE(update.done, phase.first);
            phase = {update.done, update.total};
        }
    };
    const DamageBed bed;
    Watching progress;
    CallContext context;
    context.progress = &progress;
    must(bed.storage().verify(VerifyDepth::kFull, context));
    EXPECT_EQ(progress.phases.size(), 4u);
    EXPECT_EQ(progress.phases["packs"], (std::pair{bed.pack_bytes(), bed.pack_bytes()}));
    EXPECT_GT(progress.phases["chunks"].first, 0u);
    EXPECT_EQ(progress.phases["chunks"].first, progress.phases["chunks"].second);
    EXPECT_EQ(progress.phases["objects"].first, bed.contents.size());
}

}  // namespace
}  // namespace catalog::content::testing
