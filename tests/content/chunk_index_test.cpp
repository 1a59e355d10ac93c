#include "chunk_index.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/content/index_samples.hpp"

namespace catalog::content {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SeededRandom;
using testing::append_to;
using testing::crowded_id;
using testing::EntryMap;
using testing::make_run;
using testing::open_run;
using testing::random_id;
using testing::sample_info;
using testing::ToyPageCipher;

IndexEntry entry_at(const ChunkId& id, std::uint32_t pack, std::uint64_t offset) {
    return {id, {PackId{pack}, offset, 10, 20}, Codec::kZstd};
}

EntryMap map_of(const std::vector<IndexEntry>& entries) {
    EntryMap map;
    for (const IndexEntry& entry : entries) map.emplace(entry.id, entry);
    return map;
}

// What the index is to answer, kept in the plainest way.
struct Model {
    std::vector<IndexEntry> unsealed;
    std::vector<EntryMap> runs;  // Newest first.
    std::set<PackId> live;

    std::optional<IndexEntry> find(const ChunkId& id) const {
        std::optional<IndexEntry> found;
        for (const IndexEntry& entry : unsealed)
            if (entry.id == id && live.contains(entry.location.pack) &&
                (!found || found->location.pack < entry.location.pack))
                found = entry;
        if (found) return found;
        for (const EntryMap& run : runs) {
            const auto at = run.find(id);
            if (at != run.end() && live.contains(at->second.location.pack)) return at->second;
        }
        return std::nullopt;
    }
    void insert(const IndexEntry& entry) {
        for (IndexEntry& there : unsealed)
            if (there.id == entry.id && there.location.pack == entry.location.pack) {
                if (entry.location.offset < there.location.offset) there = entry;
                return;
            }
        unsealed.push_back(entry);
    }
    void drop_from(PackId pack, std::uint64_t offset) {
        std::erase_if(unsealed, [&](const IndexEntry& entry) {
            return entry.location.pack == pack && entry.location.offset >= offset;
        });
    }
};

// Drives index and model through the same life of a store.
class Twins {
public:
    Twins(std::uint64_t seed, bool sealed)
        : random_(seed), cipher_(seed), hidden_(sealed ? &cipher_ : nullptr), index_({}) {
        world_.resize(300);
        for (ChunkId& id : world_)
            id = random_.chance(50) ? random_id(random_) : crowded_id(random_);
        open_pack();
    }

    void step() {
        switch (random_.below(12)) {
            case 0:
                open_pack();
                break;
            case 1:
                drop_tail();
                break;
            case 2:
            case 3:
                seal();
                break;
            case 4:
                if (random_.chance(30)) retire();
                break;
            case 5:
                merge();
                break;
            default:
                insert_some();
        }
    }

