#pragma once
// The contract suite of StorageBackend: what every implementation must do, real and fake alike.
//
//   INSTANTIATE_TEST_SUITE_P(Memory, StorageBackendContract, testing::Values(BackendMaker{...}));

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "catalog/content/storage_backend.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content::testing {

using io::testing::code_of;
using io::testing::must;

/// Makes an empty backend that was not recovered yet.
struct BackendMaker {
    std::string name;
    std::function<std::shared_ptr<StorageBackend>(const PackOptions&)> make;
    friend std::ostream& operator<<(std::ostream& out, const BackendMaker& maker) {
        return out << maker.name;
    }
};

/// Collects what a scan meets.
class CollectingVisitor final : public PackVisitor {
public:
    struct Stretch {
        std::uint64_t offset = 0;
        std::uint64_t bytes = 0;
    };
    std::vector<ChunkLocation> records;
    std::vector<ChunkId> ids;
    std::vector<Stretch> damages;

    [[nodiscard]] Result<void> record(const ChunkLocation& location, const RecordHeader& header,
                                      ByteView payload) override {
        EXPECT_EQ(payload.size(), header.stored_bytes);
        records.push_back(location);
        ids.push_back(header.id);
        return {};
    }
    [[nodiscard]] Result<void> damage(PackId, std::uint64_t offset, std::uint64_t bytes,
                                      const std::string&) override {
        damages.push_back({offset, bytes});
        return {};
    }
};

class StorageBackendContract : public ::testing::TestWithParam<BackendMaker> {
protected:
    static StoreId store_id() {
        StoreId id{};
        id[0] = std::byte{7};
        return id;
    }
    static std::shared_ptr<StorageBackend> make(std::uint64_t pack_bytes_max = 64u << 20) {
        PackOptions options;
        options.pack_bytes_max = pack_bytes_max;
        auto backend = GetParam().make(options);
        must(backend->recover(store_id(), ChunkProfile(), {}));
        return backend;
    }
    static ChunkLocation append(StorageBackend& backend, ByteView bytes) {
        return must(backend.append(
            {chunk_id_of(bytes), Codec::kRaw, static_cast<std::uint32_t>(bytes.size()), bytes}));
    }
    static Bytes read(StorageBackend& backend, const ChunkLocation& location) {
        Bytes buffer;
        const StoredRecord record = must(backend.read(location, buffer));
        EXPECT_EQ(record.header.id, chunk_id_of(record.payload));
        return to_bytes(record.payload);
    }
    /// Keeps the newest mark of each pack, as a store does.
    static void merge(std::map<PackId, PackMark>& marks, const BackendChanges& newer) {
        for (const PackMark& mark : newer.packs) marks[mark.pack] = mark;
    }
    static BackendMarks list(const std::map<PackId, PackMark>& marks) {
        BackendMarks all;
        for (const auto& [pack, mark] : marks) all.packs.push_back(mark);
        return all;
    }
    static bool has(StorageBackend& backend, ByteView bytes) {
        return must(backend.find(chunk_id_of(bytes))).has_value();
    }
};

