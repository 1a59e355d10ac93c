#include "catalog/content/chunk_encoder.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "catalog/merkle/hash.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SeededRandom;
using testing::edited;
using testing::noise;
using testing::prose;

constexpr TrustDomain kHere{1};

struct Stored {
    Codec codec = Codec::kRaw;
    Bytes payload;
    std::uint32_t plain_bytes = 0;
    std::uint32_t alone_bytes = 0;
};

// Chunks by id, as a store keeps them.
class Store {
public:
    explicit Store(EncoderOptions options) : options_(std::move(options)) {}

    void put(const ChunkId& id, const EncodedChunk& encoded, ByteView chunk) {
        chunks_[id] = {encoded.codec, to_bytes(encoded.payload),
                       static_cast<std::uint32_t>(chunk.size()), encoded.alone_bytes};
    }

    Bytes get(const ChunkId& id) {
        std::vector<const Stored*> row{&chunks_.at(id)};
        while (row.back()->codec == Codec::kDelta)
            row.push_back(&chunks_.at(must(delta_base(row.back()->payload))));
        Bytes plain = get_whole(*row.back());
        for (row.pop_back(); !row.empty(); row.pop_back()) {
            Bytes out;
            must(
                reader_.decompress_delta(row.back()->payload, plain, row.back()->plain_bytes, out));
            plain = std::move(out);
        }
        return plain;
    }

    [[nodiscard]] int depth_of(const ChunkId& id) const {
        int depth = 0;
        for (const Stored* at = &chunks_.at(id); at->codec == Codec::kDelta; ++depth)
            at = &chunks_.at(must(delta_base(at->payload)));
        return depth;
    }

    ChunkEncoder::ReadBase reader() {
        return [this](const ChunkId& id, Bytes& out) -> Result<ChunkEncoder::FoundBase> {
            ++reads;
            if (!chunks_.contains(id)) return ChunkEncoder::FoundBase{};
            out = get(id);
            return ChunkEncoder::FoundBase{true, chunks_.at(id).alone_bytes};
        };
    }

    [[nodiscard]] const std::map<ChunkId, Stored>& chunks() const { return chunks_; }

    int reads = 0;

private:
    Bytes get_whole(const Stored& stored) {
        Bytes out;
        if (stored.codec == Codec::kZstdDictionary)
            must(reader_.decompress_with(*options_.dictionary, stored.payload, stored.plain_bytes,
                                         out));
        else
            must(reader_.decompress(stored.codec, stored.payload, stored.plain_bytes, out));
        return out;
    }

    EncoderOptions options_;
    Compressor reader_;
    std::map<ChunkId, Stored> chunks_;
};

// Versions of some files, one after the other, as a store sees them.
std::vector<Bytes> versions(std::uint64_t seed) {
    SeededRandom random(seed);
    std::vector<Bytes> files;
    std::vector<Bytes> all;
    for (int i = 0; i < 6; ++i) {
        const std::size_t size = 1 + random.below(random.chance(30) ? 60'000 : 6000);
        files.push_back(random.chance(70) ? prose(size, random.next())
                                          : noise(size, random.next()));
    }
    for (int version = 0; version < 6; ++version)
        for (Bytes& file : files) {
            file = edited(std::move(file), random.below(12), random.next());
            if (!file.empty()) all.push_back(file);
        }
    return all;
}

EncodedChunk encode_one(ChunkEncoder& encoder, SimilarityTable& table, Store& store,
                        const EncoderOptions& options, ByteView chunk) {
    const ChunkId id = merkle::hash_of(chunk);
    const EncodePlan plan = ChunkEncoder::plan(table, kHere, id, chunk, options);
    const EncodedChunk encoded = must(encoder.encode(plan, chunk, store.reader()));
    ChunkEncoder::settle(table, plan, id, encoded);
    store.put(id, encoded, chunk);
    return encoded;
}

TEST(ChunkEncoder, EveryChunkComesBackAndNoRowOfDeltasIsTooLong) {
    std::size_t deltas = 0;
    std::size_t others = 0;
    std::size_t reached = 0;
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        EncoderOptions options;
        options.level = seed % 5 == 0 ? 9 : 3;
        options.shared_features_min = seed % 2 == 0 ? 1 : 2;
        options.delta_depth_max = 1 + static_cast<int>(seed % 5);
        int deepest = 0;
        ChunkEncoder encoder(options);
        SimilarityTable table;
        Store store(options);
        for (const Bytes& chunk : versions(seed)) {
            const ChunkId id = merkle::hash_of(chunk);
            if (store.chunks().contains(id)) continue;
            const EncodedChunk encoded = encode_one(encoder, table, store, options, chunk);
            ASSERT_LE(encoded.payload.size(), chunk.size());
            ASSERT_FALSE(encoded.base_gone);
            ASSERT_EQ(store.get(id), chunk) << seed;
            deepest = std::max(deepest, store.depth_of(id));
            ++(encoded.codec == Codec::kDelta ? deltas : others);
        }
        EXPECT_LE(deepest, options.delta_depth_max) << seed;
        reached += deepest == options.delta_depth_max ? 1 : 0;
    }
    EXPECT_GT(deltas, 300u);
    EXPECT_GT(others, 100u);
    EXPECT_GT(reached, 10u);
}