    void expect_equal() {
        std::vector<std::optional<IndexEntry>> found(world_.size());
        must(index_.find_many(world_, found));
        EntryMap expected;
        for (std::size_t i = 0; i < world_.size(); ++i) {
            const auto answer = model_.find(world_[i]);
            ASSERT_EQ(must(index_.find(world_[i])), answer);
            ASSERT_EQ(found[i], answer);
            if (answer) expected.emplace(world_[i], *answer);
        }
        std::vector<IndexEntry> walked;
        must(index_.for_each([&walked](const IndexEntry& entry) -> Result<void> {
            walked.push_back(entry);
            return {};
        }));
        ASSERT_EQ(walked.size(), expected.size());
        auto next = expected.begin();
        for (const IndexEntry& entry : walked) ASSERT_EQ(entry, (next++)->second);
        const ChunkIndexStats stats = index_.stats();
        EXPECT_EQ(stats.unsealed, model_.unsealed.size());
        EXPECT_EQ(stats.runs, model_.runs.size());
        EXPECT_EQ(stats.packs, model_.live.size());
    }

private:
    PackId any_pack() { return PackId{1 + static_cast<std::uint32_t>(random_.below(last_pack_))}; }
    void open_pack() {
        const PackId pack{++last_pack_};
        must(index_.add_pack(pack));
        model_.live.insert(pack);
    }
    void insert_some() {
        for (int i = 0; i < 20; ++i) {
            const PackId pack = any_pack();
            const IndexEntry entry =
                entry_at(world_[random_.below(world_.size())], static_cast<std::uint32_t>(pack),
                         8 * random_.below(1000));
            if (!model_.live.contains(pack)) {
                EXPECT_EQ(code_of(index_.insert(entry)), Errc::kFailedPrecondition);
                continue;
            }
            must(index_.insert(entry));
            model_.insert(entry);
        }
    }
    void drop_tail() {
        const PackId pack = any_pack();
        const std::uint64_t offset = 8 * random_.below(1000);
        index_.drop_from(pack, offset);
        model_.drop_from(pack, offset);
    }
    void seal() {
        const PackId pack = any_pack();
        const EntryMap entries = map_of(index_.unsealed(pack));
        EntryMap expected;
        for (const IndexEntry& entry : model_.unsealed)
            if (entry.location.pack == pack) expected.emplace(entry.id, entry);
        ASSERT_EQ(entries, expected);
        if (random_.chance(80))
            index_.seal_pack(pack, make_run(entries, hidden_));
        else {
            index_.add_run(make_run(entries, hidden_));
            index_.drop_from(pack, 0);
        }
        model_.drop_from(pack, 0);
        model_.runs.insert(model_.runs.begin(), entries);
    }
    void retire() {
        const PackId pack = any_pack();
        index_.retire_pack(pack);
        model_.drop_from(pack, 0);
        model_.live.erase(pack);
        EXPECT_FALSE(index_.is_live(pack));
    }
    void merge() {
        auto chosen = index_.choose_merge();
        std::size_t first = 0;
        if (chosen.empty() && !model_.runs.empty()) {
            // Any neighbours will do.
            const auto runs = index_.runs();
            first = random_.below(runs.size());
            const std::size_t count = 1 + random_.below(runs.size() - first);
            chosen.assign(runs.begin() + static_cast<std::ptrdiff_t>(first),
                          runs.begin() + static_cast<std::ptrdiff_t>(first + count));
        }
        if (chosen.empty()) return;
        std::vector<const IndexRun*> runs;
        EntryMap merged;
        for (std::size_t i = 0; i < chosen.size(); ++i) {
            runs.push_back(chosen[i].get());
            for (const auto& [id, entry] : model_.runs[first + i])
                if (model_.live.contains(entry.location.pack)) merged.emplace(id, entry);
        }
        std::string bytes;
        IndexRunBuilder builder(sample_info(), append_to(bytes), hidden_);
        must(merge_runs(runs, index_.keep_live(), builder));
        must(builder.finish());
        const bool empty = builder.size() == 0;
        must(index_.replace_runs(chosen, empty ? nullptr : must(open_run(bytes, hidden_))));
        const auto at = model_.runs.begin() + static_cast<std::ptrdiff_t>(first);
        const auto next = model_.runs.erase(at, at + static_cast<std::ptrdiff_t>(chosen.size()));
        if (!empty) model_.runs.insert(next, merged);
    }

    SeededRandom random_;
    ToyPageCipher cipher_;
    PageCipher* hidden_;
    ChunkIndex index_;
    Model model_;
    std::vector<ChunkId> world_;
    std::uint32_t last_pack_ = 0;
};

TEST(ChunkIndex, AnswersAsItsModelThroughAnyLife) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Twins twins(seed, seed % 2 == 0);
        for (int step = 0; step < 60; ++step) {
            twins.step();
            if (step % 3 == 0) twins.expect_equal();
            if (::testing::Test::HasFatalFailure()) return;
        }
        twins.expect_equal();
    }
}

TEST(ChunkIndex, KeepsManyEntriesInMemory) {
    SeededRandom random(3);
    ChunkIndex index({});
    must(index.add_pack(PackId{1}));
    std::vector<ChunkId> ids(20000);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        ids[i] = random_id(random);
        must(index.insert(entry_at(ids[i], 1, 8 * i)));
    }
    for (std::size_t i = 0; i < ids.size(); ++i)
        ASSERT_EQ(must(index.find(ids[i])), entry_at(ids[i], 1, 8 * i));
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(must(index.find(random_id(random))), std::nullopt);
    EXPECT_LE(index.stats().unsealed_bytes, 20000u * 48 * 4);
    index.drop_from(PackId{1}, 8 * 100);
    EXPECT_EQ(index.stats().unsealed, 100u);
    EXPECT_LE(index.stats().unsealed_bytes, 256u * 48);
    index.retire_pack(PackId{1});
    EXPECT_EQ(index.stats().unsealed_bytes, 0u);
}