TEST_P(StorageBackendContract, GivesBackWhatWasAppended) {
    const auto backend = make();
    std::vector<std::pair<ChunkLocation, Bytes>> appended;
    for (const std::size_t size : {1u, 7u, 8u, 9u, 1000u, 300'000u}) {
        Bytes bytes = noise(size, size);
        const ChunkLocation location = append(*backend, bytes);
        EXPECT_EQ(location.stored_bytes, size);
        EXPECT_EQ(location.plain_bytes, size);
        appended.emplace_back(location, std::move(bytes));
    }
    must(backend->sync());
    for (const auto& [location, bytes] : appended) {
        EXPECT_EQ(read(*backend, location), bytes);
        EXPECT_EQ(must(backend->peek(location)).id, chunk_id_of(bytes));
        EXPECT_TRUE(has(*backend, bytes));
    }
}

TEST_P(StorageBackendContract, FindsWhatWasAppendedAndKeepsItOnce) {
    const auto backend = make(10'000);
    std::map<ChunkId, ChunkLocation> expected;
    for (std::uint64_t i = 0; i < 60; ++i) {
        const Bytes bytes = noise(700 + i % 30, i % 40);
        const ChunkLocation location = append(*backend, bytes);
        const auto [known, added] = expected.emplace(chunk_id_of(bytes), location);
        EXPECT_EQ(known->second, location);
    }
    const auto check = [&] {
        std::map<ChunkId, ChunkLocation> indexed;
        for (const auto& [id, location] : expected) {
            EXPECT_EQ(must(backend->find(id)), (IndexEntry{id, location, Codec::kRaw}));
            indexed.emplace(backend->index_id(id), location);
        }
        EXPECT_FALSE(has(*backend, noise(5, 5)));
        std::map<ChunkId, ChunkLocation> seen;
        must(backend->for_each([&](const IndexEntry& entry) -> Result<void> {
            EXPECT_TRUE(seen.emplace(entry.id, entry.location).second);
            return {};
        }));
        EXPECT_EQ(seen, indexed);
    };
    check();
    std::map<PackId, PackMark> marks;
    merge(marks, must(backend->sync()));
    EXPECT_GT(marks.size(), 3u);
    check();
    must(backend->recover(store_id(), ChunkProfile(), list(marks)));
    check();
    append(*backend, noise(700, 99));
    must(backend->recover(store_id(), ChunkProfile(), list(marks)));
    check();
}

TEST_P(StorageBackendContract, RefusesAppendsBeforeRecovery) {
    const auto backend = GetParam().make({});
    const Bytes bytes = noise(10, 1);
    EXPECT_EQ(code_of(backend->append({chunk_id_of(bytes), Codec::kRaw, 10, bytes})),
              Errc::kFailedPrecondition);
}

TEST_P(StorageBackendContract, MarksCoverWhatWasAppendedAndNothingTwice) {
    const auto backend = make();
    EXPECT_TRUE(must(backend->sync()).empty());
    const ChunkLocation first = append(*backend, noise(100, 1));
    const ChunkLocation second = append(*backend, noise(100, 2));
    const std::vector<PackMark> marks = must(backend->sync()).packs;
    ASSERT_EQ(marks.size(), 1u);
    EXPECT_EQ(marks[0].pack, first.pack);
    const std::uint64_t end = second.offset + backend->bytes_of(second.stored_bytes);
    EXPECT_GE(marks[0].bytes, end);
    EXPECT_LT(marks[0].bytes, end + 2 * kPageBytes);
    EXPECT_FALSE(marks[0].sealed);
    EXPECT_TRUE(must(backend->sync()).empty());
}

TEST_P(StorageBackendContract, OpensANewPackWhenOneIsFull) {
    const auto backend = make(10'000);
    std::map<PackId, PackMark> marks;
    std::vector<std::pair<ChunkLocation, Bytes>> appended;
    for (std::uint64_t i = 0; i < 40; ++i) {
        Bytes bytes = noise(1000, i);
        const ChunkLocation location = append(*backend, bytes);
        appended.emplace_back(location, std::move(bytes));
        if (i % 7 == 0) merge(marks, must(backend->sync()));
    }
    merge(marks, must(backend->sync()));
    EXPECT_GT(marks.size(), 3u);
    std::size_t open = 0;
    for (const auto& [pack, mark] : marks) {
        const std::uint64_t records = mark.index_offset != 0 ? mark.index_offset : mark.bytes;
        EXPECT_LT(records, 10'000u + backend->bytes_of(1000) + 2 * kPageBytes);
        open += mark.sealed ? 0 : 1;
    }
    EXPECT_LE(open, 1u);
    for (const auto& [location, bytes] : appended) EXPECT_EQ(read(*backend, location), bytes);
    EXPECT_EQ(must(backend->stats()).packs, marks.size());
}

TEST_P(StorageBackendContract, RecoveryDropsWhatIsNotCommitted) {
    const auto backend = make(5000);
    std::map<PackId, PackMark> marks;
    const Bytes kept = noise(1000, 1);
    const ChunkLocation kept_at = append(*backend, kept);
    merge(marks, must(backend->sync()));
    const ChunkLocation dropped = append(*backend, noise(1000, 2));
    ChunkLocation beyond{};
    for (std::uint64_t i = 0; i < 10; ++i) beyond = append(*backend, noise(1000, 3 + i));
    must(backend->sync());
    ASSERT_NE(beyond.pack, kept_at.pack);

    must(backend->recover(store_id(), ChunkProfile(), list(marks)));
    EXPECT_EQ(read(*backend, kept_at), kept);
    EXPECT_EQ(code_of(backend->peek(dropped)), Errc::kContentCorrupted);
    EXPECT_EQ(code_of(backend->peek(beyond)), Errc::kContentCorrupted);
    EXPECT_EQ(must(backend->stats()).bytes, marks.begin()->second.bytes);
}

TEST_P(StorageBackendContract, GoesOnInThePackThatIsNotFull) {
    const auto backend = make();
    std::map<PackId, PackMark> marks;
    const Bytes first = noise(1000, 1);
    const ChunkLocation first_at = append(*backend, first);
    merge(marks, must(backend->sync()));
    append(*backend, noise(500, 5));

    must(backend->recover(store_id(), ChunkProfile(), list(marks)));
    const Bytes second = noise(1000, 2);
    const ChunkLocation second_at = append(*backend, second);
    EXPECT_EQ(second_at.pack, first_at.pack);
    EXPECT_EQ(second_at.offset, marks.begin()->second.bytes);
    merge(marks, must(backend->sync()));
    EXPECT_EQ(marks.size(), 1u);
    EXPECT_EQ(read(*backend, first_at), first);
    EXPECT_EQ(read(*backend, second_at), second);
}

TEST_P(StorageBackendContract, ASealedPackTakesNothingMore) {
    const auto backend = make();
    const ChunkLocation first = append(*backend, noise(1000, 1));
    std::vector<PackMark> marks = must(backend->sync()).packs;
    marks[0].sealed = true;
    must(backend->recover(store_id(), ChunkProfile(), {marks, {}}));
    EXPECT_NE(append(*backend, noise(1000, 2)).pack, first.pack);
}

TEST_P(StorageBackendContract, APackThatIsMissingIsDamageAndNotAnError) {
    const auto backend = make();
    const std::vector<PackMark> marks = {{PackId{1}, 9000, true, 0}, {PackId{5}, 4096, false, 0}};
    must(backend->recover(store_id(), ChunkProfile(), {marks, {}}));
    EXPECT_EQ(code_of(backend->inspect(marks[0])), Errc::kContentCorrupted);
    EXPECT_EQ(code_of(backend->peek({PackId{1}, 4096, 10, 10})), Errc::kContentCorrupted);
    Bytes buffer;
    EXPECT_EQ(code_of(backend->read({PackId{1}, 4096, 10, 10}, buffer)), Errc::kContentCorrupted);
    CollectingVisitor visitor;
    must(backend->scan(marks[0], visitor));
    ASSERT_EQ(visitor.damages.size(), 1u);
    EXPECT_EQ(visitor.damages[0].offset + visitor.damages[0].bytes, 9000u);
    EXPECT_EQ(append(*backend, noise(10, 1)).pack, PackId{6});
}

TEST_P(StorageBackendContract, ALocationThatPromisesSomethingElseIsDamage) {
    const auto backend = make();
    const ChunkLocation right = append(*backend, noise(1000, 1));
    append(*backend, noise(1000, 2));
    Bytes buffer;
    for (const ChunkLocation& wrong :
         {ChunkLocation{right.pack, right.offset + 8, 1000, 1000},
          ChunkLocation{right.pack, right.offset, 999, 1000},
          ChunkLocation{right.pack, right.offset, 1000, 1001},
          ChunkLocation{right.pack, 0, 1000, 1000}, ChunkLocation{right.pack, 1u << 30, 1000, 1000},
          ChunkLocation{PackId{99}, right.offset, 1000, 1000}}) {
        EXPECT_EQ(code_of(backend->peek(wrong)), Errc::kContentCorrupted);
        const auto found = backend->read(wrong, buffer);
        ASSERT_EQ(code_of(found), Errc::kContentCorrupted);
        EXPECT_FALSE(found.error().input().empty());
    }
}

TEST_P(StorageBackendContract, ScansItsRecordsInOrder) {
    const auto backend = make();
    std::vector<ChunkLocation> expected;
    io::testing::SeededRandom random(11);
    for (std::uint64_t i = 0; i < 50; ++i)
        expected.push_back(append(*backend, noise(1 + random.below(100'000), i)));
    const std::vector<PackMark> marks = must(backend->sync()).packs;
    append(*backend, noise(10, 99));
    CollectingVisitor visitor;
    must(backend->scan(marks[0], visitor));
    EXPECT_EQ(visitor.records, expected);
    EXPECT_TRUE(visitor.damages.empty());
    const PackHeader header = must(backend->inspect(marks[0]));
    EXPECT_EQ(header.store, store_id());
    EXPECT_EQ(header.pack, marks[0].pack);
}

TEST_P(StorageBackendContract, MapsRawChunksOrNothing) {
    const auto backend = make(200'000);
    std::vector<std::pair<ChunkLocation, Bytes>> raw;
    for (const std::size_t size : {1u, 9u, 5'000u, 4'096u, 70'000u, 300'000u, 12u}) {
        Bytes bytes = noise(size, size);
        raw.emplace_back(append(*backend, bytes), std::move(bytes));
    }
    const Bytes other = noise(100, 1);
    const ChunkLocation encoded =
        must(backend->append({chunk_id_of(noise(200, 2)), Codec::kZstd, 200, other}));
    must(backend->sync());
    std::vector<MappedChunk> held;
    for (int round = 0; round < 2; ++round)
        for (const auto& [location, bytes] : raw) {
            const auto mapped = must(backend->map_chunk(location));
            if (!mapped) continue;
            EXPECT_EQ(mapped->id, chunk_id_of(bytes));
            EXPECT_EQ(to_bytes(mapped->bytes), bytes);
            held.push_back(*mapped);
        }
    EXPECT_FALSE(must(backend->map_chunk(encoded)).has_value());
    for (const MappedChunk& chunk : held) EXPECT_EQ(chunk_id_of(chunk.bytes), chunk.id);
}

TEST_P(StorageBackendContract, MapsNothingThatIsNotThere) {
    const auto backend = make();
    const ChunkLocation there = append(*backend, noise(5'000, 1));
    must(backend->sync());
    std::vector<ChunkLocation> wrong(6, there);
    wrong[0].offset += 8;
    wrong[1].offset += 3;
    wrong[2].stored_bytes += 1;
    wrong[3].plain_bytes += 1;
    wrong[4].offset = ~std::uint64_t{0} - 7;
    wrong[5].pack = PackId{99};
    for (const ChunkLocation& location : wrong) {
        const auto mapped = backend->map_chunk(location);
        if (mapped)
            EXPECT_FALSE(mapped->has_value());
        else
            EXPECT_EQ(code_of(mapped), Errc::kContentCorrupted);
    }
}

TEST_P(StorageBackendContract, AVisitorCanEndAScan) {
    class Ending final : public PackVisitor {
    public:
        int seen = 0;
        [[nodiscard]] Result<void> record(const ChunkLocation&, const RecordHeader&,
                                          ByteView) override {
            return ++seen < 3 ? Result<void>() : fail(Errc::kCancelled, "enough");
        }
        [[nodiscard]] Result<void> damage(PackId, std::uint64_t, std::uint64_t,
                                          const std::string&) override {
            return {};
        }
    };
    const auto backend = make();
    for (std::uint64_t i = 0; i < 10; ++i) append(*backend, noise(100, i));
    const std::vector<PackMark> marks = must(backend->sync()).packs;
    Ending visitor;
    EXPECT_EQ(code_of(backend->scan(marks[0], visitor)), Errc::kCancelled);
    EXPECT_EQ(visitor.seen, 3);
}

TEST_P(StorageBackendContract, ADeltaIsNotAppendedWhenRecordsWereLostSinceItsBaseWasFound) {
    const auto backend = make();
    const Bytes bytes = noise(500, 1);
    NewRecord record;
    record.id = chunk_id_of(bytes);
    record.plain_bytes = 500;
    record.payload = bytes;
    record.losses = backend->losses() + 1;
    EXPECT_EQ(code_of(backend->append(record)), Errc::kFailedPrecondition);
    EXPECT_FALSE(has(*backend, bytes));
    record.losses = backend->losses();
    must(backend->append(record));
    EXPECT_TRUE(has(*backend, bytes));
}

TEST_P(StorageBackendContract, ACondemnedPackIsReadAndCopiedButNotKept) {
    const auto backend = make();
    const Bytes bytes = noise(500, 1);
    const ChunkLocation first = append(*backend, bytes);
    EXPECT_GE(must(backend->seal(first.pack)), first.offset + bytes.size());
    EXPECT_EQ(append(*backend, bytes), first);
    backend->condemn(first.pack);
    EXPECT_EQ(must(backend->find_kept(chunk_id_of(bytes))), std::nullopt);
    EXPECT_TRUE(has(*backend, bytes));
    EXPECT_EQ(read(*backend, first), bytes);
    const ChunkLocation second = append(*backend, bytes);
    EXPECT_NE(second.pack, first.pack);
    EXPECT_EQ(must(backend->find_kept(chunk_id_of(bytes)))->location, second);
    EXPECT_EQ(append(*backend, bytes), second);
    backend->pardon(first.pack);
    EXPECT_TRUE(must(backend->find_kept(chunk_id_of(bytes))).has_value());
}

TEST_P(StorageBackendContract, ACopyInAnOlderPackDoesNotStandForOneThatIsCopied) {
    const auto backend = make();
    const Bytes bytes = noise(500, 1);
    const ChunkLocation older = append(*backend, bytes);
    must(backend->seal(older.pack));
    const ChunkLocation other = append(*backend, noise(500, 2));
    must(backend->seal(other.pack));
    NewRecord copy{chunk_id_of(bytes), Codec::kRaw, 500, bytes};
    EXPECT_EQ(must(backend->append(copy)), older);
    copy.copied_from = other.pack;
    const ChunkLocation newer = must(backend->append(copy));
    EXPECT_GT(newer.pack, other.pack);
    EXPECT_EQ(must(backend->append(copy)), newer);
    EXPECT_EQ(must(backend->find(copy.id))->location, newer);
}

TEST_P(StorageBackendContract, APackThatIsRemovedIsReportedOnceAndGoesWhenThatIsCommitted) {
    const auto backend = make();
    const Bytes kept = noise(500, 1);
    const Bytes lost = noise(500, 2);
    const ChunkLocation first = append(*backend, kept);
    append(*backend, lost);
    EXPECT_EQ(code_of(backend->remove_pack(first.pack, 0)), Errc::kFailedPrecondition);
    must(backend->seal(first.pack));
    must(backend->sync());
    EXPECT_EQ(code_of(backend->remove_pack(first.pack, 1)), Errc::kSyncFailed);
    backend->condemn(first.pack);
    append(*backend, kept);
    must(backend->remove_pack(first.pack, 0));
    const BackendChanges changes = must(backend->sync());
    EXPECT_EQ(changes.packs_removed, std::vector<PackId>{first.pack});
    ASSERT_EQ(changes.packs.size(), 1u);
    backend->pardon(first.pack);  // Too late.
    EXPECT_EQ(must(backend->find_kept(chunk_id_of(lost))), std::nullopt);
    EXPECT_TRUE(has(*backend, lost));
    backend->committed(changes);
    EXPECT_TRUE(must(backend->sync()).packs_removed.empty());
    EXPECT_FALSE(has(*backend, lost));
    EXPECT_TRUE(has(*backend, kept));
    Bytes buffer;
    EXPECT_EQ(code_of(backend->read(first, buffer)), Errc::kContentCorrupted);
    BackendMarks marks;
    marks.last_pack = PackId{9};
    must(backend->recover(store_id(), ChunkProfile(), marks));
    EXPECT_EQ(append(*backend, kept).pack, PackId{10});
}

TEST_P(StorageBackendContract, ADeltaTellsItsBase) {
    const auto backend = make();
    const Bytes base = noise(500, 1);
    const ChunkLocation place = append(*backend, base);
    EXPECT_EQ(code_of(backend->base_of(place)), Errc::kContentCorrupted);
    const ChunkId id = chunk_id_of(base);
    Bytes delta(id.digest.begin(), id.digest.end());
    delta.resize(60, std::byte{1});
    const ChunkLocation stored =
        must(backend->append({chunk_id_of(noise(90, 2)), Codec::kDelta, 90, delta}));
    EXPECT_EQ(must(backend->base_of(stored)), id);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StorageBackendContract);

}  // namespace catalog::content::testing
