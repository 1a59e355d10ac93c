// Repacks that train dictionaries, beside sessions, readers, removals and collections.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "dictionary_bed.hpp"

namespace catalog::content::testing {
namespace {

constexpr std::size_t kWriters = 2;
constexpr std::uint64_t kObjects = 150;  // Of each writer.
constexpr std::uint64_t kKept = 120;     // That nobody removes.

// What a writer has, and knows to be there whatever others do.
class RelativeWriter {
public:
    RelativeWriter(RealContentBed& bed, std::size_t thread)
        : bed_(bed),
          owner_("owner " + std::to_string(thread)),
          first_(kKept + thread * kObjects),
          random_(thread + 1) {}

    // At least `steps`, and until `enough` says so.
    template <class Enough>
    void run(int steps, const Enough& enough) {
        for (int step = 0; step < steps || !enough(); ++step) {
            const std::uint64_t number = random_.below(kObjects);
            if (!mine_[number]) {
                bed_.put(relative(first_ + number), owner_);
                mine_[number] = true;
            } else if (random_.chance(40)) {
                must(bed_.remove(id_of(relative(first_ + number)), owner_));
                mine_[number] = false;
            }
            expect_kept();
            const std::uint64_t other = random_.below(kObjects);
            if (mine_[other]) expect_read(first_ + other);
        }
    }
    void expect_all() {
        for (std::uint64_t number = 0; number < kObjects; ++number)
            if (mine_[number]) expect_read(first_ + number);
    }

private:
    void expect_kept() { expect_read(random_.below(kKept)); }
    void expect_read(std::uint64_t number) {
        const Bytes expected = relative(number);
        EXPECT_EQ(must(bed_.get(id_of(expected))), expected);
    }

    RealContentBed& bed_;
    const std::string owner_;
    const std::uint64_t first_;
    SeededRandom random_;
    std::array<bool, kObjects> mine_{};
};

// Each repack is of another level, so that none is spared what an earlier one did.
void repack_and_collect(ContentAddressedStorage& storage, int round) {
    RepackOptions repack;
    repack.level = 1 + round % kRepackLevelMax;
    must(storage.repack(repack, CallContext()));
    CollectOptions all;
    all.live_share_min = round % 2 == 0 ? 0.7 : 1.0;
    must(storage.collect(all, CallContext()));
}

class DictionaryConcurrency : public ::testing::TestWithParam<bool> {};

TEST_P(DictionaryConcurrency, RepacksBesideWritersAndReadersLoseNothing) {
    DictionaryBed bed(SimulatedFileSystem::make(), nullptr, true);
    bed.bed->options().dictionaries.at_ingest = GetParam();
    bed.bed->options().executor = make_thread_pool(2);
    bed.bed->reopen();
    bed.add_relatives(kKept);
    std::vector<RelativeWriter> writers;
    for (std::size_t i = 0; i < kWriters; ++i) writers.emplace_back(*bed.bed, i);
    std::atomic<std::size_t> running = kWriters;
    std::atomic<int> rounds = 0;
    std::vector<std::thread> threads;
    for (RelativeWriter& writer : writers)
        threads.emplace_back([&] {
            writer.run(60, [&] { return rounds >= 3; });
            --running;
        });
    while (running != 0) repack_and_collect(bed.storage(), rounds++);
    for (std::thread& thread : threads) thread.join();
    for (int opened = 0; opened < 2; ++opened) {
        EXPECT_GT(bed.stats().dictionary_chunks, 50u);
        bed.expect_readable();
        for (RelativeWriter& writer : writers) writer.expect_all();
        bed.expect_clean();
        bed.bed->reopen();
    }
}

INSTANTIATE_TEST_SUITE_P(Dictionaries, DictionaryConcurrency, ::testing::Bool(),
                         [](const auto& tried) {
                             return tried.param ? "AtIngestToo" : "AtRepacksAlone";
                         });

}  // namespace
}  // namespace catalog::content::testing
