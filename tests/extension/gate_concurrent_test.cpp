#include "gate.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>

#include <atomic>
#include <chrono>
#include <cstdarg>
#include <functional>
#include <thread>
#include <vector>

namespace {

// What runs at the next barrier, before it, on the thread that asks for it.
std::function<void()> g_at_barrier;

}  // namespace

// This program's own way to the kernel, so that a test is there when the gate asks for its barrier.
// As the library's own does, it hands on six words however many were given: the last is then read
// from a stack that was not written, which the kernel never looks at and a sanitizer would refuse.
extern "C" __attribute__((no_sanitize("address"))) long syscall(long number, ...) noexcept {
    using Syscall = long (*)(long, ...);
    static const auto real = reinterpret_cast<Syscall>(dlsym(RTLD_NEXT, "syscall"));
    va_list list;
    va_start(list, number);
    long arguments[6];
    for (long& argument : arguments) argument = va_arg(list, long);
    va_end(list);
    if (number == SYS_membarrier && arguments[0] == MEMBARRIER_CMD_PRIVATE_EXPEDITED)
        if (const auto hook = std::exchange(g_at_barrier, nullptr)) hook();
    return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                arguments[5]);
}

namespace catalog::extension {
namespace {

bool machine_has_barriers() {
    return ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0, 0, 0, 0) == 0;
}

// The order that keeps the closer from missing anybody: state, barrier, counters. Somebody leaves
// at the barrier: a closer that asks for none, or that has counted before, still sees him.
TEST(GateUnderThreads, TheCloserCountsAfterItsBarrier) {
    if (!machine_has_barriers()) GTEST_SKIP() << "no membarrier here: counters are shared";
    Gate gate(0);
    gate.use_own_counters();
    gate.set_state(HMX_STATE_RUNNING);
    std::atomic<bool> inside{false};
    std::atomic<bool> leave{false};
    std::thread caller([&] {
        const Gate::Pass pass = gate.enter(0);
        EXPECT_TRUE(pass);
        inside = true;
        inside.notify_all();
        leave.wait(false);
    });
    inside.wait(false);
    std::uint32_t state_at_barrier = HMX_STATE_RUNNING;
    g_at_barrier = [&] {
        state_at_barrier = gate.state();
        leave = true;
        leave.notify_all();
        caller.join();
    };
    gate.set_state(HMX_STATE_SHUTTING_DOWN);
    EXPECT_TRUE(gate.drain(std::chrono::milliseconds(0)));
    EXPECT_EQ(state_at_barrier, static_cast<std::uint32_t>(HMX_STATE_SHUTTING_DOWN));
    g_at_barrier = nullptr;
    leave = true;
    leave.notify_all();
    if (caller.joinable()) caller.join();
}

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

/// Turns that threads take in step, busy, so that they begin within some nanoseconds of each other.
class Turns {
public:
    void give(std::uint64_t turn) { turn_.store(turn, std::memory_order_release); }
    void wait(std::uint64_t turn) const {
        for (int spins = 0; turn_.load(std::memory_order_acquire) < turn; ++spins)
            if (spins > 2'000) std::this_thread::yield();
    }

private:
    alignas(64) std::atomic<std::uint64_t> turn_{0};
};

/// Some nanoseconds, other ones in each round.
void wander(std::uint64_t& seed, std::uint64_t most) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    for (std::atomic<std::uint64_t> left{(seed >> 33) % most}; left.load() != 0;)
        left.store(left.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
}

// One caller against one closer, again and again: whoever is let in stays inside until the closer
// has looked. Without the closer's barrier the caller's count waits in its processor's store buffer
// while it reads the old state, and the closer sees nobody.
//
// Rounds are made until the time is over: on a busy machine a step may take a time slice.
std::uint64_t rounds_in_which_the_closer_missed_somebody(bool own_counters) {
    constexpr std::uint64_t kRoundsMax = 100'000;
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(400);
    Gate gate(0);
    if (own_counters) gate.use_own_counters();
    Turns begin;
    Turns entered;
    Turns looked;
    Turns left;
    std::atomic<bool> admitted{false};
    std::atomic<bool> over{false};
    std::uint64_t missed = 0;
    std::thread caller([&] {
        std::uint64_t seed = 1;
        for (std::uint64_t round = 1;; ++round) {
            begin.wait(round);
            if (over.load()) return;
            wander(seed, 12);
            {
                const Gate::Pass pass = gate.enter(0);
                admitted.store(static_cast<bool>(pass), std::memory_order_relaxed);
                entered.give(round);
                looked.wait(round);
            }
            left.give(round);
        }
    });
    std::uint64_t seed = 2;
    std::uint64_t round = 1;
    for (; round <= kRoundsMax && std::chrono::steady_clock::now() < end; ++round) {
        gate.set_state(HMX_STATE_RUNNING);
        // So that this processor holds the counters, and the caller's write to its own takes long.
        static_cast<void>(gate.inside());
        begin.give(round);
        wander(seed, 12);
        gate.set_state(HMX_STATE_SHUTTING_DOWN);
        const bool nobody = gate.drain(std::chrono::milliseconds(0));
        entered.wait(round);
        if (nobody && admitted.load(std::memory_order_relaxed)) ++missed;
        looked.give(round);
        left.wait(round);
    }
    over = true;
    begin.give(round);
    caller.join();
    EXPECT_EQ(gate.inside(), 0u);
    EXPECT_GT(round, 1u);
    return missed;
}

TEST(GateUnderThreads, TheCloserSeesWhoeverWasLetInByOwnCounters) {
    EXPECT_EQ(rounds_in_which_the_closer_missed_somebody(true), 0u);
}

TEST(GateUnderThreads, TheCloserSeesWhoeverWasLetInBySharedCounters) {
    EXPECT_EQ(rounds_in_which_the_closer_missed_somebody(false), 0u);
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