TEST(ChunkIndex, RefusesWhatItCannotHold) {
    SeededRandom random(4);
    ChunkIndex index({});
    EXPECT_EQ(code_of(index.add_pack(PackId{(1u << 26) + 1})), Errc::kLimitExceeded);
    must(index.add_pack(PackId{3}));
    EXPECT_EQ(code_of(index.insert(entry_at(random_id(random), 2, 8))), Errc::kFailedPrecondition);
    EXPECT_EQ(code_of(index.insert(entry_at(random_id(random), 3, 7))), Errc::kInvalidArgument);
    std::vector<std::optional<IndexEntry>> found(1);
    EXPECT_EQ(code_of(index.find_many({}, found)), Errc::kInvalidArgument);
}

TEST(ChunkIndex, ReplacesOnlyNeighboursThatItHas) {
    ChunkIndex index({});
    std::vector<ChunkIndex::RunPointer> runs;
    runs.reserve(4);
    for (int i = 0; i < 4; ++i) runs.push_back(make_run({}));
    for (const auto& run : runs) index.add_run(run);
    const auto replaced = [&](const std::vector<ChunkIndex::RunPointer>& old) {
        return code_of(index.replace_runs(old, make_run({})));
    };
    EXPECT_EQ(replaced({}), Errc::kFailedPrecondition);
    EXPECT_EQ(replaced({make_run({})}), Errc::kFailedPrecondition);
    EXPECT_EQ(replaced({runs[3], runs[1]}), Errc::kFailedPrecondition);
    EXPECT_EQ(replaced({runs[1], runs[2]}), Errc::kFailedPrecondition);
    EXPECT_EQ(index.runs().size(), 4u);
    EXPECT_EQ(replaced({runs[2], runs[1]}), std::nullopt);
    const auto left = index.runs();
    ASSERT_EQ(left.size(), 3u);
    EXPECT_EQ(left[0], runs[3]);
    EXPECT_EQ(left[2], runs[0]);
    must(index.replace_runs(left, nullptr));
    EXPECT_TRUE(index.runs().empty());
}

TEST(ChunkIndex, AFailedWalkEndsWithItsError) {
    SeededRandom random(6);
    ChunkIndex index({});
    must(index.add_pack(PackId{1}));
    for (int i = 0; i < 5; ++i) must(index.insert(entry_at(random_id(random), 1, 8)));
    int calls = 0;
    EXPECT_EQ(code_of(index.for_each([&calls](const IndexEntry&) -> Result<void> {
                  if (++calls == 2) return fail(Errc::kCancelled, "enough");
                  return {};
              })),
              Errc::kCancelled);
    EXPECT_EQ(calls, 2);
}

// A store that grows by packs: few runs are left, and entries are not written too often.
TEST(RunsToMerge, LeavesFewRunsForFewRewrites) {
    SeededRandom random(8);
    struct Case {
        int packs;
        double rewrites_max;
    };
    for (const Case& size : {Case{100, 5}, Case{2000, 10}, Case{25000, 18}}) {
        std::vector<std::uint64_t> runs;
        std::uint64_t total = 0;
        std::uint64_t written = 0;
        for (int pack = 0; pack < size.packs; ++pack) {
            const std::uint64_t entries = 500 + random.below(1000);
            total += entries;
            runs.insert(runs.begin(), entries);
            while (const std::size_t count = runs_to_merge(runs)) {
                ASSERT_GE(count, 2u);
                std::uint64_t sum = 0;
                for (std::size_t i = 0; i < count; ++i) sum += runs[i];
                written += sum;
                runs.erase(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(count));
                runs.insert(runs.begin(), sum);
            }
            ASSERT_LE(runs.size(), ChunkIndex::kRunsMax);
        }
        EXPECT_LE(static_cast<double>(written) / static_cast<double>(total), size.rewrites_max);
    }
}

TEST(RunsToMerge, NeverAsksForMoreThanARunHolds) {
    const std::vector<std::uint64_t> full(8, kIndexRunEntriesMax);
    EXPECT_EQ(runs_to_merge(full), 0u);
    std::vector<std::uint64_t> growing(7, kIndexRunEntriesMax / 2);
    EXPECT_EQ(runs_to_merge(growing), 2u);
    EXPECT_EQ(runs_to_merge(std::vector<std::uint64_t>(5, 10)), 0u);
    EXPECT_EQ(runs_to_merge({}), 0u);
}

}  // namespace
}  // namespace catalog::content
