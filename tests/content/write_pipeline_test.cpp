#include "write_pipeline.hpp"

#include <gtest/gtest.h>

#include <map>

#include "catalog/content/chunker.hpp"
#include "chunk_decoder.hpp"
#include "support/content/content_bed.hpp"
#include "support/content/faulty_storage_backend.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/core/executors.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::must;

// Versions of one file: each differs from the one before in a few places.
std::vector<Bytes> versions(std::size_t count, std::size_t size) {
    std::vector<Bytes> all = {prose(size, 7)};
    io::testing::SeededRandom random(5);
    while (all.size() < count) {
        Bytes next = all.back();
        for (int edit = 0; edit < 4; ++edit)
            next[random.below(next.size())] = static_cast<std::byte>('#');
        all.push_back(std::move(next));
    }
    return all;
}

struct PipelineBed {
    std::shared_ptr<FaultyStorageBackend> backend =
        std::make_shared<FaultyStorageBackend>(make_memory_backend());
    std::shared_ptr<BaseCache> bases = std::make_shared<BaseCache>(1u << 20);
    ChunkKeeper keeper{*backend};
    std::shared_ptr<Executor> pool;
    std::unique_ptr<WritePipeline> pipeline;
    std::shared_ptr<WriteStatus> status = std::make_shared<WriteStatus>();

    explicit PipelineBed(std::size_t threads = 2, std::uint64_t bytes_max = 1u << 20)
        : PipelineBed(make_thread_pool(threads), bytes_max) {}
    PipelineBed(std::shared_ptr<Executor> executor, std::uint64_t bytes_max)
        : pool(std::move(executor)) {
        must(backend->recover({}, ChunkProfile(), {}));
        PipelineOptions options;
        options.bytes_max = bytes_max;
        pipeline = std::make_unique<WritePipeline>(*backend, keeper, *pool, bases, options);
    }
    ChunkId submit(const Bytes& bytes) {
        const ChunkId id = chunk_id_of(bytes);
        must(pipeline->submit(id, bytes, status));
        return id;
    }
    Codec codec_of(const ChunkId& id) { return must(backend->find(id)).value().codec; }
    Bytes read(const ChunkId& id) {
        Bytes record;
        Bytes plain;
        ChunkDecoder decoder(*backend);
        const IndexEntry entry = must(backend->find(id)).value();
        return to_bytes(must(decoder.decode(must(backend->read(entry.location, record)), plain)));
    }
    // The longest row of deltas, once. A base stands before its deltas.
    int deepest() {
        std::map<ChunkId, int> depths;
        int all = 0;
        for (const auto& [offset, id, codec, payload] : contents()) {
            depths[id] = codec == Codec::kDelta ? depths.at(must(delta_base(payload))) + 1 : 0;
            all = std::max(all, depths[id]);
        }
        return all;
    }
    // Everything in the pack: places, ids, codecs, payloads.
    std::vector<std::tuple<std::uint64_t, ChunkId, Codec, Bytes>> contents() {
        class Collect final : public PackVisitor {
        public:
            std::vector<std::tuple<std::uint64_t, ChunkId, Codec, Bytes>> all;
            Result<void> record(const ChunkLocation& location, const RecordHeader& header,
                                ByteView payload) override {
                all.emplace_back(location.offset, header.id, header.codec, to_bytes(payload));
                return {};
            }
            Result<void> damage(PackId, std::uint64_t, std::uint64_t,
                                const std::string& what) override {
                return fail(Errc::kContentCorrupted, what);
            }
        };
        Collect collect;
        for (const PackMark& mark : must(backend->sync()).packs) must(backend->scan(mark, collect));
        return collect.all;
    }
};

