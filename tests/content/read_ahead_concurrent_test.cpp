#include "read_ahead.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "support/content/content_bed.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"

namespace catalog::content {
namespace {

using io::testing::code_of;
using io::testing::must;
using testing::noise;
using testing::prose;
using testing::RealContentBed;

// Keeps what it is given until it is asked to run it.
class LateExecutor final : public Executor {
public:
    void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
    std::size_t concurrency() const noexcept override { return 1; }
    void run_all() {
        for (const auto& task : std::exchange(tasks_, {})) task();
    }

private:
    std::vector<std::function<void()>> tasks_;
};

class RefusingExecutor final : public Executor {
public:
    void post(std::function<void()> /*task*/) override { throw std::bad_alloc(); }
    std::size_t concurrency() const noexcept override { return 1; }
};

TEST(ReadAhead, WhoeverNeedsItDoesWhatHasNotBegun) {
    LateExecutor late;
    RefusingExecutor refusing;
    for (Executor* const executor :
         {static_cast<Executor*>(&late), static_cast<Executor*>(&refusing),
          static_cast<Executor*>(nullptr)}) {
        int runs = 0;
        ReadAhead ahead(executor);
        ahead.start([&]() -> Result<void> {
            ++runs;
            return fail(Errc::kIo, "as expected");
        });
        EXPECT_EQ(code_of(ahead.finish()), Errc::kIo);
        late.run_all();
        EXPECT_EQ(runs, 1);
        EXPECT_TRUE(ahead.finish().has_value()) << "nothing is begun";
    }
}

TEST(ReadAhead, NothingBeginsAfterItsEnd) {
    LateExecutor late;
    int runs = 0;
    {
        ReadAhead ahead(&late);
        ahead.start([&]() -> Result<void> {
            ++runs;
            return {};
        });
    }
    late.run_all();
    EXPECT_EQ(runs, 0);
}

TEST(ReadAhead, MemoryThatRunsOutIsAnError) {
    ReadAhead ahead(nullptr);
    ahead.start([]() -> Result<void> { throw std::bad_alloc(); });
    EXPECT_EQ(code_of(ahead.finish()), Errc::kOutOfMemory);
}

TEST(ReadAhead, RunsOnceWhoeverIsFirst) {
    const auto pool = make_thread_pool(2);
    for (int round = 0; round < 300; ++round) {
        std::atomic<int> runs = 0;
        std::atomic<bool> ended = false;
        {
            ReadAhead ahead(pool.get());
            ahead.start([&]() -> Result<void> {
                ++runs;
                std::this_thread::yield();
                ended = true;
                return {};
            });
            if (round % 3 != 0) std::this_thread::yield();
            if (round % 2 == 0) must(ahead.finish());
            EXPECT_TRUE(round % 2 == 1 || ended);
        }
        EXPECT_LE(runs, 1);
        EXPECT_TRUE(runs == 0 || ended) << "it was waited for";
    }
}

TEST(ReadAhead, LongObjectsComeWholeWhileOthersAreRead) {
    RealContentBed bed;
    Bytes bytes = noise(5'000'000, 1);
    const Bytes more = prose(2'000'000, 2);
    bytes.insert(bytes.end(), more.begin(), more.end());
    const ContentHash id = bed.put(bytes).id;
    const auto read = [&] {
        std::size_t at = 0;
        bool same = true;
        must(bed.storage().retrieve(id,
                                    [&](ByteView piece) -> Result<void> {
                                        same = same && at + piece.size() <= bytes.size() &&
                                               std::equal(
                                                   piece.begin(), piece.end(),
                                                   bytes.begin() + static_cast<std::ptrdiff_t>(at));
                                        at += piece.size();
                                        return {};
                                    },
                                    {}));
        EXPECT_TRUE(same);
        EXPECT_EQ(at, bytes.size());
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back(read);
    for (std::thread& thread : threads) thread.join();
}

TEST(ReadAhead, ASinkThatFailsEndsTheReading) {
    RealContentBed bed;
    const ContentHash id = bed.put(noise(6'000'000, 3)).id;
    std::size_t calls = 0;
    const auto refuse = [&](ByteView) -> Result<void> {
        if (++calls < 3) return {};
        return fail(Errc::kStorageFull, "no room");
    };
    EXPECT_EQ(code_of(bed.storage().retrieve(id, refuse, {})), Errc::kStorageFull);
    EXPECT_EQ(calls, 3u);
}

}  // namespace
}  // namespace catalog::content
