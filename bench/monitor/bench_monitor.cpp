// What counting costs: metrics of PerformanceMonitor against those of prometheus-cpp, with one
// thread and with two, in the same run. Times are CPU time of the threads, per call; totals are
// compared first.
//
//   bench_monitor [ROUNDS]             5 by default; the best of them counts

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#include "catalog/monitor/performance_monitor.hpp"

namespace {

using namespace catalog;

constexpr std::uint64_t kCalls = 4'000'000;

double cpu_ns() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// Durations of calls: from 100 ns to 100 us, in an order that no predictor knows.
std::uint64_t sample(std::uint64_t i) {
    const std::uint64_t mixed = i * 0x9e37'79b9'7f4a'7c15;
    return 100 + ((mixed >> 40) % 1'000) * ((mixed >> 20) % 100);
}

double timed(unsigned threads, const std::function<void(std::uint64_t calls)>& work) {
    std::vector<std::thread> running;
    std::vector<double> spent(threads);
    std::atomic<unsigned> ready{0};
    for (unsigned i = 0; i < threads; ++i)
        running.emplace_back([&, i] {
            ++ready;
            while (ready != threads) std::this_thread::yield();
            const double begin = cpu_ns();
            work(kCalls / threads);
            spent[i] = cpu_ns() - begin;
        });
    for (std::thread& thread : running) thread.join();
    double sum = 0;
    for (const double each : spent) sum += each;
    return sum / static_cast<double>(kCalls);
}

void check(bool right, const char* what) {
    if (right) return;
    std::printf("wrong total: %s\n", what);
    std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
    const auto monitor = *monitor::PerformanceMonitor::make();
    const monitor::Counter counter = *monitor->counter({"calls_total", "Calls."});
    const monitor::Histogram histogram =
        *monitor->histogram({"call_seconds", "Calls.", monitor::Unit::kSeconds});
    const monitor::Histogram sampled =
        *monitor->histogram({"look_seconds", "Looks.", monitor::Unit::kSeconds, 64});
    prometheus::Counter their_counter;
    prometheus::Histogram::BucketBoundaries bounds;
    for (double bound = 256e-9; bound < 70; bound *= 4) bounds.push_back(bound);
    prometheus::Histogram their_histogram(bounds);
    const auto clock = make_system_clock();

    struct Row {
        const char* name;
        std::function<void(std::uint64_t)> ours;
        std::function<void(std::uint64_t)> theirs;
    };
    const auto nothing = [](std::uint64_t calls) {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < calls; ++i) sum += sample(i);
        asm volatile("" : : "r"(sum));
    };
    const Row rows[] = {
        {"counter",
         [&](std::uint64_t n) {
             while (n-- > 0) counter.add();
         },
         [&](std::uint64_t n) {
             while (n-- > 0) their_counter.Increment();
         }},
        {"histogram",
         [&](std::uint64_t n) {
             while (n-- > 0) histogram.record(sample(n));
         },
         [&](std::uint64_t n) {
             while (n-- > 0) their_histogram.Observe(static_cast<double>(sample(n)) * 1e-9);
         }},
        {"timer, one in 64",
         [&](std::uint64_t n) {
             while (n-- > 0) const monitor::ScopedTimer timer(sampled, *clock);
         },
         [&](std::uint64_t n) {
             while (n-- > 0) {
                 const MonotonicTime begun = clock->now_monotonic();
                 const std::chrono::duration<double> took = clock->now_monotonic() - begun;
                 their_histogram.Observe(took.count());
             }
         }},
        {"the samples alone", nothing, nothing},
    };
    std::printf("| what | threads | ns a call | prometheus-cpp | ratio |\n|---|---|---|---|---|\n");
    std::uint64_t runs = 0;
    for (const Row& row : rows)
        for (const unsigned threads : {1u, 2u}) {
            double ours = 1e9;
            double theirs = 1e9;
            for (int round = 0; round < rounds; ++round) {
                ours = std::min(ours, timed(threads, row.ours));
                theirs = std::min(theirs, timed(threads, row.theirs));
            }
            runs += static_cast<std::uint64_t>(rounds);
            std::printf("| %s | %u | %.1f | %.1f | %.1f |\n", row.name, threads, ours, theirs,
                        theirs / ours);
            if (threads == 2 && &row == &rows[0]) {
                check(counter.value() == runs * kCalls, "Counter");
                check(their_counter.Value() == static_cast<double>(runs * kCalls), "theirs");
            }
        }
    for (const monitor::MetricFamily& family : monitor->scrape())
        if (family.name == "call_seconds")
            check(family.samples[0].histogram.count ==
                      2 * static_cast<std::uint64_t>(rounds) * kCalls,
                  "Histogram");
    const double begin = cpu_ns();
    const std::string text = monitor->prometheus_text();
    std::printf("\na scrape of %zu bytes: %.0f us\n", text.size(), (cpu_ns() - begin) / 1e3);
}
