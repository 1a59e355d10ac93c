// Space is reclaimed, and only space that nobody needs.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "catalog/content/compressor.hpp"
#include "catalog/content/content_records.hpp"
#include "catalog/merkle/hash.hpp"
#include "support/content/content_bed.hpp"
#include "support/content/faulty_storage_backend.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/content/sample_lists.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SeededRandom;
using io::testing::SimulatedFileSystem;

ContentOptions small_packs(std::uint64_t pack_bytes_max = 20'000) {
    return options_on(SimulatedFileSystem::make(), kSmallChunks, pack_bytes_max);
}

CollectReport collect(ContentBed& bed, const CollectOptions& options = {}) {
    return must(bed.storage().collect(options, CallContext()));
}

CollectOptions dry() {
    CollectOptions options;
    options.dry_run = true;
    return options;
}

void expect_healthy(ContentBed& bed) {
    const VerifyReport report = must(bed.storage().verify(VerifyDepth::kFull, CallContext()));
    for (const Damage& damage : report.damages)
        ADD_FAILURE() << damage.where << ": " << damage.what;
}

TEST(ContentCollect, AnEmptyStoreHasNothingToGive) {
    RealContentBed bed(small_packs());
    EXPECT_EQ(collect(bed), CollectReport());
}

std::size_t index_files(RealContentBed& bed) {
    std::size_t files = 0;
    for (const auto& entry : must(bed.options().file_system->list("/library/packs")))
        files += parse_run_file_name(entry.name) ? 1 : 0;
    return files;
}

// An index that stands for several packs goes after the last of them; with the next commit.
TEST(ContentCollect, IndexesOfPacksThatAreGoneGo) {
    RealContentBed bed(small_packs(4000));
    for (std::uint64_t i = 0; i < 12; ++i) bed.put(noise(5000, i));
    ASSERT_GT(index_files(bed), 0u);
    for (std::uint64_t i = 0; i < 12; ++i) must(bed.remove(id_of(noise(5000, i))));
    collect(bed);
    bed.put(noise(100, 50));
    bed.put(noise(100, 51));
    EXPECT_EQ(index_files(bed), 0u);
    bed.reopen();
    EXPECT_EQ(index_files(bed), 0u);
    for (std::uint64_t i = 20; i < 32; ++i) bed.put(noise(5000, i));
    EXPECT_GT(index_files(bed), 0u);
    bed.reopen();
    for (std::uint64_t i = 20; i < 32; ++i)
        EXPECT_EQ(must(bed.get(id_of(noise(5000, i)))), noise(5000, i));
}

TEST(ContentCollect, NothingThatIsReferencedGoes) {
    RealContentBed bed(small_packs());
    for (std::uint64_t i = 0; i < 10; ++i) bed.put(noise(9000, i));
    const StorageStats before = must(bed.storage().stats());
    EXPECT_EQ(collect(bed).packs_removed, 0u);
    EXPECT_EQ(must(bed.storage().stats()).stored_bytes, before.stored_bytes);
    for (std::uint64_t i = 0; i < 10; ++i)
        EXPECT_EQ(must(bed.get(id_of(noise(9000, i)))), noise(9000, i));
}

TEST(ContentCollect, PacksWithoutNeededBytesGoAndOthersAreRewritten) {
    RealContentBed bed(small_packs());
    for (std::uint64_t i = 0; i < 20; ++i) bed.put(noise(9000, i));
    for (std::uint64_t i = 0; i < 20; ++i)
        if (i < 8 || i % 3 != 0) must(bed.remove(id_of(noise(9000, i))));
    const StorageStats before = must(bed.storage().stats());
    const CollectReport predicted = collect(bed, dry());
    EXPECT_EQ(must(bed.storage().stats()).stored_bytes, before.stored_bytes);
    const CollectReport report = collect(bed);
    EXPECT_EQ(report, predicted);
    EXPECT_EQ(report.objects_removed, 16u);
    EXPECT_GT(report.packs_removed, 2u);
    EXPECT_GT(report.packs_rewritten, 2u);
    EXPECT_GT(report.bytes_rewritten, 0u);
    EXPECT_GT(report.chunks_dead, 16u);
    const StorageStats after = must(bed.storage().stats());
    EXPECT_LT(after.stored_bytes, before.stored_bytes / 2);
    EXPECT_LT(after.unreferenced_bytes, before.unreferenced_bytes / 4);
    for (int opened = 0; opened < 2; ++opened) {
        for (std::uint64_t i = 9; i < 20; i += 3)
            EXPECT_EQ(must(bed.get(id_of(noise(9000, i)))), noise(9000, i));
        expect_healthy(bed);
        bed.reopen();
    }
    EXPECT_EQ(collect(bed).objects_removed, 0u);
}

