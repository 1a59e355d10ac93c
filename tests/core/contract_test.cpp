// The contracts of the injected interfaces, run on the embedded defaults and on the fakes.

#include <gtest/gtest.h>

#include <memory>

#include "support/core/clock_contract.hpp"
#include "support/core/executor_contract.hpp"
#include "support/core/executors.hpp"
#include "support/core/fake_clock.hpp"
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

INSTANTIATE_TYPED_TEST_SUITE_P(System, ClockContract, SystemClockWorld);
INSTANTIATE_TYPED_TEST_SUITE_P(Fake, ClockContract, FakeClockWorld);

struct ManualExecutorWorld {
    Executor& executor() { return executor_; }
    void settle() { executor_.run_all(); }
    ManualExecutor executor_{3};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Manual, ExecutorContract, ManualExecutorWorld);

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

struct MemoryKeyStoreWorld {
    KeyStore& keys() { return keys_; }
    MemoryKeyStore keys_{1};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, KeyStoreContract, MemoryKeyStoreWorld);

}  // namespace
}  // namespace catalog::fakes
