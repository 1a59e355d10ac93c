// The contracts of the injected interfaces, run on the embedded defaults and on the fakes.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>

#include "support/core/clock_contract.hpp"
#include "support/core/executor_contract.hpp"
#include "support/core/executors.hpp"
#include "support/core/fake_clock.hpp"
#include "support/core/faulty_clock.hpp"
#include "support/core/key_store_contract.hpp"
#include "support/core/key_stores.hpp"
#include "support/core/random_contract.hpp"
#include "support/core/randoms.hpp"

namespace catalog::fakes {
namespace {

struct SystemClockWorld {
    const Clock& clock() const { return *clock_; }
    std::shared_ptr<Clock> clock_ = make_system_clock();
};

struct FakeClockWorld {
    const Clock& clock() const { return clock_; }
    FakeClock clock_;
};

/// Everything that the interface allows a clock to get wrong, at once.
struct FaultyClockWorld {
    FaultyClockWorld() {
        clock_.jump_wall(1, -std::chrono::hours(24));
        clock_.coarsen(std::chrono::milliseconds(10));
        clock_.oversleep(std::chrono::seconds(1));
    }
    const Clock& clock() const { return clock_; }
    FaultyClock clock_{std::make_shared<FakeClock>()};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Faulty, ClockContract, FaultyClockWorld);
INSTANTIATE_TYPED_TEST_SUITE_P(System, ClockContract, SystemClockWorld);
INSTANTIATE_TYPED_TEST_SUITE_P(Fake, ClockContract, FakeClockWorld);

struct ManualExecutorWorld {
    Executor& executor() { return executor_; }
    void settle() { executor_.run_all(); }
    ManualExecutor executor_{3};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Manual, ExecutorContract, ManualExecutorWorld);

/// Holds every second task and hands the youngest on first.
struct UnorderedExecutorWorld {
    Executor& executor() { return executor_; }
    void settle() {
        while (base_->run_all() + executor_.release() > 0) {
        }
    }
    std::shared_ptr<ManualExecutor> base_ = std::make_shared<ManualExecutor>(3);
    FaultyExecutor executor_{base_, [](std::size_t n) {
                                 return n % 2 == 0 ? ExecutorFault::kHold : ExecutorFault::kNone;
                             }};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Unordered, ExecutorContract, UnorderedExecutorWorld);

struct SystemRandomWorld {
    Random& random() { return *random_; }
    std::shared_ptr<Random> random_ = make_system_random();
};

struct SeededRandomWorld {
    Random& random() { return random_; }
    SeededRandom random_{1};
};

INSTANTIATE_TYPED_TEST_SUITE_P(System, RandomContract, SystemRandomWorld);
INSTANTIATE_TYPED_TEST_SUITE_P(Seeded, RandomContract, SeededRandomWorld);

struct FaultlessRandomWorld {
    Random& random() { return random_; }
    FaultyRandom random_{std::make_shared<SeededRandom>(1), SIZE_MAX};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Faultless, RandomContract, FaultlessRandomWorld);

struct MemoryKeyStoreWorld {
    KeyStore& keys() { return keys_; }
    MemoryKeyStore keys_{1};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, KeyStoreContract, MemoryKeyStoreWorld);

struct FaultlessKeyStoreWorld {
    KeyStore& keys() { return keys_; }
    FaultyKeyStore keys_{std::make_shared<MemoryKeyStore>(1), SIZE_MAX,
                         Error(Errc::kIo, "never given")};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Faultless, KeyStoreContract, FaultlessKeyStoreWorld);

}  // namespace
}  // namespace catalog::fakes