TEST(ContentCollect, ThePackThatStillGrowsGivesItsSpaceBack) {
    RealContentBed bed(small_packs(1u << 20));
    for (std::uint64_t i = 0; i < 6; ++i) bed.put(noise(9000, i));
    for (std::uint64_t i = 0; i < 5; ++i) must(bed.remove(id_of(noise(9000, i))));
    for (int opened = 0; opened < 2; ++opened) {
        const CollectReport report = collect(bed);
        EXPECT_EQ(report.packs_rewritten, opened == 0 ? 1u : 0u);
        EXPECT_LT(must(bed.storage().stats()).stored_bytes, 20'000u);
        EXPECT_EQ(must(bed.get(id_of(noise(9000, 5)))), noise(9000, 5));
        bed.reopen();
    }
    must(bed.remove(id_of(noise(9000, 5))));
    EXPECT_EQ(collect(bed).packs_removed, 1u);
    EXPECT_EQ(must(bed.storage().stats()).packs, 0u);
    // Numbers of packs are not used twice.
    bed.reopen();
    bed.put(noise(100, 77));
    const auto marks = bed.store().iterate(kBedFamilies.packs);
    marks->seek(pack_key(PackId{}));
    EXPECT_EQ(must(decode_pack_mark(marks->key(), marks->value())).pack, PackId{3});
}

TEST(ContentCollect, AStoreInMemoryIsCollectedToo) {
    RealContentBed bed;
    bed.put(noise(90'000, 1));
    bed.put(noise(20'000, 2));
    must(bed.remove(id_of(noise(90'000, 1))));
    EXPECT_EQ(collect(bed).packs_rewritten, 1u);
    EXPECT_LT(must(bed.storage().stats()).stored_bytes, 40'000u);
    EXPECT_EQ(must(bed.get(id_of(noise(20'000, 2)))), noise(20'000, 2));
}

TEST(ContentCollect, WhatAnOpenSessionPutOrFoundStays) {
    RealContentBed bed(small_packs());
    bed.put(noise(30'000, 1));
    bed.put(noise(30'000, 2));
    auto session = must(bed.storage().begin());
    must(session->put(noise(30'000, 3)));
    must(session->put(noise(30'000, 1)));
    must(session->add_reference("later", id_of(noise(30'000, 2))));
    must(bed.remove(id_of(noise(30'000, 1))));
    must(bed.remove(id_of(noise(30'000, 2))));
    EXPECT_EQ(collect(bed).objects_removed, 0u);
    must(session->add_reference("later", id_of(noise(30'000, 1))));
    must(session->add_reference("later", id_of(noise(30'000, 3))));
    kv::WriteBatch batch;
    must(session->stage(batch));
    EXPECT_EQ(collect(bed).objects_removed, 0u);
    must(bed.commit(std::move(batch)));
    session.reset();
    EXPECT_EQ(collect(bed).objects_removed, 0u);
    for (std::uint64_t i = 1; i <= 3; ++i)
        EXPECT_EQ(must(bed.get(id_of(noise(30'000, i)))), noise(30'000, i));
    expect_healthy(bed);
}

TEST(ContentCollect, ABatchWhoseContentWentIsRefused) {
    RealContentBed bed(small_packs());
    bed.put(noise(30'000, 2));
    kv::WriteBatch puts;
    kv::WriteBatch references;
    {
        const auto session = must(bed.storage().begin());
        must(session->add_reference("o", must(session->put(noise(30'000, 1))).id));
        must(session->stage(puts));
        const auto other = must(bed.storage().begin());
        must(other->add_reference("o", id_of(noise(30'000, 2))));
        must(other->stage(references));
    }
    must(bed.remove(id_of(noise(30'000, 2))));
    bed.put(noise(100, 9));  // The chunks of the first batch are committed bytes now.
    EXPECT_GT(collect(bed).packs_removed, 1u);
    EXPECT_EQ(code_of(bed.commit(std::move(puts))), Errc::kContentNotFound);
    EXPECT_EQ(code_of(bed.commit(std::move(references))), Errc::kContentNotFound);
    EXPECT_FALSE(must(bed.storage().exists(id_of(noise(30'000, 1)))));
    bed.put(noise(30'000, 1));
    EXPECT_EQ(must(bed.get(id_of(noise(30'000, 1)))), noise(30'000, 1));
    expect_healthy(bed);
}

// A removal of a record that comes after a new reference, in the same batch or before it.
TEST(ContentCollect, ARecordThatIsReferencedAgainIsPutAgain) {
    RealContentBed bed(small_packs());
    const ContentHash id = bed.put(noise(5000, 1)).id;
    kv::WriteBatch batch;
    batch.remove(kBedFamilies.objects, hash_key(id));
    must(bed.commit(batch));
    EXPECT_EQ(must(bed.get(id)), noise(5000, 1));
    const auto session = must(bed.storage().begin());
    must(session->add_reference("new", must(session->put(noise(6000, 2))).id));
    must(session->stage(batch));
    batch.remove(kBedFamilies.objects, hash_key(id_of(noise(6000, 2))));
    must(bed.commit(std::move(batch)));
    EXPECT_EQ(must(bed.get(id_of(noise(6000, 2)))), noise(6000, 2));
}

// What a list names that was committed after it was marked, or belongs to a session, stays.
TEST(ContentCollect, AListThatComesMeanwhileKeepsWhatItNames) {
    class Meanwhile final : public ProgressSink {
    public:
        explicit Meanwhile(std::function<void()> act) : act_(std::move(act)) {}
        void update(const ProgressUpdate& update) noexcept override {
            if (act_ && update.phase == "mark") std::exchange(act_, {})();
        }

    private:
        std::function<void()> act_;
    };
    // Committed by a session that ends at once; by one that stays; staged before, committed alone.
    for (int kind = 0; kind < 3; ++kind) {
        SCOPED_TRACE(kind);
        RealContentBed bed(small_packs());
        bed.put(noise(9000, 100));  // Something is marked.
        std::vector<ContentHash> ids;
        for (std::uint64_t i = 0; i < 6; ++i) ids.push_back(bed.put(noise(9000, i)).id);
        for (const ContentHash& id : ids) must(bed.remove(id));
        std::unique_ptr<ContentTransaction> session;
        kv::WriteBatch staged;
        if (kind == 2) {
            session = must(bed.storage().begin());
            must(session->put_list("late", list_of(ids)));
            must(session->stage(staged));
            session.reset();
        }
        Meanwhile sink([&] {
            if (kind == 2) {
                must(bed.commit(staged));
                return;
            }
            session = must(bed.storage().begin());
            must(session->put_list("late", list_of(ids)));
            must(bed.storage().commit(*session));
            if (kind == 0) session.reset();
        });
        CallContext context;
        context.progress = &sink;
        CollectOptions all;
        all.live_share_min = 1;
        EXPECT_EQ(must(bed.storage().collect(all, context)).objects_removed, 0u);
        session.reset();
        for (int opened = 0; opened < 2; ++opened) {
            for (std::uint64_t i = 0; i < 6; ++i) EXPECT_EQ(must(bed.get(ids[i])), noise(9000, i));
            expect_healthy(bed);
            bed.reopen();
            EXPECT_EQ(must(bed.storage().collect(all, CallContext())).objects_removed, 0u);
        }
    }
}

TEST(ContentCollect, AListWhoseObjectsWentIsRefused) {
    RealContentBed bed(small_packs());
    const ContentHash id = bed.put(noise(9000, 1)).id;
    kv::WriteBatch batch;
    {
        const auto session = must(bed.storage().begin());
        must(session->put_list("late", list_of({id})));
        must(session->stage(batch));
    }
    must(bed.remove(id));
    collect(bed);
    EXPECT_EQ(code_of(bed.commit(std::move(batch))), Errc::kContentNotFound);
    EXPECT_EQ(collect(bed).objects_removed, 0u);
    expect_healthy(bed);
}

TEST(ContentCollect, NothingGoesWhenAListIsDamagedOrCannotBeRead) {
    ContentOptions options = small_packs();
    const auto fs = SimulatedFileSystem::make();
    options.file_system = fs;
    RealContentBed bed(std::move(options));
    ContentHash list;
    {
        const auto session = must(bed.storage().begin());
        const std::vector<ContentHash> ids = {must(session->put(noise(9000, 1))).id,
                                              must(session->put(noise(9000, 2))).id};
        list = must(session->put_list("o", list_of(ids))).id;
        must(bed.storage().commit(*session));
    }
    bed.put(noise(9000, 3));
    must(bed.remove(id_of(noise(9000, 3))));
    bool found = false;
    for (const io::DirectoryEntry& pack : must(fs->list("/library/packs"))) {
        const std::string path = "/library/packs/" + pack.name;
        const std::size_t at = must(io::read_file(*fs, path, 1u << 20)).find(kListMagic);
        if (at == std::string::npos) continue;
        must(fs->corrupt(path, at, 4));
        found = true;
    }
    ASSERT_TRUE(found);
    const auto refused = bed.storage().collect(CollectOptions(), CallContext());
    EXPECT_EQ(code_of(refused), Errc::kContentCorrupted);
    EXPECT_EQ(refused.error().input(), "list " + list.to_string());
    EXPECT_FALSE(must(bed.storage().verify(VerifyDepth::kFull, CallContext())).damages.empty());
    EXPECT_EQ(must(bed.get(id_of(noise(9000, 3)))), noise(9000, 3));
    EXPECT_EQ(must(bed.get(id_of(noise(9000, 1)))), noise(9000, 1));
    // Without the list, what it named is nobody's.
    must(bed.remove(list, "o"));
    EXPECT_EQ(collect(bed).objects_removed, 4u);

    RealContentBed other(small_packs());
    const auto session = must(other.storage().begin());
    kv::WriteBatch batch;
    const ContentHash none = must(session->put(noise(500, 1))).id;
    must(session->stage(batch));
    must(other.commit(std::move(batch)));
    kv::WriteBatch wrong;
    wrong.put(kBedFamilies.references, list_key("o", none), {});
    EXPECT_EQ(code_of(other.commit(wrong)), Errc::kContentCorrupted);
    must(other.store().write(wrong, kv::Durability::kSync));
    EXPECT_EQ(code_of(other.storage().collect(CollectOptions(), CallContext())),
              Errc::kContentCorrupted);
    EXPECT_FALSE(must(other.storage().verify(VerifyDepth::kFull, CallContext())).damages.empty());
}

TEST(ContentCollect, TheBudgetIsKeptAndPacksThatYieldMostComeFirst) {
    RealContentBed bed(small_packs());
    for (std::uint64_t i = 0; i < 24; ++i) bed.put(noise(6000, i));
    for (std::uint64_t i = 0; i < 24; ++i)
        if (i % 3 != 0) must(bed.remove(id_of(noise(6000, i))));
    CollectOptions options;
    options.rewrite_bytes_max = 13'000;
    const CollectReport some = collect(bed, options);
    EXPECT_GT(some.packs_rewritten, 0u);
    EXPECT_LE(some.bytes_rewritten, 13'000u);
    EXPECT_GT(some.dead_bytes_left, 10'000u);
    options.rewrite_bytes_max = 0;
    EXPECT_EQ(collect(bed, options).packs_rewritten, 0u);
    EXPECT_GT(collect(bed).packs_rewritten, 0u);
    expect_healthy(bed);
}

TEST(ContentCollect, ASecondOneIsRefusedAndACancelledOneLosesNothing) {
    class Reenter final : public ProgressSink {
    public:
        explicit Reenter(ContentStorage& storage) : storage_(storage) {}
        void update(const ProgressUpdate& update) noexcept override {
            phases.insert(std::string(update.phase));
            if (inner) return;
            inner = code_of(storage_.collect(CollectOptions(), CallContext()));
        }
        std::set<std::string> phases;
        std::optional<Errc> inner;

    private:
        ContentStorage& storage_;
    };
    RealContentBed bed(small_packs());
    for (std::uint64_t i = 0; i < 8; ++i) bed.put(noise(9000, i));
    for (std::uint64_t i = 1; i < 8; ++i) must(bed.remove(id_of(noise(9000, i))));
    Reenter sink(bed.storage());
    CallContext context;
    context.progress = &sink;
    std::stop_source stop;
    context.stop = stop.get_token();
    stop.request_stop();
    EXPECT_EQ(code_of(bed.storage().collect(CollectOptions(), context)), Errc::kCancelled);
    context.stop = {};
    must(bed.storage().collect(CollectOptions(), context));
    EXPECT_EQ(sink.inner, Errc::kBusy);
    EXPECT_EQ(sink.phases, (std::set<std::string>{"mark", "objects", "packs"}));
    EXPECT_EQ(must(bed.get(id_of(noise(9000, 0)))), noise(9000, 0));
    CollectOptions wrong;
    wrong.live_share_min = 1.5;
    EXPECT_EQ(code_of(bed.storage().collect(wrong, CallContext())), Errc::kInvalidArgument);
}

TEST(ContentCollect, APackWithADamagedNeededChunkStays) {
    ContentOptions options = small_packs();
    const auto fs = options.file_system;
    RealContentBed bed(std::move(options));
    bed.put(noise(4000, 0));
    for (std::uint64_t i = 1; i < 6; ++i) bed.put(noise(9000, i));
    for (std::uint64_t i = 1; i < 6; ++i) must(bed.remove(id_of(noise(9000, i))));
    const std::string path = "/library/packs/00000001.pack";
    {
        const auto file = must(fs->open_write(path, io::OpenMode::kReadWrite));
        must(file->write_at(kPackHeaderBytes + 100, Bytes(1, std::byte{0x55})));
        must(file->close());
    }
    const CollectReport report = collect(bed);
    EXPECT_EQ(report.packs_damaged, 1u);
    EXPECT_GT(report.dead_bytes_left, 0u);
    EXPECT_EQ(must(fs->info(path)).kind, io::FileKind::kRegular);
    EXPECT_EQ(code_of(bed.get(id_of(noise(4000, 0)))), Errc::kContentCorrupted);
}

TEST(ContentCollect, APackThatWasMovedAwayIsNotTakenForAnEmptyOne) {
    ContentOptions options = small_packs();
    const auto fs = options.file_system;
    RealContentBed bed(std::move(options));
    bed.put(noise(30'000, 0));
    bed.put(noise(30'000, 1));
    must(bed.remove(id_of(noise(30'000, 1))));
    const std::string path = "/library/packs/00000001.pack";
    must(fs->rename(path, "/library/away"));
    bed.reopen();
    EXPECT_EQ(code_of(bed.storage().collect(CollectOptions(), CallContext())),
              Errc::kContentCorrupted);
    must(fs->rename("/library/away", path));
    bed.reopen();
    EXPECT_EQ(must(bed.get(id_of(noise(30'000, 0)))), noise(30'000, 0));
    EXPECT_GT(collect(bed).packs_removed, 0u);
    // One that nobody needs stays when it cannot be looked at.
    must(bed.remove(id_of(noise(30'000, 0))));
    must(fs->rename(path, "/library/away"));
    bed.reopen();
    EXPECT_EQ(collect(bed).packs_damaged, 1u);
}

TEST(ContentCollect, AnObjectWhoseRecordIsDamagedStopsItBeforeAnythingGoes) {
    RealContentBed bed(small_packs());
    for (std::uint64_t i = 0; i < 4; ++i) bed.put(noise(9000, i));
    must(bed.remove(id_of(noise(9000, 1))));
    kv::WriteBatch batch;
    batch.put(kBedFamilies.objects, hash_key(id_of(noise(9000, 2))), "damaged");
    must(bed.store().write(batch, kv::Durability::kSync));
    const StorageStats before = {};
    EXPECT_EQ(code_of(bed.storage().collect(CollectOptions(), CallContext())),
              Errc::kContentCorrupted);
    EXPECT_EQ(must(bed.get(id_of(noise(9000, 3)))), noise(9000, 3));
    EXPECT_EQ(before.objects, 0u);
}

// A store whose packs are in files that the test can look into.
struct DeltaBed {
    explicit DeltaBed(std::uint64_t pack_bytes_max) : bed(options_of(pack_bytes_max)) {}

    ContentOptions options_of(std::uint64_t pack_bytes_max) {
        ContentOptions options;
        PackOptions packs;
        packs.pack_bytes_max = pack_bytes_max;
        backend = make_pack_backend(SimulatedFileSystem::make(), "/packs", false, packs);
        options.backend = backend;
        options.profile = {ChunkAlgorithm::kFastCdc2020, 2048, 8192, 32'768, 0};
        return options;
    }
    [[nodiscard]] std::uint64_t deltas() const {
        std::uint64_t count = 0;
        must(backend->for_each([&](const IndexEntry& entry) -> Result<void> {
            count += entry.codec == Codec::kDelta ? 1 : 0;
            return {};
        }));
        return count;
    }

    std::shared_ptr<StorageBackend> backend;
    RealContentBed bed;
};

TEST(ContentCollect, TheBaseOfANeededDeltaStays) {
    DeltaBed deltas(30'000);
    RealContentBed& bed = deltas.bed;
    const Bytes first = prose(80'000, 1);
    const Bytes second = edited(first, 4, 3);
    bed.put(first);
    bed.put(second);
    ASSERT_GT(deltas.deltas(), 2u);
    must(bed.remove(id_of(first)));
    CollectOptions all;
    all.live_share_min = 1;
    collect(bed, all);
    bed.reopen();
    EXPECT_EQ(must(bed.get(id_of(second))), second);
    expect_healthy(bed);
    must(bed.remove(id_of(second)));
    collect(bed);
    EXPECT_EQ(must(bed.storage().stats()).packs, 0u);
}

// The delta is not needed, but its pack stays, so a later put finds it there.
TEST(ContentCollect, TheBaseOfADeltaThatCanBeFoundStays) {
    DeltaBed deltas(30'000);
    RealContentBed& bed = deltas.bed;
    const Bytes first = prose(80'000, 1);
    const Bytes second = edited(first, 4, 3);
    bed.put(first);
    bed.put(noise(35'000, 9));
    bed.put(second);
    bed.put(noise(60'000, 8));
    const std::uint64_t before = deltas.deltas();
    ASSERT_GT(before, 2u);
    must(bed.remove(id_of(first)));
    must(bed.remove(id_of(second)));
    collect(bed);
    ASSERT_GT(deltas.deltas(), 2u);
    bed.put(second);
    bed.reopen();
    EXPECT_EQ(must(bed.get(id_of(second))), second);
    expect_healthy(bed);
}

// Random histories against a model; what a dry run predicts is what happens.
TEST(ContentCollect, RandomHistoriesKeepWhatIsReferenced) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SeededRandom random(seed);
        RealContentBed bed(small_packs(8000 + 4000 * (seed % 5)));
        std::map<ContentHash, Bytes> model;
        for (int step = 0; step < 60; ++step) {
            const std::uint64_t choice = random.below(10);
            if (choice < 5) {
                Bytes bytes = noise(2000 * (1 + random.below(4)), random.below(6));
                if (choice < 2) bytes = edited(prose(9000, random.below(3)), 3, random.next());
                const Bytes tail = prose(1 + random.below(4000), random.below(30));
                bytes.insert(bytes.end(), tail.begin(), tail.end());
                model[bed.put(bytes).id] = bytes;
            } else if (choice < 8 && !model.empty()) {
                const auto gone = std::next(
                    model.begin(), static_cast<std::ptrdiff_t>(random.below(model.size())));
                must(bed.remove(gone->first));
                model.erase(gone);
            } else if (choice == 8) {
                bed.reopen();
            } else {
                CollectOptions options;
                options.live_share_min = static_cast<double>(random.below(11)) / 10;
                options.rewrite_bytes_max = random.chance(50) ? random.below(40'000) : ~0ull;
                options.dry_run = true;
                const CollectReport predicted = collect(bed, options);
                options.dry_run = false;
                ASSERT_EQ(collect(bed, options), predicted);
            }
        }
        CollectOptions all;
        all.live_share_min = 1;
        collect(bed, all);
        for (const auto& [id, bytes] : model) ASSERT_EQ(must(bed.get(id)), bytes);
        ASSERT_EQ(must(bed.storage().stats()).objects, model.size());
        expect_healthy(bed);
        for (const auto& [id, bytes] : model) must(bed.remove(id));
        // Packs whose deltas start from each other's chunks leave these bases to a second one.
        collect(bed);
        collect(bed);
        EXPECT_EQ(must(bed.storage().stats()).packs, 0u);
    }
}

// Each call of the backend fails once, in a run of its own; see content_crash_test.cpp for syncs.
TEST(ContentCollect, AFailureOfTheBackendLosesNothing) {
    for (const BackendCall call : {BackendCall::kFind, BackendCall::kAppend, BackendCall::kScan,
                                   BackendCall::kSeal, BackendCall::kRemovePack})
        for (std::uint64_t nth = 1;; ++nth) {
            SCOPED_TRACE(std::to_string(static_cast<int>(call)) + " call " + std::to_string(nth));
            ContentOptions options;
            PackOptions packs;
            packs.pack_bytes_max = 20'000;
            const auto faulty = std::make_shared<FaultyStorageBackend>(make_memory_backend(packs));
            options.backend = faulty;
            options.profile = kSmallChunks;
            RealContentBed bed(std::move(options));
            for (std::uint64_t i = 0; i < 9; ++i) bed.put(noise(7000, i));
            for (std::uint64_t i = 0; i < 9; ++i)
                if (i % 3 != 0) must(bed.remove(id_of(noise(7000, i))));
            faulty->fail_nth(call, nth, Errc::kIo);
            const auto report = bed.storage().collect(CollectOptions(), CallContext());
            faulty->fail_nth(call, ~0ull, Errc::kIo);
            for (std::uint64_t i = 0; i < 9; i += 3)
                EXPECT_EQ(must(bed.get(id_of(noise(7000, i)))), noise(7000, i));
            if (report) break;
            EXPECT_EQ(report.error().code(), Errc::kIo);
            must(bed.storage().collect(CollectOptions(), CallContext()));
            for (std::uint64_t i = 0; i < 9; i += 3)
                EXPECT_EQ(must(bed.get(id_of(noise(7000, i)))), noise(7000, i));
            EXPECT_LT(must(bed.storage().stats()).stored_bytes, 45'000u);
            expect_healthy(bed);
        }
}

}  // namespace
}  // namespace catalog::content::testing
