// What the gate adds to a call through a table, against the same call without it and against the
// usual ways to keep callers and a closer apart.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <shared_mutex>

#include "gate.hpp"

namespace {

using catalog::extension::Gate;

Gate& running_gate() {
    static Gate gate(~std::uint64_t{0});
    gate.use_own_counters();
    gate.set_state(HMX_STATE_RUNNING);
    return gate;
}

std::atomic<std::uint32_t> one_state{HMX_STATE_RUNNING};
std::atomic<std::uint64_t> one_counter{0};
std::shared_mutex shared_lock;

hmx_status bare(std::uint64_t* value) {
    ++*value;
    return HMX_OK;
}

hmx_status through_gate(std::uint64_t* value) {
    static Gate& gate = running_gate();
    const Gate::Pass pass = gate.enter(1);
    if (!pass) return pass.status();
    ++*value;
    return HMX_OK;
}

hmx_status one_shared_counter(std::uint64_t* value) {
    one_counter.fetch_add(1, std::memory_order_seq_cst);
    const bool open = one_state.load(std::memory_order_seq_cst) == HMX_STATE_RUNNING;
    if (open) ++*value;
    one_counter.fetch_sub(1, std::memory_order_release);
    return open ? HMX_OK : HMX_E_INVALID_STATE;
}

hmx_status reader_lock(std::uint64_t* value) {
    const std::shared_lock lock(shared_lock);
    if (one_state.load(std::memory_order_relaxed) != HMX_STATE_RUNNING) return HMX_E_INVALID_STATE;
    ++*value;
    return HMX_OK;
}

/// Calls through a pointer that the compiler cannot see through, as a host does.
void run(benchmark::State& state, hmx_status (*function)(std::uint64_t*)) {
    benchmark::DoNotOptimize(function);
    std::uint64_t value = 0;
    std::uint64_t calls = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(function(&value));
        ++calls;
    }
    if (value != calls) state.SkipWithError("a call was refused");
}

void bare_call(benchmark::State& state) { run(state, &bare); }
void gate_call(benchmark::State& state) { run(state, &through_gate); }
void counter_call(benchmark::State& state) { run(state, &one_shared_counter); }
void lock_call(benchmark::State& state) { run(state, &reader_lock); }

BENCHMARK(bare_call)->Threads(1)->Threads(2);
BENCHMARK(gate_call)->Threads(1)->Threads(2);
BENCHMARK(counter_call)->Threads(1)->Threads(2);
BENCHMARK(lock_call)->Threads(1)->Threads(2);

}  // namespace

BENCHMARK_MAIN();
