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
TEST(GateUnderThreads, NobodyIsInsideAfterTheDrain) {
    constexpr int kRounds = 25;
    for (int round = 0; round < kRounds; ++round) {
        Gate gate(0);
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

}  // namespace
}  // namespace catalog::extension
