#include "catalog/content/storage_backend.hpp"

#include <gtest/gtest.h>

#include "index_run.hpp"
#include "support/content/encryption_samples.hpp"
#include "support/content/faulty_storage_backend.hpp"
#include "support/content/storage_backend_contract.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::FileOperation;
using io::testing::SimulatedFileSystem;

INSTANTIATE_TEST_SUITE_P(
    Backends, StorageBackendContract,
    ::testing::Values(BackendMaker{"Memory",
                                   [](const PackOptions& options) {
                                       return make_memory_backend(options);
                                   }},
                      BackendMaker{"Packs",
                                   [](const PackOptions& options) {
                                       return make_pack_backend(SimulatedFileSystem::make(),
                                                                "/library/packs", false, options);
                                   }},
                      BackendMaker{"PacksOneOpenFile",
                                   [](const PackOptions& options) {
                                       PackOptions one = options;
                                       one.open_packs_max = 1;
                                       return make_pack_backend(SimulatedFileSystem::make(),
                                                                "/library/packs", false, one);
                                   }},
                      BackendMaker{"SealedPacks",
                                   [](const PackOptions& options) {
                                       StoreId store{};
                                       store[0] = std::byte{7};
                                       return make_pack_backend(
                                           SimulatedFileSystem::make(), "/library/packs", false,
                                           encrypted(options, sample_encryption(2, 1, store)));
                                   }},
                      BackendMaker{"Wrapped",
                                   [](const PackOptions& options) {
                                       return std::make_shared<FaultyStorageBackend>(
                                           make_memory_backend(options));
                                   }}),
    [](const auto& backend) { return backend.param.name; });

struct PackBed {
    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();
    std::unique_ptr<StorageBackend> backend;

    explicit PackBed(std::uint32_t held_bytes_max = PackOptions().held_bytes_max) {
        PackOptions options;
        options.held_bytes_max = held_bytes_max;
        backend = make_pack_backend(disk, "/packs", false, options);
        must(backend->recover({}, ChunkProfile(), {}));
    }

    Result<ChunkLocation> append(std::uint64_t seed, std::size_t size = 1000) const {
        const Bytes bytes = noise(size, seed);
        return backend->append(
            {chunk_id_of(bytes), Codec::kRaw, static_cast<std::uint32_t>(size), bytes});
    }
    [[nodiscard]] bool has(std::uint64_t seed, std::size_t size = 1000) const {
        return must(backend->find(chunk_id_of(noise(size, seed)))).has_value();
    }
    [[nodiscard]] Errc read_error(const ChunkLocation& location) const {
        Bytes buffer;
        return code_of(backend->read(location, buffer)).value_or(Errc{});
    }
};

TEST(PackBackend, ReadOnlyWritesNothing) {
    const auto disk = SimulatedFileSystem::make();
    const auto backend = make_pack_backend(disk, "/packs", true);
    const Bytes bytes = noise(10, 1);
    EXPECT_EQ(code_of(backend->recover({}, ChunkProfile(), {})), Errc::kFailedPrecondition);
    EXPECT_EQ(code_of(backend->append({chunk_id_of(bytes), Codec::kRaw, 10, bytes})),
              Errc::kFailedPrecondition);
    EXPECT_EQ(must(backend->stats()).packs, 0u);
    EXPECT_EQ(disk->mutations(), 0u);
}

TEST(PackBackend, AReaderSeesPacksThatAppearLater) {
    const PackBed bed;
    const auto reader = make_pack_backend(bed.disk, "/packs", true);
    const ChunkLocation location = must(bed.append(1));
    must(bed.backend->sync());
    Bytes buffer;
    EXPECT_EQ(to_bytes(must(reader->read(location, buffer)).payload), noise(1000, 1));
    const ChunkLocation later = must(bed.append(2));
    must(bed.backend->sync());
    EXPECT_EQ(to_bytes(must(reader->read(later, buffer)).payload), noise(1000, 2));
}

TEST(PackBackend, OpensNothingForWritingUntilSomethingIsAppended) {
    const PackBed bed;
    EXPECT_EQ(bed.disk->mutations(), 0u);
}

