#include "gate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace catalog::extension {
namespace {

// Whoever is let in must be seen by the one who closes: after the drain nobody may be inside, which
// a plain variable shows, to a reader and to the thread sanitizer alike.
void expect_nobody_inside_after_the_drain(bool own_counters) {
    constexpr int kRounds = 25;
    for (int round = 0; round < kRounds; ++round) {
        Gate gate(0);
        if (own_counters) gate.use_own_counters();
        gate.set_state(HMX_STATE_RUNNING);
        std::atomic<bool> open{true};
        std::atomic<std::uint64_t> entered{0};
        std::atomic<std::uint64_t> late{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (;;) {
                    const Gate::Pass pass = gate.enter(0);
                    if (!pass) return;
                    if (!open.load()) ++late;
                    ++entered;
                }
            });
        }
        while (entered.load() < 100) std::this_thread::yield();
        gate.set_state(HMX_STATE_SHUTTING_DOWN);
        while (!gate.drain(std::chrono::milliseconds(1))) {
        }
        open = false;
        for (std::thread& thread : threads) thread.join();
        ASSERT_EQ(late.load(), 0u);
        ASSERT_EQ(gate.inside(), 0u);
    }
}

TEST(GateUnderThreads, NobodyIsInsideAfterTheDrainOfSharedCounters) {
    expect_nobody_inside_after_the_drain(false);
}

TEST(GateUnderThreads, NobodyIsInsideAfterTheDrainOfOwnCounters) {
    expect_nobody_inside_after_the_drain(true);
}

// More threads than a gate has counters: the rest share, and nobody is lost.
TEST(GateUnderThreads, CountsMoreThreadsThanItHasCountersFor) {
    Gate gate(0);
    gate.use_own_counters();
    gate.set_state(HMX_STATE_RUNNING);
    constexpr std::size_t kThreads = 100;
    std::atomic<std::size_t> entered{0};
    std::atomic<bool> go{false};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
            const Gate::Pass pass = gate.enter(0);
            const Gate::Pass nested = gate.enter(0);
            ++entered;
            entered.notify_all();
            go.wait(false);
        });
    }
    for (std::size_t seen = 0; seen < kThreads; seen = entered.load()) entered.wait(seen);
    EXPECT_EQ(gate.inside(), 2 * kThreads);
    gate.set_state(HMX_STATE_SHUTTING_DOWN);
    EXPECT_FALSE(gate.drain(std::chrono::milliseconds(1)));
    go = true;
    go.notify_all();
    while (!gate.drain(std::chrono::milliseconds(10))) {
    }
    EXPECT_EQ(gate.inside(), 0u);
    for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace catalog::extension