TEST(ChunkEncoder, TheSameChunksGiveTheSamePayloads) {
    std::vector<std::map<ChunkId, Stored>> results;
    for (int run = 0; run < 2; ++run) {
        const EncoderOptions options;
        ChunkEncoder encoder(options);
        SimilarityTable table;
        Store store(options);
        for (const Bytes& chunk : versions(3)) encode_one(encoder, table, store, options, chunk);
        results.push_back(store.chunks());
    }
    ASSERT_EQ(results[0].size(), results[1].size());
    for (const auto& [id, stored] : results[0])
        EXPECT_EQ(stored.payload, results[1].at(id).payload);
}

// Encodes a batch at a time, whose chunks go to several encoders in any order.
std::map<ChunkId, Stored> encode_batches(const std::vector<Bytes>& chunks, std::size_t encoders,
                                         std::uint64_t seed) {
    const EncoderOptions options;
    SimilarityTable table;
    Store store(options);
    std::vector<ChunkEncoder> workers;
    workers.reserve(encoders);
    for (std::size_t i = 0; i < encoders; ++i) workers.emplace_back(options);
    SeededRandom random(seed);
    for (std::size_t begin = 0; begin < chunks.size(); begin += 8) {
        const std::size_t count = std::min<std::size_t>(8, chunks.size() - begin);
        std::map<ChunkId, ByteView> flying;
        std::vector<ChunkId> ids;
        std::vector<EncodePlan> plans;
        for (std::size_t i = 0; i < count; ++i) {
            const ByteView chunk = chunks[begin + i];
            ids.push_back(merkle::hash_of(chunk));
            plans.push_back(ChunkEncoder::plan(table, kHere, ids.back(), chunk, options));
            flying.emplace(ids.back(), chunk);
        }
        // Of chunks of the batch the plain bytes are there, and nothing else yet.
        const auto stored = store.reader();
        const ChunkEncoder::ReadBase read = [&](const ChunkId& id,
                                                Bytes& out) -> Result<ChunkEncoder::FoundBase> {
            const auto here = flying.find(id);
            if (here == flying.end()) return stored(id, out);
            out = to_bytes(here->second);
            return ChunkEncoder::FoundBase{true, 0};
        };
        std::vector<std::size_t> order;
        for (std::size_t i = 0; i < count; ++i)
            order.insert(order.begin() + static_cast<std::ptrdiff_t>(random.below(i + 1)), i);
        std::vector<Stored> results(count);
        std::vector<EncodedChunk> outcomes(count);
        for (const std::size_t i : order) {
            const ByteView chunk = chunks[begin + i];
            outcomes[i] = must(workers[random.below(encoders)].encode(plans[i], chunk, read));
            results[i] = {outcomes[i].codec, to_bytes(outcomes[i].payload),
                          static_cast<std::uint32_t>(chunk.size()), outcomes[i].alone_bytes};
        }
        for (std::size_t i = 0; i < count; ++i) {
            outcomes[i].payload = results[i].payload;
            ChunkEncoder::settle(table, plans[i], ids[i], outcomes[i]);
            store.put(ids[i], outcomes[i], chunks[begin + i]);
        }
    }
    for (const Bytes& chunk : chunks) EXPECT_EQ(store.get(merkle::hash_of(chunk)), chunk);
    return store.chunks();
}