TEST(PackBackend, LeavesForeignFilesAlone) {
    const PackBed bed;
    must(bed.disk->make_directories("/packs"));
    must(io::write_file_durably(*bed.disk, "/packs/notes.txt", as_bytes("mine")));
    must(io::write_file_durably(*bed.disk, "/packs/00000007.pack", as_bytes("unknown")));
    must(bed.backend->recover({}, ChunkProfile(), {}));
    EXPECT_TRUE(must(io::exists(*bed.disk, "/packs/notes.txt")));
    EXPECT_FALSE(must(io::exists(*bed.disk, "/packs/00000007.pack")));
}

// A right index of the wrong store: the records of the pack are read instead.
TEST(PackBackend, AnIndexFileOfAnotherStoreIsNotFollowed) {
    const PackBed bed;
    must(bed.append(1));
    const std::vector<PackMark> marks = must(bed.backend->sync()).packs;
    std::string run;
    StoreId other{};
    other[5] = std::byte{1};
    IndexRunBuilder builder({other, RunOrigin::kFile, 1}, [&](ByteView bytes) -> Result<void> {
        run.append(as_text(bytes));
        return {};
    });
    const ChunkId foreign = chunk_id_of(noise(1000, 2));
    must(builder.add({foreign, {PackId{1}, kPackHeaderBytes, 1000, 1000}, Codec::kRaw}));
    must(builder.finish());
    must(io::write_file_durably(*bed.disk, "/packs/00000001.run", as_bytes(run)));
    must(bed.backend->recover({}, ChunkProfile(),
                              {marks, {RunMark{RunId{1}, run.size(), {PackId{1}}}}}));
    EXPECT_TRUE(bed.has(1));
    EXPECT_FALSE(bed.has(2));
}

TEST(PackBackend, AFailedSyncAbandonsThePack) {
    const PackBed bed;
    const ChunkLocation durable = must(bed.append(1));
    must(bed.backend->sync());
    const ChunkLocation lost = must(bed.append(2));
    bed.disk->fail_next(FileOperation::kSync, ".pack", Errc::kSyncFailed);
    EXPECT_EQ(code_of(bed.backend->sync()), Errc::kSyncFailed);

    EXPECT_EQ(bed.backend->losses(), 1u);
    EXPECT_TRUE(bed.has(1));
    EXPECT_FALSE(bed.has(2));
    EXPECT_EQ(bed.read_error(durable), Errc{});
    const ChunkLocation next = must(bed.append(3));
    EXPECT_NE(next.pack, durable.pack);
    EXPECT_TRUE(bed.has(3));

    const std::vector<PackMark> marks = must(bed.backend->sync()).packs;
    ASSERT_EQ(marks.size(), 2u);
    EXPECT_EQ(marks[0], (PackMark{durable.pack, lost.offset, true, 0}));
    EXPECT_EQ(marks[1].pack, next.pack);
    must(bed.backend->recover({}, ChunkProfile(), {marks, {}}));
    EXPECT_EQ(bed.read_error(durable), Errc{});
    EXPECT_EQ(bed.read_error(next), Errc{});
    EXPECT_EQ(bed.read_error(lost), Errc::kContentCorrupted);
    EXPECT_EQ(must(bed.append(4)).pack, next.pack);
}

TEST(PackBackend, AFailedSyncOfTheFolderAbandonsThePack) {
    const PackBed bed;
    must(bed.append(1));
    bed.disk->fail_next(FileOperation::kSyncDirectory, "packs", Errc::kSyncFailed);
    EXPECT_EQ(code_of(bed.backend->sync()), Errc::kSyncFailed);
    EXPECT_FALSE(bed.has(1));
    const ChunkLocation next = must(bed.append(2));
    const std::vector<PackMark> marks = must(bed.backend->sync()).packs;
    ASSERT_EQ(marks.size(), 1u);
    EXPECT_EQ(marks[0].pack, next.pack);
}

TEST(PackBackend, AFullPackThatCannotBeSyncedIsLost) {
    const auto disk = SimulatedFileSystem::make();
    PackOptions options;
    options.pack_bytes_max = 5000;
    const auto backend = make_pack_backend(disk, "/packs", false, options);
    must(backend->recover({}, ChunkProfile(), {}));
    const Bytes bytes = noise(1000, 1);
    const NewRecord record{chunk_id_of(bytes), Codec::kRaw, 1000, bytes};
    disk->fail_next(FileOperation::kSync, ".pack", Errc::kSyncFailed);
    EXPECT_EQ(code_of(backend->append(record)), Errc::kSyncFailed);
    EXPECT_FALSE(must(backend->find(record.id)));
    EXPECT_TRUE(must(backend->sync()).empty());
}

