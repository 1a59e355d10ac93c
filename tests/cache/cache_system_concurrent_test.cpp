#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "catalog/cache/cache_system.hpp"
#include "support/cache/cache_bed.hpp"
#include "support/cache/fake_levels.hpp"

namespace catalog::cache {
namespace {

std::unique_ptr<CacheSystem> make_system(std::shared_ptr<Executor> executor = nullptr,
                                         std::shared_ptr<RemoteCache> remote = nullptr,
                                         std::shared_ptr<RecordStore> disk = nullptr) {
    CacheEnvironment environment;
    environment.clock = make_system_clock();
    environment.random = make_system_random();
    environment.executor = std::move(executor);
    environment.remote = std::move(remote);
    environment.disk = std::move(disk);
    auto made = CacheSystem::make({}, environment);
    if (!made) throw std::runtime_error(made.error().to_string());
    return *std::move(made);
}

// A loader that tells when it is called and ends when a test says so.
class Gate {
public:
    Result<Loaded> load(Result<Loaded> answer) {
        std::unique_lock lock(mutex_);
        ++inside_;
        changed_.notify_all();
        changed_.wait(lock, [&] { return permits_ > 0; });
        --permits_;
        return answer;
    }
    void wait_for(int calls) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return inside_ >= calls; });
    }
    void permit(int calls) {
        const std::lock_guard lock(mutex_);
        permits_ += calls;
        changed_.notify_all();
    }
    int calls() {
        const std::lock_guard lock(mutex_);
        return inside_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int inside_ = 0;
    int permits_ = 0;
};

TEST(CacheSystemConcurrent, ManyThreadsMakeOneLoad) {
    const auto system = make_system();
    Gate gate;
    constexpr int kThreads = 8;
    std::atomic<int> entered{0};
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i)
        threads.emplace_back([&] {
            ++entered;
            Bytes value;
            const auto got = system->get(
                as_bytes("key"),
                [&](const CallContext&) { return gate.load(Loaded(to_bytes(as_bytes("value")))); },
                CallContext(), value);
            if (got && as_text(value) == "value") ++right;
        });
    gate.wait_for(1);
    while (entered < kThreads) std::this_thread::yield();
    gate.permit(1);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(right, kThreads);
    EXPECT_EQ(gate.calls(), 1);
    EXPECT_EQ(system->stats().loads, 1u);
}

TEST(CacheSystemConcurrent, OneOfThoseThatWaitTakesThePlaceOfAFailedLeader) {
    const auto system = make_system();
    Gate gate;
    std::atomic<int> errors{0};
    std::atomic<int> right{0};
    std::atomic<bool> first{true};
    std::vector<std::thread> threads;
    const auto ask = [&] {
        Bytes value;
        const auto got = system->get(
            as_bytes("key"),
            [&](const CallContext&) -> Result<Loaded> {
                if (first.exchange(false)) return gate.load(fail(Errc::kNetwork, "down"));
                return gate.load(Loaded(to_bytes(as_bytes("value"))));
            },
            CallContext(), value);
        if (!got) ++errors;
        if (got && as_text(value) == "value") ++right;
    };
    for (int i = 0; i < 6; ++i) threads.emplace_back(ask);
    gate.wait_for(1);
    gate.permit(1);  // Fails; whether others wait already or come later, one of them loads.
    gate.wait_for(2);
    gate.permit(100);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(errors, 1);
    EXPECT_EQ(right, 5);
    EXPECT_EQ(gate.calls(), 2);
}

TEST(CacheSystemConcurrent, ACancelledCallLeavesWhileTheLoadGoesOn) {
    const auto system = make_system();
    Gate gate;
    std::thread leader([&] {
        Bytes value;
        EXPECT_TRUE(system->get(
            as_bytes("key"),
            [&](const CallContext&) { return gate.load(Loaded(to_bytes(as_bytes("value")))); },
            CallContext(), value));
    });
    gate.wait_for(1);
    std::stop_source stop;
    std::thread waiter([&] {
        CallContext context;
        context.stop = stop.get_token();
        Bytes value;
        const auto got = system->get(
            as_bytes("key"), [](const CallContext&) -> Result<Loaded> { return Loaded(); }, context,
            value);
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code(), Errc::kCancelled);
    });
    stop.request_stop();
    waiter.join();  // Before the load has ended.
    CallContext late;
    late.deadline = make_system_clock()->now_monotonic();
    Bytes value;
    const auto got = system->get(
        as_bytes("key"), [](const CallContext&) -> Result<Loaded> { return Loaded(); }, late,
        value);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Errc::kDeadlineExceeded);
    gate.permit(1);
    leader.join();
}

TEST(CacheSystemConcurrent, EveryoneGetsTheErrorWhenAsManyLeadersHaveFailedAsAllowed) {
    const auto system = make_system();
    std::atomic<int> errors{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            Bytes value;
            const auto got = system->get(
                as_bytes("key"),
                [](const CallContext&) -> Result<Loaded> { return fail(Errc::kNetwork, "down"); },
                CallContext(), value);
            if (!got && got.error().code() == Errc::kNetwork) ++errors;
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(errors, 8);
}

// A source whose versions grow; each change is followed by an invalidation. No call that begins
// after that may return an older version.
TEST(CacheSystemConcurrent, NothingOlderThanAnInvalidationIsReturnedAfterIt) {
    const auto system =
        make_system(make_thread_pool(2), std::make_shared<testing::FakeRemoteCache>(),
                    make_memory_record_store());
    constexpr std::size_t kKeys = 4;
    std::array<std::atomic<std::uint64_t>, kKeys> source{};
    std::array<std::atomic<std::uint64_t>, kKeys> invalidated{};
    std::atomic<bool> stop{false};
    std::atomic<int> wrong{0};
    const auto name = [](std::size_t key) { return "acme/" + std::to_string(key); };
    std::vector<std::thread> threads;
    for (unsigned reader = 0; reader < 3; ++reader)
        threads.emplace_back([&, reader] {
            std::mt19937_64 random(reader);
            Bytes value;
            while (!stop) {
                const std::size_t key = random() % kKeys;
                const std::uint64_t before = invalidated[key];
                const auto got = system->get(
                    as_bytes(name(key)),
                    [&](const CallContext&) -> Result<Loaded> {
                        const std::uint64_t version = source[key];
                        if (version % 7 == 3) return Loaded();
                        return Loaded(
                            to_bytes(as_bytes(testing::value_of(name(key), version, 50))));
                    },
                    CallContext(), value);
                if (!got) {
                    ++wrong;
                    continue;
                }
                if (*got == CacheSource::kAbsent) continue;
                const std::uint64_t version = testing::version_in(name(key), as_text(value));
                if (version < before || version > source[key]) ++wrong;
            }
        });
    std::mt19937_64 random(9);
    for (int i = 0; i < 1'000; ++i) {
        const std::size_t key = random() % kKeys;
        const std::uint64_t version = ++source[key];
        if (i % 10 == 0)
            system->invalidate_prefix(as_bytes(name(key)));
        else
            system->invalidate(as_bytes(name(key)));
        invalidated[key] = version;
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace catalog::cache