TEST(ChunkEncoder, BatchesGiveTheSameWhoeverEncodesThem) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        // Each chunk once: a store asks for none that it has.
        std::map<ChunkId, Bytes> different;
        std::vector<Bytes> chunks;
        for (const Bytes& chunk : versions(seed))
            if (different.emplace(merkle::hash_of(chunk), chunk).second) chunks.push_back(chunk);
        const auto one = encode_batches(chunks, 1, 1);
        const auto three = encode_batches(chunks, 3, 2);
        ASSERT_EQ(one.size(), three.size());
        for (const auto& [id, stored] : one) ASSERT_EQ(stored.payload, three.at(id).payload);
    }
}

TEST(ChunkEncoder, NoChunkIsItsOwnBase) {
    const EncoderOptions options;
    SimilarityTable table;
    const Bytes chunk = prose(20'000, 1);
    for (int round = 0; round < 2; ++round)
        EXPECT_FALSE(ChunkEncoder::plan(table, kHere, merkle::hash_of(chunk), chunk, options).base);
    EXPECT_EQ(table.size(), 1u);
}

TEST(ChunkEncoder, ABaseThatIsGoneIsForgotten) {
    const EncoderOptions options;
    ChunkEncoder encoder(options);
    SimilarityTable table;
    Store store(options);
    const Bytes first = prose(20'000, 1);
    (void)ChunkEncoder::plan(table, kHere, merkle::hash_of(first), first, options);
    ASSERT_EQ(table.size(), 1u);
    // Never stored: what wrote it was rolled back.
    const Bytes second = edited(first, 3, 2);
    const EncodedChunk encoded = encode_one(encoder, table, store, options, second);
    EXPECT_TRUE(encoded.base_gone);
    EXPECT_EQ(encoded.codec, Codec::kZstd);
    EXPECT_EQ(table.size(), 1u);
    EXPECT_EQ(encode_one(encoder, table, store, options, edited(first, 3, 3)).codec, Codec::kDelta);
}

TEST(ChunkEncoder, GivesOnWhatReadingTheBaseReturned) {
    const EncoderOptions options;
    ChunkEncoder encoder(options);
    SimilarityTable table;
    const Bytes chunk = prose(20'000, 1);
    (void)ChunkEncoder::plan(table, kHere, merkle::hash_of(chunk), chunk, options);
    const Bytes next = edited(chunk, 2, 2);
    const EncodePlan plan = ChunkEncoder::plan(table, kHere, merkle::hash_of(next), next, options);
    ASSERT_TRUE(plan.base);
    const auto encoded =
        encoder.encode(plan, next, [](const ChunkId&, Bytes&) -> Result<ChunkEncoder::FoundBase> {
            return fail(Errc::kIo, "no");
        });
    EXPECT_EQ(code_of(encoded), Errc::kIo);
}

TEST(ChunkEncoder, AWeakDeltaBecomesABaseInstead) {
    EncoderOptions options;
    options.shared_features_min = 1;
    ChunkEncoder encoder(options);
    SimilarityTable table;
    Store store(options);
    const Bytes first = prose(60'000, 1);
    encode_one(encoder, table, store, options, first);
    // A fifth of it is from the first.
    Bytes second = prose(60'000, 2);
    std::copy_n(first.begin(), 12'000, second.begin());
    const EncodedChunk encoded = encode_one(encoder, table, store, options, second);
    EXPECT_EQ(encoded.codec, Codec::kZstd);
    EXPECT_EQ(store.reads, 1);
    EXPECT_EQ(table.size(), 2u);
    EXPECT_EQ(encode_one(encoder, table, store, options, edited(second, 2, 3)).codec,
              Codec::kDelta);
}

TEST(ChunkEncoder, TakesNoDeltaAboveItsPart) {
    for (const int percent : {10, 30, 55, 90}) {
        EncoderOptions options;
        options.delta_percent_max = percent;
        options.shared_features_min = 1;
        ChunkEncoder encoder(options);
        SimilarityTable table;
        Store store(options);
        std::size_t deltas = 0;
        std::size_t base_stored = 0;
        const Bytes base = prose(30'000, 1);
        base_stored = encode_one(encoder, table, store, options, base).payload.size();
        for (std::size_t edits = 1; edits <= 60; ++edits) {
            const Bytes chunk = edited(base, edits * 4, edits);
            const EncodePlan plan =
                ChunkEncoder::plan(table, kHere, merkle::hash_of(chunk), chunk, options);
            if (!plan.base) continue;
            const EncodedChunk encoded = must(encoder.encode(plan, chunk, store.reader()));
            if (encoded.codec != Codec::kDelta) continue;
            ++deltas;
            const std::size_t expected = chunk.size() * base_stored / base.size();
            ASSERT_LE(encoded.payload.size() * 100,
                      expected * static_cast<std::size_t>(percent) + 100);
        }
        EXPECT_GT(deltas, 2u) << percent;
    }
}

TEST(ChunkEncoder, ComparesWithThePlainPayloadWhereTheBasesIsNotKnown) {
    const EncoderOptions options;
    ChunkEncoder encoder(options);
    Compressor plain;
    const Bytes base = prose(30'000, 1);
    EncodePlan plan;
    plan.base = merkle::hash_of(base);
    const ChunkEncoder::ReadBase read = [&](const ChunkId&,
                                            Bytes& out) -> Result<ChunkEncoder::FoundBase> {
        out = base;
        return ChunkEncoder::FoundBase{true, 0};
    };
    std::size_t deltas = 0;
    std::size_t others = 0;
    for (std::size_t edits = 1; edits <= 200; edits += 5) {
        const Bytes chunk = edited(base, edits * 3, edits);
        const EncodedChunk encoded = must(encoder.encode(plan, chunk, read));
        const std::size_t without = plain.compress(chunk).payload.size();
        if (encoded.codec == Codec::kDelta) {
            ++deltas;
            ASSERT_LE(encoded.payload.size() * 100,
                      without * static_cast<std::size_t>(EncoderOptions().delta_percent_max));
        } else {
            ++others;
            ASSERT_EQ(encoded.payload.size(), without);
        }
    }
    EXPECT_GT(deltas, 2u);
    EXPECT_GT(others, 2u);
}

TEST(ChunkEncoder, PlansNothingWhereNoDeltasAreMade) {
    const Bytes chunk = prose(20'000, 1);
    SimilarityTable table;
    EncoderOptions without;
    without.deltas = false;
    EncoderOptions raw;
    raw.level = 0;
    for (const EncoderOptions& options : {without, raw}) {
        ChunkEncoder encoder(options);
        Store store(options);
        encode_one(encoder, table, store, options, chunk);
        EXPECT_NE(encode_one(encoder, table, store, options, edited(chunk, 2, 2)).codec,
                  Codec::kDelta);
    }
    EXPECT_EQ(table.size(), 0u);
}

TEST(ChunkEncoder, UsesItsDictionaryForSmallChunksAlone) {
    std::vector<Bytes> samples;
    samples.reserve(1000);
    for (std::uint64_t i = 0; i < 1000; ++i) samples.push_back(prose(2000, i));
    const std::vector<ByteView> views(samples.begin(), samples.end());
    EncoderOptions options;
    options.dictionary = must(Dictionary::load(must(train_dictionary(views)), options.level));
    ChunkEncoder encoder(options);
    SimilarityTable table;
    Store store(options);
    const Bytes small = prose(options.dictionary_chunk_bytes_max, 5000);
    const Bytes large = prose(options.dictionary_chunk_bytes_max + 1, 5001);
    EXPECT_EQ(encode_one(encoder, table, store, options, small).codec, Codec::kZstdDictionary);
    EXPECT_EQ(encode_one(encoder, table, store, options, large).codec, Codec::kZstd);
    EXPECT_EQ(store.get(merkle::hash_of(small)), small);
}

}  // namespace
}  // namespace catalog::content