TEST(PackBackend, AFullDiskLosesOnlyWhatDidNotFit) {
    const PackBed bed(0);
    const ChunkLocation first = must(bed.append(1));
    bed.disk->set_capacity(bed.disk->used_bytes() + 500);
    EXPECT_EQ(code_of(bed.append(2)), Errc::kStorageFull);
    EXPECT_TRUE(bed.has(1));
    bed.disk->set_capacity(SimulatedFileSystem::kUnlimited);
    const ChunkLocation next = must(bed.append(3));
    EXPECT_EQ(next.pack, first.pack);
    EXPECT_EQ(next.offset, first.offset + record_bytes(1000));
    EXPECT_EQ(must(bed.backend->sync()).packs.size(), 1u);
    EXPECT_EQ(bed.read_error(first), Errc{});
    EXPECT_EQ(bed.read_error(next), Errc{});
}

TEST(PackBackend, WhatIsHeldIsReadAndNoFileHasIt) {
    const PackBed bed;
    const ChunkLocation durable = must(bed.append(1));
    must(bed.backend->sync());
    const std::uint64_t used = bed.disk->used_bytes();
    const std::uint64_t bytes = must(bed.backend->stats()).bytes;
    const ChunkLocation held = must(bed.append(2));
    EXPECT_EQ(bed.disk->used_bytes(), used);
    EXPECT_EQ(must(bed.backend->stats()).bytes, bytes + record_bytes(1000));
    Bytes buffer;
    EXPECT_EQ(to_bytes(must(bed.backend->read(held, buffer)).payload), noise(1000, 2));
    EXPECT_EQ(must(bed.backend->peek(held)).id, chunk_id_of(noise(1000, 2)));
    EXPECT_FALSE(must(bed.backend->map_chunk(held)));
    EXPECT_TRUE(must(bed.backend->map_chunk(durable)));
    must(bed.backend->sync());
    EXPECT_GT(bed.disk->used_bytes(), used);
    EXPECT_TRUE(must(bed.backend->map_chunk(held)));
    EXPECT_EQ(must(bed.backend->stats()).bytes, bytes + record_bytes(1000));
}

TEST(PackBackend, WhatIsHeldStaysWhereTheDiskIsFullAndIsWrittenLater) {
    const PackBed bed(3000);
    const ChunkLocation first = must(bed.append(1));
    must(bed.append(2));
    bed.disk->set_capacity(bed.disk->used_bytes() + 500);
    EXPECT_EQ(code_of(bed.append(3)), Errc::kStorageFull);
    EXPECT_TRUE(bed.has(2));
    EXPECT_FALSE(bed.has(3));
    EXPECT_EQ(bed.read_error(first), Errc{});
    bed.disk->set_capacity(SimulatedFileSystem::kUnlimited);
    const ChunkLocation next = must(bed.append(4));
    EXPECT_EQ(next.offset, first.offset + 2 * record_bytes(1000));
    const std::vector<PackMark> marks = must(bed.backend->sync()).packs;
    must(bed.backend->recover({}, ChunkProfile(), {marks, {}}));
    EXPECT_EQ(bed.read_error(first), Errc{});
    EXPECT_EQ(bed.read_error(next), Errc{});
    EXPECT_FALSE(bed.has(3));
}

TEST(PackBackend, WhatIsHeldAndDoesNotFitFailsTheSyncAndIsLost) {
    const PackBed bed;
    const ChunkLocation durable = must(bed.append(1));
    must(bed.backend->sync());
    must(bed.append(2));
    bed.disk->set_capacity(bed.disk->used_bytes() + 500);
    EXPECT_EQ(code_of(bed.backend->sync()), Errc::kStorageFull);
    EXPECT_EQ(bed.backend->losses(), 1u);
    EXPECT_FALSE(bed.has(2));
    EXPECT_EQ(bed.read_error(durable), Errc{});
    bed.disk->set_capacity(SimulatedFileSystem::kUnlimited);
    const ChunkLocation next = must(bed.append(3));
    must(bed.backend->sync());
    EXPECT_EQ(bed.read_error(next), Errc{});
}

