#include "catalog/content/content_addressed_storage.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "catalog/content/content_records.hpp"
#include "support/content/content_bed.hpp"
#include "support/content/faulty_storage_backend.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::FileOperation;
using io::testing::must;
using io::testing::SimulatedFileSystem;

std::uint64_t stored_bytes(ContentBed& bed) { return must(bed.storage().stats()).stored_bytes; }

TEST(ContentAddressedStorage, StoresIdenticalBytesOnce) {
    RealContentBed bed;
    const Bytes bytes = noise(1'000'000, 1);
    bed.put(bytes, "a");
    const StorageStats before = must(bed.storage().stats());
    bed.put(bytes, "b");
    const StorageStats after = must(bed.storage().stats());
    EXPECT_EQ(after.stored_bytes, before.stored_bytes);
    EXPECT_EQ(after.chunks, before.chunks);
    EXPECT_EQ(after.objects, 1u);
}

TEST(ContentAddressedStorage, StoresShiftedBytesAlmostOnce) {
    RealContentBed bed;
    const Bytes bytes = noise(4'000'000, 1);
    bed.put(bytes);
    const std::uint64_t before = stored_bytes(bed);
    Bytes shifted = noise(12'345, 2);
    shifted.insert(shifted.end(), bytes.begin(), bytes.end());
    const ContentHash id = bed.put(shifted).id;
    EXPECT_LT(stored_bytes(bed) - before, 500'000u);
    EXPECT_EQ(must(bed.get(id)), shifted);
}

TEST(ContentAddressedStorage, FindsDuplicatesWithinASession) {
    RealContentBed bed;
    const auto session = must(bed.storage().begin());
    const Bytes bytes = noise(2'000'000, 1);
    Bytes twice = bytes;
    twice.insert(twice.end(), bytes.begin(), bytes.end());
    const ContentHash id = must(session->put(bytes)).id;
    const ContentHash twice_id = must(session->put(twice)).id;
    must(session->add_reference("o", id));
    must(session->add_reference("o", twice_id));
    kv::WriteBatch batch;
    must(session->stage(batch));
    must(bed.commit(std::move(batch)));
    EXPECT_LT(stored_bytes(bed), 2'600'000u);
    EXPECT_EQ(must(bed.get(twice_id)), twice);
}

TEST(ContentAddressedStorage, CompressesWhatCompresses) {
    RealContentBed bed;
    bed.put(prose(2'000'000, 1));
    const StorageStats stats = must(bed.storage().stats());
    EXPECT_LT(stats.stored_bytes * 2, stats.object_bytes);
    EXPECT_EQ(stats.chunk_bytes, stats.object_bytes);
}

RC_GTEST_PROP(ContentAddressedStorage, IdsDependOnNothingButTheBytes, ()) {
    ContentOptions options = RealContentBed::memory_options();
    options.profile.bytes_min = *rc::gen::inRange(64u, 5000u);
    options.profile.bytes_avg = 8192u << *rc::gen::inRange(0, 4);
    options.profile.bytes_max = options.profile.bytes_avg + *rc::gen::inRange(1u, 300'000u);
    options.profile.seed = *rc::gen::arbitrary<std::uint64_t>();
    options.compression_level = *rc::gen::inRange(-7, 6);
    RealContentBed bed(std::move(options));
    const Bytes bytes = prose(*rc::gen::inRange(0u, 400'000u), 1);
    RC_ASSERT(bed.put(bytes).id == id_of(bytes));
    RC_ASSERT(must(bed.get(id_of(bytes))) == bytes);
}

TEST(ContentAddressedStorage, KeepsEverythingWhenOpenedAgain) {
    RealContentBed bed(options_on(SimulatedFileSystem::make()));
    std::map<ContentHash, Bytes> contents;
    for (std::uint64_t round = 0; round < 5; ++round) {
        for (std::uint64_t i = 0; i < 4; ++i) {
            Bytes bytes = prose(10'000 * i + round, round * 10 + i);
            contents[bed.put(bytes).id] = std::move(bytes);
        }
        bed.reopen();
        for (const auto& [id, bytes] : contents) ASSERT_EQ(must(bed.get(id)), bytes);
    }
    EXPECT_EQ(must(bed.storage().stats()).packs, 1u);
}

TEST(ContentAddressedStorage, AnExistingStoreKeepsItsProfile) {
    RealContentBed bed(options_on(SimulatedFileSystem::make()));
    bed.put(noise(10'000, 1));
    bed.options().profile = ChunkProfile();
    bed.reopen();
    EXPECT_EQ(bed.storage().profile(), kSmallChunks);
}

TEST(ContentAddressedStorage, AStoreWithoutContentMayStillChooseItsProfile) {
    RealContentBed bed(options_on(SimulatedFileSystem::make()));
    bed.options().profile = ChunkProfile();
    bed.reopen();
    EXPECT_EQ(bed.storage().profile(), ChunkProfile());
}

TEST(ContentAddressedStorage, RefusesAFormatThatItDoesNotKnow) {
    RealContentBed bed(options_on(SimulatedFileSystem::make()));
    bed.put(noise(10'000, 1));
    kv::WriteBatch batch;
    std::string value = encode_format({});
    value[0] = 9;
    batch.put(kBedFamilies.packs, format_key(), value);
    must(bed.store().write(batch, kv::Durability::kSync));
    ContentOptions options = options_on(SimulatedFileSystem::make());
    options.store = &bed.store();
    options.families = kBedFamilies;
    options.clock = make_system_clock();
    options.executor = make_thread_pool(1);
    options.read_only = true;
    EXPECT_EQ(code_of(ContentAddressedStorage::open(options)), Errc::kLibraryFormat);
}

TEST(ContentAddressedStorage, SaysWhichOptionIsMissing) {
    const auto store = kv::make_memory_store(kBedFamilyCount);
    kv::CommitQueue queue(*store);
    const auto refused = [&](auto change) {
        ContentOptions options = RealContentBed::memory_options();
        options.store = store.get();
        options.queue = &queue;
        options.clock = make_system_clock();
        options.executor = make_thread_pool(1);
        options.random = make_counting_random();
        change(options);
        return code_of(ContentAddressedStorage::open(std::move(options)));
    };
    EXPECT_EQ(refused([](auto&) {}), std::nullopt);
    EXPECT_EQ(refused([](auto& o) { o.store = nullptr; }), Errc::kInvalidArgument);
    EXPECT_EQ(refused([](auto& o) { o.queue = nullptr; }), Errc::kInvalidArgument);
    EXPECT_EQ(refused([](auto& o) { o.clock = nullptr; }), Errc::kInvalidArgument);
    EXPECT_EQ(refused([](auto& o) { o.executor = nullptr; }), Errc::kInvalidArgument);
    EXPECT_EQ(refused([](auto& o) { o.random = nullptr; }), Errc::kInvalidArgument);
    EXPECT_EQ(refused([](auto& o) { o.backend = nullptr; }), Errc::kInvalidArgument);
    EXPECT_EQ(refused([](auto& o) { o.profile.bytes_min = 1; }), Errc::kInvalidArgument);
}

TEST(ContentAddressedStorage, AReaderSeesWhatTheWriterCommits) {
    const auto disk = SimulatedFileSystem::make();
    RealContentBed bed(options_on(disk));
    ContentOptions options = options_on(disk);
    options.store = &bed.store();
    options.families = kBedFamilies;
    options.clock = make_system_clock();
    options.executor = make_thread_pool(1);
    options.read_only = true;
    const auto reader = must(ContentAddressedStorage::open(options));
    const Bytes bytes = prose(100'000, 1);
    EXPECT_FALSE(must(reader->exists(id_of(bytes))));
    bed.put(bytes);
    EXPECT_EQ(must(reader->retrieve_all(id_of(bytes), 1u << 20, CallContext())), bytes);
    const VerifyReport report = must(reader->verify(VerifyDepth::kFull, CallContext()));
    EXPECT_EQ(report.objects, 1u);
    EXPECT_TRUE(report.damages.empty());

    const std::uint64_t mutations = disk->mutations();
    EXPECT_EQ(code_of(reader->begin()), Errc::kLibraryReadOnly);
    EXPECT_EQ(code_of(reader->store(source_of(bytes), "o", CallContext())), Errc::kLibraryReadOnly);
    kv::WriteBatch batch;
    EXPECT_EQ(code_of(reader->remove(id_of(bytes), "owner", batch)), Errc::kLibraryReadOnly);
    EXPECT_EQ(disk->mutations(), mutations);
}

TEST(ContentAddressedStorage, BoundsObjectsAndSessions) {
    ContentOptions options = RealContentBed::memory_options();
    options.profile = kSmallChunks;
    options.object_bytes_max = 100'000;
    options.session_bytes_max = 100;
    RealContentBed bed(std::move(options));
    const auto session = must(bed.storage().begin());
    const auto too_large = session->put(noise(100'001, 1));
    ASSERT_EQ(code_of(too_large), Errc::kLimitExceeded);
    EXPECT_EQ(too_large.error().detail_as<LimitDetail>()->limit, "object_bytes_max");
    const auto fresh = must(bed.storage().begin());
    const auto too_many = fresh->put(noise(99'000, 1)).and_then([&](const ObjectInfo&) {
        return fresh->put(noise(99'000, 2));
    });
    ASSERT_EQ(code_of(too_many), Errc::kLimitExceeded);
    EXPECT_EQ(too_many.error().detail_as<LimitDetail>()->limit, "session_bytes_max");
}

TEST(ContentAddressedStorage, OtherCommitsDoNotSyncPacks) {
    const auto disk = SimulatedFileSystem::make();
    RealContentBed bed(options_on(disk));
    const auto session = must(bed.storage().begin());
    must(session->put(noise(10'000, 1)));
    const std::uint64_t before = disk->mutations();
    kv::WriteBatch batch;
    batch.put(kBedFamilies.chunks, "unrelated", "");
    must(bed.commit(std::move(batch)));
    EXPECT_EQ(disk->mutations(), before);
}

TEST(ContentAddressedStorage, AFailedSyncFailsTheCommitAndTheNextOneWorks) {
    const auto disk = SimulatedFileSystem::make();
    RealContentBed bed(options_on(disk));
    const Bytes kept = noise(50'000, 1);
    bed.put(kept);
    disk->fail_next(FileOperation::kSync, ".pack", Errc::kSyncFailed);
    const Bytes bytes = noise(50'000, 2);
    EXPECT_EQ(code_of(bed.storage().store(source_of(bytes), "o", CallContext())),
              Errc::kSyncFailed);
    EXPECT_FALSE(must(bed.storage().exists(id_of(bytes))));
    bed.put(bytes);
    bed.reopen();
    EXPECT_EQ(must(bed.get(id_of(kept))), kept);
    EXPECT_EQ(must(bed.get(id_of(bytes))), bytes);
    EXPECT_TRUE(must(bed.storage().verify(VerifyDepth::kFull, CallContext())).damages.empty());
}

// Three sessions have bytes in the pack whose sync fails: one commits first and fails; one was
// staged already; one is staged later. None may become visible.
TEST(ContentAddressedStorage, AFailedSyncTakesTheOtherSessionsOfThatPackAlong) {
    const auto disk = SimulatedFileSystem::make();
    ContentOptions options = options_on(disk);
    options.pipeline_bytes_max = 0;  // A put returns with its bytes in the pack.
    RealContentBed bed(std::move(options));
    const auto begin = [&](std::uint64_t seed) {
        auto session = must(bed.storage().begin());
        must(session->add_reference("o", must(session->put(noise(5000, seed))).id));
        return session;
    };
    const auto first = begin(1);
    const auto staged = begin(2);
    const auto open = begin(3);
    kv::WriteBatch first_batch;
    kv::WriteBatch staged_batch;
    kv::WriteBatch open_batch;
    must(first->stage(first_batch));
    must(staged->stage(staged_batch));
    disk->fail_next(FileOperation::kSync, ".pack", Errc::kSyncFailed);
    EXPECT_EQ(code_of(bed.commit(std::move(first_batch))), Errc::kSyncFailed);
    EXPECT_EQ(code_of(bed.commit(std::move(staged_batch))), Errc::kSyncFailed);
    EXPECT_EQ(code_of(open->stage(open_batch)), Errc::kSyncFailed);
    EXPECT_TRUE(open_batch.empty());
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
        EXPECT_FALSE(must(bed.storage().exists(id_of(noise(5000, seed)))));
        bed.put(noise(5000, seed));
    }
    bed.reopen();
    for (const std::uint64_t seed : {1u, 2u, 3u})
        EXPECT_EQ(must(bed.get(id_of(noise(5000, seed)))), noise(5000, seed));
}

// The hook of another module refuses a group after the packs were synced: the next group still has
// to say how long they are.
TEST(ContentAddressedStorage, RemembersMarksThatWereNotCommitted) {
    const auto disk = SimulatedFileSystem::make();
    RealContentBed bed(options_on(disk));
    bool refuse = true;
    bed.queue().add_group_hook([&](kv::WriteBatch&) -> Result<void> {
        if (refuse) return fail(Errc::kBusy, "not now");
        return {};
    });
    const auto first = must(bed.storage().begin());
    const auto second = must(bed.storage().begin());
    must(first->put(noise(5000, 1)));
    must(second->add_reference("o", must(second->put(noise(5000, 2))).id));
    kv::WriteBatch batch;
    must(first->stage(batch));
    EXPECT_EQ(code_of(bed.commit(std::move(batch))), Errc::kBusy);
    refuse = false;
    kv::WriteBatch second_batch;
    must(second->stage(second_batch));
    must(bed.commit(std::move(second_batch)));
    bed.reopen();
    EXPECT_EQ(must(bed.get(id_of(noise(5000, 2)))), noise(5000, 2));
}

TEST(ContentAddressedStorage, AFullDiskIsSaidAndForgotten) {
    const auto disk = SimulatedFileSystem::make();
    RealContentBed bed(options_on(disk));
    const Bytes kept = noise(50'000, 1);
    bed.put(kept);
    const std::uint64_t used = disk->used_bytes();
    for (std::uint64_t room = 0; room < 60'000; room += 3001) {
        disk->set_capacity(used + room);
        const auto stored =
            bed.storage().store(source_of(noise(100'000, room + 5)), "o", CallContext());
        ASSERT_EQ(code_of(stored), Errc::kStorageFull) << room;
        EXPECT_EQ(must(bed.get(id_of(kept))), kept);
    }
    disk->set_capacity(SimulatedFileSystem::kUnlimited);
    const Bytes after = noise(100'000, 2);
    bed.put(after);
    bed.reopen();
    EXPECT_EQ(must(bed.get(id_of(after))), after);
    EXPECT_EQ(must(bed.storage().stats()).packs, 1u);
    EXPECT_TRUE(must(bed.storage().verify(VerifyDepth::kFull, CallContext())).damages.empty());
}

// Whatever call fails, in whatever way: an error comes back, nothing that was there is lost, and
// the same bytes can be stored afterwards.
TEST(ContentAddressedStorage, EveryFailedCallToTheDiskIsSurvived) {
    const Bytes kept = noise(9000, 1);
    const Bytes bytes = noise(9000, 2);
    for (const Errc error : {Errc::kIo, Errc::kStorageFull, Errc::kSyncFailed}) {
        for (std::uint64_t nth = 1;; ++nth) {
            const auto disk = SimulatedFileSystem::make();
            ContentOptions options = options_on(disk);
            options.packs.pack_bytes_max = 8000;
            RealContentBed bed(std::move(options));
            bed.put(kept);
            const std::uint64_t before = disk->mutations();
            disk->fail_nth(before + nth, error);
            const auto stored = bed.storage().store(source_of(bytes), "o", CallContext());
            if (stored && disk->mutations() < before + nth) break;
            disk->clear_faults();
            ASSERT_EQ(must(bed.get(id_of(kept))), kept) << nth;
            ASSERT_EQ(must(bed.storage().exists(id_of(bytes))), stored.has_value()) << nth;
            bed.put(bytes);
            bed.reopen();
            ASSERT_EQ(must(bed.get(id_of(bytes))), bytes) << nth;
            ASSERT_EQ(must(bed.get(id_of(kept))), kept) << nth;
            ASSERT_TRUE(
                must(bed.storage().verify(VerifyDepth::kFull, CallContext())).damages.empty());
        }
    }
}

TEST(ContentAddressedStorage, PassesOnWhatItsBackendReports) {
    const auto backend = std::make_shared<FaultyStorageBackend>(make_memory_backend());
    ContentOptions options;
    options.backend = backend;
    RealContentBed bed(std::move(options));
    const Bytes bytes = noise(50'000, 1);
    const ContentHash id = bed.put(bytes).id;
    backend->fail_nth(BackendCall::kRead, 1, Errc::kIo);
    EXPECT_EQ(code_of(bed.get(id)), Errc::kIo);
    backend->fail_nth(BackendCall::kScan, 1, Errc::kIo);
    EXPECT_EQ(code_of(bed.storage().verify(VerifyDepth::kFull, CallContext())), Errc::kIo);
    backend->fail_nth(BackendCall::kInspect, 1, Errc::kIo);
    EXPECT_EQ(code_of(bed.storage().verify(VerifyDepth::kStructure, CallContext())), Errc::kIo);
    EXPECT_EQ(code_of(bed.storage().verify(VerifyDepth::kQuick, CallContext())), std::nullopt);
    backend->fail_nth(BackendCall::kInspect, 1, Errc::kIo);
    EXPECT_EQ(code_of(bed.storage().verify(VerifyDepth::kQuick, CallContext())), Errc::kIo);
    backend->fail_nth(BackendCall::kRead, 1, Errc::kIo);
    EXPECT_EQ(code_of(bed.storage().verify(VerifyDepth::kFull, CallContext())), Errc::kIo);
    backend->fail_nth(BackendCall::kStats, 1, Errc::kIo);
    EXPECT_EQ(code_of(bed.storage().stats()), Errc::kIo);
    backend->fail_nth(BackendCall::kAppend, 1, Errc::kStorageFull);
    EXPECT_EQ(code_of(bed.storage().store(source_of(noise(9, 9)), "o", CallContext())),
              Errc::kStorageFull);
    backend->fail_nth(BackendCall::kSync, 1, Errc::kSyncFailed);
    EXPECT_EQ(code_of(bed.storage().store(source_of(noise(9, 9)), "o", CallContext())),
              Errc::kSyncFailed);
    EXPECT_EQ(must(bed.get(id)), bytes);
    bed.put(noise(9, 9));
    EXPECT_EQ(must(bed.get(id_of(noise(9, 9)))), noise(9, 9));
}

// What the version of an object that was stored by an earlier process saves.
TEST(ContentAddressedStorage, FindsBasesThatAnEarlierOpeningStored) {
    const auto grown_by = [](const std::function<void(SimulatedFileSystem&)>& between) {
        const auto disk = SimulatedFileSystem::make();
        RealContentBed bed(options_on(disk));
        Bytes bytes = prose(60'000, 1);
        bed.put(bytes);
        const std::uint64_t before = must(bed.storage().stats()).stored_bytes;
        bed.reopen();
        between(*disk);
        bed.reopen();
        for (std::size_t i = 0; i < bytes.size(); i += 20'000) bytes[i] = std::byte{'#'};
        bed.put(bytes);
        EXPECT_EQ(must(bed.get(id_of(bytes))), bytes);
        return must(bed.storage().stats()).stored_bytes - before;
    };
    const auto nothing = [](SimulatedFileSystem&) {};
    const auto damage = [](SimulatedFileSystem& disk) {
        must(disk.corrupt("/library/similarity", 30, 1));
    };
    const auto remove = [](SimulatedFileSystem& disk) {
        must(disk.remove_file("/library/similarity"));
    };
    const std::uint64_t with = grown_by(nothing);
    const std::uint64_t without = grown_by(remove);
    EXPECT_LT(with * 2, without);
    EXPECT_EQ(grown_by(damage), without);
}

TEST(ContentAddressedStorage, ReadsTheSimilarityTableOnlyForNewChunks) {
    const auto disk = SimulatedFileSystem::make();
    RealContentBed bed(options_on(disk));
    Bytes bytes = prose(60'000, 1);
    bed.put(bytes);
    const std::uint64_t before = must(bed.storage().stats()).stored_bytes;
    bed.reopen();
    disk->fail_always(FileOperation::kAny, "/library/similarity", Errc::kIo);
    bed.put(bytes);
    disk->clear_faults();
    bytes[20'000] = std::byte{'#'};
    bed.put(bytes);
    EXPECT_LT(must(bed.storage().stats()).stored_bytes - before, 5'000u);
}

TEST(ContentAddressedStorage, CountsWhatNobodyNeeds) {
    ContentOptions options = options_on(SimulatedFileSystem::make());
    options.pipeline_bytes_max = 0;  // A put returns with its bytes in the pack.
    RealContentBed bed(std::move(options));
    const Bytes shared = noise(100'000, 1);
    Bytes longer = shared;
    const Bytes tail = noise(50'000, 2);
    longer.insert(longer.end(), tail.begin(), tail.end());
    bed.put(shared, "a");
    bed.put(longer, "b");
    EXPECT_EQ(must(bed.storage().stats()).unreferenced_bytes, 0u);
    must(bed.remove(id_of(longer), "b"));
    const StorageStats removed = must(bed.storage().stats());
    EXPECT_GT(removed.unreferenced_bytes, 45'000u);
    EXPECT_LT(removed.unreferenced_bytes, 65'000u);
    {
        const auto session = must(bed.storage().begin());
        must(session->put(noise(30'000, 3)));
    }
    EXPECT_GE(must(bed.storage().stats()).unreferenced_bytes, removed.unreferenced_bytes + 30'000);
    bed.reopen();
    EXPECT_EQ(must(bed.storage().stats()).unreferenced_bytes, removed.unreferenced_bytes);
    bed.put(longer, "b");
    EXPECT_EQ(must(bed.storage().stats()).unreferenced_bytes, 0u);
}

}  // namespace
}  // namespace catalog::content::testing