TEST(WritePipeline, StoresChunksThatResembleOthersAsShortRowsOfDeltas) {
    PipelineBed bed;
    std::map<ChunkId, Bytes> expected;
    for (const Bytes& version : versions(12, 40'000)) expected[bed.submit(version)] = version;
    for (std::uint64_t seed = 0; seed < 20; ++seed)
        expected[bed.submit(noise(5000, seed))] = noise(5000, seed);
    bed.pipeline->wait(bed.status);
    EXPECT_FALSE(bed.status->failed());
    std::size_t deltas = 0;
    for (const auto& [id, bytes] : expected) {
        EXPECT_EQ(bed.read(id), bytes);
        deltas += bed.codec_of(id) == Codec::kDelta ? 1 : 0;
    }
    EXPECT_GE(deltas, 10u);
    const int deepest = bed.deepest();
    EXPECT_LE(deepest, EncoderOptions().delta_depth_max);
    EXPECT_GE(deepest, 2);
}

TEST(WritePipeline, NoRowOfDeltasIsTooLongWhateverTheTableSays) {
    PipelineBed bed;
    std::map<ChunkId, Bytes> expected;
    for (const Bytes& version : versions(12, 40'000)) {
        const ChunkId id = bed.submit(version);
        expected[id] = version;
        bed.pipeline->wait(bed.status);
        // As a table that was kept from before the chunk was stored this way.
        bed.pipeline->similarity().add(TrustDomain{}, features_of(version), id, 0);
    }
    EXPECT_EQ(bed.deepest(), EncoderOptions().delta_depth_max);
    for (const auto& [id, bytes] : expected) EXPECT_EQ(bed.read(id), bytes);
}

TEST(WritePipeline, WritesTheSamePackWhateverTheNumberOfThreads) {
    const auto run = [](std::size_t threads, std::uint64_t bytes_max) {
        PipelineBed bed(threads, bytes_max);
        for (const Bytes& version : versions(8, 30'000)) bed.submit(version);
        for (std::uint64_t i = 0; i < 600; ++i) bed.submit(prose(300 + i % 700, i % 60));
        for (const Bytes& version : versions(16, 30'000)) bed.submit(version);
        bed.pipeline->wait(bed.status);
        return bed.contents();
    };
    const auto expected = run(1, 0);
    EXPECT_GT(expected.size(), 300u);
    for (const std::size_t threads : {1u, 2u, 4u})
        for (const std::uint64_t bytes_max : {100'000u, 4'000'000u})
            EXPECT_EQ(run(threads, bytes_max), expected) << threads << " " << bytes_max;
}

TEST(WritePipeline, AFailureReachesEverySessionThatWaitsForTheChunk) {
    PipelineBed bed;
    bed.backend->fail_nth(BackendCall::kAppend, 1, Errc::kStorageFull);
    const ChunkId id = bed.submit(noise(1000, 1));
    const auto other = std::make_shared<WriteStatus>();
    must(bed.pipeline->submit(id, noise(1000, 1), other));
    bed.pipeline->wait(bed.status);
    bed.pipeline->wait(other);
    ASSERT_TRUE(bed.status->failed());
    EXPECT_EQ(bed.status->take_error()->code(), Errc::kStorageFull);
    EXPECT_FALSE(bed.status->take_error().has_value());
    // The other one either shared the failure or came after it and stored the chunk.
    EXPECT_NE(other->failed(), must(bed.backend->find(id)).has_value());
    bed.submit(noise(1000, 1));
    bed.pipeline->wait(bed.status);
    EXPECT_EQ(bed.read(id), noise(1000, 1));
}

TEST(WritePipeline, WhatWasLostIsNobodysBase) {
    PipelineBed bed(2, 0);
    const std::vector<Bytes> all = versions(3, 40'000);
    const ChunkId base = bed.submit(all[0]);
    bed.backend->fail_nth(BackendCall::kSync, 1, Errc::kSyncFailed);
    EXPECT_EQ(code_of(bed.backend->sync()), Errc::kSyncFailed);
    ASSERT_FALSE(must(bed.backend->find(base)).has_value());
    const ChunkId next = bed.submit(all[1]);
    EXPECT_NE(bed.codec_of(next), Codec::kDelta);
    EXPECT_EQ(bed.submit(all[0]), base);
    EXPECT_EQ(bed.read(base), all[0]);
    EXPECT_EQ(bed.read(next), all[1]);
}

// What was lost is stored again behind a chunk that would start from it, and nobody else works:
// waiting for each other they would wait for ever.
TEST(WritePipeline, WhatIsLostRightBeforeADeltaIsAppendedIsNotItsBase) {
    PipelineBed bed;
    const std::vector<Bytes> all = versions(2, 20'000);
    bed.submit(all[0]);
    bed.pipeline->wait(bed.status);
    int appends = 0;
    bed.backend->before_append([&] {
        if (++appends != 1) return;
        bed.backend->fail_nth(BackendCall::kSync, 1, Errc::kSyncFailed);
        EXPECT_FALSE(bed.backend->sync());
    });
    const ChunkId id = bed.submit(all[1]);
    bed.pipeline->wait(bed.status);
    EXPECT_EQ(appends, 2);
    EXPECT_NE(bed.codec_of(id), Codec::kDelta);
    EXPECT_EQ(bed.read(id), all[1]);
}

TEST(WritePipeline, AChunkDoesNotWaitForABaseThatStandsBehindIt) {
    PipelineBed bed(std::make_shared<fakes::ManualExecutor>(), 1u << 20);
    const std::vector<Bytes> all = versions(2, 40'000);
    const ChunkId base = bed.submit(all[0]);
    bed.pipeline->wait(bed.status);
    bed.backend->fail_nth(BackendCall::kSync, 1, Errc::kSyncFailed);
    EXPECT_EQ(code_of(bed.backend->sync()), Errc::kSyncFailed);
    const ChunkId next = bed.submit(all[1]);
    EXPECT_EQ(bed.submit(all[0]), base);
    bed.pipeline->wait(bed.status);
    EXPECT_EQ(bed.read(next), all[1]);
    EXPECT_EQ(bed.read(base), all[0]);
    EXPECT_NE(bed.codec_of(next), Codec::kDelta);
}

// Records that no writer makes: deltas that start from each other, or from nothing.
struct ForgedBed {
    std::shared_ptr<StorageBackend> backend = make_memory_backend();
    ForgedBed() { must(backend->recover({}, ChunkProfile(), {})); }
    void forge(const ChunkId& id, const ChunkId& base) {
        Bytes payload = to_bytes(base.bytes());
        payload.resize(50);
        must(backend->append({id, Codec::kDelta, 1000, payload}));
    }
    Result<ByteView> decode(const ChunkId& id) {
        ChunkDecoder decoder(*backend);
        const IndexEntry entry = must(backend->find(id)).value();
        return decoder.decode(must(backend->read(entry.location, record)), plain);
    }
    Bytes record;
    Bytes plain;
};

TEST(ChunkDecoder, ReadsChunksThatWereNamedByTheRuleOfVersionOne) {
    ForgedBed bed;
    const Bytes bytes = noise(100, 1);
    const ChunkId id = chunk_id_of(bytes, IdRule::kBytes);
    must(bed.backend->append({id, Codec::kRaw, 100, bytes, IdRule::kBytes}));
    EXPECT_EQ(to_bytes(must(bed.decode(id))), bytes);
    const ChunkId other = chunk_id_of(noise(100, 2), IdRule::kBytes);
    must(bed.backend->append({other, Codec::kRaw, 100, noise(100, 2), IdRule::kLeaf}));
    EXPECT_EQ(code_of(bed.decode(other)), Errc::kContentCorrupted);
}

TEST(ChunkDecoder, RefusesDeltasThatStartFromEachOther) {
    ForgedBed bed;
    std::vector<ChunkId> ids;
    for (std::uint64_t i = 0; i < 8; ++i) ids.push_back(chunk_id_of(noise(10, i)));
    bed.forge(ids[0], ids[0]);
    bed.forge(ids[1], ids[2]);
    bed.forge(ids[2], ids[1]);
    bed.forge(ids[3], ids[7]);
    for (std::size_t i = 0; i < 4; ++i)
        EXPECT_EQ(code_of(bed.decode(ids[i])), Errc::kContentCorrupted) << i;
}

}  // namespace
}  // namespace catalog::content::testing