TEST(PackBackend, ATailThatCannotBeCutOffAbandonsThePack) {
    const PackBed bed(0);
    const ChunkLocation first = must(bed.append(1));
    must(bed.backend->sync());
    bed.disk->fail_next(FileOperation::kAppend, ".pack", {Errc::kIo});
    bed.disk->fail_next(FileOperation::kTruncate, ".pack", {Errc::kIo});
    EXPECT_EQ(code_of(bed.append(2)), Errc::kIo);
    EXPECT_NE(must(bed.append(3)).pack, first.pack);
    EXPECT_EQ(bed.read_error(first), Errc{});
}

TEST(PackBackend, AFullDiskLeavesNoPackWithoutHeader) {
    const PackBed bed;
    bed.disk->set_capacity(bed.disk->used_bytes() + 100);
    EXPECT_EQ(code_of(bed.append(1)), Errc::kStorageFull);
    EXPECT_EQ(must(bed.backend->stats()).packs, 0u);
    bed.disk->set_capacity(SimulatedFileSystem::kUnlimited);
    EXPECT_EQ(must(bed.append(1)).pack, PackId{1});
}

TEST(PackBackend, AddsNothingToAPackOfAnotherStoreOrWithADamagedHeader) {
    for (const bool foreign : {true, false}) {
        const PackBed bed;
        const ChunkLocation first = must(bed.append(1));
        const std::vector<PackMark> marks = must(bed.backend->sync()).packs;
        StoreId store{};
        if (foreign) store[3] = std::byte{1};
        if (!foreign) must(bed.disk->corrupt("/packs/00000001.pack", 100, 1));
        must(bed.backend->recover(store, ChunkProfile(), {marks, {}}));
        EXPECT_NE(must(bed.append(2)).pack, first.pack);
        EXPECT_EQ(bed.read_error(first), Errc{});
    }
}

TEST(PackBackend, NeverExtendsAPackThatIsTooShort) {
    const PackBed bed;
    const ChunkLocation first = must(bed.append(1));
    must(bed.append(2));
    const std::vector<PackMark> marks = must(bed.backend->sync()).packs;
    const auto file = must(bed.disk->open_write("/packs/00000001.pack", io::OpenMode::kReadWrite));
    must(file->truncate(marks[0].bytes - 10));
    must(bed.backend->recover({}, ChunkProfile(), {marks, {}}));
    EXPECT_NE(must(bed.append(3)).pack, first.pack);
    EXPECT_EQ(must(bed.disk->info("/packs/00000001.pack")).size, marks[0].bytes - 10);
    EXPECT_EQ(bed.read_error(first), Errc{});
    const auto inspected = bed.backend->inspect(marks[0]);
    ASSERT_EQ(code_of(inspected), Errc::kContentCorrupted);
    CollectingVisitor visitor;
    must(bed.backend->scan(marks[0], visitor));
    EXPECT_EQ(visitor.records.size(), 1u);
    EXPECT_EQ(visitor.damages.size(), 2u);
}

TEST(PackBackend, AScanGoesOnBehindDamage) {
    const PackBed bed;
    std::vector<ChunkLocation> appended;
    for (std::uint64_t i = 0; i < 9; ++i) appended.push_back(must(bed.append(i, 3000 + i)));
    const std::vector<PackMark> marks = must(bed.backend->sync()).packs;
    const std::string path = "/packs/00000001.pack";
    must(bed.disk->corrupt(path, appended[2].offset + 20, 1));    // header
    must(bed.disk->corrupt(path, appended[4].offset + 1000, 1));  // payload
    must(bed.disk->corrupt(path, appended[6].offset, 1));         // two headers in a row
    must(bed.disk->corrupt(path, appended[7].offset, 1));
    must(bed.disk->corrupt(path, appended[5].offset - 1, 1));  // padding
    CollectingVisitor visitor;
    must(bed.backend->scan(marks[0], visitor));
    EXPECT_EQ(visitor.records, (std::vector<ChunkLocation>{appended[0], appended[1], appended[3],
                                                           appended[5], appended[8]}));
    ASSERT_EQ(visitor.damages.size(), 3u);
    EXPECT_EQ(visitor.damages[0].offset, appended[2].offset);
    EXPECT_EQ(visitor.damages[0].bytes, record_bytes(3002));
    EXPECT_EQ(visitor.damages[1].offset, appended[4].offset);
    EXPECT_EQ(visitor.damages[2].offset, appended[6].offset);
    EXPECT_EQ(visitor.damages[2].bytes, record_bytes(3006) + record_bytes(3007));
}

}  // namespace
}  // namespace catalog::content::testing
